//! The policy: the sample of the documentation, every message, presets held to their table, and what lines mean for dependencies.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use packman::catalogue::control::Control;
use packman::dependency::Scopes;
use packman::ecosystem::Ecosystem;
use packman::policy::{self, Context, Fault, Files, Level, Policy, ROWS, SetBy, Subject};
use packman::text::{Place, Problem, Side, Text, TextId, Texts};
use packman::tree::{FileKind, MapTree, Tree};

use crate::golden::{self, collect};

/// A small catalogue, so that tests don't move with the data.
const RECORDS: &[(&str, &[Ecosystem])] = &[
    ("crates-io", &[Ecosystem::Cargo]),
    ("docker-hub", &[Ecosystem::Docker]),
    ("github-packages", &[Ecosystem::Npm, Ecosystem::Maven]),
    ("go", &[Ecosystem::Golang]),
    ("maven-central", &[Ecosystem::Maven]),
    ("npm", &[Ecosystem::Npm]),
    ("nuget", &[Ecosystem::NuGet]),
    ("pypi", &[Ecosystem::PyPi]),
];

const TODAY: Date = date(2026, 11, 24);

fn text(content: &str) -> Text {
    Text::decode(TextId { side: Side::Head, index: 0 }, "packman.toml", content.as_bytes().to_vec()).0
}

fn try_load(content: &str, levels: &[&str]) -> Result<Policy, Vec<Fault>> {
    let levels: Vec<String> = levels.iter().map(|level| (*level).to_owned()).collect();
    policy::load(Some(&text(content)), &Context { records: RECORDS, today: TODAY, levels: &levels, files: None })
}

fn load(content: &str) -> Policy {
    try_load(content, &[]).unwrap_or_else(|faults| panic!("{}", dump(&text(content), &faults)))
}

fn excerpt(text: &Text, place: Place) -> String {
    let region = text.lines().region(place.span);
    let cut = text.slice(place.span).replace("\r\n", "\n").replace('\n', "⏎");
    let cut = if cut.chars().count() > 80 { format!("{}…", cut.chars().take(80).collect::<String>()) } else { cut };
    format!("{}:{} `{cut}`", region.line, region.column)
}

fn dump(text: &Text, faults: &[Fault]) -> String {
    told(faults, |place| excerpt(text, place))
}

fn told(faults: &[Fault], excerpt: impl Fn(Place) -> String) -> String {
    let mut out = String::new();
    for fault in faults {
        let place = fault.place.map_or_else(|| "command line".to_owned(), &excerpt);
        let _ = writeln!(out, "{place}\n  {}", fault.message);
        if let Some((also, label)) = &fault.also {
            let _ = writeln!(out, "  {}: {label}", excerpt(*also));
        }
        if !fault.hint.is_empty() {
            let _ = writeln!(out, "  = {}", fault.hint);
        }
    }
    out
}

const SAMPLE: &str = r#"
extends = ["standard"]              # presets, or files of this repository
catalogue = 2026-11-22              # the date that the catalogue is read as of
exclude = ["fixtures/**"]           # counted and listed in every report
no-lockfile = "undecided"

[minimum]                           # asked of every dependency
tier = 2
reading = "offered"                 # guaranteed | offered | observed
controls = ["security-contacts"]
[[minimum.for]]                     # narrower: ecosystem, registry, scope, npm-scope, package, path; the most specific wins
registry = "pypi"
tier = 1

[levels]
integrity-missing = "deny"

[origins]
allow-git = ["https://github.com/acme/*"]   # compared without scheme, user, .git and fragment; scp form too
allow-url = []
default-registry = { golang = "go" }

[registries.acme]                   # a declared registry
ecosystem = "npm"
urls = ["https://npm.acme.example/"]
mirror-of = "npm"
own = ["@acme/*"]

[packages]
assign = { "@acme/*" = "acme" }     # only from there
may-run-code = ["pkg:npm/esbuild"]

[[exceptions]]
rule = "origin-not-allowed"
package = "pkg:cargo/left-pad"      # or registry = …, path = …
reason = "fork until 2.1 is out"
owner = "@acme/build"
until = 2027-03-01                  # mandatory, the day included; `exception-days-max` caps it
"#;

fn package(ecosystem: Ecosystem, name: &str) -> Subject<'_> {
    Subject { ecosystem: Some(ecosystem), name, version: Some("1.0.0"), path: "package-lock.json", ..Subject::default() }
}

#[test]
fn the_sample_means_what_it_says() {
    let text = text(SAMPLE);
    let policy = load(SAMPLE);
    let place = |place: Option<Place>| excerpt(&text, place.unwrap());

    assert_eq!(policy.extends.iter().map(|preset| preset.value).collect::<Vec<_>>(), ["standard"]);
    let pin = policy.catalogue.unwrap();
    assert_eq!((pin.value, place(pin.place)), (date(2026, 11, 22), "3:1 `catalogue = 2026-11-22`".into()));
    assert_eq!(policy.no_lockfile.value, Level::Undecided);
    assert_eq!(place(policy.excludes("fixtures/a/b.lock").unwrap().place), "4:12 `\"fixtures/**\"`");
    assert!(policy.excludes("src/fixtures/x").is_none());

    let npm = policy.minimum_for(&Subject { registry: Some("npm"), ..package(Ecosystem::Npm, "x") }).unwrap();
    assert_eq!((npm.tier.unwrap().value.0, place(npm.tier.unwrap().place)), (2, "8:1 `tier = 2`".into()));
    assert_eq!(place(npm.reading.place), "9:1 `reading = \"offered\"`");
    let pypi = policy.minimum_for(&Subject { registry: Some("pypi"), ..package(Ecosystem::PyPi, "x") }).unwrap();
    assert_eq!((pypi.tier.unwrap().value.0, place(pypi.tier.unwrap().place)), (1, "13:1 `tier = 1`".into()));
    assert_eq!(place(pypi.controls[0].place), "10:13 `\"security-contacts\"`");

    let level = policy.level("integrity-missing");
    assert_eq!(
        (level.value, level.by, place(level.place)),
        (Level::Deny, SetBy::File, "16:1 `integrity-missing = \"deny\"`".into())
    );
    let level = policy.level("unknown-registry");
    assert_eq!((level.value, level.by, level.place), (Level::Deny, SetBy::Preset("standard"), None));

    for url in [
        "https://github.com/acme/x",
        "git+ssh://git@github.com/acme/x.git#0123",
        "git@github.com:acme/x.git",
        "ssh://git@github.com:acme/x",
        "ssh://git@github.com:22/acme/x/",
        "HTTPS://GitHub.com:443/acme/x?rev=1#2",
        "github.com/acme/sub/x",
    ] {
        assert!(policy.origins.git(url).is_some(), "{url}");
    }
    for url in [
        "https://github.com/acme",
        "https://github.com/acmee/x",
        "https://github.com/acme/../evil/x",
        "https://github.com/acme/%2e%2e/evil/x",
        "https://github.com/acme%2f..%2fevil/x",
        "https://github.com/evil/acme/x",
        "https://github.com@evil.example/acme/x",
        "https://a@b@github.com/acme/x",
        "https://github.com.evil.example/acme/x",
        "https://github.com./acme/x",
        "https://github.com:8443/acme/x",
        "https://github.com\\@evil.example/acme/x",
        "https://evil.example/github.com/acme/x",
        "evil.example:github.com/acme/x",
        "ssh://github.com:acme@evil.example/acme/x",
        "github.com:acme@evil.example/x",
        "ssh://github.com:/acme@evil.example:/x",
        "file:///github.com/acme/x",
        "",
    ] {
        assert!(policy.origins.git(url).is_none(), "{url}");
    }
    assert_eq!(place(policy.default_registry(Ecosystem::Golang).unwrap().place), "21:22 `golang = \"go\"`");
    assert!(policy.default_registry(Ecosystem::Npm).is_none());

    let [acme] = policy.registries.as_slice() else { panic!() };
    assert_eq!(&*acme.urls[0].value, "https://npm.acme.example/");
    assert!(acme.owns("@acme/x") && !acme.owns("left-pad"));
    let assigned = policy.packages.assigned(Ecosystem::Npm, "@acme/x").unwrap();
    assert_eq!((&*assigned.registry.value, place(assigned.registry.place).as_str()), ("acme", "30:12 `\"@acme/*\" = \"acme\"`"));
    assert!(policy.packages.assigned(Ecosystem::Npm, "@acmex/x").is_none());
    assert!(policy.packages.assigned(Ecosystem::Cargo, "@acme/x").is_none());
    assert!(policy.packages.may_run_code().first(Ecosystem::Npm, "esbuild", Some("0.1.0")).is_some());
    assert!(policy.packages.may_run_code().first(Ecosystem::Cargo, "esbuild", None).is_none());

    let subject = package(Ecosystem::Cargo, "left-pad");
    let rule = "origin-not-allowed";
    let (index, exception) = policy.exception_for(rule, &subject, date(2027, 3, 1)).unwrap();
    assert_eq!(
        (index, &*exception.owner, place(exception.until.place).as_str()),
        (0, "@acme/build", "38:1 `until = 2027-03-01`")
    );
    assert!(policy.exception_for(rule, &subject, date(2027, 3, 2)).is_none(), "the day is included, the next one is not");
    assert!(policy.exceptions.find_expired(rule, &subject, date(2027, 3, 2)).is_some());
    assert!(policy.exceptions.find_expired(rule, &subject, date(2027, 3, 1)).is_none());
    assert!(policy.exception_for("insecure-origin", &subject, TODAY).is_none());
    assert!(policy.exception_for(rule, &package(Ecosystem::Npm, "left-pad"), TODAY).is_none());
}

#[test]
fn without_a_file_standard_holds() {
    let policy = policy::load(None, &Context { records: RECORDS, today: TODAY, levels: &[], files: None }).unwrap();
    let empty = load("");
    for row in ROWS {
        assert_eq!(policy.level(row.id), empty.level(row.id));
        assert_eq!(policy.level(row.id).by, SetBy::Preset("standard"));
    }
    assert_eq!(policy.minimum_for(&package(Ecosystem::Npm, "x")), None);
    assert_eq!(policy.extends[0].by, SetBy::Default);
    assert_eq!(policy.level("no-such-rule").value, Level::Deny);
}

/// The table of rules, as it is agreed upon.
const TABLE: &str = "
| `tier-below-minimum` | warn | deny | deny |
| `control-missing` | warn | deny | deny |
| `unknown-registry` | warn | deny | deny |
| `registry-unrated` | warn | warn | deny |
| `registry-assumed` | allow | allow | deny |
| `registry-mismatch` | warn | deny | deny |
| `origin-not-allowed` | warn | deny | deny |
| `insecure-origin` | warn | deny | deny |
| `unpinned-origin` | warn | deny | deny |
| `unpinned-reference` | allow | warn | deny |
| `integrity-missing` | warn | warn | deny |
| `runs-code-on-install` | allow | warn | deny |
| `lockfile-missing` | warn | warn | deny |
| `lockfile-unreadable` | warn | undecided | undecided |
| `tag-missing` | warn | deny | deny |
| `known-issue` | warn | deny | deny |
| `protection-lowered` | warn | deny | deny |
| `coverage-lost` | warn | deny | deny |
| `registry-new` | warn | warn | warn |
| `policy-changed` | warn | warn | warn |
| `exception-expired` | warn | deny | deny |
| `exception-unused` | warn | warn | warn |
";

#[test]
fn presets_are_the_table() {
    let rows: Vec<Vec<&str>> = TABLE
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), ROWS.iter().map(|row| row.id).collect::<Vec<_>>());
    for (column, preset) in ["observe", "standard", "strict"].into_iter().enumerate() {
        let policy = load(&format!("extends = [\"{preset}\"]"));
        for row in &rows {
            let level = policy.level(row[0]);
            assert_eq!((level.value.id(), level.by), (row[column + 1], SetBy::Preset(preset)), "{} in {preset}", row[0]);
        }
        assert_eq!(policy.no_lockfile.value == Level::Undecided, preset != "observe");
        assert_eq!(policy.minimum_for(&package(Ecosystem::Npm, "x")), None, "no preset sets a minimum");
    }
}

#[test]
fn layers_win_in_order() {
    let policy = load("extends = [\"strict\", \"observe\"]\n[levels]\nregistry-new = \"deny\"\n");
    assert_eq!(policy.level("unknown-registry").by, SetBy::Preset("observe"));
    assert_eq!(policy.level("registry-new").value, Level::Deny);
    let policy = try_load("[levels]\nregistry-new = \"deny\"\n", &["registry-new=allow", "registry-new=warn"]).unwrap();
    assert_eq!((policy.level("registry-new").value, policy.level("registry-new").by), (Level::Warn, SetBy::CommandLine));
}

#[test]
fn the_command_line_has_faults_too() {
    let levels = ["integrity-missing", "integrity-mising=deny", "integrity-missing=undecided", "lockfile-unreadable=undecided"];
    let faults = try_load("", &levels).unwrap_err();
    let expected = "command line
  `--level integrity-missing` has no `=`
  = write it like `--level integrity-missing=deny`
command line
  `--level integrity-mising=deny`: there is no rule `integrity-mising`
  = did you mean `integrity-missing`?
command line
  `--level integrity-missing=undecided`: `undecided` is no level of `integrity-missing`
  = write `allow`, `warn` or `deny`
";
    assert_eq!(dump(&text(""), &faults), expected);
}

#[test]
fn the_most_specific_minimum_wins() {
    let policy = load(
        "[minimum]\ntier = 2\ncontrols = [\"mfa-to-push\"]\n\
         [[minimum.for]]\necosystem = \"npm\"\ntier = 3\n\
         [[minimum.for]]\nregistry = \"npm\"\nreading = \"guaranteed\"\ntier = 1\n\
         [[minimum.for]]\nscope = \"development\"\ntier = 1\n\
         [[minimum.for]]\nnpm-scope = \"@acme\"\ntier = 3\ncontrols = []\n\
         [[minimum.for]]\npackage = \"pkg:npm/@acme/tool-*\"\ntier = 2\n\
         [[minimum.for]]\npackage = \"pkg:npm/@acme/tool-x\"\ntier = 1\n\
         [[minimum.for]]\npackage = \"pkg:npm/@acme/tool-x@9.*\"\ntier = 3\n\
         [[minimum.for]]\npath = \"legacy\"\ntier = 1\n\
         [[minimum.for]]\npath = \"legacy/old/**\"\ntier = 3\n",
    );
    let tier = |subject: &Subject<'_>| policy.minimum_for(subject).unwrap().tier.unwrap().value.0;
    let npm = |name| Subject { registry: Some("npm"), ..package(Ecosystem::Npm, name) };
    let scoped = |scopes| Subject { scopes, ..npm("x") };

    assert_eq!(tier(&package(Ecosystem::Cargo, "x")), 2, "nothing narrower");
    assert_eq!(tier(&package(Ecosystem::Npm, "x")), 3, "ecosystem");
    assert_eq!(tier(&npm("x")), 1, "registry over ecosystem");
    assert_eq!(tier(&npm("@acme/x")), 3, "npm scope over registry");
    assert_eq!(tier(&npm("@acme/tool-y")), 2, "package over npm scope");
    assert_eq!(tier(&npm("@acme/tool-x")), 1, "one name over a pattern");
    assert_eq!(tier(&Subject { version: Some("9.1"), ..npm("@acme/tool-x") }), 3, "a version over all");
    assert_eq!(tier(&Subject { path: "legacy/a.lock", ..npm("@acme/tool-x") }), 1, "path over package");
    assert_eq!(tier(&Subject { path: "legacy/old/a.lock", ..npm("x") }), 3, "the longer path");
    assert_eq!(tier(&Subject { path: "legacy-not/a.lock", ..package(Ecosystem::Cargo, "x") }), 2);

    let minimum = policy.minimum_for(&npm("x")).unwrap();
    assert_eq!(minimum.controls.len(), 1, "what an entry does not say comes from a wider one");
    assert_eq!(minimum.reading.value.id(), "guaranteed");
    assert!(policy.minimum_for(&npm("@acme/x")).unwrap().controls.is_empty());

    let cargo = |scopes| Subject { scopes, ..package(Ecosystem::Cargo, "x") };
    assert_eq!(tier(&cargo(Scopes::DEVELOPMENT)), 1);
    assert_eq!(tier(&cargo(Scopes::DEVELOPMENT.with(Scopes::PRODUCTION))), 2, "production needs it too");
    assert_eq!(tier(&cargo(Scopes::UNKNOWN)), 2);
    assert_eq!(tier(&scoped(Scopes::DEVELOPMENT)), 1);
}

#[test]
fn equals_ask_for_more() {
    let policy = load(
        "[[minimum.for]]\nscope = \"optional\"\ntier = 1\n[[minimum.for]]\nscope = \"production\"\ntier = 2\n\
         [[minimum.for]]\nscope = \"peer\"\ntier = 1\n",
    );
    let scopes = Scopes::OPTIONAL.with(Scopes::PRODUCTION).with(Scopes::PEER);
    let minimum = policy.minimum_for(&Subject { scopes, ..package(Ecosystem::Cargo, "x") }).unwrap();
    assert_eq!(minimum.tier.unwrap().value.0, 2);
    let unknown = policy.minimum_for(&package(Ecosystem::Cargo, "x")).unwrap();
    assert_eq!(unknown.tier.unwrap().value.0, 2, "of unknown scope: may be production's");
    let peer = Subject { scopes: Scopes::DEVELOPMENT, ..package(Ecosystem::Cargo, "x") };
    assert_eq!(policy.minimum_for(&peer), None);
}

#[test]
fn alternatives_are_taken_as_a_whole() {
    let policy = load(
        "[minimum]\nany-of = [{ tier = 2 }, { controls = [\"mfa-to-push\"] }]\n\
         [[minimum.for]]\nregistry = \"npm\"\nany-of = [{ tier = 3, controls = [\"code-signing\"] }]\n\
         [[minimum.for]]\npath = \"legacy\"\nany-of = []\n\
         [[minimum.for]]\nscope = \"optional\"\nany-of = [{ tier = 2 }, { tier = 3 }]\n\
         [[minimum.for]]\nscope = \"peer\"\nany-of = [{ tier = 3 }]\n",
    );
    let any_of = |subject: &Subject<'_>| {
        let minimum = policy.minimum_for(subject)?;
        Some(minimum.any_of.iter().map(ToString::to_string).collect::<Vec<_>>().join(", or "))
    };
    let cargo = package(Ecosystem::Cargo, "x");
    let npm = Subject { registry: Some("npm"), ..package(Ecosystem::Npm, "x") };
    assert_eq!(any_of(&cargo).unwrap(), "tier 2, or mfa-to-push");
    assert_eq!(any_of(&npm).unwrap(), "tier 3 and code-signing");
    assert_eq!(any_of(&Subject { path: "legacy/a.lock", ..npm }), None, "nothing is asked there");
    let both = Subject { scopes: Scopes::OPTIONAL.with(Scopes::PEER), ..cargo };
    assert_eq!(any_of(&both).unwrap(), "tier 3", "of equals the one that asks more");
    let lines = policy.minimum.explain(&both).any_of;
    let lines: Vec<(&str, &str)> = lines.iter().map(|line| (line.asks.as_str(), &*line.selects)).collect();
    assert_eq!(
        lines,
        [("tier 3", "scope = \"peer\""), ("tier 2, or tier 3", "scope = \"optional\""), ("tier 2, or mfa-to-push", "")]
    );
}

#[test]
fn names_are_compared_as_ecosystems_do() {
    let policy = load(
        "[packages]\nmay-run-code = [\"pkg:pypi/Foo_Bar.*\", \"pkg:maven/org/acme/core\", \"pkg:nuget/Acme.*\", \"pkg:npm/%40a/b@1.0.0\", \
         \"pkg:npm/plain\", \"bare-*\"]\n[packages.assign]\n\"*\" = \"github-packages\"\n\"acme.*\" = \"nuget\"\n\"pkg:npm/@acme/*\" = \"npm\"\n",
    );
    let may = |ecosystem, name, version| policy.packages.may_run_code().first(ecosystem, name, version).is_some();
    assert!(may(Ecosystem::PyPi, "foo-bar-x", None));
    assert!(may(Ecosystem::Maven, "org.acme:core", Some("1")));
    assert!(may(Ecosystem::NuGet, "ACME.x", None));
    assert!(may(Ecosystem::Npm, "@a/b", Some("1.0.0")));
    assert!(!may(Ecosystem::Npm, "@a/b", Some("1.0.1")) && !may(Ecosystem::Npm, "@a/b", None));
    assert!(may(Ecosystem::Npm, "plain", Some("1")) && !may(Ecosystem::Npm, "Plain", None));
    assert!(may(Ecosystem::Gem, "bare-x", None) && may(Ecosystem::Cargo, "bare-x", None));
    let assigned = |ecosystem, name| policy.packages.assigned(ecosystem, name).map(|line| &*line.registry.value);
    assert_eq!(assigned(Ecosystem::Npm, "@acme/x"), Some("npm"), "the most specific");
    assert_eq!(assigned(Ecosystem::Npm, "x"), Some("github-packages"));
    assert_eq!(assigned(Ecosystem::Maven, "a:b"), Some("github-packages"));
    assert_eq!(assigned(Ecosystem::NuGet, "Acme.X"), Some("nuget"));
    assert_eq!(assigned(Ecosystem::Cargo, "acme.x"), None);
    let policy = load("[minimum]\ntier = 1\n[[minimum.for]]\npackage = \"Zope.Inter*\"\ntier = 3\n");
    let tier = |ecosystem, name| policy.minimum_for(&package(ecosystem, name)).unwrap().tier.unwrap().value.0;
    assert_eq!(tier(Ecosystem::PyPi, "zope-interface"), 3, "PyPI's names in their normal form, whatever the pattern is for");
    assert_eq!(tier(Ecosystem::Npm, "Zope.InterX"), 3);
    assert_eq!(tier(Ecosystem::Npm, "zope-inter-x"), 1);
    let policy = load(
        "[minimum]\ntier = 1\n[[minimum.for]]\npackage = \"a_.b*\"\ntier = 3\n[[minimum.for]]\npackage = \"c-_*\"\ntier = 2\n",
    );
    let tier = |ecosystem, name| policy.minimum_for(&package(ecosystem, name)).unwrap().tier.unwrap().value.0;
    assert_eq!((tier(Ecosystem::PyPi, "a-bc"), tier(Ecosystem::Npm, "a_.bc"), tier(Ecosystem::Npm, "a-bc")), (3, 3, 1));
    assert_eq!((tier(Ecosystem::PyPi, "c-d"), tier(Ecosystem::Npm, "c-_d"), tier(Ecosystem::Npm, "c-d")), (2, 2, 1));
}

#[test]
fn exceptions_select_by_all_that_they_name() {
    let entry = |what: &str| {
        format!("[[exceptions]]\nrule = \"unknown-registry\"\nreason = \"r\"\nowner = \"o\"\nuntil = 2027-01-01\n{what}\n")
    };
    let policy = load(
        &[
            entry("package = \"pkg:npm/x\"\npath = \"web/**\""),
            entry("registry = \"npm\""),
            entry("path = \"tools\""),
            entry("package = \"@acme/*\""),
            entry("package = \"pkg:npm/x\""),
        ]
        .concat(),
    );
    let find = |subject: &Subject<'_>| policy.exception_for("unknown-registry", subject, TODAY).map(|(index, _)| index);
    assert_eq!(find(&Subject { path: "web/a.lock", ..package(Ecosystem::Npm, "x") }), Some(0));
    assert_eq!(find(&package(Ecosystem::Npm, "x")), Some(4));
    assert_eq!(find(&Subject { registry: Some("npm"), ..package(Ecosystem::Npm, "x") }), Some(1));
    assert_eq!(find(&Subject { path: "tools/x/y", ..Subject::default() }), Some(2), "a finding about a file");
    assert_eq!(find(&package(Ecosystem::Npm, "@acme/y")), Some(3));
    assert_eq!(find(&package(Ecosystem::Npm, "y")), None);
}

/// More paths than one compiled set can hold: each entry still speaks of its own path alone.
#[test]
fn thousands_of_paths_keep_apart() {
    let mut content = String::from("[minimum]\ntier = 1\n");
    for number in 0..5_000 {
        let path = format!("teams/of-a-large-organisation/number-{number}/**/service-{number}/*.json");
        let _ = writeln!(content, "[[exceptions]]\nrule = \"unknown-registry\"\npath = \"{path}\"");
        content.push_str("reason = \"r\"\nowner = \"o\"\nuntil = 2026-12-24\n");
        let _ = writeln!(content, "[[minimum.for]]\npath = \"{path}\"\ntier = 3");
    }
    let policy = load(&content);
    let of = |path: &str| {
        let subject = Subject { path, ..package(Ecosystem::Npm, "left-pad") };
        let exception = policy.exception_for("unknown-registry", &subject, TODAY).map(|(position, _)| position);
        (exception, policy.minimum_for(&subject).unwrap().tier.unwrap().value.0)
    };
    assert_eq!(of("teams/of-a-large-organisation/number-4321/a/service-4321/package-lock.json"), (Some(4321), 3));
    assert_eq!(of("teams/of-a-large-organisation/number-4321/a/service-4322/package-lock.json"), (None, 1));
    assert_eq!(of("web/package-lock.json"), (None, 1));
}

#[test]
fn addresses_of_files_and_archives() {
    let policy = load(
        "[origins]\nallow-url = [\"https://*.example.com/dist/*\", \"https://example.net/x.tgz\"]\nallow-archive = [\"vendor/*.tgz\"]\n",
    );
    let url = |url| policy.origins.url(url).is_some();
    assert!(url("https://a.example.com/dist/x/y.tgz#sha") && url("https://a.example.com/dist/x?y"));
    assert!(!url("https://a.b.example.com/dist/x") && !url("https://evil.example/a.example.com/dist/x"));
    assert!(url("https://example.net/x.tgz") && !url("https://example.net/x.tgz/y") && !url("https://example.net/"));
    let git = load("[origins]\nallow-git = [\"git@git.example.com:acme/*\", \"ssh://git@git.example.com:2222/acme/*\"]\n");
    let git = |url| git.origins.git(url).is_some();
    assert!(
        git("https://git.example.com/acme/x.git")
            && git("ssh://git.example.com:2222/acme/x")
            && git("git@git.example.com:/acme/x")
    );
    assert!(!git("ssh://git.example.com:2223/acme/x") && !git("git@git.example.com:2222/acme/x"), "a port is no path");
    assert!(policy.origins.archive("vendor/x.tgz").is_some() && policy.origins.archive("vendor/a/x.tgz").is_none());
}

#[test]
fn two_policies_are_a_fault() {
    let found = |paths: &[&str]| {
        let files = paths.iter().map(|path| (Box::from(*path), FileKind::File)).collect();
        let texts = Texts::of(Side::Head, files);
        policy::find(&texts).map(|id| id.map(|id| texts.path(id).to_owned())).map_err(|fault| fault.message)
    };
    assert_eq!(found(&["a"]), Ok(None));
    assert_eq!(found(&["a", "packman.toml"]), Ok(Some("packman.toml".into())));
    assert_eq!(found(&[".github/packman.toml", "web/packman.toml"]), Ok(Some(".github/packman.toml".into())));
    assert_eq!(found(&policy::PATHS), Err("there are two policies, `packman.toml` and `.github/packman.toml`".into()));
}

/// Each example of the guide is a policy, and together they show every key.
#[test]
fn the_guide_is_right() {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md")).unwrap();
    let examples: Vec<&str> = guide.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() > 8);
    for example in &examples {
        let folder = Folder::of_the_guide(example);
        let loaded =
            policy::load(Some(&text(example)), &Context { records: RECORDS, today: TODAY, levels: &[], files: Some(&folder) });
        loaded.unwrap_or_else(|faults| panic!("{}", dump(&text(example), &faults)));
    }
    let mut keys = Vec::new();
    keys_of(policy::schema(), &mut keys);
    let rules: Vec<&str> = ROWS.iter().map(|row| row.id).collect();
    let is_word = |key: &str| rules.contains(&key) || Ecosystem::from_id(key).is_some() || Control::from_id(key).is_some();
    for key in keys.iter().filter(|key| !is_word(key)) {
        assert!(
            examples.iter().any(|example| example.contains(key.as_str())) || guide.contains(&format!("`{key}`")),
            "{key} is not shown"
        );
    }
}

fn keys_of(schema: &serde_json::Value, keys: &mut Vec<String>) {
    if let Some(properties) = schema.get("properties").and_then(serde_json::Value::as_object) {
        keys.extend(properties.keys().cloned());
        properties.values().for_each(|schema| keys_of(schema, keys));
    }
    for below in ["items", "additionalProperties"].iter().filter_map(|key| schema.get(key)) {
        keys_of(below, keys);
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy")
}

/// The files of a case: a policy may extend others.
pub(crate) struct Folder {
    tree: MapTree,
    texts: Texts,
}

impl Folder {
    /// A repository with the files that the guide's examples extend.
    pub(crate) fn of_the_guide(example: &str) -> Self {
        let tree = MapTree::of(&[
            ("packman.toml", example),
            ("policies/company.toml", ""),
            ("policies/legacy.toml", ""),
            ("services/payments/packman.toml", ""),
        ]);
        let texts = Texts::of(Side::Head, tree.list().unwrap().files);
        Self { tree, texts }
    }

    fn of(case: &Path, change: impl Fn(&str) -> String) -> Self {
        let mut tree = MapTree::default();
        collect(case, case, &mut tree.0);
        for bytes in tree.0.values_mut() {
            *bytes = change(std::str::from_utf8(bytes).unwrap()).into_bytes();
        }
        let texts = Texts::of(Side::Head, tree.list().unwrap().files);
        Self { tree, texts }
    }

    fn messages(&self) -> String {
        let root = policy::find(&self.texts).unwrap().unwrap();
        let root = self.texts.read(&self.tree, root).unwrap();
        match policy::load(Some(root), &Context { records: RECORDS, today: TODAY, levels: &[], files: Some(self) }) {
            Ok(_) => "no fault\n".to_owned(),
            Err(faults) => told(&faults, |place| {
                let text = self.texts.loaded(place.text).unwrap();
                let path = if text.id == root.id { String::new() } else { format!("{}:", text.path) };
                format!("{path}{}", excerpt(text, place))
            }),
        }
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Option<Result<&Text, &Problem>> {
        self.texts.find(path).map(|id| self.texts.read(&self.tree, id))
    }

    fn paths(&self) -> Vec<&str> {
        self.texts.paths().map(|(_, path, _)| path).collect()
    }
}

/// Every message, with its places. Each case is read three times: as it is, with CR LF, and with a byte order mark.
#[test]
fn messages() {
    let mut stale = Vec::new();
    let mut cases: Vec<PathBuf> = std::fs::read_dir(fixtures()).unwrap().map(|case| case.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 10, "only {} cases", cases.len());
    for case in cases {
        let golden = case.join("expected.txt");
        stale.extend(golden::stale(&golden, &Folder::of(&case, str::to_owned).messages()));
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        for (twin, change) in [
            (" with CR LF", (|content| content.replace('\n', "\r\n")) as fn(&str) -> String),
            (" with a mark", |content| format!("\u{feff}{content}")),
        ] {
            let found = Folder::of(&case, change).messages();
            if found != expected {
                stale.push(format!("{}{twin}:\n{found}", case.display()));
            }
        }
    }
    assert!(stale.is_empty(), "messages differ (UPDATE=1 rewrites them):\n{}", stale.join("\n"));
}

#[test]
fn nothing_panics_and_nothing_hangs() {
    let deep = |open: &str, close: &str| format!("exclude = {}{}", open.repeat(100_000), close.repeat(100_000));
    let cases = [
        "x".repeat(50 * 1024 * 1024),
        deep("[", "]"),
        deep("{ a = ", "}"),
        format!("{} = 1", "a.".repeat(100_000) + "a"),
        format!("[{}]", "a.".repeat(100_000) + "a"),
        "[[exceptions]]\n".repeat(100_000),
        format!("exclude = [\"{}\"]", "{".repeat(1000)),
        format!("exclude = [\"{}\"]", "{a,".repeat(300)),
        format!("exclude = [{}]", "\"**/a*/**/b*/**\",".repeat(2_000)),
        format!("[packages]\nmay-run-code = [\"{}\"]", "*a".repeat(400)),
        "tier = 99999999999999999999999999".to_owned(),
        "catalogue = 2026-02-30\n".to_owned(),
        "\u{feff}".to_owned(),
        "=".to_owned(),
        "\"\" = 1\n[registries.\"\"]\n".to_owned(),
    ];
    for content in cases {
        if let Err(faults) = try_load(&content, &[]) {
            assert!(!faults.is_empty() && faults.len() <= 100_000);
        }
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..400)) {
        let text = Text::decode(TextId { side: Side::Head, index: 0 }, "packman.toml", bytes).0;
        let _ = policy::load(Some(&text), &Context { records: RECORDS, today: TODAY, levels: &[], files: None });
    }

    /// Pieces of real policies in any order: places always lie in the file.
    #[test]
    fn any_mixture_is_answered(lines in proptest::collection::vec(proptest::sample::select(SAMPLE.lines().collect::<Vec<_>>()), 0..30)) {
        let text = text(&lines.join("\n"));
        if let Err(faults) = policy::load(Some(&text), &Context { records: RECORDS, today: TODAY, levels: &[], files: None }) {
            for fault in faults {
                let places = fault.place.into_iter().chain(fault.also.map(|(place, _)| place));
                for place in places {
                    proptest::prop_assert!(text.content.get(place.span.range()).is_some());
                }
            }
        }
    }

    /// However lines are looked up: what decides is the first of all lines that fit, asked one by one.
    #[test]
    fn lookups_find_what_fits(
        entries in proptest::collection::btree_set((
            proptest::sample::select(vec!["", "registry = \"npm\"\n", "registry = \"nuget\"\n"]),
            proptest::sample::select(vec!["", "Left*", "pkg:npm/left-pad", "pkg:nuget/LEFT*", "*pad", "l*", "*"]),
            proptest::sample::select(vec!["", "path = \"web/**\"\n", "path = \"*/a.lock\"\n", "path = \"api\"\n"]),
        ), 1..12),
        subjects in proptest::collection::vec((0..2_usize, proptest::sample::select(vec!["left-pad", "Left.Pad", "leftover", "x"]), proptest::sample::select(vec!["web/a.lock", "api/b.lock", "c.lock"])), 1..6),
    ) {
        let tiers = (1..=3).cycle();
        // A registry serves what it serves.
        let entries = entries.into_iter().filter(|(registry, package, _)| registry.is_empty() || !package.contains("pkg:"));
        let entries = entries.filter(|entry| *entry != ("", "", ""));
        let text: Vec<String> = entries.zip(tiers).map(|((registry, package, path), tier)| {
            let package = if package.is_empty() { String::new() } else { format!("package = \"{package}\"\n") };
            format!("[[minimum.for]]\n{registry}{package}{path}tier = {tier}\n")
        }).collect();
        let policy = load(&text.concat());
        {
            for (which, name, path) in subjects {
                let (ecosystem, registry) = [(Ecosystem::Npm, "npm"), (Ecosystem::NuGet, "nuget")][which];
                let subject = Subject { registry: Some(registry), path, ..package(ecosystem, name) };
                let found = policy.minimum_for(&subject).and_then(|minimum| minimum.tier).and_then(|tier| tier.place);
                let first = policy.minimum.explain(&subject).tier.first().and_then(|line| line.place);
                proptest::prop_assert_eq!(found, first, "{:?} {}", subject, text.concat());
            }
        }
    }

    /// What is allowed on one host comes from that host, as the parser of browsers reads it too.
    #[test]
    fn no_address_pretends_to_be_allowed(pieces in proptest::collection::vec(proptest::sample::select(vec![
        "https://", "ssh://", "git+ssh://", "git@", "github.com", "evil.example", "/acme/", "acme", "/", ":", "@", "\\", "..", "%2e", "#", "?", ".", "*", "443", "%2f",
    ]), 1..9)) {
        let written = pieces.concat();
        let policy = load("[origins]\nallow-git = [\"https://github.com/acme/*\"]\n");
        if policy.origins.git(&written).is_some() && let Ok(url) = url::Url::parse(written.trim_start_matches("git+")) && url.has_host() {
            proptest::prop_assert_eq!(url.host_str(), Some("github.com"), "{}", written);
            proptest::prop_assert!(url.path().starts_with("/acme/"), "{}", written);
        }
    }
}
