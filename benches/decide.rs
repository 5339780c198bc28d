//! What a caller waits for: a decision, an explanation, a durable addition, a start. Cedar's own authorizer on an ideal
//! slice (one mandate's entities, the policies of one resource, the request built) is measured in the same run.
//!
//! `cargo bench --bench decide`; every answer is asserted before it is timed.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench stops at the first surprise and prints what it measured"
)]

use std::fmt::Write;
use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;

use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request, Schema};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use fullmakt::engine::{Call, Engine, ExportScope, Import, Settings};
use fullmakt::model::caller::{Caller, CallerKind};
use fullmakt::model::id::{OrgNo, RequestId, SystemUserId};
use fullmakt::model::question::{Asked, Question};
use fullmakt::model::request::UserKind;
use fullmakt::model::request_draft::RequestDraft;
use fullmakt::model::system::{SystemDraft, Title};
use fullmakt::model::time::Timestamp;
use fullmakt::policies;

const FIRM: &str = "312001373";
const VENDOR: &str = "991825827";
const SYSTEM: &str = "991825827_smartcloud";
const PACKAGE: &str = "regnskapsforer-med-signeringsrettighet";
const NOW: i64 = 1_790_000_000_000;
/// Clients of one system user.
const CLIENTS_EACH: u32 = 1000;

struct World {
    engine: Engine,
    dir: tempfile::TempDir,
    users: Vec<SystemUserId>,
    clients: Vec<OrgNo>,
}

fn call(kind: CallerKind) -> Call {
    Call {
        by: Caller {
            id: "bench".parse().unwrap(),
            kind,
        },
        now: Timestamp::from_millis(NOW),
        request_id: None,
    }
}

fn firm_admin() -> Call {
    let packages = ["klientadministrator", "tilgangsstyrer"]
        .map(|code| code.parse().unwrap())
        .to_vec();
    call(CallerKind::Person {
        party: FIRM.parse().unwrap(),
        packages,
    })
}

fn vendor() -> Call {
    call(CallerKind::Vendor {
        party: VENDOR.parse().unwrap(),
    })
}

/// Organisation numbers, ascending; every other one is a client, so that half of the questions are permitted.
fn numbers(count: u32) -> Vec<OrgNo> {
    let valid = (92_000_000u32..)
        .filter_map(|eight| OrgNo::from_u32(eight * 10 + OrgNo::check_digit(eight)?).ok());
    valid.take(count as usize).collect()
}

impl World {
    fn of(delegations: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(NOW);
        let engine = Engine::open(
            dir.path(),
            policies::shipped().clone(),
            Settings::default(),
            now,
        )
        .unwrap();
        let draft = SystemDraft {
            id: SYSTEM.parse().unwrap(),
            name: Title::new("SmartCloud", "SmartCloud").unwrap(),
            packages: vec![PACKAGE.to_owned()],
            rights: Vec::new(),
            redirect_urls: Vec::new(),
        };
        engine.register_system(&vendor(), draft).unwrap();
        let all = numbers(CLIENTS_EACH * 2);
        let clients: Vec<_> = all.into_iter().step_by(2).collect();
        let mut lines = String::new();
        for client in &clients {
            let _ = writeln!(
                lines,
                r#"{{"relation":{{"client":"{client}","firm":"{FIRM}","role":"regnskapsforer"}}}}"#
            );
        }
        let users: Vec<_> = (0..delegations / CLIENTS_EACH)
            .map(|nth| approved(&engine, nth))
            .collect();
        for user in &users {
            for client in &clients {
                let _ = writeln!(
                    lines,
                    r#"{{"delegation":{{"systemUser":"{user}","client":"{client}"}}}}"#
                );
            }
        }
        let import = Import::read(lines.as_bytes()).unwrap();
        engine
            .import(&call(CallerKind::Operator), &import, |_| ())
            .unwrap();
        Self {
            engine,
            dir,
            users,
            clients,
        }
    }

    /// Uniformly random questions, half of them permitted, each with its right answer.
    fn questions(&self, count: usize) -> Vec<(Question, bool)> {
        let all = numbers(CLIENTS_EACH * 2);
        let mut seed = 0x9e37_79b9_7f4a_7c15u64;
        let mut random = |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed % below as u64).unwrap()
        };
        let one = |user: SystemUserId, client: OrgNo| Question {
            system_user: user,
            action: "read".parse().unwrap(),
            resource: "ske-krav-og-betalinger".parse().unwrap(),
            client,
            asked: Asked::default(),
        };
        (0..count)
            .map(|_| {
                let (user, client) = (self.users[random(self.users.len())], random(all.len()));
                (one(user, all[client]), client % 2 == 0)
            })
            .collect()
    }
}

fn approved(engine: &Engine, nth: u32) -> SystemUserId {
    let id: RequestId = format!("5ea1d000-0000-4000-8000-{nth:012}")
        .parse()
        .unwrap();
    let draft = RequestDraft {
        system: SYSTEM.parse().unwrap(),
        firm: FIRM.parse().unwrap(),
        kind: UserKind::Agent,
        packages: vec![PACKAGE.to_owned()],
        rights: Vec::new(),
        external_ref: Some(format!("ref-{nth}").parse().unwrap()),
        redirect_url: None,
        title: None,
    };
    engine.create_request(&vendor(), id, draft).unwrap();
    engine.approve_request(&firm_admin(), id).unwrap();
    id.into()
}

/// Cedar's own authorizer with nothing in the way: the policies of one resource, one mandate's entities, the request.
fn ideal_slice(world: &World) -> (Request, PolicySet, Entities) {
    let (user, client) = (world.users[0], world.clients[0]);
    let export = world
        .engine
        .snapshot()
        .export(ExportScope::Mandate(user, client));
    let (schema, _) = Schema::from_cedarschema_str(&export.schema).unwrap();
    let all = PolicySet::from_str(&export.policies).unwrap();
    let of_resource = all.policies().filter(|policy| {
        policy
            .annotation("id")
            .is_some_and(|id| id.starts_with("ske-krav-og-betalinger/"))
    });
    let policies = PolicySet::from_policies(of_resource.cloned()).unwrap();
    let entities = Entities::from_json_str(&export.entities, Some(&schema)).unwrap();
    let uid = |text: String| EntityUid::from_str(&text).unwrap();
    let action = uid("Action::\"read\"".to_owned());
    let context = serde_json::json!({ "now": { "__extn": { "fn": "datetime", "arg": "2026-11-24T12:00:00.000Z" } } });
    let context = Context::from_json_value(context, Some((&schema, &action))).unwrap();
    let principal = uid(format!("Mandate::\"{user}@{client}\""));
    let resource = uid("Resource::\"ske-krav-og-betalinger\"".to_owned());
    (
        Request::new(principal, action, resource, context, Some(&schema)).unwrap(),
        policies,
        entities,
    )
}

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    for delegations in [1_000, 100_000] {
        let world = World::of(delegations);
        let (snapshot, now) = (world.engine.snapshot(), Timestamp::from_millis(NOW));
        let questions = world.questions(10_000);
        for (question, permit) in &questions {
            assert_eq!(snapshot.decide(question, now).permit, *permit);
        }
        let mut next = questions.iter().cycle();
        group.bench_function(BenchmarkId::new("fullmakt", delegations), |bench| {
            bench.iter(|| {
                snapshot
                    .decide(black_box(&next.next().unwrap().0), now)
                    .permit
            });
        });
        let mut next = questions.iter().cycle();
        group.bench_function(BenchmarkId::new("fullmakt-explain", delegations), |bench| {
            bench.iter(|| {
                snapshot
                    .explain(black_box(&next.next().unwrap().0), now)
                    .unwrap()
            });
        });
        let (request, policies, entities) = ideal_slice(&world);
        let authorizer = Authorizer::new();
        assert_eq!(
            authorizer
                .is_authorized(&request, &policies, &entities)
                .decision(),
            cedar_policy::Decision::Allow
        );
        group.bench_function(
            BenchmarkId::new("cedar-ideal-slice", delegations),
            |bench| {
                bench.iter(|| {
                    authorizer
                        .is_authorized(black_box(&request), &policies, &entities)
                        .decision()
                });
            },
        );
    }
    group.finish();
}

fn durable(criterion: &mut Criterion) {
    let world = World::of(1_000);
    let (user, client) = (world.users[0], world.clients[0]);
    let by = firm_admin();
    criterion.bench_function("durable/remove-and-add", |bench| {
        bench.iter(|| {
            let removed = world.engine.remove_client(&by, user, client).unwrap();
            let added = world.engine.add_client(&by, user, client, None).unwrap();
            assert!(added.revision > removed.revision);
        });
    });
    let file = std::fs::File::create(world.dir.path().join("bare")).unwrap();
    criterion.bench_function("durable/bare-append-and-fdatasync-twice", |bench| {
        bench.iter(|| {
            for _ in 0..2 {
                std::io::Write::write_all(&mut &file, &[7; 200]).unwrap();
                file.sync_data().unwrap();
            }
        });
    });
}

fn start(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("start");
    group.sample_size(10);
    for delegations in [1_000, 100_000] {
        let World {
            engine,
            dir,
            users,
            clients,
        } = World::of(delegations);
        drop(engine);
        let open = || {
            Arc::new(
                Engine::open(
                    dir.path(),
                    policies::shipped().clone(),
                    Settings::default(),
                    Timestamp::from_millis(NOW),
                )
                .unwrap(),
            )
        };
        let engine = open();
        let view = engine
            .snapshot()
            .system_user(&vendor().by, users[0])
            .unwrap();
        assert_eq!(view.clients, clients.len());
        drop(engine);
        group.bench_function(BenchmarkId::new("from-pages", delegations), |bench| {
            bench.iter(open);
        });
    }
    group.finish();
}

criterion_group!(benches, decide, durable, start);
criterion_main!(benches);
