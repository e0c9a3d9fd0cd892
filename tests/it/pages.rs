//! Pages of the guide that are written from the tables, records and fixtures that they tell about.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::CommandFactory;
use packman::catalogue::control::{Control, Tier};
use packman::catalogue::definition::{definition, definitions};
use packman::catalogue::rating::Reading;
use packman::catalogue::{self, Catalogue, RegistryId};
use packman::cli::Cli;
use packman::clients::{CLIENTS, serving};
use packman::formats::{Claim, FORMATS, Format};
use packman::policy::{self, Context, Policy, ROWS};
use packman::report;
use packman::rules::RULES;
use packman::text::{Side, Text, TextId};

use crate::derived::{fresh, fresh_all, root};
use crate::guide::{TODAY, packman};

/// The first line of every page here.
fn derived(from: &str) -> String {
    format!("<!-- Written by `cargo test` from {from}. Do not edit. -->\n\n")
}

/// The lines that open the source file of a format or a client, as Markdown.
fn opening(folder: &str, id: &str) -> String {
    let module = id.replace('-', "_");
    let own = [format!("src/{folder}/{module}.rs"), format!("src/{folder}/{module}/mod.rs")];
    let source = own.iter().find_map(|file| fs::read_to_string(root().join(file)).ok());
    // Two formats may share one reader.
    let source = source
        .or_else(|| sources(&root().join("src").join(folder)).into_iter().find(|text| text.contains(&format!("id: \"{id}\""))));
    let source = source.unwrap_or_else(|| panic!("no source in src/{folder} is that of {id}"));
    let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let text = lines.map(str::trim).collect::<Vec<_>>().join("\n");
    assert!(text.len() > 40, "{id} says nothing about itself");
    // Links of rustdoc to items lead nowhere here.
    text.replace("[`", "`").replace("`]", "`")
}

fn sources(folder: &Path) -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![fs::read_to_string(path).unwrap()] })
        .collect()
}

fn codes<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".to_owned() } else { text }
}

fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Name(name) => format!("`{name}`"),
        Claim::NameAnyCase(name) => format!("`{name}` in any case"),
        Claim::PrefixAnyCase(prefix) => format!("`{prefix}*` in any case"),
        Claim::BareAnyCase(prefix) => format!("`{prefix}*` without an ending, in any case"),
        Claim::SuffixAnyCase(suffix) => format!("`*{suffix}` in any case"),
        Claim::Around(before, after) => format!("`{before}*{after}`"),
        Claim::Holding(part, end) => format!("`*{part}*{end}`"),
        Claim::In(folder, end) => format!("`**/{folder}/*{end}`"),
        Claim::Below(folder, end) => format!("`**/{folder}/**/*{end}`"),
        Claim::Path(path) => format!("`**/{path}`"),
    }
}

const SHOWS: [&str; 5] = ["origin", "integrity", "edges", "scope", "install-code"];

/// What files of a format showed in its goldens: all that any of them did.
fn shown(format: &Format) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for case in fs::read_dir(root().join("fixtures").join(format.id)).unwrap() {
        let golden = fs::read_to_string(case.unwrap().path().join("expected.txt")).unwrap_or_default();
        for line in golden.lines().filter(|line| line.contains(", states ")) {
            if let Some((_, shows)) = line.split_once(", shows ") {
                words.extend(shows.split_whitespace().map(str::to_owned));
            }
        }
    }
    assert!(words.iter().all(|word| SHOWS.contains(&word.as_str())), "{words:?}");
    words
}

#[test]
fn formats() {
    let mut text = derived("the table of formats, their sources and their fixtures");
    text += "# Formats\n\n\
        What packman reads. A **lock** states exact versions, a **declaration** what is wanted, a **reference** points at something to fetch. \
        A declaration whose lock lies beside it, or at the root of its workspace, is read for details only (`shadowed` in reports).\n\n\
        The columns on the right say what a file of the format can show at all: where an entry comes from, its hash, what requires what, what it \
        is for, and whether it runs code when installed. What a format cannot show is never held against a file. Where a file names no registry, \
        the client's configuration decides ([clients](clients.md)), and where that says nothing, the client's default.\n\n\
        | id | format | kind | origin | integrity | edges | scope | install-code |\n|---|---|---|---|---|---|---|---|\n";
    for format in FORMATS {
        let shown = shown(format);
        let marks: Vec<&str> = SHOWS.iter().map(|word| if shown.contains(*word) { "yes" } else { "-" }).collect();
        writeln!(text, "| [`{0}`](#{0}) | {1} | {2} | {3} |", format.id, format.title, format.kind.id(), marks.join(" | "))
            .unwrap();
    }
    text += "\nThe texts below stand at the head of each reader. Some end with *raises trust*, the fields that speak for a package, and *good news by \
        absence*, the fields that speak against one and may be missing.\n";
    for format in FORMATS {
        let files: Vec<String> = format.files.iter().map(claim).collect();
        let looks = if format.looks.is_some() { ", if the content looks like it" } else { "" };
        let defaults = catalogue::all().map(RegistryId::row).filter(|row| row.default_for.contains(&format.id)).map(|row| row.id);
        writeln!(text, "\n## {}\n\n{}\n\n- kind: {}", format.id, format.title, format.kind.id()).unwrap();
        writeln!(text, "- files: {}{looks}", files.join(", ")).unwrap();
        writeln!(text, "- shadowed by: {}", or_dash(codes(format.shadowed_by.iter().copied()))).unwrap();
        writeln!(
            text,
            "- installed by: {}",
            serving(format.id).map_or("-".to_owned(), |client| format!("[`{0}`](clients.md#{0})", client.id))
        )
        .unwrap();
        writeln!(text, "- where nothing is named: {}", or_dash(codes(defaults))).unwrap();
        writeln!(text, "\n{}", opening("formats", format.id).trim_end()).unwrap();
    }
    fresh("docs/formats.md", &text);
}

#[test]
fn clients() {
    let mut text = derived("the table of clients and their sources");
    text += "# Clients\n\n\
        Where a package really comes from is decided by the client that installs it, and by its configuration. For each client packman reads the \
        files that this client really reads from a project folder, and no others: a file that the client ignores moves nothing. Settings of a \
        person, a machine or the environment lie outside the repository and are not known.\n\n\
        | client | reads from the repository | for the formats |\n|---|---|---|\n";
    let known: BTreeSet<&str> = FORMATS.iter().map(|format| format.id).collect();
    for client in CLIENTS {
        let formats: Vec<String> =
            client.serves.iter().filter(|id| known.contains(*id)).map(|id| format!("[`{id}`](formats.md#{id})")).collect();
        let reads = if client.reads.is_empty() { "nothing".to_owned() } else { codes(client.reads.iter().copied()) };
        writeln!(text, "| [`{0}`](#{0}) | {reads} | {1} |", client.id, or_dash(formats.join(", "))).unwrap();
    }
    for client in CLIENTS {
        writeln!(text, "\n## {}\n\n{}", client.id, opening("clients", client.id).trim_end()).unwrap();
    }
    fresh("docs/clients.md", &text);
}

fn preset(name: &str) -> Policy {
    let id = TextId { side: Side::Head, index: 0 };
    let (text, _) = Text::decode(id, "packman.toml", format!("extends = [\"{name}\"]\n").into_bytes());
    policy::load(Some(&text), &Context { records: &[], today: TODAY, levels: &[], files: None }).unwrap()
}

#[test]
fn rules() {
    let presets = ["observe", "standard", "strict"].map(|name| (name, preset(name)));
    let levels = |id: &str| presets.iter().map(|(_, policy)| policy.level(id).value.id()).collect::<Vec<_>>().join(" | ");
    let exists = |id: &str| RULES.iter().any(|rule| rule.id == id);
    let mut text = derived("the table of rules and the presets");
    text += "# Rules\n\n\
        A rule finds one kind of trouble. Its level says what a finding does: `deny` fails, `warn` is reported, `allow` is not looked for; \
        `lockfile-unreadable` may also leave the verdict `undecided`. The level comes from the [policy](policy.md): from its preset, or from \
        `[levels]`.\n\n| level of | finds | observe | standard | strict |\n|---|---|---|---|---|\n";
    for row in ROWS.iter().filter(|row| exists(row.rule)) {
        writeln!(text, "| [`{}`](#{}) | {} | {} |", row.id, row.rule, row.finds, levels(row.id)).unwrap();
    }
    let later = codes(ROWS.iter().filter(|row| !exists(row.rule)).map(|row| row.id));
    if !later.is_empty() {
        writeln!(text, "\nA policy may already set levels for {later}. Nothing finds these yet.").unwrap();
    }
    let told = told_to_people();
    for rule in RULES {
        let (why, what_to_do) = rule.help.trim().split_once("**What to do.**").unwrap();
        writeln!(text, "\n## {}\n\n*{}.*\n\n{}", rule.id, rule.title, why.trim_end()).unwrap();
        writeln!(text, "\n**An example.**\n\n```text\n{}\n```\n\n**What to do.**{what_to_do}", example(rule.id, &told)).unwrap();
    }
    fresh("docs/rules.md", &text);
}

/// What people see of every small repository among the fixtures, alone and against a base.
fn told_to_people() -> Vec<String> {
    let alone = crate::check::cases().into_iter().map(|(_, tree)| crate::gate::output(&tree, None, "human"));
    alone.chain(crate::base::stories().iter().map(|story| story.report("human"))).collect()
}

/// The first finding of a rule, as people see it.
fn example<'t>(rule: &str, told: &'t [String]) -> &'t str {
    let begins =
        |block: &&str| ["error", "warning", "undecided"].iter().any(|level| block.starts_with(&format!("{level}[{rule}]")));
    let found = told.iter().flat_map(|told| told.split("\n\n")).find(begins);
    found.unwrap_or_else(|| panic!("no case of fixtures/check and no story of fixtures/base shows {rule}")).trim_end()
}

#[test]
fn controls() {
    let mut text = derived("`policies/controls.toml`");
    text += "# Controls\n\n\
        A control is one way in which a registry protects its packages. The matrix, its criteria and the tiers that need a control come from the \
        document that OWASP Packman began with; how a status is read is the same for every registry. [Tiers](tiers.md) explains what follows \
        from them.\n\n| # | control | asks | tier 2 | tier 3 |\n|---|---|---|---|---|\n";
    for control in definitions() {
        let needs = |tier| if control.needed_by.contains(&tier) { "needed" } else { "-" };
        let (basic, secure) = (needs(Tier::BASIC), needs(Tier::SECURE));
        writeln!(text, "| {} | [`{id}`](#{id}) | {} | {basic} | {secure} |", control.number, control.question, id = control.id)
            .unwrap();
    }
    for control in definitions() {
        writeln!(text, "\n## {}\n\n*{}: {}*\n\n{}\n", control.id, control.title, control.question, control.explanation).unwrap();
        writeln!(text, "How its status is read: {}.\n\nCriteria:\n", control.rule).unwrap();
        for criterion in &control.criteria {
            writeln!(text, "- {} (`{}`)", criterion.text, criterion.id).unwrap();
        }
    }
    fresh("docs/controls.md", &text);
}

#[test]
fn registries() {
    let view = Catalogue::newest();
    let mut rated: Vec<RegistryId> = catalogue::all().filter(|id| id.row().rated).collect();
    let rating = |id: &RegistryId| view.standing(*id).rating(Reading::Offered).unwrap();
    rated.sort_by(|a, b| {
        let (a_rating, b_rating) = (rating(a), rating(b));
        (b_rating.tier, b_rating.strength()).cmp(&(a_rating.tier, a_rating.strength())).then_with(|| a.row().id.cmp(b.row().id))
    });
    let mut text = derived("the records in `policies/registries/`");
    write!(
        text,
        "# Registries\n\n\
         As of {}. A record is a dated reading with evidence, not an opinion: each page tells for each control what was read, when, and where it \
         stands. Sorted by the tier offered, then by controls enforced and offered. What the two tiers mean: [tiers](tiers.md).\n\n\
         | registry | language | tier guaranteed | tier offered | enforced | offered | missing for an offered tier 2 |\n|---|---|---|---|---|---|---|\n",
        view.date()
    )
    .unwrap();
    for id in &rated {
        let (record, standing, offered) = (id.record(), view.standing(*id), rating(id));
        writeln!(
            text,
            "| [{}](registries/{}.md) | {} | {} | {} | {} of 6 | {} | {} |",
            record.name,
            record.id,
            record.language,
            standing.tier(Reading::Guaranteed),
            standing.tier(Reading::Offered),
            offered.enforced(Tier::BASIC),
            offered.offered(Tier::BASIC),
            or_dash(codes(offered.missing_for(Tier::BASIC).into_iter().map(Control::id)))
        )
        .unwrap();
    }
    text += "\n## Known and not rated\n\n\
        For these, operator and hosts are known and nobody has read the controls: tier 1, and the rule \
        [`registry-unrated`](rules.md#registry-unrated).\n\n| registry | id | operated by | serves | copies |\n|---|---|---|---|---|\n";
    for id in catalogue::all().filter(|id| !id.row().rated) {
        let record = id.record();
        let serves: Vec<String> = record.ecosystems().iter().map(|ecosystem| ecosystem.id().to_owned()).collect();
        let copies = record.mirror_of.as_deref().unwrap_or("-");
        writeln!(text, "| {} | `{}` | {} | {} | {copies} |", record.name, record.id, record.operator, serves.join(", ")).unwrap();
    }

    let mut files = vec![("docs/registries.md".to_owned(), text)];
    for id in &rated {
        let id = id.row().id;
        let page = derived(&format!("`policies/registries/{id}.toml`")) + &packman(&["registries", id, "--format", "markdown"]);
        files.push((format!("docs/registries/{id}.md"), page));
    }
    files.push(("docs/SUMMARY.md".to_owned(), summary(&rated)));
    fresh_all(&files);
    let pages: BTreeSet<String> = files.into_iter().map(|(path, _)| path).collect();
    for entry in fs::read_dir(root().join("docs/registries")).unwrap() {
        let path = format!("docs/registries/{}", entry.unwrap().file_name().to_str().unwrap());
        assert!(pages.contains(&path), "{path} is of no rated record: delete it");
    }
}

/// The table of contents with the registries' pages below theirs; all other lines are kept.
fn summary(rated: &[RegistryId]) -> String {
    let mut text = String::new();
    for line in fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap().lines().filter(|line| !line.contains("](registries/"))
    {
        writeln!(text, "{line}").unwrap();
        if line.contains("](registries.md)") {
            let indent = line.chars().take_while(|c| *c == ' ').count() + 2;
            for id in rated {
                writeln!(text, "{:indent$}- [{}](registries/{}.md)", "", id.row().name, id.row().id).unwrap();
            }
        }
    }
    text
}

#[test]
fn command_line() {
    let mut text = derived("the command line's own help");
    text += "# The command line\n\nThe exit code is the same whatever the outputs: see [the verdict](verdict.md).\n";
    let mut cli = Cli::command();
    cli.build();
    let help = |command: &clap::Command| {
        let help = command.clone().term_width(100).render_long_help().to_string();
        help.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_end().to_owned()
    };
    writeln!(text, "\n## packman\n\n```text\n{}\n```", help(&cli)).unwrap();
    for command in cli.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help") {
        writeln!(text, "\n## packman {}\n\n```text\n{}\n```", command.get_name(), help(command)).unwrap();
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            writeln!(text, "\n### packman {} {}\n\n```text\n{}\n```", command.get_name(), below.get_name(), help(below)).unwrap();
        }
    }
    text += "\n`packman man` prints the man page, `packman completions SHELL` a completion script.\n";
    fresh("docs/cli.md", &text);
}

#[test]
fn schemas() {
    let pretty = |schema: &serde_json::Value| format!("{}\n", serde_json::to_string_pretty(schema).unwrap());
    fresh_all(&[
        ("docs/packman.report-1.schema.json".to_owned(), pretty(&report::report_schema())),
        ("docs/packman.list-1.schema.json".to_owned(), pretty(&report::list_schema())),
        ("docs/packman.diff-1.schema.json".to_owned(), pretty(&report::diff_schema())),
    ]);
}

#[test]
fn every_control_is_explained() {
    assert!(Control::ALL.iter().all(|control| definition(*control).is_some_and(|definition| !definition.criteria.is_empty())));
}
