//! Explicit lists of conda: one address a line behind `@EXPLICIT`, as `conda list --explicit` and conda-lock write them.
//!
//! Specification: conda's documentation, "Building identical conda environments", and `conda/misc.py`. Names vary; those that tools and the
//! documentation use are looked at: `conda-*.lock`, `*.conda.lock`, `conda-*.txt`, `*spec-file.txt`, `*explicit*.txt`. A hash stands behind
//! `#`: MD5, or SHA-256 (`sha256:` before it, or its length). conda-lock writes PyPI packages as comments, `# pip name @ address --hash=…`,
//! which its own installer reads.
//!
//! Registry quirks: the channel in an address is the registry. There are no edges, scopes or direct packages.
//!
//! Raises trust: addresses, hashes.

use super::conda::{locate_conda, locate_pypi, of_conda_file};
use super::python::packages::Packages;
use super::python::{Needs, built, name, of_file, part, requirement};
use super::{Claim, Format};
use crate::dependency::{Entry, Kind, Lockfile, Shows};
use crate::ecosystem::Ecosystem;
use crate::neighbours::Neighbours;
use crate::syntax::lines::{self, Line};
use crate::text::{Lost, Problem, Str, Text};

/// The row of the table.
pub(crate) static FORMAT: Format = Format {
    id: "conda-explicit",
    title: "conda explicit list",
    kind: Kind::Lock,
    files: &[
        Claim::Around("conda-", ".lock"),
        Claim::SuffixAnyCase(".conda.lock"),
        Claim::Around("conda-", ".txt"),
        Claim::SuffixAnyCase("spec-file.txt"),
        Claim::SuffixAnyCase("explicit.txt"),
        Claim::Around("explicit", ".txt"),
    ],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

const MARK: &str = "@EXPLICIT";

fn looks(content: &str) -> bool {
    memchr::memmem::find(content.as_bytes(), MARK.as_bytes()).is_some() && content.lines().any(|line| line.trim() == MARK)
}

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Lock);
    lockfile.shows = Shows { origin: true, integrity: true, edges: false, scope: false, install_code: false };
    let mut packages = Packages::new(text);
    for line in lines::of(&text.content) {
        let written = line.text.trim();
        if written.is_empty() || written == MARK {
            continue;
        }
        if let Some(pip) = written.strip_prefix("# pip ") {
            read_pip(&mut lockfile, &mut packages, &line, pip);
        } else if !written.starts_with('#') {
            read_conda(&mut lockfile, &mut packages, &line, written);
        }
    }
    packages.finish(&mut lockfile);
    Ok(lockfile)
}

fn read_conda(lockfile: &mut Lockfile, packages: &mut Packages<'_>, line: &Line<'_>, written: &str) {
    let (address, hash) = written.split_once('#').unwrap_or((written, ""));
    let whole = Str::at(line.span_of(address));
    let locator = locate_conda(&whole, address);
    let (Some((name, version, _)), Some(locator)) = (of_conda_file(address), locator) else {
        lockfile.stated += 1;
        let message = format!(
            "`{}` is no address of a package, expected `https://…/name-version-build.conda`",
            crate::address::stripped(address)
        );
        let place = crate::text::Place { text: lockfile.text, span: whole.span };
        return lockfile.problem(place, Lost::Entry, message);
    };
    let (name, version) = (part(&whole, address, name), part(&whole, address, version));
    let index = packages.add(lockfile, Entry::new(Ecosystem::Conda, name, Some(version), locator), Needs::NONE);
    let algorithm = match hash.len() {
        32 => "md5:",
        64 => "sha256:",
        _ => "",
    };
    packages.hash(index, (!hash.is_empty()).then(|| Str::made(line.span_of(hash), format!("{algorithm}{hash}"))));
}

/// `name @ address --hash=sha256:…`
fn read_pip(lockfile: &mut Lockfile, packages: &mut Packages<'_>, line: &Line<'_>, written: &str) {
    let mut words = written.split(" --hash=");
    let code = words.next().unwrap_or(written);
    let found = requirement(code).and_then(|found| Some((found.name, found.address?)));
    let Some((own, address)) = found else {
        lockfile.stated += 1;
        let place = crate::text::Place { text: lockfile.text, span: line.span_of(written) };
        return lockfile.problem(place, Lost::Entry, "a PyPI package has no name or no address, expected `name @ address`");
    };
    let whole = Str::at(line.span_of(address));
    let (locator, moving) = locate_pypi(&whole, address);
    let version = of_file(address).map(|(_, version)| part(&whole, address, version));
    let mut entry = Entry::new(Ecosystem::PyPi, name(&Str::at(line.span_of(own)), own), version, locator);
    entry.moving = moving;
    entry.runs_code = built(&entry.locator, packages.content());
    let index = packages.add(lockfile, entry, Needs::NONE);
    let hashes: Vec<&str> = words.map(str::trim).collect();
    if hashes.is_empty() {
        packages.hash(index, None);
    }
    for hash in hashes {
        packages.hash(index, Some(Str::at(line.span_of(hash))));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_package_is_stated() {
        let addresses = |content: &str| {
            let lines = content.lines().map(str::trim);
            lines.filter(|line| line.starts_with("# pip ") || !(line.is_empty() || line.starts_with(['#', '@']))).count()
        };
        crate::formats::counting::check(&super::FORMAT, "conda explicit", addresses);
    }
}
