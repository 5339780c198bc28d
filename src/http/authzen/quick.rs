//! Evaluations in the form that most of them have: subject, action and resource of delegations and nothing else.
//!
//! They are read as they lie, decided by their names and answered without a tree between: as the general way answers them,
//! byte for byte. What is not of that form is nothing here, and goes the general way.

use std::time::Instant;

use serde::de::DeserializeSeed;

use crate::engine::{Look, Named};
use crate::model::id::{OrgNo, SystemUserId};
use crate::model::question::{Decision, Obligations};
use crate::model::time::Timestamp;

use super::super::decision_log::{Asked, One, Record, Runs};
use super::super::exchange::Exchange;
use super::super::reply::{JSON, Reply};
use super::super::router::Service;
use super::read::SYSTEM_USER;
use super::usual::{Item, Usual, Whole};

/// The depth of an evaluation of this form in a batch: the whole, the batch, the item, an object in it.
const DEPTH: usize = 4;
/// Bytes of an answer, at most in most cases.
const ANSWER: usize = 128;

/// `POST /access/v1/evaluation`, if it is of the usual form.
pub(crate) fn evaluation(service: &Service, exchange: &Exchange) -> Option<Reply> {
    let start = Instant::now();
    let whole = read(service, exchange)?;
    if !whole.items.is_empty() {
        return None;
    }
    let look = service.engine.look();
    let mut asking = Asking::new(&look, exchange, None);
    let asked = &whole.defaults;
    let decision = asking.decide(&Item::default(), asked)?;
    let mut answer = Vec::new();
    write(decision, &mut answer);
    let permits = u64::from(decision.permit);
    service
        .metrics
        .one
        .add(permits, 1 - permits, start.elapsed());
    asking.log_one(service, asked, decision.permit);
    Some(Reply::text(JSON, answer))
}

/// `POST /access/v1/evaluations`, if all of it is of the usual form.
pub(crate) fn evaluations(service: &Service, exchange: &Exchange) -> Option<Reply> {
    let start = Instant::now();
    let Whole { defaults, items } = read(service, exchange)?;
    if items.is_empty() || items.len() > service.limits.evaluations {
        return None;
    }
    let look = service.engine.look();
    let logged = service.decision_log.as_ref().map(|_| items.len());
    let mut asking = Asking::new(&look, exchange, logged);
    let mut answer = Vec::with_capacity(items.len() * ANSWER);
    answer.extend_from_slice(br#"{"evaluations":["#);
    let mut permits = 0;
    for (place, item) in items.iter().enumerate() {
        let decision = asking.decide(item, &defaults)?;
        permits += u64::from(decision.permit);
        if place > 0 {
            answer.push(b',');
        }
        write(decision, &mut answer);
    }
    answer.extend_from_slice(b"]}");
    let size = u64::try_from(items.len()).unwrap_or(u64::MAX);
    service.metrics.batch(items.len());
    service
        .metrics
        .many
        .add(permits, size - permits, start.elapsed());
    asking.log(service, "evaluations");
    Some(Reply::text(JSON, answer))
}

/// The questions of one request: all of one state, instant and caller.
struct Asking<'a> {
    look: &'a Look,
    exchange: &'a Exchange,
    now: Timestamp,
    /// What was looked up last, which the next question is often about too.
    named: Option<((&'a str, &'a str), Named<'a>)>,
    user: Option<(&'a str, SystemUserId)>,
    /// What is logged of them, if anything is.
    logged: Option<Runs>,
}

impl<'a> Asking<'a> {
    /// With so many answers to be logged, if any are.
    fn new(look: &'a Look, exchange: &'a Exchange, logged: Option<usize>) -> Self {
        Self {
            look,
            exchange,
            now: exchange.now,
            named: None,
            user: None,
            logged: logged.map(Runs::of),
        }
    }

    /// The decision on an item, with what it leaves out taken from the top; nothing if it is not as usual, or the caller
    /// may not ask it.
    fn decide(&mut self, item: &Item<'a>, defaults: &Item<'a>) -> Option<Decision> {
        let [kind, user] = item.subject.or(defaults.subject)?;
        let [action] = item.action.or(defaults.action)?;
        let [resource, client] = item.resource.or(defaults.resource)?;
        if kind != SYSTEM_USER {
            return None;
        }
        let client: OrgNo = client.parse().ok()?;
        let mut is_next = true;
        let user = match self.user {
            Some((text, id)) if text == user => id,
            _ => {
                is_next = false;
                self.user.insert((user, user.parse().ok()?)).1
            }
        };
        let named = match self.named {
            Some((names, named)) if names == (action, resource) => named,
            _ => {
                is_next = false;
                self.look_up(action, resource)?
            }
        };
        let decision = self.look.decide_named(user, named, client, self.now);
        if let Some(logged) = &mut self.logged {
            if !is_next {
                logged.begin(user, action, resource);
            }
            logged.add(client, decision.permit);
        }
        Some(decision)
    }

    /// Has the one decision logged.
    fn log_one(&self, service: &Service, asked: &Item<'_>, permit: bool) {
        let Some(log) = &service.decision_log else {
            return;
        };
        let names = asked.action.zip(asked.resource);
        if let (Some((_, user)), Some(([action], [resource, client]))) = (self.user, names)
            && let Ok(client) = client.parse()
        {
            let one = One::new(user, (action, resource), client, permit);
            let of = (self.look.revision(), self.look.policy_hash());
            log.put(Record::new(
                self.exchange,
                "evaluation",
                of,
                Asked::One(one),
            ));
        }
    }

    /// Has all that was decided logged.
    fn log(self, service: &Service, api: &'static str) {
        if let (Some(log), Some(logged)) = (&service.decision_log, self.logged) {
            let of = (self.look.revision(), self.look.policy_hash());
            log.put(Record::new(self.exchange, api, of, Asked::Runs(logged)));
        }
    }

    fn look_up(&mut self, action: &'a str, resource: &'a str) -> Option<Named<'a>> {
        let named = self.look.named(action, resource)?;
        let place = u32::try_from(self.exchange.place).ok()?;
        let caller = self.exchange.caller.as_ref()?;
        if !self.look.may_ask_named(caller, place, named) {
            return None;
        }
        self.named = Some(((action, resource), named));
        Some(named)
    }
}

/// An answer as it goes out.
fn write(decision: Decision, into: &mut Vec<u8>) {
    use std::io::Write;
    let Obligations {
        minimum_authentication_level,
        minimum_authentication_level_org,
    } = decision.obligations;
    if !decision.permit {
        return into.extend_from_slice(br#"{"decision":false}"#);
    }
    if decision.obligations.is_none() {
        return into.extend_from_slice(br#"{"decision":true}"#);
    }
    into.extend_from_slice(br#"{"decision":true,"context":{"obligations":["#);
    let levels = [
        ("minimum-authentication-level", minimum_authentication_level),
        (
            "minimum-authentication-level-org",
            minimum_authentication_level_org,
        ),
    ];
    let mut is_first = true;
    for (id, value) in levels {
        let Some(value) = value else { continue };
        if !is_first {
            into.push(b',');
        }
        is_first = false;
        // Writing to memory cannot fail.
        let _ = write!(
            into,
            r#"{{"id":"{id}","type":"custom","properties":{{"value":{value}}}}}"#
        );
    }
    into.extend_from_slice(b"]}}");
}

/// A body of the usual form.
fn read<'a>(service: &Service, exchange: &'a Exchange) -> Option<Whole<'a>> {
    if !exchange.system_users.is_empty() || service.limits.json_depth < DEPTH {
        return None;
    }
    let mut reader = serde_json::Deserializer::from_slice(&exchange.body);
    let whole = Usual { is_item: false }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::super::answer::answer;
    use super::write;
    use crate::model::id::Revision;
    use crate::model::question::{Decision, Obligations};

    #[test]
    fn every_decision_is_written_as_the_general_way_writes_it() {
        for permit in [true, false] {
            for level in [None, Some(0), Some(3), Some(255)] {
                for org in [None, Some(4)] {
                    let decision = Decision {
                        permit,
                        obligations: Obligations {
                            minimum_authentication_level: level,
                            minimum_authentication_level_org: org,
                        },
                        revision: Revision(7),
                    };
                    let mut written = Vec::new();
                    write(decision, &mut written);
                    let wanted = answer(&decision, None).to_string();
                    assert_eq!(String::from_utf8(written).unwrap(), wanted);
                }
            }
        }
    }
}
