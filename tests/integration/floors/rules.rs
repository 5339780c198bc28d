//! The rules of the house, each with its table here and nowhere else.

use std::fmt;

use super::names::{As, Named, Names, names};
use super::source::module_of;

/// The library's floors: a floor names only floors with a smaller number.
const FLOORS: [(&str, u8); 8] = [
    ("model", 0),
    ("cedar", 1),
    ("store", 1),
    ("policies", 1),
    ("log", 1),
    ("engine", 2),
    ("scenario", 3),
    ("http", 4),
];
/// The binary: `main.rs` and this module.
const COMMAND_LINE: &str = "cli";

/// Outside crates that one floor alone may name; `cli` stands for the whole binary.
pub(super) const HOMES: [(&str, &str); 34] = [
    ("time", "model"),
    ("url", "model"),
    ("strsim", "model"),
    ("sha2", "model"),
    ("subtle", "model"),
    ("toml", "model"),
    ("cedar_policy", "cedar"),
    ("cedar_policy_core", "cedar"),
    ("cedar_policy_formatter", "cedar"),
    ("sled", "store"),
    ("ciborium", "store"),
    ("crc32fast", "store"),
    ("flate2", "log"),
    ("arc_swap", "engine"),
    ("foldhash", "engine"),
    ("imbl", "engine"),
    ("wide", "engine"),
    ("tokio", "http"),
    ("hyper", "http"),
    ("hyper_util", "http"),
    ("http_body_util", "http"),
    ("matchit", "http"),
    ("prometheus_client", "http"),
    ("rustls", "http"),
    ("tokio_rustls", "http"),
    ("rustls_native_certs", "http"),
    ("ring", "http"),
    ("jsonwebtoken", "http"),
    ("x509_cert", "http"),
    ("governor", "http"),
    ("clap", "cli"),
    ("tracing_subscriber", "cli"),
    ("tempfile", "cli"),
    ("indicatif", "cli"),
];
/// Outside crates that every floor may name.
pub(super) const FREE: [&str; 6] = [
    "serde",
    "serde_json",
    "thiserror",
    "uuid",
    "tracing",
    "once_cell",
];

const MOST_LINES: usize = 350;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    InSight,
    Beneath,
    OneHome,
    Prints,
    ByName,
    Root,
    Length,
}

/// One place that breaks a rule.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) rule: Rule,
    file: String,
    line: usize,
    said: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "src/{}:{}: {}", self.file, self.line, self.said)
    }
}

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    LibRoot,
    Floor(&'a str, u8),
    Binary,
    Nowhere,
}

/// Every finding in one file, whose `path` begins beneath `src/`; `in_test` if it is a module for tests alone.
pub(super) fn findings(path: &str, text: &str, in_test: bool) -> Vec<Finding> {
    let module = module_of(path);
    let names = match names(&module, text, in_test) {
        Ok(names) => names,
        Err(error) => {
            let said = format!("is not Rust ({error}); mend it, or the rules cannot read it");
            return vec![Finding {
                rule: Rule::InSight,
                file: path.to_owned(),
                line: error.span().start().line,
                said,
            }];
        }
    };
    let mut rules = Rules {
        file: path,
        place: place_of(path),
        found: Vec::new(),
    };
    rules.in_sight(&names);
    rules.beneath(&names);
    rules.one_home(&names);
    rules.prints(&names);
    rules.by_name(&names);
    rules.root(&names);
    rules.length(text);
    rules.found
}

struct Rules<'a> {
    file: &'a str,
    place: Place<'a>,
    found: Vec<Finding>,
}

impl Rules<'_> {
    fn report(&mut self, rule: Rule, line: usize, said: String) {
        self.found.push(Finding {
            rule,
            file: self.file.to_owned(),
            line,
            said,
        });
    }

    fn in_sight(&mut self, names: &Names) {
        if self.place == Place::Nowhere {
            let said = "stands on no floor; move it to one, or give its module a floor in FLOORS and in the code map";
            self.report(Rule::InSight, 1, said.to_owned());
        }
        for (line, what) in &names.hidden {
            let said =
                format!("{what} brings in code that these rules do not see; use a plain `mod`");
            self.report(Rule::InSight, *line, said);
        }
        for (line, _, name) in names.macros.iter().filter(|(_, _, name)| name == "include") {
            let said =
                format!("`{name}!` brings in code that these rules do not see; use a plain `mod`");
            self.report(Rule::InSight, *line, said);
        }
    }

    fn beneath(&mut self, names: &Names) {
        for named in names
            .paths
            .iter()
            .filter(|named| named.path.first().is_some_and(|first| first == "crate"))
        {
            if let Some(said) = self.reaches_too_far(named) {
                self.report(Rule::Beneath, named.line, said);
            }
        }
        for module in names.modules.iter().filter(|module| module.path.len() == 1) {
            let at_home = match self.place {
                Place::LibRoot => FLOORS.iter().any(|(floor, _)| *floor == module.name),
                Place::Binary => module.name == COMMAND_LINE,
                Place::Floor(..) | Place::Nowhere => true,
            };
            if !at_home {
                let said = format!(
                    "declares `{}`, which is no floor of this crate; a library floor belongs to lib.rs, `cli` to main.rs",
                    module.name
                );
                self.report(Rule::Beneath, module.line, said);
            }
        }
    }

    /// What is wrong with naming a path of our own crate from here; nothing if all is well.
    fn reaches_too_far(&self, named: &Named) -> Option<String> {
        let shown = shown(&named.path);
        let Some(target) = named.path.get(1) else {
            return Some(format!(
                "`{shown}` takes hold of the whole crate; name the floor that is meant"
            ));
        };
        let floor = FLOORS.iter().find(|(floor, _)| floor == target);
        match (self.place, floor) {
            (Place::Floor(own, _), Some((floor, _))) if own == *floor => None,
            (Place::Floor(_, rank), Some((_, beneath))) if *beneath < rank => None,
            (Place::Floor(own, _), Some((floor, _))) => Some(format!(
                "`{own}` names `{shown}`, but `{floor}` is not beneath it; move what both need to a floor beneath both, \
                 or have the floor above both hand it in"
            )),
            (Place::Floor(own, _), None) => Some(format!(
                "`{own}` names `{shown}`, which is no floor's; name the floor that it is defined on"
            )),
            (Place::LibRoot, Some(_)) | (Place::Nowhere, _) => None,
            (Place::LibRoot, None) => Some(format!(
                "lib.rs names `{shown}`, which is no floor's; export it from its floor"
            )),
            (Place::Binary, _) if target == COMMAND_LINE => None,
            (Place::Binary, _) => Some(format!(
                "the binary names `{shown}` as its own; it sees only what lib.rs exports: `fullmakt::…`"
            )),
        }
    }

    fn one_home(&mut self, names: &Names) {
        for named in &names.paths {
            let Some((name, home)) = named
                .path
                .first()
                .and_then(|first| HOMES.iter().find(|(name, _)| name == first))
            else {
                continue;
            };
            let here = match self.place {
                Place::Floor(floor, _) => floor == *home,
                Place::Binary => *home == COMMAND_LINE,
                Place::LibRoot | Place::Nowhere => false,
            };
            // A test that needs a folder of its own is not what the rule is for.
            let serves_a_test = named.in_test && *name == "tempfile";
            if !here && !serves_a_test {
                let said = format!(
                    "`{}` is used here, but `{name}` lives in `{home}` alone; let `{home}` offer a value of ours for it",
                    shown(&named.path)
                );
                self.report(Rule::OneHome, named.line, said);
            }
            if here && named.stands == As::Export {
                let said = format!(
                    "`{}` is handed on, so that others could use `{name}` under another name; wrap it in a type of ours",
                    shown(&named.path)
                );
                self.report(Rule::OneHome, named.line, said);
            }
        }
    }

    fn prints(&mut self, names: &Names) {
        const PRINTS: [&str; 7] = [
            "print",
            "println",
            "eprint",
            "eprintln",
            "dbg",
            "io::stdout",
            "io::stderr",
        ];
        for (line, in_test, name) in &names.macros {
            if self.place != Place::Binary && !in_test && PRINTS.contains(&name.as_str()) {
                let said = format!(
                    "`{name}` prints, and only main.rs and cli/ do; return the text, or log it with `tracing`"
                );
                self.report(Rule::Prints, *line, said);
            }
        }
    }

    fn by_name(&mut self, names: &Names) {
        for named in names
            .paths
            .iter()
            .filter(|named| named.stands == As::Glob && !named.in_test)
        {
            let said = format!(
                "`{}::*` is a glob; list the names that are meant",
                shown(&named.path)
            );
            self.report(Rule::ByName, named.line, said);
        }
    }

    fn root(&mut self, names: &Names) {
        if self.place != Place::LibRoot {
            return;
        }
        for line in &names.items {
            self.report(
                Rule::Root,
                *line,
                "lib.rs holds only `mod` and `pub use`; move this to its floor".to_owned(),
            );
        }
    }

    fn length(&mut self, text: &str) {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            let said = format!(
                "has {lines} lines, more than {MOST_LINES}; split it where its second subject begins"
            );
            self.report(Rule::Length, lines, said);
        }
    }
}

fn shown(path: &[String]) -> String {
    path.join("::")
}

fn place_of(path: &str) -> Place<'_> {
    let first = path.split('/').next().unwrap_or(path);
    let first = first.strip_suffix(".rs").unwrap_or(first);
    match (path, first) {
        ("lib.rs", _) => Place::LibRoot,
        ("main.rs", _) | (_, COMMAND_LINE) => Place::Binary,
        (_, name) => FLOORS
            .iter()
            .find(|(floor, _)| *floor == name)
            .map_or(Place::Nowhere, |(_, rank)| Place::Floor(name, *rank)),
    }
}
