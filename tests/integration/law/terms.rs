//! Expressions of every type, as text that validates strictly.

use fullmakt::model::mandate::mandate_id;

use super::choices::Choices;
use super::questions::pair;
use super::words::{ASKED, BRIEF, Kind, Member, One, Type};
use crate::deeds::{PARTIES, RESOURCES, at, cedar_instant};
use crate::world::{SYSTEM, VENDOR, org, user};

/// How many system users there are room for; one more is asked about, and is never there.
pub(crate) const USERS: u32 = 8;

/// What an expression may look at, besides packages, action and the resource's own attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    Packages,
    Context,
    Anything,
}

/// The context types of the actions that a policy's scope can match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contexts {
    Asked,
    Brief,
    Both,
}

/// Makes expressions from choices.
pub(crate) struct Maker<'a> {
    pub(crate) choices: &'a mut dyn Choices,
    /// The access packages that policies can name.
    pub(crate) packages: &'a [&'static str],
    pub(crate) sight: Sight,
    pub(crate) contexts: Contexts,
}

/// A member by its name: after a dot, or in brackets if it has to be or just so.
fn member(of: &str, name: &str, quoted: bool) -> String {
    if quoted || name.contains(' ') {
        format!("{of}[\"{name}\"]")
    } else {
        format!("{of}.{name}")
    }
}

fn has(of: &str, name: &str, quoted: bool) -> String {
    if quoted || name.contains(' ') {
        format!("{of} has \"{name}\"")
    } else {
        format!("{of} has {name}")
    }
}

impl Maker<'_> {
    pub(crate) fn pick(&mut self, of: &[&str]) -> String {
        (*self.choices.one_of(of)).to_owned()
    }

    fn far(&self) -> bool {
        self.sight == Sight::Anything
    }

    /// The members of the context that can be looked at.
    fn members(&self) -> Vec<&'static Member> {
        let plain = |member: &&Member| {
            self.far()
                || match member.of {
                    Type::One(One::Of(_)) | Type::Set(One::Of(_)) | Type::Plain | Type::Rich => {
                        false
                    }
                    Type::One(_) | Type::Set(_) => true,
                }
        };
        let same = |member: &&Member| {
            BRIEF
                .iter()
                .any(|other| other.name == member.name && other.of == member.of)
        };
        let all: Vec<_> = match self.contexts {
            _ if self.sight == Sight::Packages => vec![],
            Contexts::Asked => ASKED.iter().filter(plain).collect(),
            // A policy about `archive` alone; the other actions' types make two of its members not plain.
            Contexts::Brief => BRIEF.iter().filter(plain).collect(),
            Contexts::Both => ASKED.iter().filter(plain).filter(same).collect(),
        };
        all
    }

    /// A literal entity.
    pub(crate) fn literal(&mut self, kind: Kind) -> String {
        let id = match kind {
            Kind::Mandate => {
                let (nth, party) = pair(self.choices);
                mandate_id(user(nth), org(party))
            }
            Kind::SystemUser => user(pair(self.choices).0).to_string(),
            Kind::System => self.pick(&[SYSTEM, SYSTEM, "991825827_gone"]),
            Kind::Organization => match self.choices.below(8) {
                0 => VENDOR.to_owned(),
                1 => "974761076".to_owned(),
                place => PARTIES[place - 2].to_owned(),
            },
            Kind::Resource => self.pick(&RESOURCES[..3]),
            // Half of them the two that most mandates hold.
            Kind::AccessPackage if self.choices.chance(50) => self.pick(&self.packages[..2]),
            Kind::AccessPackage => self.pick(self.packages),
            Kind::Area => self.pick(&["tax", "people", "nowhere"]),
            Kind::Shelf => self.pick(&["top", "middle", "bottom", "nowhere"]),
            Kind::Action => self.pick(&["read", "write", "archive"]),
        };
        format!("{kind:?}::\"{id}\"")
    }

    /// An entity, by a name, a variable or a walk from one.
    pub(crate) fn entity(&mut self, kind: Kind, depth: usize) -> String {
        let variable = match kind {
            Kind::Mandate if self.far() => Some("principal"),
            Kind::Resource => Some("resource"),
            Kind::Action => Some("action"),
            _ => None,
        };
        match (variable, self.choices.below(4)) {
            (Some(variable), 0 | 1) => variable.to_owned(),
            (_, 2 | 3) if depth > 0 => self.found(Type::One(One::Of(kind)), depth),
            // Others' literals make a policy look further.
            _ if self.far()
                || matches!(kind, Kind::Resource | Kind::AccessPackage | Kind::Action) =>
            {
                self.literal(kind)
            }
            _ => self.found(Type::One(One::Of(kind)), depth),
        }
    }

    /// A value of a type: written out, computed, or found.
    pub(crate) fn term(&mut self, of: Type, depth: usize) -> String {
        match self.choices.below(if depth == 0 { 3 } else { 7 }) {
            0 => self.written(of, depth),
            1 | 2 => self.found(of, depth),
            3 => {
                let condition = self.condition(depth - 1);
                let (one, other) = (self.term(of, depth - 1), self.term(of, depth - 1));
                format!("(if {condition} then {one} else {other})")
            }
            _ => self.computed(of, depth - 1),
        }
    }

    /// A value that is written out.
    fn written(&mut self, of: Type, depth: usize) -> String {
        match of {
            Type::One(one) => self.one(one),
            Type::Set(one) => {
                let many = 1 + self.choices.below(3);
                let all: Vec<_> = (0..many).map(|_| self.element(one, depth)).collect();
                format!("[{}]", all.join(", "))
            }
            Type::Plain | Type::Rich => {
                let code = self.term(Type::One(One::Long), 0);
                let words = self.written(Type::Set(One::Text), 0);
                format!("{{code: {code}, \"words\": {words}}}")
            }
        }
    }

    fn element(&mut self, of: One, depth: usize) -> String {
        match of {
            One::Of(kind) => self.entity(kind, depth.min(1)),
            _ if depth > 0 && self.choices.chance(30) => self.term(Type::One(of), depth - 1),
            _ => self.one(of),
        }
    }

    fn one(&mut self, of: One) -> String {
        match of {
            One::Bool => self.pick(&["true", "false"]),
            One::Long => self.pick(&[
                "0",
                "1",
                "2",
                "3",
                "4",
                "-1",
                "9223372036854775807",
                "-9223372036854775808",
            ]),
            One::Text => self.pick(&[
                r#""web""#,
                r#""tax""#,
                r#""a*b""#,
                r#""\u{e6}\"\\""#,
                r#""agent""#,
                r#""standard""#,
            ]),
            One::Decimal => self.pick(&[
                r#"decimal("1.5")"#,
                r#"decimal("-2.25")"#,
                r#"decimal("922337203685477.5807")"#,
            ]),
            One::Ip => self.pick(&[
                r#"ip("10.0.0.7")"#,
                r#"ip("127.0.0.1")"#,
                r#"ip("10.0.0.0/8")"#,
                r#"ip("::1")"#,
                r#"ip("224.0.0.1")"#,
            ]),
            One::Instant => {
                let step = u8::try_from(self.choices.below(6)).unwrap();
                format!("datetime(\"{}\")", cedar_instant(at(step)))
            }
            One::Span => self.pick(&[
                r#"duration("1s")"#,
                r#"duration("-2s")"#,
                r#"duration("1d2h3m4s5ms")"#,
                r#"duration("9223372036854775807ms")"#,
            ]),
            One::Of(kind) => self.entity(kind, 0),
        }
    }

    /// A value from an attribute, a tag or the context; written out where there is none of its type.
    fn found(&mut self, of: Type, depth: usize) -> String {
        let mut places: Vec<(Option<Kind>, &'static Member)> = Vec::new();
        for kind in Kind::ALL {
            if kind == Kind::Resource || self.far() {
                let fitting = kind.attributes().iter().filter(|member| member.of == of);
                places.extend(fitting.map(|member| (Some(kind), member)));
            }
        }
        let in_context = self.members().into_iter().filter(|member| member.of == of);
        places.extend(in_context.map(|member| (None, member)));
        let tagged: Vec<_> = Kind::ALL
            .into_iter()
            .filter(|kind| kind.tags() == Some(of))
            .filter(|kind| *kind == Kind::Resource || self.far())
            .collect();
        let instant = of == Type::One(One::Instant) && self.sight != Sight::Packages;
        if instant && self.choices.chance(40) {
            return "context.now".to_owned();
        }
        let other = match of {
            Type::Rich => "{code: 7}".to_owned(),
            Type::One(One::Of(kind))
                if !self.far()
                    && !matches!(kind, Kind::Resource | Kind::AccessPackage | Kind::Action) =>
            {
                // An attribute of the resource is all that there is.
                match places.first() {
                    Some((_, member)) => return format!("resource.{}", member.name),
                    None => return "resource".to_owned(),
                }
            }
            _ => self.written(of, 0),
        };
        if !tagged.is_empty() && self.choices.chance(25) {
            let kind = *self.choices.one_of(&tagged);
            let holder = self.holder(kind, depth);
            let tag = self.pick(&[r#""x""#, r#""y""#]);
            return format!("(if {holder}.hasTag({tag}) then {holder}.getTag({tag}) else {other})");
        }
        if places.is_empty() {
            return other;
        }
        let (kind, found) = places[self.choices.below(places.len())];
        let holder = match kind {
            None => "context".to_owned(),
            Some(kind) => self.holder(kind, depth),
        };
        let (asked, quoted) = (self.choices.chance(20), self.choices.chance(20));
        let value = member(&holder, found.name, quoted);
        if found.is_required {
            return value;
        }
        format!(
            "(if {} then {value} else {other})",
            has(&holder, found.name, asked)
        )
    }

    /// Whose attribute or tag is looked at.
    pub(crate) fn holder(&mut self, kind: Kind, depth: usize) -> String {
        if !self.far() {
            return "resource".to_owned();
        }
        if kind == Kind::Mandate && self.choices.chance(60) {
            return "principal".to_owned();
        }
        self.entity(kind, depth.saturating_sub(1))
    }

    /// A value that is computed from others.
    fn computed(&mut self, of: Type, depth: usize) -> String {
        let mut term = |of| self.term(Type::One(of), depth);
        match of {
            Type::One(One::Long) => {
                let (one, other) = (term(One::Long), term(One::Long));
                let (instant, span) = (term(One::Instant), term(One::Span));
                match self.choices.below(7) {
                    0 => format!("({one} + {other})"),
                    1 => format!("({one} - {other})"),
                    2 => format!("({one} * {other})"),
                    3 => format!("-({one})"),
                    4 => format!("{span}.toMilliseconds()"),
                    5 => {
                        let unit = self.pick(&["toSeconds", "toMinutes", "toHours", "toDays"]);
                        format!("{span}.{unit}()")
                    }
                    _ => format!("{instant}.toTime().toSeconds()"),
                }
            }
            Type::One(One::Instant) => {
                let (instant, span) = (term(One::Instant), term(One::Span));
                match self.choices.below(2) {
                    0 => format!("{instant}.offset({span})"),
                    _ => format!("{instant}.toDate()"),
                }
            }
            Type::One(One::Span) => {
                let (one, other) = (term(One::Instant), term(One::Instant));
                match self.choices.below(2) {
                    0 => format!("{one}.durationSince({other})"),
                    _ => format!("{one}.toTime()"),
                }
            }
            Type::One(One::Bool) => self.condition(depth),
            // Of the others nothing is computed.
            _ => self.found(of, depth),
        }
    }
}
