//! What is said of each code, in Norwegian and English, and who can mend it.

use fullmakt::model::question::LinkKind;
use fullmakt::model::reason::{Code, Mender};

use super::codes::{cases, world};
use crate::world::World;

/// Code, reason in Norwegian and in English.
const REASONS: [(Code, &str, &str); 15] = [
    (
        Code::Permit,
        "Systembrukeren kan utføre `read` på `ske-krav-og-betalinger` for 312002744.",
        "The system user may do `read` on `ske-krav-og-betalinger` for 312002744.",
    ),
    (
        Code::UnknownResource,
        "Ingen policy kjenner ressursen `finnes-ikke`.",
        "No policy knows the resource `finnes-ikke`.",
    ),
    (
        Code::ActionNotOpened,
        "Ingen policy åpner handlingen `write` på `ske-krav-og-betalinger`.",
        "No policy opens the action `write` on `ske-krav-og-betalinger`.",
    ),
    (
        Code::UnknownSystemUser,
        "Systembrukeren 5ea1d000-0000-4000-8000-000000000077 finnes ikke.",
        "The system user 5ea1d000-0000-4000-8000-000000000077 does not exist.",
    ),
    (
        Code::SystemUserDeleted,
        "Systembrukeren 5ea1d000-0000-4000-8000-000000000002 er slettet.",
        "The system user 5ea1d000-0000-4000-8000-000000000002 was deleted.",
    ),
    (
        Code::SystemDeleted,
        "Leverandørens system er slettet.",
        "The vendor's system was deleted.",
    ),
    (
        Code::ClientIsTheFirm,
        "312001373 er virksomheten som eier systembrukeren, ikke en klient av den.",
        "312001373 is the firm that owns the system user, not a client of it.",
    ),
    (
        Code::ClientNotAdded,
        "312004119 er ikke lagt til systembrukeren.",
        "312004119 has not been added to the system user.",
    ),
    (
        Code::DelegationNotYet,
        "Delegeringen for 312005123 gjelder først fra 2026-09-21T14:13:21Z.",
        "The delegation for 312005123 does not begin until 2026-09-21T14:13:21Z.",
    ),
    (
        Code::DelegationOver,
        "Delegeringen for 312005344 gjaldt til 2026-09-21T14:13:20.010Z.",
        "The delegation for 312005344 ended at 2026-09-21T14:13:20.010Z.",
    ),
    (
        Code::RelationEnded,
        "Relasjonen fra 312005018 til 312001373 som bar delegeringen, er avsluttet.",
        "The relation from 312005018 to 312001373 that carried the delegation has ended.",
    ),
    (
        Code::PackageNotHeld,
        "Systembrukeren har ingen fullmakt som åpner `read` på `ske-krav-og-betalinger` for 312002744.",
        "The system user holds no access package or right that opens `read` on `ske-krav-og-betalinger` for 312002744.",
    ),
    (
        Code::AuthenticationLevelTooLow,
        "Innloggingen er på et lavere sikkerhetsnivå enn policyen krever.",
        "The sign-in is at a lower authentication level than the policy requires.",
    ),
    (
        Code::ForbiddenByPolicy,
        "En policy tillater ikke `write` på `prover` for 312002744 slik det er spurt.",
        "A policy does not allow `write` on `prover` for 312002744 as it was asked.",
    ),
    (
        Code::PolicyError,
        "En policy kunne ikke evalueres, og da gis det ikke tilgang.",
        "A policy could not be evaluated, and so there is no access.",
    ),
];

/// Code, who can mend it, how in Norwegian and in English.
const MENDS: [(Code, Mender, &str, &str); 14] = [
    (
        Code::UnknownResource,
        Mender::ResourceApi,
        "Kontroller ressursens id; policyene sier hvilke som finnes.",
        "Check the resource's id; the policies say which exist.",
    ),
    (
        Code::ActionNotOpened,
        Mender::PolicyAdministrator,
        "Legg til en permit for `write` på `ske-krav-og-betalinger`, eller spør om en annen handling.",
        "Add a permit for `write` on `ske-krav-og-betalinger`, or ask for another action.",
    ),
    (
        Code::UnknownSystemUser,
        Mender::Vendor,
        "Kontroller id-en; leverandøren ser systembrukerne sine i listen.",
        "Check the id; the vendor sees its system users in the list.",
    ),
    (
        Code::SystemUserDeleted,
        Mender::Vendor,
        "Leverandøren kan sende en ny forespørsel, og virksomheten kan godkjenne den.",
        "The vendor can send a new request, and the firm can approve it.",
    ),
    (
        Code::SystemDeleted,
        Mender::Vendor,
        "Leverandøren kan sende en ny forespørsel, og virksomheten kan godkjenne den.",
        "The vendor can send a new request, and the firm can approve it.",
    ),
    (
        Code::ClientIsTheFirm,
        Mender::ResourceApi,
        "Spør om klienten: `systemuser_org` i tokenet er virksomheten.",
        "Ask about the client: `systemuser_org` in the token is the firm.",
    ),
    (
        Code::ClientNotAdded,
        Mender::ClientAdministrator,
        "En klientadministrator hos 312001373 kan legge til 312004119.",
        "A client administrator at 312001373 can add 312004119.",
    ),
    (
        Code::DelegationNotYet,
        Mender::ClientAdministrator,
        "En klientadministrator hos 312001373 kan legge til 312005123 med et annet tidsrom.",
        "A client administrator at 312001373 can add 312005123 with another window.",
    ),
    (
        Code::DelegationOver,
        Mender::ClientAdministrator,
        "En klientadministrator hos 312001373 kan legge til 312005344 med et annet tidsrom.",
        "A client administrator at 312001373 can add 312005344 with another window.",
    ),
    (
        Code::RelationEnded,
        Mender::Client,
        "312005018 må gi 312001373 fullmakten igjen; deretter må klienten legges til på nytt.",
        "312005018 has to give 312001373 the authority again; after that the client has to be added anew.",
    ),
    (
        Code::PackageNotHeld,
        Mender::Vendor,
        "Leverandøren kan sende en ny forespørsel med en av `krav-og-utlegg`, `regnskapsforer-med-signeringsrettighet`, `regnskapsforer-uten-signeringsrettighet`, `skattegrunnlag`.",
        "The vendor can send a new request with one of `krav-og-utlegg`, `regnskapsforer-med-signeringsrettighet`, `regnskapsforer-uten-signeringsrettighet`, `skattegrunnlag`.",
    ),
    (
        Code::AuthenticationLevelTooLow,
        Mender::User,
        "Logg inn på et høyere nivå.",
        "Sign in at a higher level.",
    ),
    (
        Code::ForbiddenByPolicy,
        Mender::PolicyAdministrator,
        "Se på policyene som er nevnt.",
        "Look at the policies that are named.",
    ),
    (
        Code::PolicyError,
        Mender::PolicyAdministrator,
        "Se på policyene som er nevnt.",
        "Look at the policies that are named.",
    ),
];

#[test]
fn each_code_has_its_sentence_in_both_languages() {
    let world = world();

    for ((code, asked), (of, nb, en)) in cases().iter().zip(REASONS) {
        assert_eq!(*code, of);
        let reason = world.explain(asked).explanation.reason;
        assert_eq!((reason.nb.as_str(), reason.en.as_str()), (nb, en));
    }
}

#[test]
fn each_code_of_no_access_says_who_can_mend_it_and_how() {
    let world = world();
    let cases = cases();

    assert_eq!(world.explain(&cases[0].1).explanation.mend, None);
    for ((code, asked), (of, who, nb, en)) in cases[1..].iter().zip(MENDS) {
        assert_eq!(*code, of);
        let mend = world.explain(asked).explanation.mend.unwrap();
        assert_eq!(mend.who, who, "{code}");
        assert_eq!((mend.how.nb.as_str(), mend.how.en.as_str()), (nb, en));
    }
}

#[test]
fn an_explanation_names_the_policies_that_decided_and_no_others() {
    let world = world();
    for (code, asked) in cases() {
        let named: &[&str] = match code {
            Code::Permit => &["ske-krav-og-betalinger/read-regnskapsforer-med-signeringsrettighet"],
            Code::AuthenticationLevelTooLow => &["prover/read-at-level-4"],
            Code::ForbiddenByPolicy => &["prover/write-for-one"],
            Code::PolicyError => &["prover/errs"],
            _ => &[],
        };
        assert_eq!(world.explain(&asked).explanation.policies, named, "{code}");
    }
}

#[test]
fn a_chain_goes_up_to_the_missing_link() {
    use LinkKind::{Approval, Delegation, Relation};
    let world = world();
    let links = |world: &World, wanted: Code| {
        let (_, asked) = cases()
            .into_iter()
            .find(|(code, _)| *code == wanted)
            .unwrap();
        let chain = world.explain(&asked).explanation.chain;
        chain.iter().map(|link| link.link).collect::<Vec<_>>()
    };

    for code in [
        Code::UnknownResource,
        Code::ActionNotOpened,
        Code::UnknownSystemUser,
        Code::SystemUserDeleted,
        Code::SystemDeleted,
        Code::RelationEnded,
    ] {
        assert_eq!(links(&world, code), [], "{code}");
    }
    assert_eq!(links(&world, Code::ClientIsTheFirm), [Approval]);
    for code in [
        Code::ClientNotAdded,
        Code::DelegationNotYet,
        Code::DelegationOver,
    ] {
        assert_eq!(links(&world, code), [Relation, Approval], "{code}");
    }
    for code in [
        Code::Permit,
        Code::PackageNotHeld,
        Code::AuthenticationLevelTooLow,
        Code::ForbiddenByPolicy,
        Code::PolicyError,
    ] {
        assert_eq!(
            links(&world, code),
            [Relation, Approval, Delegation],
            "{code}"
        );
    }
}
