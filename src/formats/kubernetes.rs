//! Kubernetes manifests: images of containers and image volumes, in whatever kind of object.
//!
//! Specification: <https://kubernetes.io/docs/concepts/containers/images/>. Registry: the host of each reference; without one the
//! runtime's default (`docker.io`). No hash but a digest, no edges.
//!
//! A file is a manifest if it has `apiVersion` and `kind` at its top. In every document that has both, `image` is read below
//! `containers`, `initContainers`, `ephemeralContainers` (and `container`, `script`, `steps`, `sidecars` of workflows), at any depth: pods,
//! their templates, lists, custom resources. Elsewhere `image` is read if it is an image reference, since custom resources name images
//! so. `volumes[].image.reference` is one too. Values that a resource gives to a chart (`values`, `valuesObject`) are read as those of a
//! chart are. Data of config maps, annotations and schemas are not looked into.
//!
//! A blank image is filled in by a controller, `ko://` is built from this repository: neither is a dependency. Variables (`$(NAME)`,
//! `${NAME}`) are other tools', and unknown. Templates of Helm are read by `helm-template`, as are resources that look like one.

use std::collections::HashSet;

use crate::dependency::{Kind, Lockfile, Scopes, Shows};
use crate::formats::image::{self, Written};
use crate::formats::{Claim, Format, helm_template, helm_values};
use crate::neighbours::Neighbours;
use crate::syntax::{Document, Kind as NodeKind, Node, yaml};
use crate::text::{Lost, Problem, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "kubernetes",
    title: "Kubernetes manifest",
    kind: Kind::Reference,
    files: &[Claim::SuffixAnyCase(".yaml"), Claim::SuffixAnyCase(".yml")],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

const CONTAINERS: [&str; 7] = ["container", "containers", "ephemeralContainers", "initContainers", "script", "sidecars", "steps"];
/// What holds text of others, or describes fields instead of filling them.
const OPAQUE: [&str; 8] =
    ["annotations", "binaryData", "data", "labels", "managedFields", "openAPIV3Schema", "status", "stringData"];

/// Values that a custom resource gives to a chart: `spec.values` of Flux, `spec.source.helm.valuesObject` of Argo CD.
const VALUES: [&str; 2] = ["values", "valuesObject"];

fn looks(content: &str) -> bool {
    let has = |key: &str| is_at_top(content, key);
    has("apiVersion") && has("kind") && !content.contains("kustomize.config.k8s.io") && !helm_template::looks(content)
}

/// Whether a key stands at the beginning of a line.
pub(super) fn is_at_top(content: &str, key: &str) -> bool {
    let finder = memchr::memmem::Finder::new(key);
    finder.find_iter(content.as_bytes()).any(|at| {
        let is_first = at == 0 || content.as_bytes().get(at - 1) == Some(&b'\n');
        is_first && content.get(at + key.len()..).is_some_and(|rest| rest.trim_start_matches(' ').starts_with(':'))
    })
}

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    Ok(read_as(&FORMAT, text, &yaml::read_with_aliases(text)?))
}

/// Reads the documents of a manifest that this format claimed.
pub(super) fn read_as(format: &'static Format, text: &Text, documents: &[Document]) -> Lockfile {
    let mut lockfile = Lockfile::new(text, format, Kind::Reference);
    lockfile.shows = Shows { origin: true, scope: true, ..Shows::default() };
    let mut reader = Reader { text, lockfile, seen: HashSet::new() };
    for document in documents {
        let root = document.root();
        let kind = root.get("kind").and_then(Node::scalar);
        if root.get("apiVersion").is_some() && kind.is_some_and(|kind| kind != "CustomResourceDefinition") {
            reader.walk(root, false);
        }
    }
    reader.lockfile
}

struct Reader<'t> {
    text: &'t Text,
    lockfile: Lockfile,
    /// Where images stand that were read: anchors bring them again.
    seen: HashSet<u32>,
}

impl Reader<'_> {
    fn walk(&mut self, node: Node<'_>, is_container: bool) {
        for item in node.items() {
            self.walk(item, is_container);
        }
        for member in node.members() {
            let key = member.key();
            match key {
                "image" if !matches!(member.kind(), NodeKind::Map | NodeKind::List) => self.image(member, is_container),
                "image" if member.get("reference").is_some() => {
                    if let Some(reference) = member.get("reference") {
                        self.image(reference, true);
                    }
                }
                "image" if is_container => {
                    self.lockfile.problems.push(member.problem(Lost::Entry, "an image that is no text"));
                }
                _ if OPAQUE.contains(&key) => {}
                _ if VALUES.contains(&key) && member.is_map() => {
                    helm_values::read_into(&mut self.lockfile, self.text, member, &mut self.seen);
                }
                _ => self.walk(member, CONTAINERS.contains(&key)),
            }
        }
    }

    fn image(&mut self, node: Node<'_>, is_certain: bool) {
        let Some(value) = node.scalar_str() else { return };
        let written = Written::foreign(&value, &self.text.content);
        if written.value.trim().is_empty() || written.value.starts_with("ko://") || !(is_certain || image::is_reference(&written))
        {
            return;
        }
        if self.seen.insert(node.span().start) {
            image::push(&mut self.lockfile, self.text, &written, Scopes::PRODUCTION);
        } else {
            self.lockfile.stated += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone.
    fn counted_entries(content: &str) -> usize {
        let is_key =
            |line: &&str| ["image: ", "reference: "].iter().any(|key| line.trim_start_matches([' ', '-']).starts_with(key));
        content.lines().filter(is_key).count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("kubernetes", "minimal", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["k8s manifest"], counted_entries);
    }

    #[test]
    fn manifests_are_known_by_their_first_keys() {
        for (content, expected) in [
            ("apiVersion: v1\nkind: Pod\n", true),
            ("# c\nkind : Pod\napiVersion: v1\n", true),
            ("a:\n  apiVersion: v1\n  kind: Pod\n", false),
            ("apiVersion: v2\nname: chart\n", false),
            ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", false),
            ("apiVersion: v1\nkind: Pod\nspec: {{ .Values.x }}\n", false),
            ("apiVersion: v1\nkind: ConfigMap\ndata: {x: '{{ $labels.x }}'}\n", true),
            ("", false),
        ] {
            assert_eq!(looks(content), expected, "{content}");
        }
    }
}
