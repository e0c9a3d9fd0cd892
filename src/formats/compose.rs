//! Compose files: images that services run, build from or mount, and what a file includes.
//!
//! Answers for: the Compose specification, <https://github.com/compose-spec/compose-spec>. Registry: the host of each reference;
//! without one the client's default (`docker.io`). No hash but a digest, no edges, no scopes but those of a build.
//!
//! What is read: `services.*.image`, `build` (a remote context, `dockerfile_inline`, `additional_contexts` with `docker-image://`,
//! `cache_from`), volumes of type `image`, `models.*.model`, `include` and `extends`. With `build` beside it, `image` names what is
//! built and is no dependency, unless a `pull_policy` asks for it first. Values of anchors count once, where they stand.
//!
//! Variables come from the `.env` file beside, then from the default in the expression; the environment may override both, which
//! nobody knows offline. A variable that has neither is unknown, though the client would take it for empty.
//!
//! An included file is read for itself if it is known for a compose file, by its name or by what stands in it (`compose-file`); a
//! Dockerfile that `build` names, by its name. Otherwise that is a problem, not silence. `build.args` are not joined with the Dockerfile
//! that they are for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::dependency::{Kind, Lockfile, Scopes, Shows};
use crate::formats::image::{self, Written};
use crate::formats::shell::{self, Dialect, Value};
use crate::formats::{Claim, Format, compose_file, dockerfile, remote};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, yaml};
use crate::text::{Lost, Problem, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "compose",
    title: "Compose file",
    kind: Kind::Reference,
    files: &[
        Claim::Holding("compose", ".yaml"),
        Claim::Holding("compose", ".yml"),
        Claim::Around("docker-stack", ".yaml"),
        Claim::Around("docker-stack", ".yml"),
    ],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// The named limit on services that extend each other.
const EXTENDS_MAX: usize = 16;

/// Only a file with services, inclusions or models at its top is one; an empty one too, so that it is not passed over.
fn looks(content: &str) -> bool {
    let is_top = |line: &str| {
        let line = line.trim_start_matches(['"', '\'']);
        ["services", "include", "models"].iter().any(|key| {
            line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
        })
    };
    content.is_empty() || content.trim_start().starts_with('{') || content.lines().any(is_top)
}

fn read(text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    read_as(&FORMAT, text, neighbours)
}

/// Reads a compose file that this format claimed.
pub(super) fn read_as(format: &'static Format, text: &Text, neighbours: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read_with_aliases(text)?;
    let mut lockfile = Lockfile::new(text, format, Kind::Reference);
    lockfile.shows = Shows { origin: true, ..Shows::default() };
    let variables = environment(&mut lockfile, neighbours);
    let mut reader = Reader { text, neighbours, lockfile, variables, seen: HashSet::new() };
    for document in &documents {
        let root = document.root();
        match root.kind() {
            NodeKind::Map => reader.document(root),
            NodeKind::Null => {}
            _ => {
                return Err(root.problem(Lost::File, "expected a map with `services`"));
            }
        }
    }
    Ok(reader.lockfile)
}

struct Reader<'t, 'n> {
    text: &'t Text,
    neighbours: &'n Neighbours<'n>,
    lockfile: Lockfile,
    variables: HashMap<String, Value<'static>>,
    /// Where images and builds stand that were read: anchors bring them again.
    seen: HashSet<u32>,
}

impl Reader<'_, '_> {
    fn document(&mut self, root: Node<'_>) {
        if let Some(services) = root.get("services") {
            self.expect(services, &[NodeKind::Map], "a map of services");
            for service in services.members() {
                self.service(service, services);
            }
        }
        for model in root.get("models").into_iter().flat_map(Node::members) {
            if let Some(model) = model.get("model") {
                self.image(model, Scopes::UNKNOWN);
            }
        }
        let Some(include) = root.get("include") else { return };
        self.expect(include, &[NodeKind::List], "a list of files");
        for item in include.items() {
            let path = item.get("path").unwrap_or(item);
            self.expect(path, &[NodeKind::Text, NodeKind::List], "a path");
            for path in path.items().chain([path]) {
                self.file(path);
            }
        }
    }

    fn service(&mut self, service: Node<'_>, services: Node<'_>) {
        self.expect(service, &[NodeKind::Map], "a map with `image` or `build`");
        if let Some(build) = service.get("build")
            && self.seen.insert(build.span().start)
        {
            self.build(build);
        }
        if let Some(extends) = service.get("extends").and_then(|extends| extends.get("file")) {
            self.file(extends);
        }
        for volume in service.get("volumes").into_iter().flat_map(Node::items) {
            if volume.get("type").and_then(Node::scalar) == Some("image")
                && let Some(source) = volume.get("source")
            {
                self.image(source, Scopes::UNKNOWN);
            }
        }
        let Some(image) = service.get("image") else { return };
        let policy = service.get("pull_policy").and_then(Node::scalar).unwrap_or("");
        let is_pulled = !matches!(policy, "" | "never" | "build");
        if is_pulled || !is_built(service, services) {
            self.image(image, Scopes::UNKNOWN);
        }
    }

    fn build(&mut self, build: Node<'_>) {
        self.expect(build, &[NodeKind::Text, NodeKind::Map], "a context or a map");
        let context = build.get("context").unwrap_or(build);
        let context = self.written(context);
        // A repository may stand there without a scheme, of this host alone.
        let is_remote = |written: &&Written| remote::is_remote(written) || written.value.starts_with("github.com/");
        if let Some(written) = context.as_ref().filter(is_remote) {
            remote::push(&mut self.lockfile, self.text, written, None, Scopes::BUILD);
        } else if let Some(dockerfile) = build.get("dockerfile") {
            self.dockerfile(dockerfile, context.as_ref());
        }
        if let Some(inline) = build.get("dockerfile_inline").and_then(Node::str) {
            let dockerfile = inline.of(&self.text.content);
            let expanded = self.expanded(&inline);
            let base = if expanded.value == dockerfile {
                dockerfile::base_of(&inline, &self.text.content)
            } else {
                dockerfile::Base::Whole(inline.span)
            };
            dockerfile::read_into(&mut self.lockfile, self.text, &expanded.value, &base);
        }
        let contexts = build.get("additional_contexts");
        for context in contexts.into_iter().flat_map(|contexts| contexts.members().chain(contexts.items())) {
            let Some(mut written) = self.written(context) else { continue };
            if context.key().is_empty() {
                let start = written.value.find('=').map_or(0, |at| at + 1);
                written = written.part(start..written.value.len());
            }
            if let Some(image) = behind(&written, "docker-image://") {
                image::push(&mut self.lockfile, self.text, &image, Scopes::BUILD);
            } else if remote::is_remote(&written) {
                remote::push(&mut self.lockfile, self.text, &written, None, Scopes::BUILD);
            }
        }
        for cache in build.get("cache_from").into_iter().flat_map(Node::items) {
            self.cache(cache);
        }
    }

    /// A Dockerfile in a folder of the repository. One that is not there may be made before the build.
    fn dockerfile(&mut self, node: Node<'_>, context: Option<&Written>) {
        let Some(written) = self.written(node).filter(|written| !written.is_unknown()) else { return };
        if context.is_some_and(Written::is_unknown) {
            return;
        }
        let folder = context.map_or(".", |context| context.value.as_str());
        let path = self.neighbours.resolve(&format!("{folder}/{}", written.value));
        if path.is_ok_and(|path| self.neighbours.has(&path) && !dockerfile::FORMAT.claims(&path)) {
            let message = format!("builds from `{}`, which is not read, since its name is none of a Dockerfile", written.value);
            self.lockfile.problems.push(node.problem(Lost::Detail, message));
        }
    }

    /// An image, or `type=registry,ref=IMAGE`; caches of other types are no images.
    fn cache(&mut self, cache: Node<'_>) {
        let Some(written) = self.written(cache) else { return };
        let mut at = 0;
        let is_list = written.value.starts_with("type=") || written.value.contains(',');
        for field in written.value.split(',') {
            let start = if is_list { field.strip_prefix("ref=").map(|_| at + 4) } else { Some(at) };
            if let Some(start) = start {
                let reference = written.part(start..at + field.len());
                image::push(&mut self.lockfile, self.text, &reference, Scopes::BUILD);
            }
            at += field.len() + 1;
        }
    }

    fn image(&mut self, node: Node<'_>, scopes: Scopes) {
        if !self.seen.insert(node.span().start) {
            self.lockfile.stated += 1;
            return;
        }
        match self.written(node) {
            Some(written) => {
                image::push(&mut self.lockfile, self.text, &written, scopes);
            }
            // An override file may reset a value to nothing.
            None if node.kind() == NodeKind::Null => {}
            None => self.lockfile.problems.push(node.problem(Lost::Entry, "an image that is no text")),
        }
    }

    /// A file that `include` or `extends` names: an address, an artifact of a registry, or a file of the repository.
    fn file(&mut self, node: Node<'_>) {
        let Some(written) = self.written(node) else { return };
        if let Some(artifact) = behind(&written, "oci://") {
            image::push(&mut self.lockfile, self.text, &artifact, Scopes::UNKNOWN);
            return;
        }
        if remote::is_remote(&written) {
            remote::push(&mut self.lockfile, self.text, &written, None, Scopes::UNKNOWN);
            return;
        }
        expect_read(&mut self.lockfile, node, &written, self.neighbours);
    }

    fn written(&self, node: Node<'_>) -> Option<Written> {
        node.scalar_str().map(|value| self.expanded(&value))
    }

    fn expanded(&self, value: &crate::text::Str) -> Written {
        Written::expanded(value, &self.text.content, Dialect::Compose, &|name| look_up(&self.variables, name))
    }

    fn expect(&mut self, node: Node<'_>, kinds: &[NodeKind], expected: &str) {
        if node.kind() != NodeKind::Null && !kinds.contains(&node.kind()) {
            let key = if node.key().is_empty() { "an item" } else { node.key() };
            self.lockfile.problems.push(node.problem(Lost::Entry, format!("`{key}` is not {expected}")));
        }
    }
}

/// Says so where another file names a compose file that is not read: one that is not there, or whose name is none.
pub(super) fn expect_read(lockfile: &mut Lockfile, node: Node<'_>, written: &Written, neighbours: &Neighbours<'_>) {
    let path = &written.value;
    let reason = match neighbours.resolve(path) {
        _ if written.is_unknown() => "has a name that only a variable knows",
        Ok(path) if neighbours.has(&path) && (FORMAT.claims(&path) || is_read(&path, neighbours)) => return,
        Ok(path) if neighbours.has(&path) => "is not read, since neither its name nor its content is known for a compose file's",
        Ok(_) => "is not there",
        Err(_) => "lies outside of what is read",
    };
    let problem = node.problem(Lost::Detail, format!("includes `{path}`, which {reason}"));
    lockfile.problems.push(problem.with_hint("include files of this repository whose names end in `compose.yaml`"));
}

fn is_read(path: &str, neighbours: &Neighbours<'_>) -> bool {
    neighbours.at(path).and_then(Result::ok).is_some_and(|text| compose_file::is_read(path, &text.content))
}

/// The part behind a prefix.
fn behind(written: &Written, prefix: &str) -> Option<Written> {
    written.value.starts_with(prefix).then(|| written.part(prefix.len()..written.value.len()))
}

/// Whether a service is built here, itself or through services of this file that it extends.
fn is_built(service: Node<'_>, services: Node<'_>) -> bool {
    let mut service = service;
    for _ in 0..EXTENDS_MAX {
        if service.get("build").is_some_and(|build| build.kind() != NodeKind::Null) {
            return true;
        }
        let Some(extends) = service.get("extends").filter(|extends| extends.get("file").is_none()) else { return false };
        let name = extends.get("service").unwrap_or(extends).scalar().unwrap_or("");
        let Some(extended) = services.get(name) else { return false };
        service = extended;
    }
    false
}

fn look_up(variables: &HashMap<String, Value<'static>>, name: &str) -> Value<'static> {
    variables.get(name).cloned().unwrap_or(Value::Unset)
}

/// The variables of the `.env` file beside.
fn environment(lockfile: &mut Lockfile, neighbours: &Neighbours<'_>) -> HashMap<String, Value<'static>> {
    match neighbours.beside(".env") {
        Some(Ok(text)) => variables(&text.content),
        Some(Err(problem)) => {
            lockfile.problems.push(Problem { lost: Lost::Detail, ..problem.clone() });
            HashMap::new()
        }
        None => HashMap::new(),
    }
}

/// `NAME=value`, one a line; single quotes keep variables as text. A value that goes over several lines is unknown.
fn variables(content: &str) -> HashMap<String, Value<'static>> {
    let mut variables = HashMap::new();
    for line in content.lines() {
        let line = line.trim_start().trim_start_matches("export ");
        let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
        let value = value.trim();
        let expanded = match value.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let inner = value.get(1..).and_then(|rest| rest.split_once(quote)).map(|(inner, _)| inner);
                inner.and_then(|inner| if quote == '"' { interpolate(inner, &variables) } else { Some(inner.to_owned()) })
            }
            Some('#') | None => Some(String::new()),
            Some(_) => interpolate(value.split_once(" #").map_or(value, |(value, _)| value).trim_end(), &variables),
        };
        variables.insert(name.trim().to_owned(), expanded.map_or(Value::Unknown, |value| Value::Known(Cow::Owned(value))));
    }
    variables
}

fn interpolate(value: &str, variables: &HashMap<String, Value<'static>>) -> Option<String> {
    shell::evaluate_as(value, Dialect::Compose, &|name| look_up(variables, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone: no services with `build`, no anchors.
    fn counted_entries(content: &str) -> usize {
        let keys = ["image:", "model:", "source:"];
        content.lines().filter(|line| keys.iter().any(|key| line.trim_start_matches([' ', '-']).starts_with(key))).count()
            + content.matches("FROM ").count()
            + content.matches(",from=").count()
            + content.matches("docker-image://").count()
            + content.matches("ref=").count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("compose", "minimal", counted_entries);
        testing::assert_counted("compose", "inline", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["docker compose"], counted_entries);
    }

    #[test]
    fn values_of_the_environment_file() {
        let found = variables("# c\nA=1\nexport B = \"x${A}\" # c\nC='$A'\nD=a$$b #c\nE=\nF=${N:-d}\nG=$N\nH=\"open\n#I=1\n");
        let show = |name: &str| match found.get(name) {
            Some(Value::Known(value)) => value.to_string(),
            Some(_) => "unknown".to_owned(),
            None => "-".to_owned(),
        };
        let values: Vec<String> = "ABCDEFGHI".chars().map(|name| show(&name.to_string())).collect();
        assert_eq!(values, ["1", "x1", "$A", "a$b", "", "d", "unknown", "unknown", "-"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(content in "services:\n(  a:\n|    image: |    build:\n|      dockerfile_inline: \\|\n|        FROM |[a-z]{1,3}|\\$\\{?|\\}|[:@/=.,\"'#&*-]|https://|\n|\r\n| |☕){0,60}") {
            testing::assert_spans(&FORMAT, &content);
        }
    }
}
