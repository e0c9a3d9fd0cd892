//! Maven's settings, where a repository brings its own.
//!
//! Answers for: mirrors and which repositories they stand for, and the repositories of settings' profiles. Servers and proxies, and with
//! them credentials, are not read.

use super::repository::{self, Kind, Repository};
use crate::address;
use crate::routing::{Address, Asked, Routing};
use crate::syntax::xml::{self, Element};
use crate::text::{Lost, Place, Problem, Str, Text};

/// Settings that a repository brings.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) mirrors: Vec<Mirror>,
    pub(super) repositories: Vec<Repository>,
    pub(super) plugin_repositories: Vec<Repository>,
}

/// What stands for repositories.
pub(super) struct Mirror {
    of: String,
    asked: Asked,
    is_blocked: bool,
    /// Whether it surely counts; only Maven 4 reads settings of a project by itself.
    is_sure: bool,
}

impl Settings {
    /// Adds what a settings file says.
    pub(super) fn read(&mut self, text: &Text, is_sure: bool, routing: &mut Routing) -> Result<(), Problem> {
        routing.read.push(text.id);
        let document = xml::read(text)?;
        let root = document.root();
        if !root.is("settings") {
            return Err(root.problem(Lost::File, format!("begins with `<{}>`, expected `<settings>`", root.name())));
        }
        for mirror in root.child("mirrors").into_iter().flat_map(|list| list.children_named("mirror")) {
            let word = |name| mirror.text_of(name).map(|value| value.of(&text.content).to_owned());
            let is_blocked = word("blocked").as_deref() == Some("true");
            let asked = match mirror.text_of("url") {
                Some(url) => asked(&url, text, routing),
                None => Asked::Unknown("a mirror without `<url>`".to_owned(), mirror.place()),
            };
            self.mirrors.push(Mirror { of: word("mirrorOf").unwrap_or_default(), asked, is_blocked, is_sure });
        }
        let profiles = root.child("profiles").into_iter().flat_map(|list| list.children_named("profile"));
        for profile in profiles {
            let mut of = |kind: Kind, into: &mut Vec<Repository>| {
                let listed: Vec<Element<'_>> = repository::listed(profile, kind).collect();
                for element in listed {
                    let value = |written: Str| Some(written.of(&text.content).to_owned()).filter(|value| !value.contains("${"));
                    into.push(Repository::read(element, text, &value, routing));
                }
            };
            of(Kind::Dependencies, &mut self.repositories);
            of(Kind::Plugins, &mut self.plugin_repositories);
        }
        Ok(())
    }

    /// What is asked for a repository: itself, the mirror that stands for it, or either.
    pub(super) fn mirrored(&self, id: &str, asked: &Asked) -> Vec<Asked> {
        let mut all = Vec::new();
        for is_sure in [false, true] {
            let mut of_kind = self.mirrors.iter().filter(|mirror| mirror.is_sure == is_sure);
            let exact = of_kind.clone().find(|mirror| mirror.of == id);
            let Some(mirror) = exact.or_else(|| of_kind.find(|mirror| stands_for(&mirror.of, id, asked))) else { continue };
            if !mirror.is_blocked {
                all.push(mirror.asked.clone());
            }
            if is_sure {
                return all;
            }
        }
        all.push(asked.clone());
        all
    }
}

/// The address of a mirror, or why there is none.
fn asked(url: &Str, text: &Text, routing: &mut Routing) -> Asked {
    let value = url.of(&text.content);
    repository::asked((!value.contains("${")).then(|| value.to_owned()), url, text, routing)
}

/// `mirrorOf`, as Maven's own `DefaultMirrorSelector` reads it.
fn stands_for(pattern: &str, id: &str, asked: &Asked) -> bool {
    let mut result = false;
    for token in pattern.split(',').map(str::trim) {
        if token.strip_prefix('!') == Some(id) {
            return false;
        }
        if token == id {
            return true;
        }
        result |= match token {
            "*" => true,
            "external:*" => is_external(asked, false),
            "external:http:*" => is_external(asked, true),
            _ => false,
        };
    }
    result
}

fn is_external(asked: &Asked, plain_only: bool) -> bool {
    match asked {
        Asked::Folder(_) => false,
        Asked::At(Address { url, .. }) => address::read(url).is_ok_and(|address| {
            let is_here = matches!(address.host.as_ref(), "localhost" | "127.0.0.1");
            !is_here && (!plain_only || address.scheme == "http")
        }),
        _ => !plain_only,
    }
}

/// A file that should be there and is not, or cannot be read.
pub(super) fn lost(place: Place, written: &str, routing: &mut Routing) -> Asked {
    let message = format!("`{written}` names settings that the repository does not have");
    routing.problems.push(Problem::new(place, Lost::Detail, message.clone()));
    Asked::Unknown(message, place)
}
