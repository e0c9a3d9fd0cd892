//! Poetry: `[[tool.poetry.source]]` of the project's `pyproject.toml`; `poetry.toml` for settings, not for sources.
//!
//! An entry's source is looked up by name (without case) and asked at the address configured here, whatever the lock records. A locked
//! entry without source comes from PyPI if a source of any priority is called so, else from the first primary source alone, and from
//! PyPI if none is primary. Poetry 1 went to PyPI unless a source was `default`, so for locks older than version 2.1 it stays a
//! candidate. Without a lock all primary sources are asked, and supplemental ones for what those lack; what comes from these is locked by
//! name. `explicit` sources serve only who names them. Nothing is expanded in an address. `repositories.*` of `poetry.toml` are for
//! uploads; mirrors come from plugins and the environment, which are outside. Tested with Poetry 2.5.

use super::python::{beside, index, tables};
use crate::clients::Client;
use crate::dependency::Lockfile;
use crate::neighbours::Neighbours;
use crate::routing::{Asked, Effect, Routing, When};
use crate::syntax::Node;

/// The row of the table.
pub(super) static CLIENT: Client =
    Client { id: "poetry", reads: &["pyproject.toml", "poetry.toml"], serves: &["poetry-lock"], read };

/// How a source is asked for what names none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Priority {
    /// Poetry 1's word for a primary source that takes PyPI's place.
    Default,
    Primary,
    /// Asked for what the others lack; Poetry 1's `secondary`.
    Supplemental,
    /// Asked by who names it.
    Explicit,
}

pub(super) fn read(lockfile: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    settings(neighbours, &mut routing);
    let Some(document) = beside(neighbours, "pyproject.toml", &mut routing) else { return routing };
    let root = document.root();
    if let Some(plugins) = root.at(&["tool", "poetry", "requires-plugins"]) {
        routing.setting(Effect::RunsProgram, "requires-plugins", plugins.key_place());
    }
    let mut asked: Vec<(Priority, Asked)> = Vec::new();
    let mut names_pypi = false;
    for source in tables(root, &["tool", "poetry", "source"]) {
        let name = source.get("name").and_then(Node::text).unwrap_or("");
        let is_pypi = name.eq_ignore_ascii_case("pypi");
        names_pypi |= is_pypi;
        let own = match source.get("url") {
            Some(url) => index(url, document.text, false),
            None if is_pypi => Asked::Default,
            None => Asked::Unknown(format!("source `{name}` has no address"), source.place()),
        };
        routing.rule(When::Named(name.to_owned()), vec![own.clone()]);
        asked.push((priority(source), own));
    }
    if !names_pypi {
        routing.rule(When::Named("PyPI".to_owned()), vec![Asked::Default]);
    }
    let of = |wanted: Priority| asked.iter().filter(move |(priority, _)| *priority == wanted).map(|(_, own)| own.clone());
    let mut ask: Vec<Asked> = of(Priority::Default).chain(of(Priority::Primary)).collect();
    if lockfile.format.id == "poetry-lock" {
        let replaces = of(Priority::Default).next().is_some();
        let is_old = lockfile.version.as_deref() != Some("2.1");
        ask.truncate(1);
        if names_pypi {
            ask = vec![Asked::Default];
        } else if is_old && !replaces && !ask.is_empty() {
            ask.push(Asked::Default);
        }
    } else if of(Priority::Supplemental).next().is_some() {
        if ask.is_empty() {
            ask.push(Asked::Default);
        }
        ask.extend(of(Priority::Supplemental));
    }
    if !ask.is_empty() {
        routing.rule(When::Silent, ask);
    }
    routing
}

fn priority(source: Node<'_>) -> Priority {
    let flag = |key: &str| source.get(key).and_then(Node::bool) == Some(true);
    match source.get("priority").and_then(Node::text).map(str::to_ascii_lowercase).as_deref() {
        Some("default") => Priority::Default,
        Some("supplemental" | "secondary") => Priority::Supplemental,
        Some("explicit") => Priority::Explicit,
        None if flag("default") => Priority::Default,
        None if flag("secondary") => Priority::Supplemental,
        _ => Priority::Primary,
    }
}

/// `poetry.toml`: certificates, and whether sources may be built.
fn settings(neighbours: &Neighbours<'_>, routing: &mut Routing) {
    let rules = routing.rules.len();
    let Some(document) = beside(neighbours, "poetry.toml", routing) else {
        // No source stands in that file.
        return routing.rules.truncate(rules);
    };
    let root = document.root();
    for certificate in root.get("certificates").into_iter().flat_map(Node::members) {
        if let Some(cert) = certificate.get("cert").filter(|cert| cert.bool() == Some(false) || cert.text() == Some("false")) {
            routing.setting(Effect::TlsOff, "certificates.cert", cert.place());
        }
    }
    if let Some(only) = root.at(&["installer", "only-binary"]) {
        let is_all =
            only.bool() == Some(true) || only.text() == Some(":all:") || only.items().any(|item| item.text() == Some(":all:"));
        if is_all {
            routing.setting(Effect::InstallCodeOff, "installer.only-binary", only.place());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    fn poetry(version: &str, project: &str) -> String {
        let lock = format!("[metadata]\nlock-version = \"{version}\"\n");
        routing("poetry.lock", &[("poetry.lock", &lock), ("pyproject.toml", project)])
    }

    const SOURCE: &str = "[[tool.poetry.source]]\nname = \"Acme\"\nurl = \"https://acme.example/simple\"\n";

    #[test]
    fn nothing_configured() {
        assert_eq!(poetry("2.1", "[tool.poetry]\n"), "Named(PyPI) -> default\nreads pyproject.toml\n");
    }

    #[test]
    fn a_primary_source_takes_the_place_of_pypi() {
        let expected = "Named(Acme) -> https://acme.example/simple\nNamed(PyPI) -> default\nSilent -> https://acme.example/simple\nreads pyproject.toml\n";
        assert_eq!(poetry("2.1", SOURCE), expected);
        let both = expected.replace("Silent -> https://acme.example/simple", "Silent -> https://acme.example/simple, default");
        assert_eq!(poetry("2.0", SOURCE), both);
        assert_eq!(poetry("1.1", &format!("{SOURCE}default = true\n")), expected);
    }

    #[test]
    fn other_priorities_serve_who_names_them() {
        for priority in ["explicit", "supplemental", "secondary"] {
            let found = poetry("2.1", &format!("{SOURCE}priority = \"{priority}\"\n"));
            assert_eq!(found, "Named(Acme) -> https://acme.example/simple\nNamed(PyPI) -> default\nreads pyproject.toml\n");
        }
    }

    #[test]
    fn pypi_by_name_serves_what_is_locked_without_source() {
        for priority in ["primary", "supplemental", "explicit"] {
            let project = format!("{SOURCE}[[tool.poetry.source]]\nname = \"pypi\"\npriority = \"{priority}\"\n");
            assert_eq!(
                poetry("2.1", &project),
                "Named(Acme) -> https://acme.example/simple\nNamed(pypi) -> default\nSilent -> default\nreads pyproject.toml\n"
            );
        }
    }

    #[test]
    fn only_the_first_primary_source_serves_what_is_locked_without_source() {
        let more = "[[tool.poetry.source]]\nname = \"b\"\nurl = \"https://b.example/\"\n";
        let found = poetry("2.1", &format!("{SOURCE}{more}"));
        assert!(found.contains("Silent -> https://acme.example/simple\nreads"), "{found}");
        let found = poetry("1.1", &format!("{SOURCE}{more}default = true\n"));
        assert!(found.contains("Silent -> https://b.example/\nreads"), "{found}");
    }

    #[test]
    fn without_a_lock_each_source_may_serve() {
        let more = "[[tool.poetry.source]]\nname = \"b\"\nurl = \"https://b.example/\"\npriority = \"supplemental\"\n";
        let asked = |sources: &str| {
            let project = format!("[project]\ndependencies = [\"a\"]\n{sources}");
            routing("pyproject.toml", &[("pyproject.toml", &project)])
        };
        let found = asked(&format!("{more}{SOURCE}"));
        assert!(found.contains("Silent -> https://acme.example/simple, https://b.example/\n"), "{found}");
        let found = asked(&format!("{more}{SOURCE}priority = \"explicit\"\n"));
        assert!(found.contains("Silent -> default, https://b.example/\n"), "{found}");
    }

    #[test]
    fn settings_and_what_cannot_be_read() {
        let files = [
            ("poetry.lock", "[metadata]\nlock-version = \"2.1\"\n"),
            ("poetry.toml", "[certificates.acme]\ncert = false\n[installer]\nonly-binary = [\":all:\"]\n"),
            (
                "pyproject.toml",
                "[[tool.poetry.source]]\nname = \"x\"\nurl = \"https://${HOST}/\"\n[tool.poetry.requires-plugins]\na = \"1\"\n",
            ),
        ];
        assert_eq!(
            routing("poetry.lock", &files),
            "\
Named(x) -> unknown: `https://${HOST}/` has a variable
Named(PyPI) -> default
Silent -> unknown: `https://${HOST}/` has a variable
setting TlsOff certificates.cert at poetry.toml:2
setting InstallCodeOff installer.only-binary at poetry.toml:4
setting RunsProgram requires-plugins at pyproject.toml:4
reads poetry.toml
reads pyproject.toml
"
        );
        assert_eq!(
            poetry("2.1", "[tool"),
            "Silent -> unknown: the client's configuration cannot be read\nreads pyproject.toml\nproblem pyproject.toml:1: is not TOML: unclosed table\n"
        );
    }
}
