//! `/v1/policies`: what is in force, what was, and what is not and why.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use serde_json::{Value, json};

use crate::cedar::differences;
use crate::engine::{Snapshot, USUAL_ITEMS};
use crate::model::event::{Event, Recorded};
use crate::model::id::Revision;

use super::super::exchange::{Exchange, number, packed, page_of};
use super::super::problem::Problem;
use super::super::reload::{Refusal, Refused};
use super::super::reply::Reply;
use super::super::router::Service;
use super::publish::texts;

/// What is in force, since when and by whom; and what of the folder is refused, why, at which line.
pub(crate) fn status(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    // The refusal first: a folder that comes in force in between is not told as refused beside itself.
    let refusal = service.reloads.refusal();
    let snapshot = service.engine.snapshot();
    let put = snapshot.policies_put(exchange.by()?)?;
    let hash = snapshot.policy_hash();
    let mut body = json!({
        "hash": hash,
        "revision": put.as_ref().map(|put| put.revision),
        "since": put.as_ref().map(|put| put.at),
        "by": put.as_ref().map(|put| &put.by),
        "cause": put.as_ref().map(|put| &put.cause),
        "refused": refusal.as_ref().map(refused),
    });
    if let Some(put) = &put {
        add_publication(&mut body, put);
    }
    if let Some(taken) = service.reloads.taken() {
        body["folder"] = json!({ "hash": taken, "inForce": *taken == *hash });
    }
    Ok(Reply::ok(&body).header("etag", format!("\"{hash}\"")))
}

/// `GET /v1/policies`: the files in force.
pub(crate) fn show(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let snapshot = service.engine.snapshot();
    let put = snapshot.policies_put(exchange.by()?)?;
    let hash = snapshot.policy_hash();
    let mut body = put.as_ref().map_or_else(
        || json!({ "hash": hash }),
        |put| version(put, Some(put.revision)),
    );
    body["files"] = Value::Object(texts(snapshot.policy_folder()));
    Ok(Reply::ok(&body).header("etag", format!("\"{hash}\"")))
}

/// `GET /v1/policies/versions`: all that were ever in force or proposed, newest first.
pub(crate) fn versions(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["limit", "page"])?;
    let page = page_of(&query)?;
    let before = page.page.as_deref().map(|token| {
        let wrong = || {
            Problem::of_field(
                "query:page",
                "`page` is not a token that this list has answered",
            )
        };
        number(token).map(Revision).ok_or_else(wrong)
    });
    let limit = page.limit.unwrap_or(USUAL_ITEMS);
    let snapshot = service.engine.snapshot();
    let found = snapshot.policy_versions(exchange.by()?, before.transpose()?, limit)?;
    let last = found.last().filter(|_| found.len() == limit);
    let next = last.map(|last| packed(&last.revision.to_string()));
    let in_force = in_force(&snapshot, exchange)?;
    let items: Vec<_> = found
        .iter()
        .map(|recorded| version(recorded, in_force))
        .collect();
    Ok(Reply::ok(&json!({
        "items": items,
        "next": next.unwrap_or_default(),
        "revision": snapshot.revision(),
    })))
}

/// `GET /v1/policies/versions/{version}`: one, with its files.
pub(crate) fn one_version(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let named: String = exchange.path("version")?;
    let snapshot = service.engine.snapshot();
    let (recorded, folder) = snapshot.policy_version(exchange.by()?, &named)?;
    let mut body = version(&recorded, in_force(&snapshot, exchange)?);
    body["files"] = Value::Object(texts(&folder));
    Ok(Reply::ok(&body))
}

/// `GET /v1/policies/diff`: what differs between two versions; the later is what is in force unless said.
pub(crate) fn diff(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    let query = exchange.query(&["from", "to"])?;
    let Some(from) = query.get("from") else {
        let detail = "`from` is missing; it has to be a revision or a hash";
        return Err(Problem::of_field("query:from", detail));
    };
    let snapshot = service.engine.snapshot();
    let hash = snapshot.policy_hash();
    let of = |named: &str, pointer: &'static str| {
        let found = snapshot.policy_version(exchange.by()?, named);
        found.map_err(|error| Problem::from(error).at(pointer))
    };
    let (from, before) = of(from, "query:from")?;
    let in_force = in_force(&snapshot, exchange)?;
    let to = query.get("to").map_or(hash, String::as_str);
    let (to, after) = of(to, "query:to")?;
    Ok(Reply::ok(&json!({
        "from": version(&from, in_force),
        "to": version(&to, in_force),
        "items": differences(&before, &after),
    })))
}

/// The revision that put in force what is.
pub(super) fn in_force(
    snapshot: &Snapshot,
    exchange: &Exchange,
) -> Result<Option<Revision>, Problem> {
    let put = snapshot.policies_put(exchange.by()?)?;
    Ok(put.map(|put| put.revision))
}

/// A version, without its files.
pub(super) fn version(recorded: &Recorded, in_force: Option<Revision>) -> Value {
    let mut shown = json!({
        "revision": recorded.revision,
        "at": recorded.at,
        "by": recorded.by,
        "cause": recorded.cause,
    });
    let is_in_force = in_force == Some(recorded.revision);
    shown["hash"] = json!(recorded.event.policy_hash());
    shown["inForce"] = json!(is_in_force);
    shown["kind"] = json!("in-force");
    if let Event::PoliciesProposed { base, .. } = &recorded.event {
        shown["kind"] = json!("proposed");
        shown["base"] = json!(base);
    }
    add_publication(&mut shown, recorded);
    shown
}

fn add_publication(shown: &mut Value, recorded: &Recorded) {
    let Some(publication) = recorded.event.publication() else {
        return;
    };
    if let Some(note) = &publication.note {
        shown["note"] = json!(note);
    }
    if let Some(restores) = publication.restores {
        shown["restores"] = json!(restores);
    }
    if let Some(proposal) = publication.proposal {
        shown["proposal"] = json!(proposal);
    }
}

/// What is wrong with refused policies, place by place.
pub(super) fn findings(refused: &Refused) -> Value {
    let findings = match refused {
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
    findings.collect()
}

fn refused(refusal: &Refusal) -> Value {
    json!({
        "since": refusal.since,
        "hash": refusal.hash,
        "why": refusal.why.code(),
        "reasons": refusal.why.lines(),
        "findings": findings(&refusal.why),
    })
}
