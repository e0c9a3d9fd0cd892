//! uv: the nearest `uv.toml`, or `pyproject.toml` with a `[tool.uv]` table, from the lockfile's folder upwards; the nearest ends the search.
//!
//! Where both lie in one folder, `uv.toml` wins. What `uv.lock` records by address is asked there, whatever is configured; indexes decide
//! only for what names none (a `pyproject.toml` without lock). Indexes in list order, then PyPI unless one is `default`, or
//! `index-url` takes its place; `explicit` ones serve who names them. Any of them may have a package, so all are candidates. Nothing is
//! expanded in an address. `UV_*` variables win over all files; user and system files come after them; `pip.conf` is not read.

use super::python::{at, index, tables};
use crate::clients::Client;
use crate::dependency::Lockfile;
use crate::neighbours::{Neighbours, folders_upwards, join};
use crate::routing::{Asked, Effect, Routing, When};
use crate::syntax::{Kind, Node};
use crate::text::Text;

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "uv", reads: &["uv.toml", "pyproject.toml"], serves: &["uv-lock"], read };

pub(super) fn read(_: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    for folder in folders_upwards(neighbours.folder()) {
        let path = join(folder, "uv.toml");
        if neighbours.has(&path) {
            if let Some(document) = at(neighbours, &path, &mut routing) {
                configured(document.root(), document.text, &mut routing);
            }
            break;
        }
        let (rules, read) = (routing.rules.len(), routing.read.len());
        let Some(document) = at(neighbours, &join(folder, "pyproject.toml"), &mut routing) else {
            // One that cannot be read may be the nearest.
            if routing.rules.len() > rules {
                break;
            }
            continue;
        };
        if let Some(table) = document.root().at(&["tool", "uv"]) {
            configured(table, document.text, &mut routing);
            break;
        }
        routing.read.truncate(read);
    }
    routing
}

fn configured(table: Node<'_>, text: &Text, routing: &mut Routing) {
    let mut indexes = Vec::new();
    let mut default = Some(Asked::Default);
    for node in tables(table, &["index"]) {
        let flag = |key: &str| node.get(key).and_then(Node::bool) == Some(true);
        let asked = match node.get("url") {
            Some(url) => index(url, text, false),
            None => Asked::Unknown("an index has no address".to_owned(), node.place()),
        };
        if let Some(name) = node.get("name").and_then(Node::text) {
            routing.rule(When::Named(name.to_owned()), vec![asked.clone()]);
        }
        match (flag("default"), flag("explicit")) {
            (true, true) => default = None,
            (true, false) => default = Some(asked),
            (false, true) => {}
            (false, false) => indexes.push(asked),
        }
    }
    indexes.extend(each(table, "extra-index-url").map(|node| index(node, text, false)));
    if let Some(url) = table.get("index-url") {
        default = Some(index(url, text, false));
    }
    if let Some(none) = table.get("no-index").filter(|none| none.bool() == Some(true)) {
        indexes.clear();
        default = None;
        if table.get("find-links").is_none() {
            indexes.push(Asked::Unknown("`no-index` leaves no index".to_owned(), none.place()));
        }
    }
    indexes.extend(default);
    indexes.extend(each(table, "find-links").map(|node| index(node, text, false)));
    if indexes != [Asked::Default] {
        routing.rule(When::Silent, indexes);
    }
    settings(table, routing);
}

fn settings(table: Node<'_>, routing: &mut Routing) {
    for host in each(table, "allow-insecure-host") {
        routing.setting(Effect::TlsOff, "allow-insecure-host", host.place());
    }
    for (key, effect) in [("no-build", Effect::InstallCodeOff), ("no-binary", Effect::InstallCodeOn)] {
        if let Some(node) = table.get(key).filter(|node| node.bool() == Some(true)) {
            routing.setting(effect, key, node.place());
        }
    }
    if let Some(date) = table.get("exclude-newer") {
        routing.setting(Effect::Cautious, "exclude-newer", date.place());
    }
}

/// The items of a list, or the value itself.
fn each<'d>(table: Node<'d>, key: &str) -> impl Iterator<Item = Node<'d>> {
    let node = table.get(key);
    let single = node.filter(|node| node.kind() != Kind::List);
    node.into_iter().flat_map(Node::items).chain(single)
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    const LOCK: &str = "version = 1\n";

    #[test]
    fn the_nearest_file_ends_the_search() {
        let above = ("uv.toml", "index-url = \"https://above.example/\"\n");
        let files = [("a/uv.lock", LOCK), ("a/pyproject.toml", "[project]\nname = \"a\"\n"), above];
        assert_eq!(routing("a/uv.lock", &files), "Silent -> https://above.example/\nreads uv.toml\n");
        let files = [("a/uv.lock", LOCK), ("a/pyproject.toml", "[tool.uv]\n"), above];
        assert_eq!(routing("a/uv.lock", &files), "reads a/pyproject.toml\n");
        let files = [("a/uv.lock", LOCK), ("a/pyproject.toml", "[tool.uv]\nno-index = true\n"), ("a/uv.toml", ""), above];
        assert_eq!(routing("a/uv.lock", &files), "reads a/uv.toml\n");
    }

    #[test]
    fn indexes_are_asked_in_their_order_and_the_default_last() {
        let config = "\
[[index]]\nname = \"one\"\nurl = \"https://one.example/\"\ndefault = true\n
[[index]]\nname = \"two\"\nurl = \"https://two.example/\"\nexplicit = true\n
[[index]]\nurl = \"./wheels\"\n
[[index]]\nname = \"four\"\nurl = \"https://${X}.example/\"\n";
        assert_eq!(
            routing("uv.lock", &[("uv.lock", LOCK), ("uv.toml", config)]),
            "\
Named(one) -> https://one.example/
Named(two) -> https://two.example/
Named(four) -> unknown: `https://${X}.example/` has a variable
Silent -> folder wheels, unknown: `https://${X}.example/` has a variable, https://one.example/
reads uv.toml
"
        );
    }

    #[test]
    fn settings() {
        let config =
            "allow-insecure-host = [\"a.example\", \"b.example\"]\nno-build = true\nextra-index-url = [\"https://c.example/\"]\n";
        assert_eq!(
            routing("uv.lock", &[("uv.lock", LOCK), ("uv.toml", config)]),
            "\
Silent -> https://c.example/, default
setting TlsOff allow-insecure-host at uv.toml:1
setting TlsOff allow-insecure-host at uv.toml:1
setting InstallCodeOff no-build at uv.toml:2
reads uv.toml
"
        );
    }
}
