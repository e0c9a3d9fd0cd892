//! `packman explain`: every word that packman's messages use.

use std::fmt::Write as _;

use crate::catalogue;
use crate::catalogue::control::Control;
use crate::catalogue::definition::definition;
use crate::cli::args::{Explain, Registries, RegistriesFormat};
use crate::cli::registries::{self, wrapped};
use crate::cli::{Environment, Exit, explain_policy};
use crate::formats;
use crate::rules;

/// A word of packman's own, with its explanation.
const WORDS: &[(&str, &str)] = &[
    (
        "tiers",
        "A tier says how well a registry protects its packages. Tier 1 is untrusted, tier 2 has six basic controls (strong \
         authentication, a second factor to publish, a security contact, notices about bad releases, packages tied to source code, \
         notices about updates), tier 3 has seven more. A tier is never shown without how it comes about: `packman registries npm` \
         lists control by control what was read, when, and where the evidence is.",
    ),
    (
        "readings",
        "A control can be enforced for every package, or only offered. The reading `guaranteed` counts what is enforced: what does the \
         registry promise? The reading `offered` also counts what is optional or partial: what does it make possible? A policy chooses \
         with `reading` in `[minimum]`; `offered` is the default.",
    ),
    (
        "origins",
        "Every dependency has one origin: `registry` (a rated registry serves it), `unrated` (a known registry whose controls nobody has \
         read), `declared` (a registry of your policy), `git`, `url`, `path`, `workspace`, `bundled`, `builtin`, or `unknown` (nothing \
         explains it). The origin is the address that the package client would really ask, its configuration included.",
    ),
    (
        "verdict",
        "`pass` (exit 0): everything was judged and nothing decides against it. `fail` (exit 1): at least one finding at level `deny`. \
         `undecided` (exit 3): something could not be read, so nothing is known about it; unknown is never taken for fine. Exit 2 means \
         that the call or the policy is wrong, exit 4 that the world failed (a file could not be written) or that packman has a bug.",
    ),
    (
        "exceptions",
        "An exception accepts one kind of finding for a while. It says what (`rule`, and `package`, `registry` or `path`), why (`reason`), \
         who (`owner`) and until when (`until`, that day included):\n\n    [[exceptions]]\n    rule = \"tier-below-minimum\"\n    registry = \
         \"pypi\"\n    reason = \"no other registry has these packages\"\n    owner = \"@acme/build\"\n    until = 2027-03-01\n\nWhen its \
         day is over, what it accepted decides again.",
    ),
    (
        "baseline",
        "A baseline is a list of findings that were there when the gate was switched on: accepted, so that only what comes in later decides. \
         `packman baseline` writes it once, to `packman-baseline.toml`, and from then on only takes out lines that nothing needs any more. \
         A line accepts one finding and not what takes its place: another package, another file, another registry, and where no registry \
         answers for it, another version or address decide again. What could not be read is never accepted.",
    ),
    (
        "policy",
        "A policy is a file `packman.toml` at the root of the repository or in `.github/`. Without one the preset `standard` holds. \
         Presets are `observe` (report, never fail), `standard` and `strict`. The guide's page on policies shows every key. Which line \
         decides about a package, `packman explain --policy PACKAGE` says.",
    ),
    (
        "levels",
        "Each rule has a level: `deny` (decides against), `warn` (is shown), `allow` (is not looked for); what cannot be read may also be \
         `undecided`. Presets set all of them, `[levels]` in the policy and `--level RULE=LEVEL` change single ones.",
    ),
    (
        "coverage",
        "Every report says what was read, what was shadowed (a declaration whose lockfile is judged in its place), excluded by the policy, \
         left out (submodules, nested repositories, folders that package managers fill) and unreadable. Nothing is dropped silently.",
    ),
];

/// Explains one word, or lists all of them.
pub(super) fn run(command: &Explain, environment: &mut Environment<'_>) -> Exit {
    if let Some(package) = &command.policy {
        return explain_policy::run(package, command, environment);
    }
    let Some(id) = &command.id else {
        let text = contents();
        return environment.print(text.as_bytes());
    };
    if let Some(rule) = rules::by_id(id) {
        let text = format!("{}: {}\n\n{}\n", rule.id, rule.title, rule.help.trim());
        return environment.print(text.as_bytes());
    }
    if let Some((word, text)) = WORDS.iter().find(|(word, _)| word == id || word.strip_suffix('s') == Some(id)) {
        return environment.print(format!("{word}\n\n{}\n", paragraphs(text)).as_bytes());
    }
    if let Some(control) = Control::from_id(id) {
        return environment.print(explain_control(control).as_bytes());
    }
    if catalogue::find(id).is_some() {
        let command = Registries { id: Some(id.clone()), as_of: None, format: RegistriesFormat::Table, unrated: true };
        return registries::run(&command, environment);
    }
    if let Some(format) = formats::by_id(id) {
        let text = format!("{}: {} ({})\n", format.id, format.title, format.kind.id());
        return environment.print(text.as_bytes());
    }
    environment.say("error", &format!("nothing is called `{id}`; `packman explain` lists every word"));
    Exit::Usage
}

fn paragraphs(text: &str) -> String {
    let blocks =
        text.split("\n\n").map(|block| if block.starts_with("    ") { block.to_owned() } else { wrapped(block, 100).join("\n") });
    blocks.collect::<Vec<_>>().join("\n\n")
}

fn explain_control(control: Control) -> String {
    let Some(definition) = definition(control) else { return String::new() };
    let mut text = format!("{}: {}\n\n{}\n", control.id(), definition.title, wrapped(&definition.explanation, 100).join("\n"));
    let _ = writeln!(text, "\nCriteria:");
    for criterion in &definition.criteria {
        let _ = writeln!(text, "  - {} ({})", criterion.text, criterion.id);
    }
    text
}

fn contents() -> String {
    let mut text = String::from("packman explain WORD, where WORD is one of\n\nwords\n");
    for (word, _) in WORDS {
        let _ = writeln!(text, "  {word}");
    }
    let _ = writeln!(text, "\nrules");
    for rule in rules::RULES {
        let _ = writeln!(text, "  {:<22} {}", rule.id, rule.title);
    }
    let _ = writeln!(text, "\ncontrols");
    for control in Control::ALL {
        let title = definition(control).map(|definition| definition.title.as_str()).unwrap_or_default();
        let _ = writeln!(text, "  {:<32} {title}", control.id());
    }
    let _ = writeln!(text, "\nformats");
    for format in formats::FORMATS {
        let _ = writeln!(text, "  {:<22} {}", format.id, format.title);
    }
    let _ = writeln!(text, "\nregistries: packman registries --unrated");
    text
}
