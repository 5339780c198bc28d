//! `/v1/policies`: what is in force, and what is not and why.

use serde_json::{Value, json};

use super::super::exchange::Exchange;
use super::super::problem::Problem;
use super::super::reload::{Refusal, Refused};
use super::super::reply::Reply;
use super::super::router::Service;

/// What is in force, since when and by whom; and what of the folder is refused, why, at which line.
pub(crate) fn status(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    // The refusal first: a folder that comes in force in between is not told as refused beside itself.
    let refusal = service.reloads.refusal();
    let snapshot = service.engine.snapshot();
    let put = snapshot.policies_put(exchange.by()?)?;
    let body = json!({
        "hash": snapshot.policy_hash(),
        "revision": put.as_ref().map(|put| put.revision),
        "since": put.as_ref().map(|put| put.at),
        "by": put.as_ref().map(|put| &put.by),
        "cause": put.as_ref().map(|put| &put.cause),
        "refused": refusal.as_ref().map(refused),
    });
    Ok(Reply::ok(&body))
}

fn refused(refusal: &Refusal) -> Value {
    let findings = match &refusal.why {
        Refused::Broken(findings) => findings.as_slice(),
        Refused::Unread(_) | Refused::Emptied(_) | Refused::Tests(_) | Refused::Store(_) => &[],
    };
    let findings = findings.iter().map(|finding| {
        json!({
            "file": finding.file,
            "line": finding.at.map(|(line, _)| line),
            "column": finding.at.map(|(_, column)| column),
            "code": finding.code.as_str(),
            "message": finding.message,
            "help": finding.help,
        })
    });
    json!({
        "since": refusal.since,
        "hash": refusal.hash,
        "why": refusal.why.code(),
        "reasons": refusal.why.lines(),
        "findings": findings.collect::<Vec<_>>(),
    })
}
