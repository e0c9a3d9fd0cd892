//! What the lockfiles of conda's tools share: channels in addresses, names in file names, packages of two ecosystems side by side.
//!
//! Answers for: one package of a list, conda's or PyPI's, into an entry. Never knows which channel is whose.

use super::python::packages::Packages;
use super::python::{
    Needs, asked, built, is_commit, is_repository, is_source, name, normalised, of_file, part, repository, revision, text_of,
};
use crate::dependency::{Entry, Locator, Lockfile};
use crate::ecosystem::Ecosystem;
use crate::shape::{self, Shape};
use crate::syntax::Node;
use crate::text::{Span, Str, Text};

const ENDS: [&str; 2] = [".conda", ".tar.bz2"];

/// Name, version and build in a package's file name.
pub(super) fn of_conda_file(address: &str) -> Option<(&str, &str, &str)> {
    let end = address.find(['#', '?']).unwrap_or(address.len());
    let file = address.get(..end)?.rsplit(['/', '\\']).next()?;
    let stem = ENDS.iter().find_map(|end| file.strip_suffix(end))?;
    let (rest, build) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (!name.is_empty() && !version.is_empty() && !build.is_empty()).then_some((name, version, build))
}

/// The channel of a package's address: all before platform and file. A token in its path (`/t/TOKEN/`) is left out.
pub(super) fn channel(at: &Str, written: &str) -> Option<Str> {
    let end = written.find(['#', '?']).unwrap_or(written.len());
    let (folder, _) = written.get(..end)?.rsplit_once('/')?;
    let (channel, _) = folder.rsplit_once('/')?;
    let host_end = channel.find("://").map(|at| at + 3)?;
    if host_end >= channel.len() {
        return None;
    }
    let path = channel.get(host_end..).and_then(|rest| rest.find('/')).map_or(channel.len(), |at| host_end + at);
    let (host, path) = channel.split_at_checked(path)?;
    match path.strip_prefix("/t/") {
        Some(behind) => {
            let rest = behind.split_once('/').map_or("", |(_, rest)| rest);
            Some(Str::made(part(at, written, host).span, format!("{host}/{rest}")))
        }
        None => Some(part(at, written, channel)),
    }
}

/// Where a conda package comes from: a channel, or a file or folder.
pub(super) fn locate_conda(at: &Str, written: &str) -> Option<Locator> {
    if written.starts_with("file:") || !written.contains("://") {
        return Some(asked(at, written).0);
    }
    channel(at, written).map(Locator::Index)
}

/// Where a PyPI package comes from: the address of its file, a repository, or a path.
pub(super) fn locate_pypi(at: &Str, written: &str) -> (Locator, Option<Str>) {
    if is_repository(written) {
        // `git+https://host/path?rev=main#commit`, or pip's `…@commit#egg=name`.
        let is_revision = written.rsplit_once('#').is_some_and(|(_, end)| is_commit(end)) || written.contains('?');
        return if is_revision { revision(at, written) } else { repository(at, written) };
    }
    if written.starts_with("http://") || written.starts_with("https://") {
        return (Locator::File(at.clone()), None);
    }
    let (locator, moving) = asked(at, written);
    let is_own = matches!(written, "." | "./" | "");
    (if is_own { Locator::Workspace } else { locator }, moving)
}

/// One package of a list, before it is an entry.
pub(super) struct Package {
    pub(super) ecosystem: Ecosystem,
    pub(super) name: Str,
    pub(super) version: Option<Str>,
    pub(super) locator: Locator,
    pub(super) moving: Option<Str>,
    pub(super) hash: Option<Str>,
    /// The address of its file, as written.
    pub(super) file: (Str, String),
}

impl Package {
    /// A conda package; what the list does not say, its file's name does.
    pub(super) fn conda(node: Node<'_>, at: &Str, written: &str) -> Option<Self> {
        let file = of_conda_file(written);
        let name = text_of(node, "name").map(|(at, _)| at).or_else(|| Some(part(at, written, file?.0)))?;
        let version = node.get("version").and_then(Node::scalar_str);
        let version = version.or_else(|| Some(part(at, written, file?.1)));
        let locator = locate_conda(at, written)?;
        let (ecosystem, file) = (Ecosystem::Conda, (at.clone(), written.to_owned()));
        Some(Self { ecosystem, name, version, locator, moving: None, hash: hash(node), file })
    }

    /// A PyPI package.
    pub(super) fn pypi(node: Node<'_>, at: &Str, written: &str) -> Option<Self> {
        let file = of_file(written);
        let stated = text_of(node, "name").map(|(at, written)| name(&at, written));
        let name = stated.or_else(|| Some(name(&part(at, written, file?.0), file?.0)))?;
        let version = node.get("version").and_then(Node::scalar_str);
        let version = version.or_else(|| Some(part(at, written, file?.1)));
        let (locator, moving) = locate_pypi(at, written);
        let (ecosystem, file) = (Ecosystem::PyPi, (at.clone(), written.to_owned()));
        Some(Self { ecosystem, name, version, locator, moving, hash: hash(node), file })
    }

    /// Adds it to a lockfile.
    pub(super) fn add(self, lockfile: &mut Lockfile, packages: &mut Packages<'_>, needs: Needs) -> u32 {
        let mut entry = Entry::new(self.ecosystem, self.name, self.version, self.locator);
        entry.moving = self.moving;
        let content = packages.content();
        if matches!(entry.locator, Locator::Index(_) | Locator::File(_)) {
            let version = entry.version.as_ref().map_or("", |version| version.of(content));
            let shape = shape::of(self.ecosystem, &self.file.1, entry.name.of(content), version);
            entry.foreign = (shape == Shape::AnotherPackage).then(|| Box::new(self.file.0));
        }
        if self.ecosystem == Ecosystem::PyPi {
            let file = match &entry.locator {
                Locator::File(at) if is_source(at.of(packages.content())) => Some(at.span),
                _ => None,
            };
            entry.runs_code = file.or_else(|| built(&entry.locator, packages.content()));
        }
        let index = packages.add(lockfile, entry, needs);
        packages.hash(index, self.hash);
        index
    }
}

/// `sha256`, else `md5`, of a package or of its `hash` table.
fn hash(node: Node<'_>) -> Option<Str> {
    let table = node.get("hash").filter(|table| table.is_map()).unwrap_or(node);
    ["sha256", "md5"].into_iter().find_map(|algorithm| {
        let digest = table.get(algorithm)?;
        digest.scalar().filter(|text| !text.is_empty()).map(|text| Str::made(digest.span(), format!("{algorithm}:{text}")))
    })
}

/// Adds an edge from a package to every package of a name; PyPI packages may find what they require among conda's.
pub(super) fn require(packages: &mut Packages<'_>, from: u32, ecosystem: Ecosystem, name: &str) {
    let own = if ecosystem == Ecosystem::PyPi { normalised(name).into_owned() } else { name.to_owned() };
    let mut to = packages.of(ecosystem, &own).to_vec();
    if to.is_empty() && ecosystem == Ecosystem::PyPi {
        to = packages.of(Ecosystem::Conda, &own).to_vec();
    }
    packages.edges(&[from], &to);
}

/// The name in a match specification (`conda-forge::numpy >=1.2 py39_0`, `python_abi=3.11`).
pub(super) fn spec_name(spec: &str) -> &str {
    let spec = spec.trim();
    let spec = spec.rsplit_once("::").map_or(spec, |(_, rest)| rest);
    let end =
        spec.find(|c: char| c.is_whitespace() || matches!(c, '=' | '<' | '>' | '!' | '~' | '[' | ',')).unwrap_or(spec.len());
    spec.get(..end).unwrap_or(spec)
}

/// What a lockfile's category or environment is for; nothing where its name does not say.
pub(super) fn need_of(name: &str) -> Needs {
    match name {
        "main" | "default" | "prod" | "production" => Needs::PRODUCTION,
        "dev" | "development" | "docs" | "doc" | "lint" => Needs::DEVELOPMENT,
        "test" | "tests" | "testing" => Needs::TEST,
        _ => Needs::NONE,
    }
}

/// The start of a text, for what the whole of it is.
pub(super) fn start(text: &Text) -> Span {
    let end = text.content.find(['\n', '\r']).unwrap_or(text.content.len());
    Span::new(0, end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn files_and_channels() {
        let address = "https://conda.anaconda.org/conda-forge/linux-64/ld_impl_linux-64-2.43-h712a8e2_2.conda#0";
        assert_eq!(of_conda_file(address), Some(("ld_impl_linux-64", "2.43", "h712a8e2_2")));
        let at = Str::at(Span::new(0, address.len()));
        assert_eq!(channel(&at, address).unwrap().of(address), "https://conda.anaconda.org/conda-forge");
        let token = "https://conda.anaconda.org/t/SECRET/acme/noarch/a-1-0.tar.bz2";
        assert_eq!(channel(&Str::at(Span::default()), token).unwrap().of(token), "https://conda.anaconda.org/acme");
        for odd in ["https://example.com/a.conda", "a-1.conda", "https://a-1-0.conda"] {
            assert_eq!(channel(&Str::at(Span::default()), odd), None, "{odd}");
        }
        for (spec, name) in [("conda-forge::numpy >=1.2", "numpy"), ("python_abi=3.11", "python_abi"), ("a[version='1']", "a")] {
            assert_eq!(spec_name(spec), name);
        }
    }
}
