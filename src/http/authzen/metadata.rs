//! Metadata (section 9), from the configuration: a caller who could write the `Host` header into it would send others to a
//! decision point of their own.

use hyper::StatusCode;
use serde_json::json;

use super::super::exchange::Exchange;
use super::super::problem::Problem;
use super::super::reply::Reply;
use super::super::router::Service;

/// How long callers may keep it.
const KEPT: &str = "public, max-age=3600";

/// `GET /.well-known/authzen-configuration`, and after it the path of the decision point's own address, if that has one.
pub(crate) fn metadata(service: &Service, exchange: &Exchange) -> Result<Reply, Problem> {
    exchange.query(&[])?;
    let at = &service.public_url;
    let tenant = exchange.path.get("tenant").map_or("", String::as_str);
    if tenant != path_of(at) {
        let detail = format!("the decision point here is `{at}`, and has its metadata elsewhere");
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-decision-point",
            detail,
        ));
    }
    let mut reply = Reply::ok(&json!({
        "policy_decision_point": at,
        "access_evaluation_endpoint": format!("{at}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{at}/access/v1/evaluations"),
        "search_subject_endpoint": format!("{at}/access/v1/search/subject"),
        "search_resource_endpoint": format!("{at}/access/v1/search/resource"),
        "search_action_endpoint": format!("{at}/access/v1/search/action"),
    }));
    reply.headers.push(("cache-control", KEPT.to_owned()));
    Ok(reply)
}

/// The path of an address, without a slash at either end.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').map_or("", |(_, path)| path)
}
