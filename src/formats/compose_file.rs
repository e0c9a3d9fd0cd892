//! Compose files of other names: `stack.yml`, `production.yml`, and what a compose file includes or extends.
//!
//! Answers for: which YAML files are compose files by what stands in them; they are read as all others are. One that is named with
//! `-f`, or by another file, may have any name.
//!
//! Many programs have `services` at the top of a file. So a file is one only if a service of it has an `image` or `build` with a value
//! of its own, a `build` with a context, or an `extends`, as compose files write them.

use crate::dependency::{Kind, Lockfile};
use crate::formats::{Claim, Format, compose};
use crate::neighbours::Neighbours;
use crate::text::{Problem, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "compose-file",
    title: "Compose file of another name",
    kind: Kind::Reference,
    files: &[Claim::SuffixAnyCase(".yaml"), Claim::SuffixAnyCase(".yml")],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    compose::read_as(&FORMAT, text, neighbours)
}

/// Keys below `build` and `extends` that only compose files have there.
const BELOW: [&str; 7] = ["args", "context", "dockerfile", "dockerfile_inline", "file", "service", "target"];

/// Where a look at the content is.
enum At {
    /// Not below `services`.
    Outside,
    /// Below it, before its first service.
    Services,
    /// Below a service of this indentation, whose own keys have the other one, once that is known.
    Service(usize, Option<usize>),
    /// The same, behind `build:` or `extends:` that goes on in the next line.
    Value(usize, usize),
}

/// Whether a service is one of a compose file.
fn looks(content: &str) -> bool {
    // Nearly all files are out here.
    if memchr::memmem::find(content.as_bytes(), b"services").is_none() {
        return false;
    }
    let mut at = At::Outside;
    for line in content.lines() {
        let body = line.trim_start_matches(' ');
        let indent = line.len() - body.len();
        if body.trim().is_empty() || body.starts_with('#') {
            continue;
        }
        let (key, value) = member(body);
        at = match at {
            _ if indent == 0 && key == "services" && is_open(value) => At::Services,
            _ if indent == 0 => At::Outside,
            At::Outside => At::Outside,
            // A list of services is another program's.
            At::Services if key.is_empty() => At::Outside,
            At::Services => At::Service(indent, None),
            At::Value(_, own) if indent > own && BELOW.contains(&key) => return true,
            At::Service(service, _) | At::Value(service, _) if indent <= service => At::Service(service, None),
            At::Service(service, own) if own.is_none_or(|own| own == indent) => match (key, is_open(value)) {
                ("image" | "build", false) if is_scalar(value) => return true,
                ("build" | "extends", true) => At::Value(service, indent),
                _ => At::Service(service, Some(indent)),
            },
            At::Value(service, own) => At::Service(service, Some(own)),
            service @ At::Service(..) => service,
        };
    }
    false
}

/// Key and value of a line; no key if it has none, as items of a list.
fn member(body: &str) -> (&str, &str) {
    let (key, value) = body.split_once(':').unwrap_or(("", ""));
    if key.starts_with("- ") || !(value.is_empty() || value.starts_with([' ', '\r'])) {
        return ("", "");
    }
    (key.trim().trim_matches(['"', '\'']), value.trim())
}

/// Whether a value stands in the next lines.
fn is_open(value: &str) -> bool {
    value.is_empty() || value.starts_with(['#', '&'])
}

/// Whether a value is one text: no list, no map, no alias, and no text of several lines.
fn is_scalar(value: &str) -> bool {
    !value.starts_with(['[', '{', '*', '|', '>'])
}

/// Whether a YAML file is read as a compose file, whatever its name, or has nothing that would be read of one.
pub(super) fn is_read(path: &str, content: &str) -> bool {
    let is_named = FORMAT.claims(path);
    is_named && (looks(content) || !["image", "build", "extends", "include"].iter().any(|key| content.contains(key)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    #[test]
    fn none_is_lost() {
        testing::assert_damaged(&FORMAT);
    }

    #[test]
    fn compose_files_are_known_by_their_services() {
        for (content, expected) in [
            ("services:\n  web:\n    image: nginx\n", true),
            ("# c\nversion: '3'\n\"services\": # c\n\n  # c\n  web:\n    ports:\n      - 80\n    image: nginx\n", true),
            ("services:\r\n  web:\r\n    image: nginx\r\n", true),
            ("services:\n  web:\n    build: .\n", true),
            ("services:\n  web:\n    build:\n      context: .\n", true),
            ("services:\n  web:\n    extends:\n      file: base.yml\n", true),
            ("services:\n  a:\n    b: c\n  web:\n      image: nginx\n", true),
            // Symfony, GitLab, Lando, values of a chart, a workflow.
            ("services:\n  _defaults:\n    autowire: true\n  App\\:\n    resource: '../src/'\n", false),
            ("services:\n  - docker:dind\n", false),
            ("services:\n- name: a\n  image: b\n", false),
            ("services:\n  app:\n    type: php\n    build:\n      - composer install\n", false),
            ("services:\n  api:\n    image:\n      repository: a\n", false),
            ("jobs:\n  a:\n    services:\n      b:\n        image: c\n", false),
            ("services:\n  a:\n    b:\n      image: c\n", false),
            ("services: {}\nx:\n  y:\n    image: c\n", false),
            ("", false),
        ] {
            assert_eq!(looks(content), expected, "{content}");
        }
    }
}
