//! Conditions: expressions that are true or false, in every form of the grammar.

use super::forms::{OF_EXTENSIONS, OVER_GRANTS, OVER_VALUES, type_of};
use super::terms::{Maker, Sight};
use super::words::{Kind, One, Type};

/// Kinds of entity whose ancestors are looked at.
const IN_OTHERS: [Kind; 7] = [
    Kind::Mandate,
    Kind::Resource,
    Kind::AccessPackage,
    Kind::Organization,
    Kind::SystemUser,
    Kind::Shelf,
    Kind::Action,
];

impl Maker<'_> {
    /// A condition.
    pub(crate) fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.atom(0);
        }
        match self.choices.below(10) {
            0..=4 => self.atom(depth - 1),
            5 => format!("!({})", self.condition(depth - 1)),
            6 | 7 => {
                let and = self.pick(&["&&", "&&", "||"]);
                let (one, other) = (self.condition(depth - 1), self.condition(depth - 1));
                format!("({one} {and} {other})")
            }
            8 => {
                let asked = self.condition(depth - 1);
                let (one, other) = (self.condition(depth - 1), self.condition(depth - 1));
                format!("(if {asked} then {one} else {other})")
            }
            _ => self.errs(),
        }
    }

    /// One form, whatever stands in it.
    pub(crate) fn atom(&mut self, depth: usize) -> String {
        let far = self.sight == Sight::Anything;
        match self.choices.below(if far { 22 } else { 17 }) {
            0 | 1 => self.of_packages(),
            2 => self.of_literals(),
            3..=7 if self.sight != Sight::Packages => self.form(OF_EXTENSIONS, depth),
            3..=10 => self.form(OVER_VALUES, depth),
            11 | 12 => self.has(depth),
            13 => self.is_in(depth),
            14 | 15 => self.tagged(depth),
            16 => self.is(depth),
            _ => self.form(OVER_GRANTS, depth),
        }
    }

    /// A form of a table, with a term in each place of it.
    fn form(&mut self, table: &[&str], depth: usize) -> String {
        let form = *self.choices.one_of(table);
        let mut text = String::from("(");
        let mut rest = form;
        while let Some(begin) = rest.find('{') {
            let (before, from) = rest.split_at(begin);
            text.push_str(before);
            let name = from[1..].split('}').next().unwrap();
            if let Some(of) = type_of(name) {
                text.push_str(&self.term(of, depth));
                rest = &from[name.len() + 2..];
            } else {
                // A record's own.
                text.push('{');
                rest = &from[1..];
            }
        }
        text + rest + ")"
    }

    /// The principal by its packages.
    pub(crate) fn of_packages(&mut self) -> String {
        let (one, other) = (
            self.literal(Kind::AccessPackage),
            self.literal(Kind::AccessPackage),
        );
        match self.choices.below(6) {
            0 | 1 => format!("(principal in {one})"),
            2 => format!("(principal in [{one}, {other}])"),
            3 => format!("(principal is Mandate in {one})"),
            4 => format!("(principal is Mandate in [{one}, {other}])"),
            _ => "(principal is Mandate)".to_owned(),
        }
    }

    /// Resources, actions and packages by name.
    fn of_literals(&mut self) -> String {
        let resource = self.literal(Kind::Resource);
        let action = self.literal(Kind::Action);
        match self.choices.below(9) {
            0 => format!("(resource == {resource})"),
            1 => format!("(resource in {resource})"),
            2 => format!("(action == {action})"),
            3 => format!("(action in [{action}, Action::\"read\"])"),
            4 => "(action in Action::\"any\")".to_owned(),
            5 => format!("(resource is Resource in {resource})"),
            6 => format!("(resource != {resource})"),
            7 => {
                let of = (
                    self.literal(Kind::AccessPackage),
                    self.literal(Kind::AccessPackage),
                );
                format!("({} in {})", of.0, of.1)
            }
            _ => format!("(resource in [{resource}])"),
        }
    }

    /// Whether something is there.
    fn has(&mut self, depth: usize) -> String {
        let kind = match self.choices.below(4) {
            0 => Kind::Resource,
            1 | 2 => Kind::Mandate,
            _ => *self.choices.one_of(&Kind::ALL),
        };
        let kind = if self.sight == Sight::Anything {
            kind
        } else {
            Kind::Resource
        };
        let of = self.choices.below(5);
        if of == 4 && self.sight != Sight::Packages {
            return match self.choices.below(3) {
                0 => "(context has channel)".to_owned(),
                1 => "(context has \"authenticationLevel\")".to_owned(),
                _ if self.sight == Sight::Anything => "(context has rich.who)".to_owned(),
                _ => "(context has note)".to_owned(),
            };
        }
        let holder = self.holder(kind, depth);
        if of == 3 && kind == Kind::Resource && self.sight == Sight::Anything {
            let path = self.pick(&[
                "rich.who",
                "rich.deep.level",
                "shelf.next.keeper",
                "allowed.via",
                "rich.who.owner.trusted",
            ]);
            return format!("({holder} has {path})");
        }
        if of == 3 && kind == Kind::Mandate && self.sight == Sight::Anything {
            let path = self.pick(&[
                "systemUser.owner.helper.owner",
                "party.partner.via",
                "via.trusted",
            ]);
            return format!("({holder} has {path})");
        }
        let attributes = kind.attributes();
        let name = attributes[self.choices.below(attributes.len())].name;
        if name.contains(' ') || self.choices.chance(20) {
            format!("({holder} has \"{name}\")")
        } else {
            format!("({holder} has {name})")
        }
    }

    /// Whether something is beneath something.
    fn is_in(&mut self, depth: usize) -> String {
        if self.sight != Sight::Anything {
            return match self.choices.below(3) {
                0 => self.of_packages(),
                1 => format!(
                    "(resource in {})",
                    self.term(Type::Set(One::Of(Kind::Resource)), depth)
                ),
                _ => format!(
                    "(resource in {})",
                    self.term(Type::One(One::Of(Kind::Resource)), depth)
                ),
            };
        }
        let kind = IN_OTHERS[self.choices.below(IN_OTHERS.len())];
        let above = *self.choices.one_of(kind.above());
        let one = self.entity(kind, depth);
        // A set of areas or actions is never stored: it can only be written out.
        let many = self.choices.chance(40);
        let other = if many {
            self.term(Type::Set(One::Of(above)), depth)
        } else {
            self.entity(above, depth)
        };
        if self.choices.chance(20) {
            format!("({one} is {kind:?} in {other})")
        } else {
            format!("({one} in {other})")
        }
    }

    fn is(&mut self, depth: usize) -> String {
        if self.sight != Sight::Anything {
            return self.pick(&[
                "(resource is Resource)",
                "(principal is Mandate)",
                "(resource has allowed && resource.allowed is Mandate)",
            ]);
        }
        let (kind, of) = (
            *self.choices.one_of(&Kind::ALL),
            *self.choices.one_of(&Kind::ALL),
        );
        let one = self.entity(kind, depth);
        let of = if self.choices.chance(60) { kind } else { of };
        format!("({one} is {of:?})")
    }

    fn tagged(&mut self, depth: usize) -> String {
        let kind = if self.sight == Sight::Anything {
            *self.choices.one_of(&[
                Kind::Resource,
                Kind::Organization,
                Kind::AccessPackage,
                Kind::Shelf,
            ])
        } else {
            Kind::Resource
        };
        let holder = self.holder(kind, depth);
        let tag = if self.choices.chance(30) {
            self.term(Type::One(One::Text), 0)
        } else {
            self.pick(&[r#""x""#, r#""y""#])
        };
        let found = format!("{holder}.getTag({tag})");
        let of_found = match kind {
            Kind::Resource if self.sight == Sight::Anything => {
                format!("{found}.vendor == {}", self.literal(Kind::Organization))
            }
            Kind::Resource => format!("{found} == {found}"),
            Kind::Organization => format!("{found} like \"w*\""),
            Kind::AccessPackage => format!("{found} > 1"),
            _ => format!("{found}.contains(\"web\")"),
        };
        match self.choices.below(3) {
            0 => format!("{holder}.hasTag({tag})"),
            _ => format!("({holder}.hasTag({tag}) && {of_found})"),
        }
    }

    /// What errs, always or in some worlds.
    fn errs(&mut self) -> String {
        match (self.sight, self.choices.below(4)) {
            (_, 0) => "(9223372036854775807 + 1 > 0)".to_owned(),
            (Sight::Packages, _) => "(resource has limit && resource.limit + 9223372036854775806 > 0)".to_owned(),
            (Sight::Context, _) | (_, 1) => {
                "(context has authenticationLevel && context.authenticationLevel + 9223372036854775806 > 0)".to_owned()
            }
            // Whoever is not there has no attribute, required or not.
            (_, 2) => format!("({}.kind == \"agent\")", self.literal(Kind::SystemUser)),
            _ => format!(
                "({}.party == {})",
                self.literal(Kind::Mandate),
                self.literal(Kind::Organization)
            ),
        }
    }
}
