//! Policies: a scope, an effect, annotations and clauses, of the kind that a plan wants to see decided.

use std::fmt::Write;

use super::choices::Choices;
use super::terms::{Contexts, Maker, Sight};
use super::words::{Kind, One, Type};

/// What a policy is made to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// Packages, action, and the resource's own attributes.
    Packages,
    /// Those, and plain members of the context.
    Context,
    /// One thing beyond, with what is within sight around it: what a whitelist that is too wide lets through.
    OneFurther,
    /// Anything, however deep.
    Anything,
}

impl Want {
    pub(crate) const ALL: [Self; 4] = [
        Self::Packages,
        Self::Context,
        Self::OneFurther,
        Self::Anything,
    ];
}

/// A policy that may or may not validate; `number` names it.
pub(crate) fn policy(
    choices: &mut dyn Choices,
    packages: &[&'static str],
    want: Want,
    number: usize,
) -> String {
    let mut maker = Maker {
        choices,
        packages,
        sight: Sight::Packages,
        contexts: Contexts::Both,
    };
    let effect = if maker.choices.chance(30) {
        "forbid"
    } else {
        "permit"
    };
    let annotations = maker.annotations(number);
    let (action, contexts) = maker.action_scope();
    maker.contexts = contexts;
    // A scope alone can look further.
    let by_scope = matches!(want, Want::OneFurther | Want::Anything) && maker.choices.chance(15);
    let principal = maker.principal_scope(by_scope);
    let resource = maker.resource_scope(want == Want::Anything);
    let many = match (want, by_scope) {
        (Want::OneFurther, true) => 0,
        (Want::OneFurther, false) => 1,
        _ => maker.choices.weighed(&[10, 60, 30]),
    };
    let clauses: Vec<_> = (0..many).map(|_| maker.clause(want)).collect();
    format!(
        "{annotations}{effect} ({principal}, {action}, {resource}){};",
        clauses.concat()
    )
}

/// A permit that gives forbids something to take away.
pub(crate) fn broad(choices: &mut dyn Choices, packages: &[&'static str], number: usize) -> String {
    let mut maker = Maker {
        choices,
        packages,
        sight: Sight::Packages,
        contexts: Contexts::Both,
    };
    let principal = match maker.choices.below(3) {
        0 => "principal".to_owned(),
        _ => format!("principal in {}", maker.literal(Kind::AccessPackage)),
    };
    format!("@id(\"own/{number}\")\npermit ({principal}, action, resource);")
}

impl Maker<'_> {
    fn annotations(&mut self, number: usize) -> String {
        let mut text = String::new();
        if self.choices.chance(70) {
            let _ = writeln!(text, "@id(\"own/{number}\")");
        }
        for key in [
            "minimum_authentication_level",
            "minimum_authentication_level_org",
        ] {
            if self.choices.chance(20) {
                let level = self.choices.below(5);
                let _ = writeln!(text, "@{key}(\"{level}\")");
            }
        }
        if self.choices.chance(10) {
            text.push_str("@title(\"what \\\"it\\\" does\") // as people say it\n");
        }
        if self.choices.chance(5) {
            text.push_str("@bare\n");
        }
        text
    }

    fn principal_scope(&mut self, further: bool) -> String {
        if further {
            return match self.choices.below(5) {
                0 => format!("principal == {}", self.literal(Kind::Mandate)),
                1 => format!("principal in {}", self.literal(Kind::SystemUser)),
                2 => format!("principal is Mandate in {}", self.literal(Kind::SystemUser)),
                3 => format!("principal in {}", self.literal(Kind::Area)),
                _ => format!("principal in {}", self.literal(Kind::Mandate)),
            };
        }
        match self.choices.below(10) {
            0 => "principal is Mandate".to_owned(),
            1 | 2 => format!("principal in {}", self.literal(Kind::AccessPackage)),
            3 => format!(
                "principal is Mandate in {}",
                self.literal(Kind::AccessPackage)
            ),
            _ => "principal".to_owned(),
        }
    }

    /// The action, and whose context members can then be looked at.
    fn action_scope(&mut self) -> (String, Contexts) {
        match self.choices.below(8) {
            0 => ("action".to_owned(), Contexts::Both),
            1 => ("action == Action::\"read\"".to_owned(), Contexts::Asked),
            2 => ("action == Action::\"write\"".to_owned(), Contexts::Asked),
            3 | 4 => (
                "action in [Action::\"read\", Action::\"write\"]".to_owned(),
                Contexts::Asked,
            ),
            5 => ("action in Action::\"any\"".to_owned(), Contexts::Both),
            6 => ("action == Action::\"archive\"".to_owned(), Contexts::Brief),
            _ => ("action in [Action::\"any\"]".to_owned(), Contexts::Both),
        }
    }

    fn resource_scope(&mut self, anything: bool) -> String {
        let resource = self.literal(Kind::Resource);
        match self.choices.below(if anything { 9 } else { 7 }) {
            0..=2 => "resource".to_owned(),
            3 => "resource is Resource".to_owned(),
            4 => format!("resource == {resource}"),
            5 => format!("resource in {resource}"),
            6 => format!("resource is Resource in {resource}"),
            7 => format!("resource in {}", self.literal(Kind::Shelf)),
            _ => format!("resource is Resource in {}", self.literal(Kind::Shelf)),
        }
    }

    fn clause(&mut self, want: Want) -> String {
        let word = if self.choices.chance(20) {
            "unless"
        } else {
            "when"
        };
        let condition = match want {
            Want::Packages => self.seeing(Sight::Packages, 3),
            Want::Context => self.of_context(),
            Want::OneFurther => self.one_further(),
            Want::Anything => self.seeing(Sight::Anything, 4),
        };
        format!("\n{word} {{ {condition} }}")
    }

    fn seeing(&mut self, sight: Sight, depth: usize) -> String {
        self.sight = sight;
        self.condition(depth)
    }

    /// Half of them of the clock, the level or a word, which questions always vary.
    fn of_context(&mut self) -> String {
        self.sight = Sight::Context;
        match self.choices.below(6) {
            0 => {
                let instant = self.term(Type::One(One::Instant), 0);
                format!("context.now >= {instant}")
            }
            1 => {
                let level = self.choices.below(5);
                format!("context has authenticationLevel && context.authenticationLevel >= {level}")
            }
            2 => {
                let word = self.pick(&["web", "tax", "a*b"]);
                format!("context has channel && context.channel == \"{word}\"")
            }
            _ => self.condition(3),
        }
    }

    fn one_further(&mut self) -> String {
        self.sight = Sight::Anything;
        let further = match self.choices.below(2) {
            0 => self.known_trap(),
            _ => self.atom(1),
        };
        let around = if self.choices.chance(50) {
            Sight::Packages
        } else {
            Sight::Context
        };
        match self.choices.below(6) {
            0..=2 => further,
            3 => format!("({} && {further})", self.seeing(around, 1)),
            4 => format!("({further} || {})", self.seeing(around, 1)),
            _ => format!("!({further})"),
        }
    }

    /// What looks as if it looked at packages only.
    fn known_trap(&mut self) -> String {
        let package = self.literal(Kind::AccessPackage);
        let mandate = self.literal(Kind::Mandate);
        let user = self.literal(Kind::SystemUser);
        match self.choices.below(23) {
            0 => "resource has mandates && principal in resource.mandates".to_owned(),
            1 => "resource has users && principal in resource.users".to_owned(),
            2 => "resource has allowed && principal == resource.allowed".to_owned(),
            3 => "principal has via".to_owned(),
            4 => format!("resource has allowed && resource.allowed in {package}"),
            5 => format!("resource has allowed && resource.allowed is Mandate in {package}"),
            6 => format!("principal in {user}"),
            7 => format!("principal == {mandate}"),
            8 => format!("{mandate} in {package}"),
            9 => format!("principal in [{package}] && [{mandate}].contains(principal)"),
            10 => "resource has shelf && resource.shelf has keeper && resource.shelf.keeper.kind == \"agent\"".to_owned(),
            11 => "resource has allowed && resource.allowed has party".to_owned(),
            12 => format!("{{p: principal}} == {{p: {mandate}}}"),
            13 => format!("principal is Mandate in {user}"),
            14 => format!("(if principal in {package} then principal else {mandate}) has via"),
            15 => "resource has mandates && resource.mandates.contains(principal)".to_owned(),
            16 => format!("{user} has owner"),
            17 => "principal.party == resource.owner".to_owned(),
            18 => "resource has parties && resource.parties.contains(principal.party)".to_owned(),
            19..=21 if self.contexts != Contexts::Asked => "principal has via".to_owned(),
            19 => format!("context has on && context.on in {package}"),
            20 => "context has on && context.on has party".to_owned(),
            21 => "context has sender && context.sender has partner && context.sender.partner has via".to_owned(),
            _ => "principal in Area::\"tax\"".to_owned(),
        }
    }
}
