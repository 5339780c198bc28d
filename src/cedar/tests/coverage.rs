//! Conditions as they are followed for coverage, beside what Cedar says of the whole policy.

use std::collections::BTreeMap;

use cedar_policy::{Authorizer, PolicySet, Request};

use super::{TAX, agent, compiled, folder, nobody, read, within};
use crate::cedar::compile::Kind;
use crate::cedar::entity::{Names, uid};
use crate::cedar::slice;
use crate::cedar::walk::{Walk, conditions, walk};
use crate::model::question::Asked;
use crate::model::time::Timestamp;

/// Conditions of every shape that is followed, each with how many of its parts are worth a test.
const CONDITIONS: [(&str, usize); 12] = [
    ("when { context has authenticationLevel }", 1),
    ("unless { context has authenticationLevel }", 1),
    (
        "when { context has authenticationLevel && context.authenticationLevel >= 3 && principal has validUntil }",
        3,
    ),
    (
        "when { principal has validUntil || (context has authenticationLevel && context.authenticationLevel != 2) }",
        3,
    ),
    (
        "when { !(principal has validUntil || context has authenticationLevel) }",
        2,
    ),
    (
        "when { if principal has validUntil then context.now < principal.validUntil else context has authenticationLevel }",
        3,
    ),
    (
        "when { (if context has authenticationLevel then context.authenticationLevel else 0) > 2 }",
        2,
    ),
    (
        "when { principal is Mandate in AccessPackage::\"lonn\" }",
        1,
    ),
    (
        "when { [context has authenticationLevel && principal has validUntil, false].contains(true) }",
        3,
    ),
    (
        "when { principal has party } unless { context has authenticationLevel && context.authenticationLevel < 3 }",
        3,
    ),
    ("when { true && (false || resource has owner) }", 1),
    (
        "when { principal has via } when { principal.via == Organization::\"312001373\" } unless { resource has owner }",
        3,
    ),
];

/// Every policy of this text, followed and asked: what it comes to, and what it met.
fn followed(own: &str) -> Vec<(bool, bool, usize, usize)> {
    let compiled = compiled(&folder(own));
    let resource = uid(&Names::get().resource, TAX);
    let action = compiled.action_uid(read(&compiled)).unwrap();
    let mut came = Vec::new();
    for mandate in [
        agent(1, super::CLIENT, &["lonn"]),
        within(agent(1, super::CLIENT, &[]), None, Some(5)),
        within(agent(1, super::CLIENT, &["lonn"]), None, Some(500)),
    ] {
        for level in [None, Some(2), Some(4)] {
            let asked = Asked {
                authentication_level: level,
                ..Asked::default()
            };
            let asked = compiled.check_asked(Some(read(&compiled)), &asked).unwrap();
            let entities = slice::for_mandate(&compiled, &mandate, asked.mentioned(), &nobody);
            let entities = entities.unwrap();
            let principal = uid(&Names::get().mandate, mandate.entity_id());
            let context = asked.at(Timestamp::from_millis(50)).unwrap();
            let request = Request::new(principal, action.clone(), resource.clone(), context, None);
            let request = request.unwrap();
            for policy in &compiled.policies {
                let (Kind::Class(body) | Kind::Context(body, _) | Kind::Further(body)) =
                    &policy.kind
                else {
                    continue;
                };
                if &*policy.info.file != "resources/own.cedar" {
                    continue;
                }
                let mut seen = BTreeMap::new();
                let truth = walk(
                    body,
                    &mut Walk {
                        request: &request,
                        entities: &entities,
                        seen: &mut seen,
                    },
                );
                let known = conditions(body);
                assert!(
                    seen.keys().all(|span| known.contains(span)),
                    "{}",
                    policy.info.text
                );
                let alone = PolicySet::from_policies([body.clone()]).unwrap();
                let says = Authorizer::new().is_authorized(&request, &alone, &entities);
                let satisfied = says.diagnostics().reason().next().is_some();
                came.push((truth, satisfied, seen.len(), known.len()));
            }
        }
    }
    came
}

#[test]
fn conditions_that_are_followed_come_to_what_cedar_says() {
    for (condition, parts) in CONDITIONS {
        let came = followed(&format!(
            "@id(\"own\") permit (principal, action, resource)\n{condition};"
        ));
        assert_eq!(came.len(), 9);
        for (truth, satisfied, seen, known) in &came {
            assert_eq!(truth, satisfied, "{condition}");
            assert_eq!(*known, parts, "{condition}");
            assert!(*seen >= 1 && seen <= known, "{condition}");
        }
    }
}

#[test]
fn what_errs_is_not_true() {
    let came = followed(
        "@id(\"own\") permit (principal, action, resource)\nwhen { context has authenticationLevel && context.authenticationLevel + 9223372036854775807 > 0 };",
    );
    assert!(
        came.iter()
            .all(|(truth, satisfied, ..)| !truth && !satisfied),
        "{came:?}"
    );
}
