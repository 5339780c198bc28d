//! Why not: the codes of no access, their sentences, and who can mend it.

use std::fmt;

use serde::Serialize;

/// What an answer came to. All but [`Code::Permit`] name the first missing link, in the order in which links are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// Permitted.
    Permit,
    /// No policy knows the resource.
    UnknownResource,
    /// No policy opens the action on the resource.
    ActionNotOpened,
    /// There never was such a system user.
    UnknownSystemUser,
    /// The system user was deleted.
    SystemUserDeleted,
    /// Its system was deleted.
    SystemDeleted,
    /// The question names the firm as the client: `systemuser_org` was taken for it.
    ClientIsTheFirm,
    /// The client was not added, or was removed.
    ClientNotAdded,
    /// The delegation's window has not begun.
    DelegationNotYet,
    /// The delegation's window has ended.
    DelegationOver,
    /// The relation that carried the delegation has ended, or was narrowed.
    RelationEnded,
    /// No package or single right that is held opens the action.
    PackageNotHeld,
    /// The same question at level 4 would be a permit.
    AuthenticationLevelTooLow,
    /// A policy forbids it, or a permit's condition is not met.
    ForbiddenByPolicy,
    /// A policy could not be evaluated.
    PolicyError,
}

impl Code {
    /// All of them, in the order in which links are looked at.
    pub const ALL: [Self; 15] = [
        Self::Permit,
        Self::UnknownResource,
        Self::ActionNotOpened,
        Self::UnknownSystemUser,
        Self::SystemUserDeleted,
        Self::SystemDeleted,
        Self::ClientIsTheFirm,
        Self::ClientNotAdded,
        Self::DelegationNotYet,
        Self::DelegationOver,
        Self::RelationEnded,
        Self::PackageNotHeld,
        Self::AuthenticationLevelTooLow,
        Self::ForbiddenByPolicy,
        Self::PolicyError,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::UnknownResource => "unknown-resource",
            Self::ActionNotOpened => "action-not-opened",
            Self::UnknownSystemUser => "unknown-system-user",
            Self::SystemUserDeleted => "system-user-deleted",
            Self::SystemDeleted => "system-deleted",
            Self::ClientIsTheFirm => "client-is-the-firm",
            Self::ClientNotAdded => "client-not-added",
            Self::DelegationNotYet => "delegation-not-yet",
            Self::DelegationOver => "delegation-over",
            Self::RelationEnded => "relation-ended",
            Self::PackageNotHeld => "package-not-held",
            Self::AuthenticationLevelTooLow => "authentication-level-too-low",
            Self::ForbiddenByPolicy => "forbidden-by-policy",
            Self::PolicyError => "policy-error",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A sentence in Norwegian (bokmål) and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Norwegian (bokmål).
    pub nb: String,
    /// English.
    pub en: String,
}

/// Who can mend a missing link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mender {
    /// The API that asked.
    ResourceApi,
    /// The vendor of the system.
    Vendor,
    /// A client administrator at the firm.
    ClientAdministrator,
    /// An access manager at the firm.
    AccessManager,
    /// The client itself.
    Client,
    /// The user behind the system, by signing in at a higher level.
    User,
    /// Whoever keeps the policies.
    PolicyAdministrator,
}

/// Who can mend it, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mend {
    /// Who.
    pub who: Mender,
    /// How.
    pub how: Said,
}

/// The names that a sentence speaks of.
#[derive(Debug, Clone)]
pub struct Names {
    /// The system user's id.
    pub system_user: String,
    /// The client's number.
    pub client: String,
    /// The firm's number, or the owner's of a standard system user; empty where it is not known.
    pub firm: String,
    /// Whether the system user is a standard one, which acts for its owner alone.
    pub is_standard: bool,
    /// The resource.
    pub resource: String,
    /// The action.
    pub action: String,
    /// The packages that would open it: "`a`, `b`"; empty if none would.
    pub opening: String,
    /// An instant that the reason turns on, or nothing.
    pub instant: String,
}

impl Code {
    /// The sentence for people.
    pub fn said(self, names: &Names) -> Said {
        let Names {
            system_user,
            client,
            firm,
            resource,
            action,
            instant,
            ..
        } = names;
        let (nb, en) = match self {
            Self::Permit => (
                format!("Systembrukeren kan utføre `{action}` på `{resource}` for {client}."),
                format!("The system user may do `{action}` on `{resource}` for {client}."),
            ),
            Self::UnknownResource => (
                format!("Ingen policy kjenner ressursen `{resource}`."),
                format!("No policy knows the resource `{resource}`."),
            ),
            Self::ActionNotOpened => (
                format!("Ingen policy åpner handlingen `{action}` på `{resource}`."),
                format!("No policy opens the action `{action}` on `{resource}`."),
            ),
            Self::UnknownSystemUser => (
                format!("Systembrukeren {system_user} finnes ikke."),
                format!("The system user {system_user} does not exist."),
            ),
            Self::SystemUserDeleted => (
                format!("Systembrukeren {system_user} er slettet."),
                format!("The system user {system_user} was deleted."),
            ),
            Self::SystemDeleted => (
                "Leverandørens system er slettet.".to_owned(),
                "The vendor's system was deleted.".to_owned(),
            ),
            Self::ClientIsTheFirm => (
                format!("{client} er virksomheten som eier systembrukeren, ikke en klient av den."),
                format!("{client} is the firm that owns the system user, not a client of it."),
            ),
            Self::ClientNotAdded if names.is_standard => (
                format!(
                    "Systembrukeren handler bare for eieren sin, {firm}, og ikke for {client}."
                ),
                format!("The system user acts for its owner, {firm}, alone, and not for {client}."),
            ),
            Self::ClientNotAdded => (
                format!("{client} er ikke lagt til systembrukeren."),
                format!("{client} has not been added to the system user."),
            ),
            Self::DelegationNotYet => (
                format!("Delegeringen for {client} gjelder først fra {instant}."),
                format!("The delegation for {client} does not begin until {instant}."),
            ),
            Self::DelegationOver => (
                format!("Delegeringen for {client} gjaldt til {instant}."),
                format!("The delegation for {client} ended at {instant}."),
            ),
            Self::RelationEnded => (
                format!("Relasjonen fra {client} til {firm} som bar delegeringen, er avsluttet."),
                format!(
                    "The relation from {client} to {firm} that carried the delegation has ended."
                ),
            ),
            Self::PackageNotHeld => (
                format!(
                    "Systembrukeren har ingen fullmakt som åpner `{action}` på `{resource}` for {client}."
                ),
                format!(
                    "The system user holds no access package or right that opens `{action}` on `{resource}` for {client}."
                ),
            ),
            Self::AuthenticationLevelTooLow => (
                "Innloggingen er på et lavere sikkerhetsnivå enn policyen krever.".to_owned(),
                "The sign-in is at a lower authentication level than the policy requires."
                    .to_owned(),
            ),
            Self::ForbiddenByPolicy => (
                format!(
                    "En policy tillater ikke `{action}` på `{resource}` for {client} slik det er spurt."
                ),
                format!(
                    "A policy does not allow `{action}` on `{resource}` for {client} as it was asked."
                ),
            ),
            Self::PolicyError => (
                "En policy kunne ikke evalueres, og da gis det ikke tilgang.".to_owned(),
                "A policy could not be evaluated, and so there is no access.".to_owned(),
            ),
        };
        Said { nb, en }
    }

    /// Who can mend it, and how; nothing on a permit.
    pub fn mend(self, names: &Names) -> Option<Mend> {
        let Names {
            client,
            firm,
            resource,
            action,
            opening,
            ..
        } = names;
        let (who, nb, en) = match self {
            Self::Permit => return None,
            Self::UnknownResource => (
                Mender::ResourceApi,
                "Kontroller ressursens id; policyene sier hvilke som finnes.".to_owned(),
                "Check the resource's id; the policies say which exist.".to_owned(),
            ),
            Self::ActionNotOpened => (
                Mender::PolicyAdministrator,
                format!(
                    "Legg til en permit for `{action}` på `{resource}`, eller spør om en annen handling."
                ),
                format!("Add a permit for `{action}` on `{resource}`, or ask for another action."),
            ),
            Self::UnknownSystemUser => (
                Mender::Vendor,
                "Kontroller id-en; leverandøren ser systembrukerne sine i listen.".to_owned(),
                "Check the id; the vendor sees its system users in the list.".to_owned(),
            ),
            Self::SystemUserDeleted | Self::SystemDeleted => (
                Mender::Vendor,
                "Leverandøren kan sende en ny forespørsel, og virksomheten kan godkjenne den."
                    .to_owned(),
                "The vendor can send a new request, and the firm can approve it.".to_owned(),
            ),
            Self::ClientIsTheFirm => (
                Mender::ResourceApi,
                "Spør om klienten: `systemuser_org` i tokenet er virksomheten.".to_owned(),
                "Ask about the client: `systemuser_org` in the token is the firm.".to_owned(),
            ),
            Self::ClientNotAdded if names.is_standard => (
                Mender::Vendor,
                format!("Leverandøren kan sende en forespørsel til {client}."),
                format!("The vendor can send a request to {client}."),
            ),
            Self::ClientNotAdded => (
                Mender::ClientAdministrator,
                format!("En klientadministrator hos {firm} kan legge til {client}."),
                format!("A client administrator at {firm} can add {client}."),
            ),
            Self::DelegationNotYet | Self::DelegationOver => (
                Mender::ClientAdministrator,
                format!(
                    "En klientadministrator hos {firm} kan legge til {client} med et annet tidsrom."
                ),
                format!("A client administrator at {firm} can add {client} with another window."),
            ),
            Self::RelationEnded => (
                Mender::Client,
                format!(
                    "{client} må gi {firm} fullmakten igjen; deretter må klienten legges til på nytt."
                ),
                format!(
                    "{client} has to give {firm} the authority again; after that the client has to be added anew."
                ),
            ),
            Self::PackageNotHeld if opening.is_empty() => (
                Mender::PolicyAdministrator,
                format!("Ingen tilgangspakke åpner `{action}` på `{resource}`."),
                format!("No access package opens `{action}` on `{resource}`."),
            ),
            Self::PackageNotHeld => (
                Mender::Vendor,
                format!("Leverandøren kan sende en ny forespørsel med en av {opening}."),
                format!("The vendor can send a new request with one of {opening}."),
            ),
            Self::AuthenticationLevelTooLow => (
                Mender::User,
                "Logg inn på et høyere nivå.".to_owned(),
                "Sign in at a higher level.".to_owned(),
            ),
            Self::ForbiddenByPolicy | Self::PolicyError => (
                Mender::PolicyAdministrator,
                "Se på policyene som er nevnt.".to_owned(),
                "Look at the policies that are named.".to_owned(),
            ),
        };
        Some(Mend {
            who,
            how: Said { nb, en },
        })
    }
}
