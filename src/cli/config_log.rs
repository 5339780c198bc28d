//! `[decision_log]` of `fullmakt.toml`.

use std::time::Duration;

use fullmakt::http::{DecisionLogConfig, OnFull};
use fullmakt::model::table::{Fields, Findings, Located};

use super::config::folder;

const KEYS: [&str; 9] = [
    "dir",
    "segment_bytes",
    "segment_seconds",
    "on_full",
    "queue",
    "flush_millis",
    "permits_one_in",
    "mask",
    "compress",
];

/// How decisions are logged, if the file has the table.
pub(super) fn decision_log(
    fields: &mut Fields<'_>,
    found: &mut Findings<'_>,
) -> Option<DecisionLogConfig> {
    let mut fields = fields.table("decision_log", found)?;
    fields.known_only(&KEYS, "", found);
    if fields.place("dir").is_none() {
        fields.missing("dir", found);
    }
    let dir = fields.read_as("dir", folder, found);
    let mut config = DecisionLogConfig::to(dir.unwrap_or_default());
    let mut number = |key, least, most| fields.number(key, least..=most, found);
    if let Some(bytes) = number("segment_bytes", 65_536, 1 << 40) {
        config.rotation.most_bytes = bytes.unsigned_abs();
    }
    if let Some(seconds) = number("segment_seconds", 1, 31_536_000) {
        config.rotation.most_millis = seconds * 1000;
    }
    if let Some(queue) = number("queue", 1, 1 << 20) {
        config.queue = usize::try_from(queue).unwrap_or(config.queue);
    }
    if let Some(millis) = number("flush_millis", 1, 1000) {
        config.flush = Duration::from_millis(millis.unsigned_abs());
    }
    if let Some(one_in) = number("permits_one_in", 1, 1_000_000_000) {
        config.permits_one_in = one_in.unsigned_abs();
    }
    if let Some(on_full) = fields.read_as("on_full", on_full, found) {
        config.on_full = on_full;
    }
    if fields.place("compress").is_some() {
        config.compress = fields.flag("compress", found);
    }
    let masked = fields.texts("mask", found);
    for Located { byte, value } in masked.map(|texts| texts.value).unwrap_or_default() {
        if value.starts_with('/') {
            config.masked.push(value);
        } else {
            let message =
                format!("`mask`: `{value}` is not a JSON pointer such as `/context/name`");
            fields.wrong(byte, message, found);
        }
    }
    Some(config)
}

fn on_full(text: &str) -> Result<OnFull, String> {
    match text {
        "drop" => Ok(OnFull::Drop),
        "wait" => Ok(OnFull::Wait),
        other => Err(format!("`{other}` is neither `drop` nor `wait`")),
    }
}
