//! The catalogue of access packages: which exist, who may hold them, and what each client relation gives.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::{PackageCode, shown};
use super::package_set::{PackageId, PackageSet};
use super::party::LegalForm;
use super::relation::Role;

/// The prefix of an access package's URN; what follows is its code.
pub const PACKAGE_URN: &str = "urn:altinn:accesspackage:";

/// Package codes for an error or an answer: written "`a`, `b`".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageList(pub Vec<PackageCode>);

impl fmt::Display for PackageList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, code) in self.0.iter().enumerate() {
            write!(f, "{}`{code}`", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// One access package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPackage {
    /// The bare code; its URN is [`PACKAGE_URN`] and the code.
    pub code: PackageCode,
    /// Its name in Norwegian (bokmål).
    pub nb: Box<str>,
    /// Its name in English.
    pub en: Box<str>,
    /// The area that it is listed under.
    pub area: Box<str>,
    /// Whether an agent system user may hold it.
    pub delegable: bool,
    /// Whether an organisation may give it directly: to a standard system user, or a firm to its own agent system user.
    pub assignable: bool,
}

/// A package name that the catalogue does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("access package `{given}` is not in the catalogue; did you mean `{nearest}`?")]
pub struct UnknownPackage {
    /// What was given.
    pub given: String,
    /// The code most like it.
    pub nearest: PackageCode,
}

/// Why a text is not a catalogue.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// Not JSON of the catalogue's shape.
    #[error("the catalogue is not readable: {0}")]
    Shape(#[from] serde_json::Error),
    /// A package stands in it twice.
    #[error("access package `{0}` is in the catalogue twice")]
    Twice(PackageCode),
    /// A relation gives a package that is not in it.
    #[error("relation `{role}` gives access package `{package}`, which is not in the catalogue")]
    GivesUnknown {
        /// The relation's role.
        role: Role,
        /// The package.
        package: PackageCode,
    },
    /// More packages than a set has bits for.
    #[error(
        "the catalogue has {0} access packages, with those it had before; at most 256 are kept"
    )]
    TooMany(usize),
    /// No packages at all.
    #[error("the catalogue has no access package")]
    Empty,
}

/// What one role gives, as the file says it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleText {
    nb: Box<str>,
    en: Box<str>,
    gives: Vec<GiftText>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GiftText {
    package: PackageCode,
    /// Absent: to clients of every form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forms: Option<Vec<LegalForm>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueText {
    about: Box<str>,
    packages: Vec<AccessPackage>,
    relations: HashMap<Role, RoleText>,
}

#[derive(Debug, Clone, Default)]
struct Gift {
    to_all: PackageSet,
    by_form: BTreeMap<LegalForm, PackageSet>,
}

/// The access packages that exist and what each relation gives, read from `policies/catalogue.json`.
#[derive(Debug, Clone)]
pub struct Catalogue {
    packages: Vec<Arc<AccessPackage>>,
    by_code: HashMap<PackageCode, PackageId>,
    // Packages of an earlier catalogue that this one lacks keep their place, and are in no other field.
    known: PackageSet,
    delegable: PackageSet,
    assignable: PackageSet,
    gifts: HashMap<Role, Gift>,
    role_names: HashMap<Role, (Box<str>, Box<str>)>,
}

impl Catalogue {
    /// Reads a catalogue. Packages that `previous` had keep their [`PackageId`], so that sets made under it still hold.
    pub fn parse(text: &str, previous: Option<&Self>) -> Result<Self, CatalogueError> {
        let read: CatalogueText = serde_json::from_str(text)?;
        if read.packages.is_empty() {
            return Err(CatalogueError::Empty);
        }
        let mut catalogue = Self {
            packages: previous
                .map(|earlier| earlier.packages.clone())
                .unwrap_or_default(),
            by_code: previous
                .map(|earlier| earlier.by_code.clone())
                .unwrap_or_default(),
            known: PackageSet::EMPTY,
            delegable: PackageSet::EMPTY,
            assignable: PackageSet::EMPTY,
            gifts: HashMap::new(),
            role_names: HashMap::new(),
        };
        for package in read.packages {
            catalogue.add(package)?;
        }
        for (role, said) in read.relations {
            let mut gift = Gift::default();
            for one in said.gives {
                let id = catalogue
                    .known_id(&one.package)
                    .ok_or(CatalogueError::GivesUnknown {
                        role,
                        package: one.package,
                    })?;
                match one.forms {
                    None => gift.to_all.insert(id),
                    Some(forms) => forms
                        .into_iter()
                        .for_each(|form| gift.by_form.entry(form).or_default().insert(id)),
                }
            }
            catalogue.gifts.insert(role, gift);
            catalogue.role_names.insert(role, (said.nb, said.en));
        }
        Ok(catalogue)
    }

    fn add(&mut self, package: AccessPackage) -> Result<(), CatalogueError> {
        let id = match self.by_code.get(&package.code) {
            Some(id) if self.known.contains(*id) => {
                return Err(CatalogueError::Twice(package.code));
            }
            Some(id) => *id,
            None => PackageId(
                u8::try_from(self.packages.len())
                    .map_err(|_| CatalogueError::TooMany(self.packages.len() + 1))?,
            ),
        };
        self.known.insert(id);
        if package.delegable {
            self.delegable.insert(id);
        }
        if package.assignable {
            self.assignable.insert(id);
        }
        self.by_code.insert(package.code.clone(), id);
        let package = Arc::new(package);
        match self.packages.get_mut(usize::from(id.0)) {
            Some(place) => *place = package,
            None => self.packages.push(package),
        }
        Ok(())
    }

    fn known_id(&self, code: &PackageCode) -> Option<PackageId> {
        self.by_code
            .get(code)
            .copied()
            .filter(|id| self.known.contains(*id))
    }

    /// The package of a code or URN, or an error that names the nearest one.
    pub fn find(&self, text: &str) -> Result<PackageId, UnknownPackage> {
        let code = text.strip_prefix(PACKAGE_URN).unwrap_or(text);
        if let Some(id) = self
            .by_code
            .get(code)
            .filter(|id| self.known.contains(**id))
        {
            return Ok(*id);
        }
        let nearest = self
            .known
            .iter()
            .map(|id| self.code(id))
            .min_by_key(|known| strsim::damerau_levenshtein(known.as_str(), code));
        match nearest {
            Some(nearest) => Err(UnknownPackage {
                given: shown(text),
                nearest: nearest.clone(),
            }),
            // A catalogue without packages cannot be made.
            None => unreachable!("a catalogue has at least one package"),
        }
    }

    /// The package with this code, also one that only an earlier catalogue had: for what was stored.
    pub fn find_stored(&self, code: &PackageCode) -> Option<PackageId> {
        self.by_code.get(code).copied()
    }

    /// Gives a code that only an earlier catalogue had a place, so that what was stored under it can be read.
    ///
    /// Such a package is in no list and can be asked for by nobody. Past 256 packages it gets no place: it opens nothing.
    pub fn retain(&mut self, code: &PackageCode) {
        if self.by_code.contains_key(code) {
            return;
        }
        let Ok(place) = u8::try_from(self.packages.len()) else {
            return;
        };
        let name: Box<str> = code.as_str().into();
        let (nb, en, area) = (name.clone(), name, Box::from(""));
        self.packages.push(Arc::new(AccessPackage {
            code: code.clone(),
            nb,
            en,
            area,
            delegable: false,
            assignable: false,
        }));
        self.by_code.insert(code.clone(), PackageId(place));
    }

    /// The package itself.
    pub fn package(&self, id: PackageId) -> &AccessPackage {
        match self.packages.get(usize::from(id.0)) {
            Some(package) => package,
            None => unreachable!("package ids are made by the catalogue that reads them"),
        }
    }

    /// A package's code.
    pub fn code(&self, id: PackageId) -> &PackageCode {
        &self.package(id).code
    }

    /// The codes of a set, in alphabetical order.
    pub fn codes(&self, set: &PackageSet) -> PackageList {
        let mut codes: Vec<_> = set.iter().map(|id| self.code(id).clone()).collect();
        codes.sort_unstable();
        PackageList(codes)
    }

    /// Every package of this catalogue, in alphabetical order.
    pub fn all(&self) -> PackageList {
        self.codes(&self.known)
    }

    /// The packages that an agent system user may hold.
    pub fn delegable(&self) -> &PackageSet {
        &self.delegable
    }

    /// The packages that an organisation may give directly.
    pub fn assignable(&self) -> &PackageSet {
        &self.assignable
    }

    /// A role's names, Norwegian and English.
    pub fn role_names(&self, role: Role) -> (&str, &str) {
        self.role_names
            .get(&role)
            .map_or((role.code(), role.code()), |(nb, en)| (nb, en))
    }

    /// What a relation in this role puts in the firm's hands, for a client of this form.
    ///
    /// `assigned` is what the client itself has assigned, which only a right holder's relation gives. What is not
    /// delegable is never given. A form that is not known yet gives nothing that depends on it.
    pub fn gives(&self, role: Role, form: Option<LegalForm>, assigned: &PackageSet) -> PackageSet {
        if role == Role::RightHolder {
            return assigned.intersection(&self.delegable);
        }
        let Some(gift) = self.gifts.get(&role) else {
            return PackageSet::EMPTY;
        };
        let by_form = form
            .and_then(|form| gift.by_form.get(&form))
            .copied()
            .unwrap_or_default();
        gift.to_all.union(&by_form).intersection(&self.delegable)
    }

    /// The packages that keep every single relation from covering the whole set; empty if one can.
    pub fn never_covered_together(&self, set: &PackageSet) -> PackageSet {
        let mut missing = set.minus(&self.assignable.intersection(&self.delegable));
        // In a fixed order: where two relations leave as many, the same packages are named every time.
        for gift in Role::ALL.iter().filter_map(|role| self.gifts.get(role)) {
            let forms = gift.by_form.values().copied().chain([PackageSet::EMPTY]);
            for by_form in forms {
                let left = set.minus(&gift.to_all.union(&by_form));
                if left.len() < missing.len() {
                    missing = left;
                }
            }
        }
        missing
    }
}
