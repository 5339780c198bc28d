//! What else than a token a caller is known by, and whose tokens are believed, as `fullmakt.toml` has them.

use std::num::NonZeroU32;
use std::time::Duration;

use fullmakt::http::{
    CallerLimits, Issuer, KeySource, KnownCertificate, KnownClaims, SigningAlgorithm,
};
use fullmakt::model::table::{Fields, Findings, Located};

use super::config::folder;

const CERTIFICATE_KEYS: [&str; 3] = ["sha256", "subject", "name"];
const CLAIM_KEYS: [&str; 4] = ["issuer", "client_id", "subject", "consumer"];
const ISSUER_KEYS: [&str; 11] = [
    "issuer",
    "jwks_file",
    "jwks_url",
    "ca",
    "algorithms",
    "audiences",
    "scopes",
    "leeway_seconds",
    "refresh_seconds",
    "stale_seconds",
    "unknown_key_seconds",
];

/// Every `[[caller.certificate]]`.
pub(super) fn certificates(
    fields: &mut Fields<'_>,
    found: &mut Findings<'_>,
) -> Vec<KnownCertificate> {
    let mut known = Vec::new();
    for mut fields in fields.tables("certificate", found) {
        fields.known_only(&CERTIFICATE_KEYS, " of a certificate", found);
        let certificate = KnownCertificate {
            sha256: fields.read_as("sha256", fingerprint, found),
            subject: fields.text("subject", found).map(|text| text.value),
            name: fields.read_as("name", name, found),
        };
        if certificate == KnownCertificate::default() {
            let message =
                "a certificate needs `sha256`, `subject` or `name`, or anybody's would do";
            fields.wrong(fields.byte, message, found);
        }
        known.push(certificate);
    }
    known
}

/// Every `[[caller.jwt]]`, with the line of its issuer.
pub(super) fn claims(
    fields: &mut Fields<'_>,
    found: &mut Findings<'_>,
) -> Vec<(usize, KnownClaims)> {
    let mut known = Vec::new();
    for mut fields in fields.tables("jwt", found) {
        fields.known_only(&CLAIM_KEYS, " of a jwt", found);
        if fields.place("issuer").is_none() {
            fields.missing("issuer", found);
        }
        let issuer = fields.text("issuer", found);
        let client_id = fields.text("client_id", found).map(|text| text.value);
        let subject = fields.text("subject", found).map(|text| text.value);
        let consumer = fields.parsed("consumer", found).map(|org| org.value);
        if client_id.is_none() && subject.is_none() && consumer.is_none() {
            let message = "a jwt needs `client_id`, `subject` or `consumer`, or anybody's would do";
            fields.wrong(fields.byte, message, found);
        }
        if let Some(issuer) = issuer {
            let line = found.line(issuer.byte);
            let claims = KnownClaims {
                issuer: issuer.value,
                client_id,
                subject,
                consumer,
            };
            known.push((line, claims));
        }
    }
    known
}

/// `requests_per_minute` and `requests_at_once`, of one caller or of all.
pub(super) fn limits(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> CallerLimits {
    let per_minute = fields.number("requests_per_minute", 1..=1_000_000_000, found);
    let at_once = fields.number("requests_at_once", 1..=1_000_000, found);
    CallerLimits {
        per_minute: per_minute.and_then(|most| NonZeroU32::new(u32::try_from(most).ok()?)),
        at_once: at_once.and_then(|most| usize::try_from(most).ok()),
    }
}

/// Every `[[issuer]]`.
pub(super) fn issuers(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Vec<Issuer> {
    let mut issuers: Vec<Issuer> = Vec::new();
    for table in fields.tables("issuer", found) {
        let byte = table.byte;
        let Some(issuer) = issuer(table, found) else {
            continue;
        };
        let same = |earlier: &Issuer| earlier.issuer == issuer.issuer;
        if issuers.iter().any(same) {
            let message = format!(
                "issuer `{}` stands twice; say all of it in one `[[issuer]]`",
                issuer.issuer
            );
            found.add(byte, message);
        }
        issuers.push(issuer);
    }
    issuers
}

fn issuer(mut fields: Fields<'_>, found: &mut Findings<'_>) -> Option<Issuer> {
    fields.known_only(&ISSUER_KEYS, " of an issuer", found);
    if fields.place("issuer").is_none() {
        fields.missing("issuer", found);
    }
    let issuer = fields.text("issuer", found);
    let keys = keys(&mut fields, found);
    let algorithms = algorithms(&mut fields, found);
    let audiences = texts(&mut fields, "audiences", found);
    let scopes = texts(&mut fields, "scopes", found);
    if audiences.is_empty() && scopes.is_empty() {
        let message = "an issuer needs `audiences` or `scopes`, or tokens that it gave for others would do here";
        fields.wrong(fields.byte, message, found);
    }
    let mut seconds = |key, unless, range| {
        let said = fields.number(key, range, found).unwrap_or(unless);
        Duration::from_secs(said.unsigned_abs())
    };
    let leeway = seconds("leeway_seconds", 10, 0..=300);
    let refresh = seconds("refresh_seconds", 300, 1..=86_400);
    let stale = seconds("stale_seconds", 86_400, 0..=2_592_000);
    let gap = seconds("unknown_key_seconds", 10, 1..=3600);
    Some(Issuer {
        issuer: issuer?.value,
        keys: keys?,
        algorithms: algorithms?,
        audiences,
        scopes,
        leeway,
        refresh,
        stale,
        gap,
    })
}

fn keys(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<KeySource> {
    let by_file = fields.place("jwks_file").is_some();
    if by_file == fields.place("jwks_url").is_some() {
        let message = "an issuer needs `jwks_url` or `jwks_file`, one of them";
        fields.wrong(fields.byte, message, found);
    }
    let file = fields.read_as("jwks_file", folder, found);
    let url = fields.read_as("jwks_url", url, found);
    let ca = fields.read_as("ca", folder, found);
    let by_url = url.map(|url| KeySource::Url { url, ca });
    file.map(KeySource::File).or(by_url)
}

/// An address that nobody on the way can answer for.
pub(super) fn url(text: &str) -> Result<String, String> {
    let on_loopback = ["http://127.0.0.1", "http://[::1]", "http://localhost"]
        .iter()
        .any(|begin| {
            let rest = text.strip_prefix(begin);
            // Before an `@` stands a name, not the host.
            rest.is_some_and(|rest| rest.starts_with([':', '/']) && !rest.contains('@'))
        });
    if text.starts_with("https://") || on_loopback {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is not an address that begins with https://; http is for loopback only"
    ))
}

fn algorithms(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<Vec<SigningAlgorithm>> {
    if fields.place("algorithms").is_none() {
        return "RS256".parse().ok().map(|algorithm| vec![algorithm]);
    }
    let texts = fields.texts("algorithms", found)?;
    if texts.value.is_empty() {
        fields.wrong(
            texts.byte,
            "`algorithms` is an empty list, so no token would be good",
            found,
        );
    }
    let mut algorithms = Vec::new();
    for Located { byte, value } in texts.value {
        match value.parse() {
            Ok(algorithm) => algorithms.push(algorithm),
            Err(error) => fields.wrong(byte, format!("`algorithms`: {error}"), found),
        }
    }
    Some(algorithms)
}

fn texts(fields: &mut Fields<'_>, key: &str, found: &mut Findings<'_>) -> Vec<String> {
    let texts = fields.texts(key, found).map(|texts| texts.value);
    texts
        .unwrap_or_default()
        .into_iter()
        .map(|text| text.value)
        .collect()
}

/// The SHA-256 of a certificate, with or without colons, as openssl prints it.
pub(super) fn fingerprint(text: &str) -> Result<String, String> {
    let digits = text.replace(':', "").to_ascii_lowercase();
    if digits.len() == 64 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(digits);
    }
    Err(format!(
        "`{text}` is not a SHA-256; `openssl x509 -noout -fingerprint -sha256 -in FILE` prints it"
    ))
}

fn name(text: &str) -> Result<String, String> {
    if let Some(host) = text.strip_prefix("DNS:") {
        return Ok(format!("DNS:{}", host.to_ascii_lowercase()));
    }
    let is_known = ["URI:", "email:"].iter().any(|kind| text.starts_with(kind));
    if is_known {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` begins with none of `DNS:`, `URI:`, `email:`"
    ))
}
