//! The table "who may do what": every row's permits, and that nothing beside them is permitted.

use super::{CLIENT, FIRM, OTHER, TAX, VAT, VENDOR, compiled, edited, folder, org};
use crate::cedar::Compiled;
use crate::model::caller::{Act, BoundResources, Caller, CallerKind, Target};
use crate::model::id::{RequestId, SystemUserId};
use crate::model::policy::PolicyFolder;
use crate::model::relation::Role;

fn caller(kind: CallerKind) -> Caller {
    Caller {
        id: "someone".parse().unwrap(),
        kind,
    }
}

fn person(party: &str, packages: &[&str]) -> Caller {
    caller(CallerKind::Person {
        party: org(party),
        packages: super::codes(packages),
    })
}

fn vendor(party: &str) -> Caller {
    caller(CallerKind::Vendor { party: org(party) })
}

fn api(resources: &[&str]) -> Caller {
    let these = resources.iter().map(|id| id.parse().unwrap()).collect();
    caller(CallerKind::ResourceApi {
        resources: BoundResources::These(these),
    })
}

/// One target of each kind that acts are about, at the firm, of the vendor, for the client.
fn targets() -> Vec<Target> {
    let uuid = uuid::Uuid::from_u128(7);
    let (client, firm, vendor) = (org(CLIENT), org(FIRM), org(VENDOR));
    let relation = |role| Target::Relation { client, firm, role };
    vec![
        Target::Resource(TAX.parse().unwrap()),
        Target::Resource(VAT.parse().unwrap()),
        Target::Party(client),
        Target::System(format!("{VENDOR}_smartcloud").parse().unwrap()),
        Target::Request {
            id: RequestId(uuid),
            firm,
            vendor,
        },
        Target::SystemUser {
            id: SystemUserId(uuid),
            owner: firm,
            vendor,
        },
        relation(Role::Accountant),
        relation(Role::RightHolder),
        Target::Store,
    ]
}

fn name(target: &Target) -> String {
    match target {
        Target::Resource(id) => id.to_string(),
        Target::Party(_) => "party".to_owned(),
        Target::System(_) => "system".to_owned(),
        Target::Request { .. } => "request".to_owned(),
        Target::SystemUser { .. } => "user".to_owned(),
        Target::Relation { role, .. } => role.to_string(),
        Target::Store => "store".to_owned(),
    }
}

/// All that a caller may: every act on every target, whether it makes sense or not.
fn may(compiled: &Compiled, caller: &Caller) -> Vec<String> {
    let mut permitted = Vec::new();
    for target in targets() {
        for act in Act::ALL {
            if compiled.may(caller, act, &target) {
                permitted.push(format!("{} {}", act.name(), name(&target)));
            }
        }
    }
    permitted
}

const AT_THE_FIRM: [&str; 7] = [
    "readParty party",
    "readSystem system",
    "readRequest request",
    "escalateRequest request",
    "readSystemUser user",
    "readRelation regnskapsforer",
    "readRelation rettighetshaver",
];

fn beside(own: &[&str], of_packages: &[&str]) -> Vec<String> {
    let mut all: Vec<_> = own
        .iter()
        .chain(of_packages)
        .map(|act| (*act).to_owned())
        .collect();
    all.sort_unstable();
    all
}

fn sorted(mut acts: Vec<String>) -> Vec<String> {
    acts.sort_unstable();
    acts
}

#[test]
fn a_resource_api_asks_and_searches_about_the_resources_bound_to_it_and_no_more() {
    let compiled = compiled(&folder(""));

    assert_eq!(
        may(&compiled, &api(&[TAX])),
        [format!("ask {TAX}"), format!("search {TAX}")]
    );
    assert_eq!(may(&compiled, &api(&[])), Vec::<String>::new());
    let every = caller(CallerKind::ResourceApi {
        resources: BoundResources::Every,
    });
    assert_eq!(
        may(&compiled, &every),
        [
            format!("ask {TAX}"),
            format!("search {TAX}"),
            format!("ask {VAT}"),
            format!("search {VAT}"),
        ]
    );
}

#[test]
fn a_vendor_keeps_its_own_systems_and_requests_and_sees_no_clients() {
    let compiled = compiled(&folder(""));

    assert_eq!(
        may(&compiled, &vendor(VENDOR)),
        [
            "readParty party",
            "manageSystem system",
            "readSystem system",
            "createRequest system",
            "createRequest request",
            "readRequest request",
            "withdrawRequest request",
            "readSystemUser user",
        ]
    );
    for other in [OTHER, FIRM, CLIENT] {
        assert_eq!(may(&compiled, &vendor(other)), ["readParty party"]);
    }
}

#[test]
fn a_person_at_the_firm_reads_and_escalates() {
    let compiled = compiled(&folder(""));

    for packages in [&[][..], &["lonn", "skattegrunnlag"]] {
        let found = sorted(may(&compiled, &person(FIRM, packages)));
        assert_eq!(found, beside(&AT_THE_FIRM, &[]));
    }
}

#[test]
fn a_pure_access_manager_decides_requests_and_keeps_no_clients() {
    let compiled = compiled(&folder(""));

    assert_eq!(
        sorted(may(&compiled, &person(FIRM, &["tilgangsstyrer"]))),
        beside(
            &AT_THE_FIRM,
            &[
                "approveRequest request",
                "rejectRequest request",
                "deleteSystemUser user",
                "addSelf user"
            ]
        )
    );
}

#[test]
fn a_pure_client_administrator_keeps_clients_and_decides_no_requests() {
    let compiled = compiled(&folder(""));

    assert_eq!(
        sorted(may(&compiled, &person(FIRM, &["klientadministrator"]))),
        beside(
            &AT_THE_FIRM,
            &[
                "search user",
                "listClients user",
                "addClient user",
                "removeClient user"
            ]
        )
    );
}

#[test]
fn a_main_administrator_does_what_both_do() {
    let compiled = compiled(&folder(""));
    let both = [
        "approveRequest request",
        "rejectRequest request",
        "deleteSystemUser user",
        "addSelf user",
        "search user",
        "listClients user",
        "addClient user",
        "removeClient user",
    ];

    for packages in [
        &["hovedadministrator"][..],
        &["klientadministrator", "tilgangsstyrer"],
    ] {
        assert_eq!(
            sorted(may(&compiled, &person(FIRM, packages))),
            beside(&AT_THE_FIRM, &both)
        );
    }
}

#[test]
fn packages_at_another_firm_count_for_nothing_here() {
    let compiled = compiled(&folder(""));
    let all = [
        "hovedadministrator",
        "klientadministrator",
        "tilgangsstyrer",
    ];

    assert_eq!(
        may(&compiled, &person(OTHER, &all)),
        ["readParty party", "readSystem system"]
    );
}

#[test]
fn a_clients_person_sees_its_relations_and_ends_what_the_client_assigned() {
    let compiled = compiled(&folder(""));

    for packages in [&[][..], &["hovedadministrator"]] {
        assert_eq!(
            may(&compiled, &person(CLIENT, packages)),
            [
                "search party",
                "readParty party",
                "readSystem system",
                "readRelation regnskapsforer",
                "readRelation rettighetshaver",
                "endRelation rettighetshaver",
            ]
        );
    }
}

#[test]
fn an_operator_keeps_facts_and_policies_and_decides_no_requests() {
    let compiled = compiled(&folder(""));

    assert_eq!(
        may(&compiled, &caller(CallerKind::Operator)),
        [
            format!("search {TAX}").as_str(),
            format!("search {VAT}").as_str(),
            "search party",
            "readParty party",
            "putParty party",
            "readSystem system",
            "readRequest request",
            "search user",
            "readSystemUser user",
            "listClients user",
            "readRelation regnskapsforer",
            "putRelation regnskapsforer",
            "endRelation regnskapsforer",
            "readRelation rettighetshaver",
            "putRelation rettighetshaver",
            "endRelation rettighetshaver",
            "readJournal store",
            "import store",
            "export store",
            "publishPolicies store",
            "proposePolicies store",
            "approvePolicies store",
        ]
    );
}

#[test]
fn a_forbid_about_callers_that_errs_denies() {
    let whole = folder("");
    let operator = caller(CallerKind::Operator);
    // The sum overflows.
    let forbid = "@id(\"errs\")\nforbid (principal is Operator, action == Action::\"putRelation\", resource is Relation)\nwhen { 9223372036854775807 + 1 == 0 };\n\n@id(\"admin/resource-api-asks\")";
    let erring = compiled(&edited(
        &whole,
        PolicyFolder::ADMIN,
        "@id(\"admin/resource-api-asks\")",
        forbid,
    ));
    let permit = forbid.replace("forbid", "permit");
    let harmless = compiled(&edited(
        &whole,
        PolicyFolder::ADMIN,
        "@id(\"admin/resource-api-asks\")",
        &permit,
    ));

    let [.., relation, _store] = &targets()[..] else {
        panic!()
    };
    assert!(!erring.may(&operator, Act::PutRelation, relation));
    assert!(erring.may(&operator, Act::EndRelation, relation));
    assert!(harmless.may(&operator, Act::PutRelation, relation));
}

#[test]
fn names_of_callers_are_never_read_as_policy() {
    let compiled = compiled(&folder(""));
    let odd = Caller {
        id: "\"; permit(principal, action, resource); //"
            .parse()
            .unwrap(),
        kind: CallerKind::Vendor { party: org(OTHER) },
    };

    assert_eq!(may(&compiled, &odd), ["readParty party"]);
}
