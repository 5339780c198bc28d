//! The questions, as they are sent, with the answers that have to come back.

use fullmakt::http::Prepared;
use fullmakt::scenario::{Pair, Synthetic};
use serde_json::{Value, json};

/// What a permit carries: the level that the shipped policy of the resource obliges to.
fn answer(pair: &Pair) -> Value {
    if pair.permit {
        json!({ "decision": true, "context": { "obligations": [
            { "id": "minimum-authentication-level", "type": "custom", "properties": { "value": 3 } }
        ] } })
    } else {
        json!({ "decision": false })
    }
}

fn subject(pair: &Pair) -> Value {
    json!({ "type": "systemuser", "id": pair.system_user })
}

fn resource(pair: &Pair) -> Value {
    json!({ "type": Synthetic::RESOURCE, "id": pair.client })
}

fn prepared(body: &Value, answer: &Value) -> Prepared {
    Prepared {
        body: body.to_string().into_bytes().into(),
        answer: answer.to_string().into_bytes().into(),
    }
}

/// So many single questions, of random system users.
pub(crate) fn single(world: &Synthetic, count: usize) -> Vec<Prepared> {
    let one = |pair: &Pair| {
        let body = json!({
            "subject": subject(pair),
            "action": { "name": Synthetic::ACTION },
            "resource": resource(pair),
        });
        prepared(&body, &answer(pair))
    };
    world.pairs(count).iter().map(one).collect()
}

/// So many batches, each of one system user: subject and action for all, a whole resource in each item.
pub(crate) fn batches(world: &Synthetic, count: usize, size: usize) -> Vec<Prepared> {
    let one = |nth: usize| {
        let pairs = world.pairs_of_one(nth * 97, size);
        let items: Vec<_> = pairs
            .iter()
            .map(|pair| json!({ "resource": resource(pair) }))
            .collect();
        let answers: Vec<_> = pairs.iter().map(answer).collect();
        let subject = pairs.first().map(subject);
        let body = json!({
            "subject": subject,
            "action": { "name": Synthetic::ACTION },
            "evaluations": items,
        });
        prepared(&body, &json!({ "evaluations": answers }))
    };
    (0..count).map(one).collect()
}
