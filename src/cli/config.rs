//! `fullmakt.toml`: read strictly, each wrong value told with its file, line, key and mend.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fullmakt::http::{Callers, DecisionLogConfig, Issuer, Limits, Listener};
use fullmakt::model::caller::Caller;
use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::id::ActorId;
use fullmakt::model::system::nearest;
use fullmakt::model::table::{Fields, Findings, Located};

use super::Failure;
use super::config_caller::{CallerText, caller_text};
use super::config_known;
use super::config_limits::{LIMIT_KEYS, daemon_limits};
use super::config_listener::listeners;
use super::config_log::decision_log;

const KEYS: [&str; 11] = [
    "listen",
    "plain_http",
    "listener",
    "data",
    "policies",
    "public_url",
    "request_expiry_days",
    "caller",
    "issuer",
    "revoked_certificates",
    "decision_log",
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
    pub(crate) decision_log: Option<DecisionLogConfig>,
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
    fields.known_only(&[&KEYS[..], &LIMIT_KEYS].concat(), "", &mut found);
    let config = Config {
        listen: fields.read_as("listen", address, &mut found),
        plain_http: fields.flag("plain_http", &mut found),
        listeners: listeners(&mut fields, &mut found),
        data: fields.read_as("data", folder, &mut found),
        policies: fields.read_as("policies", folder, &mut found),
        public_url: fields.read_as("public_url", public_url, &mut found),
        request_expiry_days: fields.number("request_expiry_days", 1..=3650, &mut found),
        limits: daemon_limits(&mut fields, &mut found),
        decision_log: decision_log(&mut fields, &mut found),
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
    /// That nobody's tokens are believed by this name.
    fn not_believed(&self, issuer: &str) -> Option<String> {
        let known = self.issuers.iter().map(|known| known.issuer.as_str());
        if known.clone().any(|known| known == issuer) {
            return None;
        }
        let near = nearest(issuer, known).map(|near| format!("; did you mean `{near}`?"));
        let near = near.unwrap_or_default();
        Some(format!("no `[[issuer]]` is `{issuer}`{near}"))
    }

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
            for (line, claims) in &text.claims {
                if let Some(error) = self.not_believed(&claims.issuer) {
                    failed(*line, &error);
                }
            }
            let id = text.id.clone();
            if let Err(error) = callers.add(Caller { id, kind }, &text.tokens) {
                failed(text.tokens_line, &error);
                continue;
            }
            let claims = text.claims.iter().map(|(_, claims)| claims.clone());
            callers.also_by(text.certificates.clone(), claims.collect());
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
mod caller_tests;
#[cfg(test)]
mod tests;
