//! Values of Helm charts: the images that a chart's templates take from them, by the conventions that charts follow.
//!
//! There is no specification: <https://helm.sh/docs/chart_best_practices/values/> and what `helm create` writes. Read are maps with
//! `repository` (under a key that ends with `image` also `image` or `name`) and at least one of `registry`, `tag` and `digest`, or under a key that ends with `image`; texts under such a key; and
//! members of `images`. A `global.imageRegistry` or `global.image.registry` goes before the registries of the maps, as charts do it.
//!
//! Without a tag, most charts take their `appVersion`, which only the template knows: the version is unknown. A text that is no image
//! reference is not taken for one. Registry: the host of each reference; without one the runtime's default (`docker.io`).

use std::collections::HashSet;

use crate::dependency::{Kind, Lockfile, Scopes, Shows};
use crate::formats::image::{self, PieceKind, Written};
use crate::formats::{Claim, Format};
use crate::neighbours::Neighbours;
use crate::syntax::{Kind as NodeKind, Node, yaml};
use crate::text::{Problem, Span, Text};

/// The format.
pub(super) static FORMAT: Format = Format {
    id: "helm-values",
    title: "Helm values",
    kind: Kind::Reference,
    files: &[
        Claim::Around("values", ".yaml"),
        Claim::Around("values", ".yml"),
        Claim::SuffixAnyCase("-values.yaml"),
        Claim::SuffixAnyCase("-values.yml"),
        Claim::SuffixAnyCase(".values.yaml"),
        Claim::SuffixAnyCase(".values.yml"),
    ],
    looks: Some(looks),
    shadowed_by: &[],
    read,
};

/// Other programs have values too; only those that speak of images are looked at.
fn looks(content: &str) -> bool {
    ["image:", "Image:", "images:", "Images:", "repository:"]
        .iter()
        .any(|key| memchr::memmem::find(content.as_bytes(), key.as_bytes()).is_some())
}

fn read(text: &Text, _: &Neighbours<'_>) -> Result<Lockfile, Problem> {
    let documents = yaml::read_with_aliases(text)?;
    let mut lockfile = Lockfile::new(text, &FORMAT, Kind::Reference);
    lockfile.shows = Shows { origin: true, scope: true, ..Shows::default() };
    let mut seen = HashSet::new();
    for document in &documents {
        read_into(&mut lockfile, text, document.root(), &mut seen);
    }
    Ok(lockfile)
}

/// Adds the images of values that are all of a document or stand inside it.
pub(super) fn read_into(lockfile: &mut Lockfile, text: &Text, values: Node<'_>, seen: &mut HashSet<u32>) {
    let mut reader = Reader { text, lockfile, registry: Written::default(), seen };
    let registry = values.at(&["global", "imageRegistry"]).or_else(|| values.at(&["global", "image", "registry"]));
    reader.registry = registry.and_then(|registry| reader.written(registry)).unwrap_or_default();
    reader.walk(values, false);
}

struct Reader<'t, 'l> {
    text: &'t Text,
    lockfile: &'l mut Lockfile,
    /// The registry for all images, if there is one.
    registry: Written,
    /// Where values stand that were read: anchors bring them again.
    seen: &'l mut HashSet<u32>,
}

impl Reader<'_, '_> {
    fn walk(&mut self, node: Node<'_>, is_images: bool) {
        for child in node.members().chain(node.items()) {
            let key = child.key().to_ascii_lowercase();
            let is_image = is_images || key.ends_with("image");
            match child.kind() {
                NodeKind::Map => match self.assembled(child, is_image) {
                    Some(written) => self.push(child, &written),
                    None => self.walk(child, key.ends_with("images")),
                },
                NodeKind::List => self.walk(child, key.ends_with("images")),
                NodeKind::Text if is_image => {
                    if let Some(written) = self.written(child).filter(image::is_reference) {
                        self.push(child, &written);
                    }
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, node: Node<'_>, written: &Written) {
        if self.seen.insert(node.span().start) {
            image::push(self.lockfile, self.text, written, Scopes::PRODUCTION);
        } else {
            self.lockfile.stated += 1;
        }
    }

    /// `[registry/]repository[:tag][@digest]`, each from its own key.
    fn assembled(&self, map: Node<'_>, is_image: bool) -> Option<Written> {
        let part = |key: &str| map.get(key).and_then(|node| self.written(node)).filter(|written| !written.value.is_empty());
        let has_company = is_image && (map.get("tag").is_some() || map.get("registry").is_some());
        let repository = part("repository").or_else(|| part("image").or_else(|| part("name")).filter(|_| has_company))?;
        let (registry, tag, digest) = (part("registry"), part("tag"), part("digest").or_else(|| part("sha")));
        if !is_image && map.get("tag").is_none() && registry.is_none() && digest.is_none() {
            return None;
        }
        let registry = if self.registry.value.is_empty() { registry } else { Some(self.registry.clone()) };
        let end = repository.span().end as usize;
        let mut written = Written::anchored(repository.span());
        let mut join = |sign: &str, part: &Written| {
            written.push(sign, Span::new(end, end), PieceKind::Made);
            written.append(part);
        };
        if let Some(registry) = &registry {
            join("", &registry.part(0..registry.value.trim_end_matches('/').len()));
        }
        join(if registry.is_some() { "/" } else { "" }, &repository);
        if let Some(tag) = &tag {
            join(":", tag);
        }
        if let Some(digest) = &digest {
            join("@", &Written::default());
            if !digest.value.contains(':') {
                let start = digest.span().start as usize;
                written.push("sha256:", Span::new(start, start), PieceKind::Made);
            }
            written.append(digest);
        }
        if tag.is_none() && digest.is_none() && !repository.value.rsplit('/').next().is_some_and(|last| last.contains([':', '@']))
        {
            written.push(":", Span::new(end, end), PieceKind::Made);
            written.push(UNTAGGED, repository.span(), PieceKind::Unknown);
        }
        Some(written)
    }

    fn written(&self, node: Node<'_>) -> Option<Written> {
        node.scalar_str().map(|value| Written::foreign(&value, &self.text.content))
    }
}

/// Stands for the tag that a chart chooses itself.
const UNTAGGED: &str = "the chart's tag";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing;

    /// Counts by spelling alone: one `repository` for each image.
    fn counted_entries(content: &str) -> usize {
        content.lines().filter(|line| line.trim_start().starts_with("repository:")).count()
    }

    #[test]
    fn none_is_lost() {
        testing::assert_counted("helm-values", "minimal", counted_entries);
        testing::assert_damaged(&FORMAT);
        testing::assert_corpus(&FORMAT, &["helm values"], counted_entries);
    }
}
