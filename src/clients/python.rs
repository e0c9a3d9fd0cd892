//! What the clients of Python projects share: their configuration files, read, and addresses of indexes.
//!
//! Answers for: a TOML file of a project or the problem that it is; an index's address as a client asks it. Never decides precedence.

use crate::address;
use crate::formats::python::{is_variable_host, without_variable_user};
use crate::neighbours::{Neighbours, folder_of, join, normalise};
use crate::routing::{Address, Asked, Routing, When};
use crate::syntax::{Document, Kind, Node, toml};
use crate::text::{Lost, Problem, Text};

/// A configuration file beside the lockfile. One that is there and cannot be read may say anything: it leaves a problem, and what it
/// could decide is unknown.
pub(super) fn beside<'a>(neighbours: &Neighbours<'a>, name: &str, routing: &mut Routing) -> Option<Document<'a>> {
    at(neighbours, &join(neighbours.folder(), name), routing)
}

/// The same by its path from the root.
pub(super) fn at<'a>(neighbours: &Neighbours<'a>, path: &str, routing: &mut Routing) -> Option<Document<'a>> {
    match neighbours.at(path)? {
        Ok(text) => {
            routing.read.push(text.id);
            let is_blank = text.content.trim().is_empty();
            if is_blank {
                Some(Document::empty_map(text))
            } else {
                toml::read(text).map_err(|problem| broken(routing, problem)).ok()
            }
        }
        Err(problem) => {
            broken(routing, problem.clone());
            None
        }
    }
}

fn broken(routing: &mut Routing, problem: Problem) {
    let asked = Asked::Unknown("the client's configuration cannot be read".to_owned(), problem.place);
    routing.rule(When::Silent, vec![asked]);
    // The file is a format's own too, which reports it as a whole; here only what it configures is lost.
    routing.problems.push(Problem { lost: Lost::Detail, ..problem });
}

/// A list of tables, or one table.
pub(super) fn tables<'d>(root: Node<'d>, keys: &[&str]) -> Vec<Node<'d>> {
    match root.at(keys) {
        Some(list) if list.kind() == Kind::List => list.items().collect(),
        Some(table) if table.is_map() => vec![table],
        _ => Vec::new(),
    }
}

/// An address in a configuration file: of an index, or of a folder. `expands` says whether the client expands `${NAME}`.
pub(super) fn index(node: Node<'_>, text: &Text, expands: bool) -> Asked {
    let Some(written) = node.text() else {
        return Asked::Unknown("an index's address is no text".to_owned(), node.place());
    };
    let place = node.place();
    if written.contains('$') && (!expands || is_variable_host(written)) {
        return Asked::Unknown(format!("`{}` has a variable", address::stripped(written)), place);
    }
    if written.starts_with("file:") {
        return Asked::Folder(Address { url: written.to_owned(), place });
    }
    if !written.contains("://") {
        let url = normalise(folder_of(&text.path), written).unwrap_or_else(|| written.to_owned());
        return Asked::Folder(Address { url, place });
    }
    Asked::At(Address { url: without_variable_user(written).into_owned(), place })
}
