//! What the tests of clients share: the routing of a few files as text.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Write as _;

use crate::formats::{self, FORMATS};
use crate::neighbours::Neighbours;
use crate::routing::{Asked, Routing, When};
use crate::text::{Place, Side, Texts};
use crate::tree::{MapTree, Tree};

/// The routing of the client that serves the file at `path`: rules, settings, files, problems, one a line.
pub(super) fn routing(path: &str, files: &[(&str, &str)]) -> String {
    let tree = MapTree::of(files);
    let texts = Texts::of(Side::Head, tree.list().unwrap().files);
    let text = texts.read(&tree, texts.find(path).expect("a file at the path")).unwrap();
    let claims =
        |format: &&&'static formats::Format| format.claims(path) && format.looks.is_none_or(|looks| looks(&text.content));
    let format = FORMATS.iter().find(claims).expect("a format");
    let around = Neighbours::of(path, &texts, &tree);
    let lockfile = formats::read(format, text, &around);
    let client = super::serving(format.id).expect("a client");
    shown(&(client.read)(&lockfile, &around), &texts)
}

fn shown(routing: &Routing, texts: &Texts) -> String {
    let mut out = String::new();
    let spot = |place: Place| {
        let text = texts.loaded(place.text).unwrap();
        format!("{}:{}", text.path, text.lines().position(place.span.start).0)
    };
    for rule in &routing.rules {
        let when = match &rule.when {
            When::Silent => "Silent".to_owned(),
            When::SilentFor(names) => format!("SilentFor({names})"),
            When::Named(name) => format!("Named({name})"),
            When::Index(index) => format!("Index({index})"),
            When::Host(host) => format!("Host({host})"),
            When::HostFor(host, names) => format!("HostFor({host}, {names})"),
            When::Recorded => "Recorded".to_owned(),
        };
        let asked = |asked: &Asked| match asked {
            Asked::At(address) => address.url.clone(),
            Asked::Folder(address) => format!("folder {}", address.url),
            Asked::Default => "default".to_owned(),
            Asked::Recorded => "recorded".to_owned(),
            Asked::Unknown(reason, _) => format!("unknown: {reason}"),
            Asked::Program(program) => format!("program {}: {}", program.name, program.reason),
        };
        let _ = writeln!(out, "{when} -> {}", rule.ask.iter().map(asked).collect::<Vec<_>>().join(", "));
    }
    for setting in &routing.settings {
        let _ = writeln!(out, "setting {:?} {} at {}", setting.effect, setting.key, spot(setting.place));
    }
    for read in &routing.read {
        let _ = writeln!(out, "reads {}", texts.path(*read));
    }
    for problem in &routing.problems {
        let _ = writeln!(out, "problem {}: {}", spot(problem.place), problem.message);
    }
    out
}
