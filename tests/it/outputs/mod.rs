//! Outputs for people and for CI systems, held against what reads them: our own reading of GitHub's runner, Markdown and XML read back.
//! `docs/checks.md` has a table of what is tested where.

mod hostile;
mod limits;
mod markup;
mod runner;
mod shown;

use packman::gate::{Base, compare};
use packman::judge::Report;
use packman::report::{Style, by_id};
use packman::tree::{Listing, MapTree, Tree, TreeError};
use packman::{Request, check};

/// A folder below the work tree's top.
struct Below<'t>(&'t MapTree, &'static str);

impl Tree for Below<'_> {
    fn list(&self) -> Result<Listing, TreeError> {
        Ok(Listing { prefix: self.1.to_owned(), ..self.0.list()? })
    }

    fn read(&self, path: &str, size_bytes_max: u64) -> Result<Vec<u8>, TreeError> {
        self.0.read(path, size_bytes_max)
    }
}

fn request() -> Request {
    Request {
        policy: None,
        floor: None,
        cargo_metadata: None,
        levels: Vec::new(),
        today: "2026-11-24".parse().unwrap(),
        notes: Vec::new(),
    }
}

fn rendered(report: &Report<'_>, output: &str, style: Style) -> String {
    let mut bytes = Vec::new();
    (by_id(output).unwrap_or_else(|| panic!("no output {output}")).write)(report, style, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// One output of one tree; the same bytes twice.
fn written(tree: &dyn Tree, output: &str) -> String {
    let text = check(tree, request(), |report| rendered(report, output, Style::default())).unwrap();
    let again = check(tree, request(), |report| rendered(report, output, Style::default())).unwrap();
    assert!(text == again, "{output}: the same bytes twice");
    text
}

/// One output of a tree that is compared with another.
fn compared(head: &dyn Tree, base: &dyn Tree, output: &str) -> String {
    let base = Base { tree: base, name: String::new() };
    compare(head, Some(&base), request(), |report| rendered(report, output, Style::default())).unwrap()
}

/// An npm lockfile of packages by name, version and address.
fn npm<'p>(packages: impl IntoIterator<Item = (&'p str, &'p str, &'p str)>) -> String {
    let mut all = serde_json::Map::new();
    all.insert(String::new(), serde_json::json!({ "name": "case", "version": "1.0.0" }));
    for (name, version, resolved) in packages {
        let integrity = "sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==";
        let package = serde_json::json!({ "version": version, "resolved": resolved, "integrity": integrity });
        all.insert(format!("node_modules/{name}"), package);
    }
    serde_json::to_string_pretty(
        &serde_json::json!({ "name": "case", "version": "1.0.0", "lockfileVersion": 3, "packages": all }),
    )
    .unwrap()
}

/// So many packages, each of a host of its own that nothing explains.
fn strangers(count: usize) -> String {
    let packages: Vec<[String; 2]> = (0..count)
        .map(|number| [format!("p{number:06}"), format!("https://h{number}.example.net/p{number:06}/-/p{number:06}-1.0.0.tgz")])
        .collect();
    npm(packages.iter().map(|[name, at]| (name.as_str(), "1.0.0", at.as_str())))
}
