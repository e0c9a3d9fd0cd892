//! PDM: `[[tool.pdm.source]]` of the project's `pyproject.toml`, and `pdm.toml` beside it.
//!
//! All sources are equal: each is asked for every package, and a hash decides. PyPI is one of them unless a source is called `pypi`;
//! `pypi.url` in `pdm.toml` moves it, `pypi.NAME.url` adds an index. `include_packages` of a source take what they match for it alone,
//! `exclude_packages` keep theirs from it. `${NAME}` is expanded anywhere. Files that the lock records by address are asked there, whatever is
//! configured. `PDM_PYPI_URL` and the user's own configuration are outside; `pip.conf` is not read.

use super::python::{beside, index, tables};
use crate::clients::Client;
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Asked, Effect, Routing, When};
use crate::syntax::Node;

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "pdm", reads: &["pyproject.toml", "pdm.toml"], serves: &["pdm-lock"], read };

struct Source {
    name: String,
    asked: Asked,
    include: Vec<String>,
    exclude: Vec<String>,
}

pub(super) fn read(_: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let mut sources: Vec<Source> = Vec::new();
    if let Some(document) = beside(neighbours, "pyproject.toml", &mut routing) {
        for source in tables(document.root(), &["tool", "pdm", "source"]) {
            insecure(source, &mut routing);
            let asked = match source.get("url") {
                Some(url) => index(url, document.text, true),
                None => Asked::Unknown("a source has no address".to_owned(), source.place()),
            };
            let name = source.get("name").and_then(Node::text).unwrap_or("").to_owned();
            let patterns =
                |key: &str| source.get(key).into_iter().flat_map(Node::items).filter_map(Node::text).map(pattern).collect();
            sources.push(Source { name, asked, include: patterns("include_packages"), exclude: patterns("exclude_packages") });
        }
    }
    let mut pypi = Asked::Default;
    if let Some(document) = beside(neighbours, "pdm.toml", &mut routing)
        && let Some(table) = document.root().get("pypi")
    {
        insecure(table, &mut routing);
        if let Some(url) = table.get("url") {
            pypi = index(url, document.text, true);
        }
        for extra in table.members().filter(|member| member.is_map()) {
            insecure(extra, &mut routing);
            let Some(url) = extra.get("url") else { continue };
            let asked = index(url, document.text, true);
            sources.push(Source { name: extra.key().to_owned(), asked, include: Vec::new(), exclude: Vec::new() });
        }
    }
    if !sources.iter().any(|source| source.name == "pypi") {
        sources.insert(0, Source { name: "pypi".to_owned(), asked: pypi, include: Vec::new(), exclude: Vec::new() });
    }
    if sources.len() > 1 || sources.iter().any(|source| source.asked != Asked::Default) {
        rules(&sources, &mut routing);
    }
    routing
}

fn rules(sources: &[Source], routing: &mut Routing) {
    for source in sources {
        for pattern in &source.include {
            routing.rule(When::SilentFor(pattern.clone()), vec![source.asked.clone()]);
        }
    }
    for (at, source) in sources.iter().enumerate() {
        for pattern in &source.exclude {
            let others = sources.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other.asked.clone());
            routing.rule(When::SilentFor(pattern.clone()), others.collect());
        }
    }
    routing.rule(When::Silent, sources.iter().map(|source| source.asked.clone()).collect());
}

/// A shell's pattern with the only wildcard that rules have, which then fits more.
fn pattern(written: &str) -> String {
    let wide = written.replace('?', "*");
    match wide.find('[') {
        Some(at) => format!("{}*", wide.get(..at).unwrap_or("")),
        None => wide,
    }
}

fn insecure(source: Node<'_>, routing: &mut Routing) {
    if let Some(verify) = source.get("verify_ssl").filter(|verify| verify.bool() == Some(false)) {
        routing.setting(Effect::TlsOff, "verify_ssl", verify.place());
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    fn pdm(project: &str, config: &str) -> String {
        let lock = "[metadata]\nlock_version = \"4.5.0\"\n";
        routing("pdm.lock", &[("pdm.lock", lock), ("pyproject.toml", project), ("pdm.toml", config)])
    }

    const READS: &str = "reads pyproject.toml\nreads pdm.toml\n";

    #[test]
    fn one_more_source_is_no_replacement() {
        assert_eq!(pdm("", ""), READS);
        let acme = "[[tool.pdm.source]]\nname = \"acme\"\nurl = \"https://${USER}@acme.example/simple\"\nverify_ssl = false\n";
        let expected = "Silent -> default, https://acme.example/simple\nsetting TlsOff verify_ssl at pyproject.toml:4\n";
        assert_eq!(pdm(acme, ""), format!("{expected}{READS}"));
    }

    #[test]
    fn pypi_can_be_moved() {
        let named = "[[tool.pdm.source]]\nname = \"pypi\"\nurl = \"https://acme.example/simple\"\n";
        assert_eq!(
            pdm(named, "[pypi]\nurl = \"https://b.example/\"\n"),
            format!("Silent -> https://acme.example/simple\n{READS}")
        );
        let config = "[pypi]\nurl = \"https://b.example/\"\n[pypi.more]\nurl = \"https://${HOST}/\"\n";
        let expected = "Silent -> https://b.example/, unknown: `https://${HOST}/` has a variable\n";
        assert_eq!(pdm("", config), format!("{expected}{READS}"));
    }

    #[test]
    fn packages_can_be_bound_to_a_source() {
        let project = "[[tool.pdm.source]]\nname = \"acme\"\nurl = \"https://acme.example/\"\ninclude_packages = [\"acme-*\"]\nexclude_packages = [\"x\"]\n";
        let expected =
            "SilentFor(acme-*) -> https://acme.example/\nSilentFor(x) -> default\nSilent -> default, https://acme.example/\n";
        assert_eq!(pdm(project, ""), format!("{expected}{READS}"));
    }
}
