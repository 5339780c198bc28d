//! Evaluations in the form that most of them have: subject, action and resource of delegations and nothing else.
//!
//! They are read as they lie, decided by their names and answered without a tree between: as the general way answers them,
//! byte for byte. What is not of that form is nothing here, and goes the general way.

use std::fmt;
use std::time::Instant;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::engine::{Look, Named};
use crate::model::id::{OrgNo, SystemUserId};
use crate::model::question::{Decision, Obligations};
use crate::model::time::Timestamp;

use super::super::exchange::Exchange;
use super::super::reply::{JSON, Reply};
use super::super::router::Service;
use super::read::SYSTEM_USER;

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
    let mut asking = Asking::new(&look, exchange);
    let decision = asking.decide(&Item::default(), &whole.defaults)?;
    let mut answer = Vec::new();
    write(decision, &mut answer);
    let permits = u64::from(decision.permit);
    service
        .metrics
        .one
        .add(permits, 1 - permits, start.elapsed());
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
    let mut asking = Asking::new(&look, exchange);
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
}

impl<'a> Asking<'a> {
    fn new(look: &'a Look, exchange: &'a Exchange) -> Self {
        Self {
            look,
            exchange,
            now: exchange.now,
            named: None,
            user: None,
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
        let user = match self.user {
            Some((text, id)) if text == user => id,
            _ => self.user.insert((user, user.parse().ok()?)).1,
        };
        let named = match self.named {
            Some((names, named)) if names == (action, resource) => named,
            _ => self.look_up(action, resource)?,
        };
        Some(self.look.decide_named(user, named, client, self.now))
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

/// One evaluation, or what a batch says for all of its items.
#[derive(Debug, Default, Clone, Copy)]
struct Item<'a> {
    /// Type and id.
    subject: Option<[&'a str; 2]>,
    /// Name.
    action: Option<[&'a str; 1]>,
    /// Type and id.
    resource: Option<[&'a str; 2]>,
}

#[derive(Debug, Default)]
struct Whole<'a> {
    defaults: Item<'a>,
    items: Vec<Item<'a>>,
}

/// Reads an object with no members but those of an evaluation, and `evaluations` if it is not one's item.
#[derive(Clone, Copy)]
struct Usual {
    is_item: bool,
}

impl<'de> DeserializeSeed<'de> for Usual {
    type Value = Whole<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Whole<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Usual {
    type Value = Whole<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an evaluation of the usual form")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Whole<'de>, A::Error> {
        let mut whole = Whole::default();
        let mut has_items = false;
        while let Some(name) = members.next_key::<&str>()? {
            let read = &mut whole.defaults;
            match name {
                "subject" if read.subject.is_none() => {
                    read.subject = Some(members.next_value_seed(Texts(["type", "id"]))?);
                }
                "action" if read.action.is_none() => {
                    read.action = Some(members.next_value_seed(Texts(["name"]))?);
                }
                "resource" if read.resource.is_none() => {
                    read.resource = Some(members.next_value_seed(Texts(["type", "id"]))?);
                }
                "evaluations" if !self.is_item && !has_items => {
                    has_items = true;
                    whole.items = members.next_value_seed(Items)?;
                }
                _ => return Err(unusual()),
            }
        }
        Ok(whole)
    }
}

/// Reads an array of evaluations.
struct Items;

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<Item<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Item<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of evaluations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(Usual { is_item: true })? {
            read.push(item.defaults);
        }
        Ok(read)
    }
}

/// Reads an object of these members, each there once and a text without escapes, and no others.
struct Texts<const N: usize>([&'static str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Texts<N> {
    type Value = [&'de str; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Texts<N> {
    type Value = [&'de str; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of {}", self.0.join(" and "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read = [None; N];
        while let Some(name) = members.next_key::<&str>()? {
            let place = self.0.iter().position(|known| *known == name);
            match place.and_then(|place| read.get_mut(place)) {
                Some(text @ None) => *text = Some(members.next_value::<&str>()?),
                Some(Some(_)) | None => return Err(unusual()),
            }
        }
        let mut whole = [""; N];
        for (text, read) in whole.iter_mut().zip(read) {
            *text = read.ok_or_else(unusual)?;
        }
        Ok(whole)
    }
}

fn unusual<E: Error>() -> E {
    E::custom("not of the usual form")
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
