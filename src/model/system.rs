//! Systems: a vendor's registered products, and what they may ask for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use super::catalogue::{Catalogue, PackageList, UnknownPackage};
use super::id::{ActionName, IdError, OrgNo, PackageCode, ResourceId, SystemId, shown, text_of};

/// A title in Norwegian (bokmål) and English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Title {
    /// Norwegian (bokmål).
    pub nb: Box<str>,
    /// English.
    pub en: Box<str>,
}

impl Title {
    /// A title of two texts, each 1 to 128 characters.
    pub fn new(nb: &str, en: &str) -> Result<Self, IdError> {
        text_of("name.nb", nb, 128)?;
        text_of("name.en", en, 128)?;
        Ok(Self {
            nb: nb.into(),
            en: en.into(),
        })
    }
}

/// Why an address cannot be registered as a receipt page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("redirect URL `{0}` is not an https address with a host, without user name and fragment")]
pub struct RedirectUrlError(String);

/// The address of a vendor's receipt page: https, kept to the letter as it was registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RedirectUrl(Box<str>);

impl RedirectUrl {
    /// The text as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RedirectUrl {
    type Err = RedirectUrlError;

    fn from_str(text: &str) -> Result<Self, RedirectUrlError> {
        let refused = || RedirectUrlError(shown(text));
        let url = Url::parse(text).map_err(|_| refused())?;
        let plain = text.len() <= 2048 && text.bytes().all(|b| b.is_ascii_graphic());
        let fits = plain
            && url.scheme() == "https"
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none();
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for RedirectUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RedirectUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The right to do some actions on one resource, without an access package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleRight {
    /// On what.
    pub resource: ResourceId,
    /// To do what; sorted, each once, at least one.
    pub actions: Vec<ActionName>,
}

impl SingleRight {
    /// The right to these actions; their order and repetitions do not matter.
    pub fn new(resource: ResourceId, mut actions: Vec<ActionName>) -> Self {
        actions.sort_unstable();
        actions.dedup();
        Self { resource, actions }
    }

    /// Whether this right allows all that another does.
    pub fn covers(&self, other: &Self) -> bool {
        self.resource == other.resource
            && other
                .actions
                .iter()
                .all(|action| self.actions.contains(action))
    }
}

/// A single right for an error or an answer: written "`read` on `ske-krav-og-betalinger`".
impl fmt::Display for SingleRight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, action) in self.actions.iter().enumerate() {
            write!(f, "{}`{action}`", if place == 0 { "" } else { ", " })?;
        }
        write!(f, " on `{}`", self.resource)
    }
}

/// What a vendor registers, as it came; [`SystemDraft::check`] makes a [`System`] of it.
#[derive(Debug, Clone)]
pub struct SystemDraft {
    /// `<vendor organisation number>_<name>`.
    pub id: SystemId,
    /// What people see.
    pub name: Title,
    /// Package codes or URNs.
    pub packages: Vec<String>,
    /// Single rights.
    pub rights: Vec<SingleRight>,
    /// Where a person may be sent after approving.
    pub redirect_urls: Vec<RedirectUrl>,
}

/// Why a system cannot be registered as it was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SystemDraftError {
    /// A package that nobody knows.
    #[error(transparent)]
    UnknownPackage(#[from] UnknownPackage),
    /// Packages that no system user can ever hold.
    #[error(
        "access packages {0} are neither delegable nor assignable, so no system user can hold them"
    )]
    NeverHeld(PackageList),
    /// A system that may ask for nothing.
    #[error("a system needs at least one access package or single right")]
    AsksForNothing,
    /// A right without an action.
    #[error("the single right on `{0}` names no action")]
    RightWithoutAction(ResourceId),
    /// A right to something that no policy protects.
    #[error("single right on `{given}`: no such resource; did you mean `{nearest}`?")]
    UnknownResource {
        /// What was given.
        given: ResourceId,
        /// The resource most like it.
        nearest: String,
    },
    /// A right to an action set that no template opens.
    #[error(
        "no single-right template opens exactly the actions of {right}; there are templates for {known}"
    )]
    NoTemplate {
        /// The right.
        right: SingleRight,
        /// The action sets that there are templates for.
        known: String,
    },
}

/// A vendor's registered product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// `<vendor organisation number>_<name>`.
    pub id: SystemId,
    /// What people see.
    pub name: Title,
    /// The packages that it may ask for; codes, sorted, each once.
    pub packages: Vec<PackageCode>,
    /// The single rights that it may ask for.
    pub rights: Vec<SingleRight>,
    /// Where a person may be sent after approving.
    pub redirect_urls: Vec<RedirectUrl>,
}

/// What the policies in force say about single rights: which resources there are and which action sets have a template.
#[derive(Debug, Clone, Default)]
pub struct RightsOffered {
    /// The resources, sorted.
    pub resources: Vec<ResourceId>,
    /// The action sets, each sorted.
    pub action_sets: Vec<Vec<ActionName>>,
}

impl RightsOffered {
    /// Whether a right can be compiled: its resource exists and one template opens its actions.
    pub fn check(&self, right: &SingleRight) -> Result<(), SystemDraftError> {
        if right.actions.is_empty() {
            return Err(SystemDraftError::RightWithoutAction(right.resource.clone()));
        }
        if !self.resources.contains(&right.resource) {
            let given = right.resource.clone();
            let nearest = nearest(
                given.as_str(),
                self.resources.iter().map(ResourceId::as_str),
            )
            .unwrap_or_default();
            return Err(SystemDraftError::UnknownResource { given, nearest });
        }
        if self.action_sets.contains(&right.actions) {
            return Ok(());
        }
        let known: Vec<_> = self
            .action_sets
            .iter()
            .map(|set| {
                set.iter()
                    .map(|a| format!("`{a}`"))
                    .collect::<Vec<_>>()
                    .join(" with ")
            })
            .collect();
        Err(SystemDraftError::NoTemplate {
            right: right.clone(),
            known: known.join(", "),
        })
    }
}

impl SystemDraft {
    /// The system, if everything that it may ask for exists.
    pub fn check(
        self,
        catalogue: &Catalogue,
        offered: &RightsOffered,
    ) -> Result<System, SystemDraftError> {
        let mut set = super::package_set::PackageSet::EMPTY;
        for package in &self.packages {
            set.insert(catalogue.find(package)?);
        }
        let never = set.minus(&catalogue.delegable().union(catalogue.assignable()));
        if !never.is_empty() {
            return Err(SystemDraftError::NeverHeld(catalogue.codes(&never)));
        }
        if set.is_empty() && self.rights.is_empty() {
            return Err(SystemDraftError::AsksForNothing);
        }
        for right in &self.rights {
            offered.check(right)?;
        }
        let mut redirect_urls = self.redirect_urls;
        redirect_urls.dedup();
        Ok(System {
            id: self.id,
            name: self.name,
            packages: catalogue.codes(&set).0,
            rights: merged(self.rights),
            redirect_urls,
        })
    }
}

impl System {
    /// The vendor whose system this is.
    pub fn vendor(&self) -> OrgNo {
        self.id.vendor()
    }
}

/// The rights sorted, each once.
pub(crate) fn merged(mut rights: Vec<SingleRight>) -> Vec<SingleRight> {
    rights.sort_unstable();
    rights.dedup();
    rights
}

/// The known name most like a given one.
pub fn nearest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .min_by_key(|name| strsim::damerau_levenshtein(name, given))
        .map(str::to_owned)
}
