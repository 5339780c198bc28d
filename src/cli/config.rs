//! `fullmakt.toml`: read strictly, each wrong value told with its file, line, key and mend.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fullmakt::http::{Callers, Issuer, Limits, Listener};
use fullmakt::model::caller::Caller;
use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::id::ActorId;
use fullmakt::model::table::{Fields, Findings, Located};

use super::Failure;
use super::config_caller::{CallerText, caller_text};
use super::config_known;
use super::config_listener::listeners;

const KEYS: [&str; 14] = [
    "listen",
    "plain_http",
    "listener",
    "data",
    "policies",
    "public_url",
    "request_expiry_days",
    "drain_seconds",
    "body_bytes",
    "caller",
    "issuer",
    "revoked_certificates",
    "requests_per_minute",
    "requests_at_once",
];

/// What the file says; what it leaves out is nothing.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) listen: Option<SocketAddr>,
    /// Whether `listen` may be plain HTTP off loopback.
    pub(crate) plain_http: bool,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) policies: Option<PathBuf>,
    pub(crate) public_url: Option<String>,
    pub(crate) request_expiry_days: Option<i64>,
    pub(crate) limits: Limits,
    /// The callers, with their packages as they were written: the catalogue is not read yet.
    pub(crate) callers: Vec<CallerText>,
    issuers: Vec<Issuer>,
    revoked: Vec<String>,
    file: String,
}

/// The address of a text, or what is wrong with it.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is not an address of the form `127.0.0.1:8180`"))
}

/// The address that people reach the daemon at, without a slash at its end.
fn public_url(text: &str) -> Result<String, String> {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.split('/').next());
    let clean = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_graphic() && !"?#@\"<>\\".contains(c))
    };
    let named = |host: &str| !host.is_empty() && !host.starts_with(':');
    if host.is_some_and(named) && clean(text) {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err(format!(
            "`{text}` is not an address of the form `https://fullmakt.example`, with http or https and a host"
        ))
    }
}

/// Reads a configuration file.
pub(crate) fn read(path: &Path) -> Result<Config, Failure> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("{file}: cannot be read: {error}")))?;
    parse(&text, &file)
}

fn parse(text: &str, file: &str) -> Result<Config, Failure> {
    let mut found = Findings::of(file, text);
    let mut fields = Fields::parse(text, &mut found);
    fields.known_only(&KEYS, "", &mut found);
    let mut limits = Limits::default();
    if let Some(seconds) = fields.number("drain_seconds", 0..=3600, &mut found) {
        limits.drain_time = std::time::Duration::from_secs(seconds.unsigned_abs());
    }
    if let Some(bytes) = fields.number("body_bytes", 1024..=1_073_741_824, &mut found) {
        limits.body = usize::try_from(bytes).unwrap_or(limits.body);
    }
    let of_each = config_known::limits(&mut fields, &mut found);
    limits.per_minute = of_each.per_minute;
    limits.at_once = of_each.at_once.unwrap_or(limits.at_once);
    let config = Config {
        listen: fields.read_as("listen", address, &mut found),
        plain_http: fields.flag("plain_http", &mut found),
        listeners: listeners(&mut fields, &mut found),
        data: fields.read_as("data", folder, &mut found),
        policies: fields.read_as("policies", folder, &mut found),
        public_url: fields.read_as("public_url", public_url, &mut found),
        request_expiry_days: fields.number("request_expiry_days", 1..=3650, &mut found),
        limits,
        callers: callers(&mut fields, &mut found),
        issuers: config_known::issuers(&mut fields, &mut found),
        revoked: revoked(&mut fields, &mut found),
        file: file.to_owned(),
    };
    found.into_result().map_err(Failure::several)?;
    Ok(config)
}

pub(super) fn folder(text: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(text))
}

/// The certificates that nobody is known by any more.
fn revoked(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Vec<String> {
    let mut revoked = Vec::new();
    let texts = fields.texts("revoked_certificates", found);
    for Located { byte, value } in texts.map(|texts| texts.value).unwrap_or_default() {
        match config_known::fingerprint(&value) {
            Ok(certificate) => revoked.push(certificate),
            Err(error) => fields.wrong(byte, format!("`revoked_certificates`: {error}"), found),
        }
    }
    revoked
}

fn callers(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Vec<CallerText> {
    let mut callers: Vec<CallerText> = Vec::new();
    for (nth, table) in fields.tables("caller", found).into_iter().enumerate() {
        let Some(Located {
            byte,
            value: caller,
        }) = caller_text(table, found)
        else {
            continue;
        };
        if callers.iter().any(|earlier| earlier.id == caller.id) {
            found.add(byte, same_id(nth + 1, &caller.id));
        }
        callers.push(caller);
    }
    callers
}

fn same_id(nth: usize, id: &ActorId) -> String {
    format!(
        "caller {nth}: `id` is `{id}`, as an earlier caller's is; give each its own, or list all its tokens in one `sha256`"
    )
}

impl Config {
    /// The callers, now that the catalogue says which packages there are.
    pub(crate) fn callers(&self, catalogue: &Catalogue) -> Result<Callers, Failure> {
        let mut callers = Callers::default();
        self.issuers
            .iter()
            .cloned()
            .for_each(|issuer| callers.trust(issuer));
        self.revoked
            .iter()
            .cloned()
            .for_each(|certificate| callers.revoke(certificate));
        let mut wrong = Vec::new();
        for text in &self.callers {
            let mut failed = |line: usize, error: &dyn std::fmt::Display| {
                wrong.push(format!(
                    "{}:{line}: caller `{}`: {error}",
                    self.file, text.id
                ));
            };
            let kind = match text.kind.as_caller_kind(catalogue) {
                Ok(kind) => kind,
                Err(unknown) => {
                    for (line, error) in &unknown {
                        failed(*line, error);
                    }
                    continue;
                }
            };
            let id = text.id.clone();
            if let Err(error) = callers.add(Caller { id, kind }, &text.tokens) {
                failed(text.tokens_line, &error);
                continue;
            }
            callers.also_by(text.certificates.clone(), text.claims.clone());
            callers.limit(text.limits);
        }
        if wrong.is_empty() {
            Ok(callers)
        } else {
            Err(Failure::several(wrong))
        }
    }
}

#[cfg(test)]
mod tests;
