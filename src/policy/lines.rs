//! Lists of packages, such as `may-run-code`.
//!
//! Answers for: the line that a package fits, as quick in a long list as in a short one.

use super::Setting;
use super::selector::{Index, PackagePattern, Selector, Subject};
use crate::ecosystem::Ecosystem;

/// Lines that speak of packages, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct PackageLines {
    all: Vec<Setting<PackagePattern>>,
    index: Index,
}

impl PackageLines {
    pub(super) fn of(lines: Vec<Setting<PackagePattern>>) -> Self {
        let mut all = Self::default();
        all.extend(lines);
        all
    }

    /// Adds the lines of another file.
    pub(super) fn extend(&mut self, more: impl IntoIterator<Item = Setting<PackagePattern>>) {
        self.all.extend(more);
        let of = |line: &Setting<PackagePattern>| Selector { package: Some(line.value.clone()), ..Selector::default() };
        let selectors: Vec<Selector> = self.all.iter().map(of).collect();
        self.index = Index::of(selectors.iter());
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Setting<PackagePattern>] {
        &self.all
    }

    /// The first line that a package fits.
    #[must_use]
    pub fn first(&self, ecosystem: Ecosystem, name: &str, version: Option<&str>) -> Option<&Setting<PackagePattern>> {
        let subject = Subject { ecosystem: Some(ecosystem), name, version, ..Subject::default() };
        let mut first: Option<(usize, &Setting<PackagePattern>)> = None;
        self.index.each(&subject, |position| {
            let is_earlier = first.is_none_or(|(earlier, _)| position < earlier);
            let line = self.all.get(position).filter(|line| is_earlier && line.value.fits(ecosystem, name, version));
            first = line.map(|line| (position, line)).or(first);
        });
        first.map(|(_, line)| line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::policy::SetBy;

    proptest! {
        #[test]
        fn the_first_line_is_what_a_look_at_each_finds(
            lines in proptest::collection::vec(prop::sample::select(vec![
                "pkg:npm/a", "pkg:npm/@acme/*", "pkg:npm/@acme/b@1*", "*", "@acme/b", "pkg:nuget/A", "a*", "*b", "pkg:pypi/x_y", "x.y", "pkg:npm/a@2",
            ]), 0..6),
            name in prop::sample::select(vec!["a", "A", "@acme/b", "@acme/c", "x-y", "x_y", "b"]),
            ecosystem in prop::sample::select(vec![Ecosystem::Npm, Ecosystem::NuGet, Ecosystem::PyPi]),
            version in prop::sample::select(vec![None, Some("1.0"), Some("2")]),
        ) {
            let patterns = lines.iter().map(|line| Setting::of(PackagePattern::parse(line, None).unwrap(), SetBy::File));
            let lines = PackageLines::of(patterns.collect());
            let found = lines.first(ecosystem, name, version).map(|line| &line.value);
            let expected = lines.all().iter().map(|line| &line.value).find(|line| line.fits(ecosystem, name, version));
            prop_assert_eq!(found, expected);
        }
    }
}
