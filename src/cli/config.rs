//! `fullmakt.toml`: read strictly, each wrong value told with its file, key and mend.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fullmakt::http::{Callers, Limits};
use fullmakt::model::caller::Caller;
use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::system::nearest;
use toml::{Table, Value};

use super::Failure;
use super::config_caller::{CallerText, caller_text};

const KEYS: [&str; 8] = [
    "listen",
    "data",
    "policies",
    "public_url",
    "request_expiry_days",
    "drain_seconds",
    "body_bytes",
    "caller",
];

/// What the file says; what it leaves out is nothing.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) policies: Option<PathBuf>,
    pub(crate) public_url: Option<String>,
    pub(crate) request_expiry_days: Option<i64>,
    pub(crate) limits: Limits,
    /// The callers, with their packages as they were written: the catalogue is not read yet.
    pub(crate) callers: Vec<CallerText>,
    file: String,
}

/// The address of a text, or what is wrong with it.
pub(crate) fn address(text: &str, from: &str) -> Result<SocketAddr, Failure> {
    let wrong = || {
        Failure::new(format!(
            "{from}: `{text}` is not an address of the form `127.0.0.1:8180`"
        ))
    };
    text.parse().map_err(|_| wrong())
}

/// Reads a configuration file.
pub(crate) fn read(path: &Path) -> Result<Config, Failure> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{file}: cannot be read: {error}")))?;
    parse(&text, &file)
}

fn parse(text: &str, file: &str) -> Result<Config, Failure> {
    let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| {
            text.get(..span.start)
                .unwrap_or_default()
                .matches('\n')
                .count()
                + 1
        });
        let at = line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
        Failure::new(format!("{at}: {}", error.message()))
    })?;
    known_only(&table, &KEYS, file, "")?;
    let mut config = Config {
        file: file.to_owned(),
        ..Config::default()
    };
    if let Some(listen) = take_text(&mut table, "listen", file)? {
        config.listen = Some(address(&listen, &format!("{file}: listen"))?);
    }
    config.data = take_text(&mut table, "data", file)?.map(PathBuf::from);
    config.policies = take_text(&mut table, "policies", file)?.map(PathBuf::from);
    config.public_url =
        take_text(&mut table, "public_url", file)?.map(|url| url.trim_end_matches('/').to_owned());
    config.request_expiry_days = take_number(&mut table, "request_expiry_days", 1..=3650, file)?;
    if let Some(seconds) = take_number(&mut table, "drain_seconds", 0..=3600, file)? {
        config.limits.drain_time = std::time::Duration::from_secs(seconds.unsigned_abs());
    }
    if let Some(bytes) = take_number(&mut table, "body_bytes", 1024..=1_073_741_824, file)? {
        config.limits.body = usize::try_from(bytes).unwrap_or(config.limits.body);
    }
    match table.remove("caller") {
        None => {}
        Some(Value::Array(callers)) => {
            for (nth, caller) in callers.into_iter().enumerate() {
                config
                    .callers
                    .push(caller_text(caller, &format!("{file}: caller {}", nth + 1))?);
            }
        }
        Some(_) => {
            return Err(Failure::new(format!(
                "{file}: `caller` has to be written as `[[caller]]`, once a caller"
            )));
        }
    }
    Ok(config)
}

pub(super) fn known_only(
    table: &Table,
    known: &[&str],
    file: &str,
    of: &str,
) -> Result<(), Failure> {
    let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let near = nearest(unknown, known.iter().copied()).unwrap_or_default();
    Err(Failure::new(format!(
        "{file}: `{unknown}` is not a key{of}; did you mean `{near}`?"
    )))
}

pub(super) fn take_text(
    table: &mut Table,
    key: &str,
    file: &str,
) -> Result<Option<String>, Failure> {
    match table.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(Failure::new(format!(
            "{file}: `{key}` is `{other}`; it has to be a string"
        ))),
    }
}

fn take_number(
    table: &mut Table,
    key: &str,
    within: std::ops::RangeInclusive<i64>,
    file: &str,
) -> Result<Option<i64>, Failure> {
    let (least, most) = (within.start(), within.end());
    match table.remove(key) {
        None => Ok(None),
        Some(Value::Integer(number)) if within.contains(&number) => Ok(Some(number)),
        Some(other) => Err(Failure::new(format!(
            "{file}: `{key}` is `{other}`; it has to be a whole number from {least} to {most}"
        ))),
    }
}

pub(super) fn take_texts(
    table: &mut Table,
    key: &str,
    file: &str,
) -> Result<Option<Vec<String>>, Failure> {
    let wrong = || Failure::new(format!("{file}: `{key}` has to be a list of strings"));
    match table.remove(key) {
        None => Ok(None),
        Some(Value::Array(items)) => {
            let texts = items
                .into_iter()
                .map(|item| item.as_str().map(str::to_owned).ok_or_else(wrong));
            texts.collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(wrong()),
    }
}

impl Config {
    /// The callers, now that the catalogue says which packages there are.
    pub(crate) fn callers(&self, catalogue: &Catalogue) -> Result<Callers, Failure> {
        let mut callers = Callers::default();
        for text in &self.callers {
            let failed = |error: &dyn std::fmt::Display| {
                Failure::new(format!("{}: caller `{}`: {error}", self.file, text.id))
            };
            let kind = text
                .kind
                .as_caller_kind(catalogue)
                .map_err(|error| failed(&error))?;
            callers
                .add(
                    Caller {
                        id: text.id.clone(),
                        kind,
                    },
                    &text.tokens,
                )
                .map_err(|error| failed(&error))?;
        }
        Ok(callers)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    const HASH: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn refused(text: &str) -> String {
        let failure = parse(text, "fullmakt.toml").unwrap_err();
        failure.message
    }

    fn caller(lines: &str) -> String {
        format!("[[caller]]\nid = \"c\"\nsha256 = \"{HASH}\"\n{lines}\n")
    }

    #[test]
    fn every_wrong_value_names_its_key_and_mend() {
        let cases = [
            (
                "listn = \"x\"",
                "fullmakt.toml: `listn` is not a key; did you mean `listen`?",
            ),
            (
                "listen = 8180",
                "fullmakt.toml: `listen` is `8180`; it has to be a string",
            ),
            (
                "listen = \"8180\"",
                "fullmakt.toml: listen: `8180` is not an address of the form `127.0.0.1:8180`",
            ),
            (
                "request_expiry_days = 0",
                "fullmakt.toml: `request_expiry_days` is `0`; it has to be a whole number from 1 to 3650",
            ),
            (
                "caller = 1",
                "fullmakt.toml: `caller` has to be written as `[[caller]]`, once a caller",
            ),
            (
                "[[caller]]\nid = \"c\"",
                "fullmakt.toml: caller 1: `sha256` is missing",
            ),
            (
                "[[caller]]\nsha256 = \"x\"",
                "fullmakt.toml: caller 1: `id` is missing",
            ),
            (
                "[[caller]]\nid = \"c\"\nsha256 = \"abc\"",
                "fullmakt.toml: caller 1: `sha256` is not 64 hexadecimal digits; make it with `printf %s \"$TOKEN\" | sha256sum`",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(refused(text), expected);
        }
        assert!(
            refused("listen = \n").starts_with("fullmakt.toml:1: "),
            "{}",
            refused("listen = \n")
        );
    }

    #[test]
    fn a_caller_has_the_keys_of_its_kind_and_no_others() {
        let cases = [
            ("", "fullmakt.toml: caller 1: `kind` is missing"),
            (
                "kind = \"persn\"",
                "fullmakt.toml: caller 1: `kind` is `persn`; did you mean `person`? (resource-api, vendor, person, operator)",
            ),
            (
                "kind = \"person\"",
                "fullmakt.toml: caller 1: `party` is missing",
            ),
            (
                "kind = \"vendor\"\nparty = \"991825828\"",
                "fullmakt.toml: caller 1: `party`: organisation number `991825828` has a wrong check digit (MOD11)",
            ),
            (
                "kind = \"vendor\"\nparty = \"991825827\"\nresources = [\"x\"]",
                "fullmakt.toml: caller 1: `resources` does not go with the kind `vendor`",
            ),
            (
                "kind = \"resource-api\"",
                "fullmakt.toml: caller 1: `resources` is missing",
            ),
            (
                "kind = \"resource-api\"\nresources = [1]",
                "fullmakt.toml: caller 1: `resources` has to be a list of strings",
            ),
            (
                "knd = \"person\"",
                "fullmakt.toml: caller 1: `knd` is not a key of a caller; did you mean `kind`?",
            ),
        ];
        for (lines, expected) in cases {
            assert_eq!(refused(&caller(lines)), expected);
        }
        assert_eq!(
            parse(&caller("kind = \"operator\""), "fullmakt.toml")
                .unwrap()
                .callers
                .len(),
            1
        );
    }
}
