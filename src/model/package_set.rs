//! Sets of access packages: one bit a package.

/// A package by its place in the catalogue. A catalogue that follows another keeps the places of the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageId(pub(super) u8);

/// A set of access packages: one bit a package.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageSet([u64; 4]);

impl PackageSet {
    /// Without packages.
    pub const EMPTY: Self = Self([0; 4]);

    /// Whether no package is in it.
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    /// How many packages are in it.
    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Puts a package in.
    pub fn insert(&mut self, package: PackageId) {
        if let Some(word) = self.0.get_mut(usize::from(package.0 >> 6)) {
            *word |= 1 << (package.0 & 63);
        }
    }

    /// Whether a package is in it.
    pub fn contains(&self, package: PackageId) -> bool {
        self.0
            .get(usize::from(package.0 >> 6))
            .is_some_and(|word| word >> (package.0 & 63) & 1 == 1)
    }

    /// Whether all of another's packages are in it.
    pub fn covers(&self, other: &Self) -> bool {
        other.minus(self).is_empty()
    }

    /// Whether none of another's packages is in it.
    pub fn covers_none_of(&self, other: &Self) -> bool {
        self.intersection(other).is_empty()
    }

    /// The packages in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// The packages in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    /// The packages in this and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    /// The packages, in the catalogue's order.
    pub fn iter(&self) -> impl Iterator<Item = PackageId> + '_ {
        (0..=u8::MAX)
            .map(PackageId)
            .filter(|package| self.contains(*package))
    }

    fn zip(&self, other: &Self, with: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = self.0;
        for (word, theirs) in words.iter_mut().zip(other.0) {
            *word = with(*word, theirs);
        }
        Self(words)
    }
}

impl FromIterator<PackageId> for PackageSet {
    fn from_iter<I: IntoIterator<Item = PackageId>>(packages: I) -> Self {
        let mut set = Self::EMPTY;
        for package in packages {
            set.insert(package);
        }
        set
    }
}
