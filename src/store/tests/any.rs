//! Any event that there can be, by anybody, for any reason.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::model::caller::Actor;
use crate::model::delegation::Loss;
use crate::model::event::{Cause, Event, ImportedFacts, Recorded};
use crate::model::id::{ActorId, OrgNo, PackageCode, RequestId, Revision, SystemId, SystemUserId};
use crate::model::org_list::OrgList;
use crate::model::party::Party;
use crate::model::publication::Publication;
use crate::model::relation::{RelationKey, Role};
use crate::model::request::{Decided, Outcome, Request, RequestKey, UserKind};
use crate::model::system::{RedirectUrl, SingleRight, System, Title};
use crate::model::time::{Timestamp, Window};

fn org() -> impl Strategy<Value = OrgNo> {
    (10_000_000u32..100_000_000).prop_filter_map("the register skips it", |eight| {
        OrgNo::from_u32(eight * 10 + OrgNo::check_digit(eight)?).ok()
    })
}

fn orgs() -> impl Strategy<Value = OrgList> {
    prop_oneof![4 => vec(org(), 0..40), 1 => vec(org(), 2_000..4_000)].prop_map(OrgList::new)
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug> + std::fmt::Debug>(
    pattern: &'static str,
) -> impl Strategy<Value = T> {
    pattern.prop_map(|text| text.parse().unwrap())
}

fn package() -> impl Strategy<Value = PackageCode> {
    parsed("[a-zA-Z0-9._:/-]{1,40}")
}

fn actor() -> impl Strategy<Value = ActorId> {
    parsed("[a-zæøå🦊 ]{0,20}[a-z]")
}

fn request_id() -> impl Strategy<Value = RequestId> {
    any::<u128>().prop_map(|number| RequestId(uuid::Uuid::from_u128(number)))
}

fn user_id() -> impl Strategy<Value = SystemUserId> {
    request_id().prop_map(SystemUserId::from)
}

fn system_id() -> impl Strategy<Value = SystemId> {
    (org(), "[a-z0-9_-]{1,30}")
        .prop_map(|(vendor, name)| format!("{vendor}_{name}").parse().unwrap())
}

fn instant() -> impl Strategy<Value = Timestamp> {
    any::<i64>().prop_map(Timestamp::from_millis)
}

fn window() -> impl Strategy<Value = Window> {
    let ends = (option::of(instant()), option::of(instant()));
    ends.prop_map(|(from, until)| Window::new(from, until).unwrap_or(Window::ALWAYS))
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(&Role::ALL)
}

fn rights() -> impl Strategy<Value = Vec<SingleRight>> {
    let right = (parsed("[a-z0-9-]{1,40}"), vec(parsed("[a-z]{1,10}"), 0..4));
    vec(
        right.prop_map(|(resource, actions)| SingleRight::new(resource, actions)),
        0..3,
    )
}

fn url() -> impl Strategy<Value = RedirectUrl> {
    parsed("https://[a-z]{1,20}\\.example/[a-zA-Z0-9?=&%/]{0,40}")
}

fn party() -> impl Strategy<Value = Party> {
    let form = prop::sample::select(vec!["AS", "ENK", "BRL", "SÆR", "EØFG"]);
    (org(), "[A-ZÆØÅ🦊\"\\\\]{1,60}", form).prop_map(|(org, name, form)| Party {
        org,
        name: name.parse().unwrap(),
        form: form.parse().unwrap(),
    })
}

fn publication() -> impl Strategy<Value = Publication> {
    let hash = || option::of("[0-9a-f]{64}");
    let revision = || option::of(any::<u64>().prop_map(Revision));
    (
        option::of("[a-zæ\n\"]{1,80}"),
        revision(),
        revision(),
        hash(),
    )
        .prop_map(|(note, restores, proposal, folder)| Publication {
            note: note.map(Into::into),
            restores,
            proposal,
            folder: folder.map(Into::into),
        })
}

fn losses() -> impl Strategy<Value = Vec<Loss>> {
    let loss = (user_id(), org(), vec(package(), 0..3), any::<bool>());
    let loss = loss.prop_map(|(system_user, client, packages, ended)| Loss {
        system_user,
        client,
        packages,
        ended,
    });
    vec(loss, 0..12)
}

fn relation() -> impl Strategy<Value = RelationKey> {
    (org(), org(), role()).prop_map(|(client, firm, role)| RelationKey { client, firm, role })
}

fn system() -> impl Strategy<Value = System> {
    let name = ("\\PC{1,30}x", "\\PC{1,30}x");
    let rest = (vec(package(), 0..5), rights(), vec(url(), 0..3));
    (system_id(), name, rest).prop_map(|(id, (nb, en), (packages, rights, redirect_urls))| System {
        id,
        name: Title::new(&nb, &en).unwrap(),
        packages,
        rights,
        redirect_urls,
    })
}

fn decided() -> impl Strategy<Value = Decided> {
    let outcomes = vec![Outcome::Approved, Outcome::Rejected, Outcome::Withdrawn];
    (prop::sample::select(outcomes), actor(), instant()).prop_map(|(outcome, by, at)| Decided {
        outcome,
        by,
        at,
    })
}

fn request() -> impl Strategy<Value = Request> {
    let key = (org(), parsed("\\PC{0,20}x"), system_id());
    let key = key.prop_map(|(firm, external_ref, system)| RequestKey {
        firm,
        external_ref,
        system,
    });
    let kind = prop::sample::select(vec![UserKind::Agent, UserKind::Standard]);
    let asked = (kind, vec(package(), 0..4), rights(), option::of(url()));
    let told = (
        option::of("\\PC{0,20}"),
        instant(),
        instant(),
        any::<bool>(),
        option::of(decided()),
    );
    (request_id(), key, asked, told).prop_map(|(id, key, asked, told)| {
        let (kind, packages, rights, redirect_url) = asked;
        let (title, created, expires, escalated, decided) = told;
        Request {
            id,
            key,
            kind,
            packages,
            rights,
            redirect_url,
            title: title.map(Into::into),
            created,
            expires,
            escalated,
            decided,
        }
    })
}

fn facts() -> impl Strategy<Value = ImportedFacts> {
    let parties = (vec(party(), 0..5), losses());
    let relations = (org(), role(), vec(package(), 0..3), orgs(), losses());
    let ended = (org(), role(), orgs(), losses());
    let delegations = (user_id(), window(), orgs());
    prop_oneof![
        parties.prop_map(|(parties, lost)| ImportedFacts::Parties { parties, lost }),
        relations.prop_map(
            |(firm, role, assigned, clients, lost)| ImportedFacts::Relations {
                firm,
                role,
                assigned,
                clients,
                lost
            }
        ),
        ended.prop_map(
            |(firm, role, clients, lost)| ImportedFacts::EndedRelations {
                firm,
                role,
                clients,
                lost
            }
        ),
        delegations.prop_map(
            |(system_user, window, clients)| ImportedFacts::Delegations {
                system_user,
                window,
                clients
            }
        ),
    ]
}

/// A strategy for each kind of event.
pub(super) fn of_every_kind() -> Vec<BoxedStrategy<Event>> {
    let changed = (user_id(), orgs(), vec((org(), window()), 0..5), orgs());
    let put = (relation(), vec(package(), 0..3), losses());
    vec![
        "[0-9a-f]{64}"
            .prop_map(|hash| Event::PoliciesInForce {
                hash: hash.into(),
                publication: None,
            })
            .boxed(),
        ("[0-9a-f]{64}", publication())
            .prop_map(|(hash, publication)| Event::PoliciesInForce {
                hash: hash.into(),
                publication: Some(Box::new(publication)),
            })
            .boxed(),
        ("[0-9a-f]{64}", "[0-9a-f]{64}", publication())
            .prop_map(|(hash, base, publication)| Event::PoliciesProposed {
                hash: hash.into(),
                base: base.into(),
                publication: Box::new(publication),
            })
            .boxed(),
        (party(), losses())
            .prop_map(|(party, lost)| Event::PartyPut { party, lost })
            .boxed(),
        system().prop_map(Event::SystemPut).boxed(),
        system_id()
            .prop_map(|id| Event::SystemDeleted { id })
            .boxed(),
        request().prop_map(Event::RequestCreated).boxed(),
        request_id()
            .prop_map(|id| Event::RequestWithdrawn { id })
            .boxed(),
        request_id()
            .prop_map(|id| Event::RequestRejected { id })
            .boxed(),
        request_id()
            .prop_map(|id| Event::RequestEscalated { id })
            .boxed(),
        request_id()
            .prop_map(|id| Event::RequestApproved { id })
            .boxed(),
        user_id()
            .prop_map(|id| Event::SystemUserDeleted { id })
            .boxed(),
        changed
            .prop_map(
                |(system_user, added, added_within, removed)| Event::ClientsChanged {
                    system_user,
                    added,
                    added_within,
                    removed,
                },
            )
            .boxed(),
        put.prop_map(|(key, assigned, lost)| Event::RelationPut {
            key,
            assigned,
            lost,
        })
        .boxed(),
        (relation(), losses())
            .prop_map(|(key, lost)| Event::RelationEnded { key, lost })
            .boxed(),
        vec(facts(), 0..6)
            .prop_map(|facts| Event::Imported { facts })
            .boxed(),
    ]
}

fn cause() -> impl Strategy<Value = Cause> {
    prop_oneof![
        option::of("\\PC{1,40}").prop_map(|request_id| Cause::Command {
            request_id: request_id.map(Into::into)
        }),
        ("[0-9a-f]{64}", 1u64..1 << 40, 0u64..9999).prop_map(|(id, first_line, more)| {
            Cause::Import {
                id: id.into(),
                first_line,
                last_line: first_line + more,
            }
        }),
        Just(Cause::Start),
    ]
}

pub(super) fn recorded(event: impl Strategy<Value = Event>) -> impl Strategy<Value = Recorded> {
    let by = ("[a-z-]{1,12}", actor(), option::of(org()));
    (instant(), by, cause(), event).prop_map(|(at, (kind, id, party), cause, event)| Recorded {
        revision: Revision::ZERO,
        at,
        by: Actor {
            kind: kind.into(),
            id,
            party,
        },
        cause,
        event,
    })
}
