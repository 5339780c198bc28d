//! `[decision_log]` of `fullmakt.toml`.

use std::time::Duration;

use fullmakt::http::{AnswerAfter, CollectorConfig, DecisionLogConfig, OnFull};
use fullmakt::model::table::{Fields, Findings, Located};

use super::config::folder;
use super::config_known::url;

const KEYS: [&str; 11] = [
    "dir",
    "answer_after",
    "collector",
    "segment_bytes",
    "segment_seconds",
    "on_full",
    "queue",
    "flush_millis",
    "permits_one_in",
    "mask",
    "compress",
];

const COLLECTOR: [&str; 6] = [
    "url",
    "ca_file",
    "token_file",
    "batch_bytes",
    "timeout_seconds",
    "retry_seconds",
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
    let place = fields.place("on_full");
    if let Some(on_full) = fields.read_as("on_full", on_full, found) {
        config.on_full = on_full;
    }
    if let Some(after) = fields.read_as("answer_after", answer_after, found) {
        config.answer_after = after;
    }
    let drops = place.filter(|_| config.on_full == OnFull::Drop);
    if let Some(byte) = drops.filter(|_| config.answer_after != AnswerAfter::Queued) {
        let message = "`on_full`: where answers wait for their lines nothing is dropped: leave it out, or say `wait`";
        fields.wrong(byte, message, found);
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
    config.collector = collector(&mut fields, found);
    Some(config)
}

/// Who collects the log, if anybody does.
fn collector(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<CollectorConfig> {
    let mut fields = fields.table("collector", found)?;
    fields.known_only(&COLLECTOR, "", found);
    if fields.place("url").is_none() {
        fields.missing("url", found);
    }
    let url = fields.read_as("url", url, found);
    let mut config = CollectorConfig::to(url.unwrap_or_default());
    config.ca = fields.read_as("ca_file", folder, found);
    config.token = fields.read_as("token_file", folder, found);
    let mut number = |key, least, most| fields.number(key, least..=most, found);
    if let Some(bytes) = number("batch_bytes", 1024, 64 << 20) {
        config.batch_bytes = usize::try_from(bytes).unwrap_or(config.batch_bytes);
    }
    if let Some(seconds) = number("timeout_seconds", 1, 3600) {
        config.timeout = Duration::from_secs(seconds.unsigned_abs());
    }
    if let Some(seconds) = number("retry_seconds", 1, 3600) {
        config.retry_most = Duration::from_secs(seconds.unsigned_abs());
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

fn answer_after(text: &str) -> Result<AnswerAfter, String> {
    match text {
        "queued" => Ok(AnswerAfter::Queued),
        "written" => Ok(AnswerAfter::Written),
        "synced" => Ok(AnswerAfter::Synced),
        other => Err(format!(
            "`{other}` is none of `queued`, `written`, `synced`"
        )),
    }
}
