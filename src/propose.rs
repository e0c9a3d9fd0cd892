//! A policy for a repository that has none: what holds today, and what more would find.
//!
//! Answers for: the text of a `packman.toml` that fits a judged repository. Whatever only a lockfile vouches for is written as a comment:
//! that a host is one's own, only its owner can say. Writes no file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use crate::address;
use crate::judge::Report;
use crate::policy::means_itself;
use crate::report::plural;
use crate::route::Class;
use crate::routing::{Asked, KnownBy};
use crate::rules::{Case, Dependency, declaration_of};

/// What a repository has that a policy must speak about.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How many lockfiles were read.
    pub lockfiles: usize,
    /// How many dependencies there are.
    pub dependencies: usize,
    /// Registries that are in the catalogue: id, name, how many dependencies, and the tier that they offer.
    registries: Vec<(String, String, usize, u8)>,
    /// Registries that nothing explains, by the address of each.
    unknown: BTreeMap<String, Unknown>,
    /// Entries of no registry: what git, other addresses and archives are called in a policy, each with how often it is there.
    git: BTreeMap<String, usize>,
    url: BTreeMap<String, usize>,
    archive: BTreeMap<String, usize>,
    /// The registries that only clients' defaults name, by ecosystem.
    assumed: BTreeMap<&'static str, String>,
}

/// A registry that nothing explains.
#[derive(Clone, Debug)]
struct Unknown {
    /// The declaration's id and lines.
    id: String,
    text: String,
    dependencies: usize,
    /// The configuration file that names it, if one does; else only lockfiles do.
    configured_in: Option<String>,
}

/// What a policy may ask more than what holds today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What holds today.
    Today,
    /// Tier 2 of every registry.
    Everywhere,
    /// Tier 2 as it is promised for every package, not only offered.
    Guaranteed,
    /// The preset `strict`.
    Strict,
}

/// What more would find, beside what holds today.
#[derive(Clone, Copy, Debug, Default)]
pub struct Costs {
    /// Findings at `deny` that [`Ask::Everywhere`] adds.
    pub everywhere: usize,
    /// The same for [`Ask::Guaranteed`].
    pub guaranteed: usize,
    /// The same for [`Ask::Strict`].
    pub strict: usize,
}

/// Looks at a repository that was judged without a policy of its own.
#[must_use]
pub fn seen(report: &Report<'_>) -> Seen {
    let case = &report.case;
    let rated = [Class::Registry, Class::Unrated];
    let rows = report.registries.iter().filter(|row| rated.contains(&row.class) && row.dependencies > 0);
    let mut seen = Seen {
        lockfiles: case.head.coverage.read,
        dependencies: report.counts.dependencies,
        registries: rows
            .map(|row| (row.id.clone(), row.name.clone(), row.dependencies, row.tiers.offered.map_or(1, |tier| tier.0)))
            .collect(),
        ..Seen::default()
    };
    let configured = configured(case);
    for dependency in case.dependencies() {
        if dependency.origin.known_by == KnownBy::Assumed && rated.contains(&dependency.origin.class) {
            let registry = case.origin_id(dependency.origin);
            seen.assumed.entry(dependency.entry.ecosystem.id()).or_insert_with(|| registry.to_owned());
        }
        let list = match dependency.origin.class {
            Class::Unknown => {
                seen.unknown(&dependency, &configured);
                continue;
            }
            Class::Git => &mut seen.git,
            Class::Url => &mut seen.url,
            Class::Path if dependency.origin.is_archive => &mut seen.archive,
            _ => continue,
        };
        let location = dependency.archive().unwrap_or_else(|| dependency.location());
        let shown =
            if dependency.origin.class == Class::Git { format!("https://{}", address::repository(&location)) } else { location };
        *list.entry(shown).or_default() += 1;
    }
    seen
}

/// The hosts that client configuration names for a lockfile, each with the path of its file.
type Configured<'r> = HashMap<(u32, String), &'r str>;

fn configured<'r>(case: &Case<'r>) -> Configured<'r> {
    let mut configured = HashMap::new();
    for (number, judged) in (0u32..).zip(&case.head.lockfiles) {
        let rules = judged.client.rules.iter().filter(|rule| rule.known_by == KnownBy::Configuration);
        for asked in rules.flat_map(|rule| &rule.ask) {
            if let Asked::At(address) = asked {
                configured.entry((number, host(&address.url))).or_insert_with(|| case.path(address.place.text));
            }
        }
    }
    configured
}

/// Scheme and host of an address; empty if it has none.
fn host(url: &str) -> String {
    address::read(url).map(|address| address.origin()).unwrap_or_default()
}

impl Seen {
    fn unknown(&mut self, dependency: &Dependency<'_>, configured: &Configured<'_>) {
        let Some(declaration) = declaration_of(dependency) else { return };
        let taken: BTreeSet<&String> = self.unknown.values().map(|unknown| &unknown.id).collect();
        let mut id = declaration.id.clone();
        let mut number = 2;
        while taken.contains(&id) {
            id = format!("{}-{number}", declaration.id);
            number += 1;
        }
        let configured_in = configured.get(&(dependency.id.0, host(&declaration.url))).map(|path| (*path).to_owned());
        let entry = self.unknown.entry(declaration.url).or_insert_with(|| Unknown {
            text: declaration.text.replace(&format!("[registries.{}]", declaration.id), &format!("[registries.{id}]")),
            id,
            dependencies: 0,
            configured_in: None,
        });
        entry.dependencies += 1;
        entry.configured_in = entry.configured_in.take().or(configured_in);
    }

    /// Whether a tier of 2 holds for anything.
    #[must_use]
    pub fn has_minimum(&self) -> bool {
        self.registries.iter().any(|(.., tier)| *tier >= 2)
    }

    /// The policy, with what more would find in comments.
    #[must_use]
    pub fn policy(&self, preset: &str, ask: Ask, costs: Option<Costs>) -> String {
        let says_defaults = preset == "strict";
        let preset = if ask == Ask::Strict { "strict" } else { preset };
        let mut text = String::from(
            "# What may come into this repository. The words: packman explain policy. The registries: packman registries.\n",
        );
        if let Some(costs) = costs.filter(|_| preset != "strict") {
            let _ = writeln!(text, "# `strict` {}", finds(costs.strict));
        }
        let _ = writeln!(text, "extends = [\"{preset}\"]");
        self.minimum(ask, costs, &mut text);
        self.origins(says_defaults, &mut text);
        self.registries(&mut text);
        text
    }

    fn minimum(&self, ask: Ask, costs: Option<Costs>, text: &mut String) {
        let below: Vec<_> = self.registries.iter().filter(|(.., tier)| *tier < 2).collect();
        let holds: usize = self.registries.iter().filter(|(.., tier)| *tier >= 2).map(|(_, _, count, _)| count).sum();
        text.push_str("\n# What each dependency's registry must do to protect its packages: packman explain tiers.\n");
        if !self.has_minimum() && ask == Ask::Today {
            text.push_str(
                "# No registry of this repository offers tier 2 today, so none is asked for yet.\n# [minimum]\n# tier = 2\n",
            );
            return;
        }
        let _ = writeln!(text, "[minimum]\ntier = 2 # holds today for {}", plural(holds, "dependency", "dependencies"));
        if ask == Ask::Guaranteed {
            text.push_str("reading = \"guaranteed\"\n");
        } else if let Some(costs) = costs {
            let _ = writeln!(text, "# reading = \"guaranteed\" # {}", finds(costs.guaranteed));
        }
        let declared: Vec<_> = self.unknown.values().filter(|unknown| unknown.configured_in.is_some()).collect();
        if ask == Ask::Everywhere || ask == Ask::Guaranteed || (below.is_empty() && declared.is_empty()) {
            return;
        }
        if let Some(costs) = costs {
            let _ = writeln!(text, "\n# Below it today. Without these lines packman {}", finds(costs.everywhere));
        } else {
            text.push('\n');
        }
        for (id, name, count, _) in below {
            let _ = writeln!(text, "[[minimum.for]] # {name}: {}", plural(*count, "dependency", "dependencies"));
            let _ = writeln!(text, "registry = \"{id}\"\ntier = 1");
        }
        for unknown in declared {
            let _ = writeln!(text, "[[minimum.for]] # declared below");
            let _ = writeln!(text, "registry = \"{}\"\ntier = 1", unknown.id);
        }
    }

    fn origins(&self, says_defaults: bool, text: &mut String) {
        let has_others = !(self.git.is_empty() && self.url.is_empty() && self.archive.is_empty());
        if !has_others && self.assumed.is_empty() {
            return;
        }
        text.push_str("\n[origins]\n");
        if !self.assumed.is_empty() {
            let defaults: Vec<String> = self.assumed.iter().map(|(ecosystem, id)| format!("{ecosystem} = \"{id}\"")).collect();
            let (asks, mark) = if says_defaults {
                ("`strict` asks somebody to say it. Is it so?", "")
            } else {
                ("`strict` asks you to say it.", "# ")
            };
            let _ = writeln!(
                text,
                "# Nothing in the repository says where these come from: they are the clients' defaults. {asks}\n{mark}default-registry = {{ {} }}",
                defaults.join(", ")
            );
        }
        if has_others {
            text.push_str("# Outside any registry: nobody takes malware down there, and no list says who may publish.\n");
        }
        for (key, list) in [("allow-git", &self.git), ("allow-url", &self.url), ("allow-archive", &self.archive)] {
            if list.is_empty() {
                continue;
            }
            let _ = writeln!(text, "{key} = [");
            for (origin, count) in list {
                let count = plural(*count, "dependency", "dependencies");
                let _ = if means_itself(key, origin) {
                    writeln!(text, "  {}, # {count}", quoted(origin))
                } else {
                    writeln!(text, "  # {}: {count}, and no pattern can mean it alone", comment(origin))
                };
            }
            text.push_str("]\n");
        }
    }

    fn registries(&self, text: &mut String) {
        for (url, unknown) in &self.unknown {
            let count = match unknown.dependencies {
                1 => "1 dependency comes".to_owned(),
                count => format!("{count} dependencies come"),
            };
            let lines = unknown.text.lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
            if let Some(path) = &unknown.configured_in {
                let _ =
                    writeln!(text, "\n# {} names it, and {count} from there. Is it yours? Else take this out.", comment(path));
                lines.for_each(|line| {
                    let _ = writeln!(text, "{line}");
                });
            } else {
                let _ = writeln!(
                    text,
                    "\n# {count} from {}, and only a lockfile says so. If it is yours, take the `#` away:",
                    comment(url)
                );
                let minimum = format!("[[minimum.for]]\nregistry = \"{}\"\ntier = 1", unknown.id);
                let minimum = minimum.lines().filter(|_| self.has_minimum());
                lines.chain(minimum).for_each(|line| {
                    let _ = writeln!(text, "# {line}");
                });
            }
        }
    }
}

/// What a stricter setting would find.
fn finds(count: usize) -> String {
    match count {
        0 => "would find nothing more today".to_owned(),
        _ => format!("would find {} more today", plural(count, "thing", "things")),
    }
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Other people's text in a comment: one line, and nothing in it that a terminal or TOML obeys.
fn comment(text: &str) -> String {
    crate::report::escape::terminal(text).into_owned()
}
