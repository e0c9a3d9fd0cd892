//! The JSON that others build on: `packman.report/1` and `packman.list/1`.
//!
//! Documents are streamed: only a few chunks of rows are in memory at a time, rendered in parallel and written in order. Their schemas
//! are derived from the same types.

mod lists;

use std::collections::HashSet;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, Serializer};

use crate::finding::{Finding, State, Subject, Words};
use crate::formats;
use crate::judge::{Report, Row};
use crate::policy;
use crate::report::json::lists::{CHUNK_ROWS, Lists, begin, row};
use crate::report::{Group, Reporter};
use crate::routing::KnownBy;
use crate::rules::{By, Case, Dependency};
use crate::text::{Place, Text, TextId};

pub(super) static REPORTER: Reporter = Reporter {
    id: "json",
    about: "everything, as `packman.report/1`",
    is_streamed: true,
    write: |report, _, out| write_report(report, out),
};

/// The name of the report's schema.
pub const REPORT_SCHEMA: &str = "packman.report/1";
/// The name of the list's schema.
const LIST_SCHEMA: &str = "packman.list/1";

/// `packman check --output json`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "packman.report/1")]
struct ReportDocument<'r> {
    /// Always `packman.report/1`.
    schema: &'static str,
    /// `pass`, `fail` or `undecided`.
    verdict: &'static str,
    /// Whether all was judged.
    complete: bool,
    /// What made this report.
    tool: Tool,
    /// Every file that was read, with its digest.
    inputs: Vec<Input<'r>>,
    /// What was read and what was not.
    coverage: CoverageCounts,
    /// How many of what; findings partition into `deny`, `undecided`, `warn`, `existing`, `excepted` and `baselined`.
    counts: Counts,
    /// How much of the baseline is left; `null` without one.
    baseline: Option<BaselineRow<'r>>,
    /// Registries and other origins, the strongest first.
    registries: Vec<RegistryRow<'r>>,
    /// Things to know that are no findings.
    notes: Vec<&'r str>,
    /// What was found.
    findings: Findings<'r>,
    /// Every file that some format claims.
    lockfiles: Lockfiles<'r>,
    /// Every judged dependency.
    dependencies: Dependencies<'r>,
}

/// `packman list --format json`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "packman.list/1")]
struct ListDocument<'r> {
    /// Always `packman.list/1`.
    schema: &'static str,
    /// Every file that some format claims.
    lockfiles: Lockfiles<'r>,
    /// Every judged dependency.
    dependencies: Dependencies<'r>,
}

#[derive(Serialize, JsonSchema)]
struct Tool {
    /// packman's version.
    version: &'static str,
    /// The date that the catalogue is read as of.
    catalogue: String,
}

#[derive(Serialize, JsonSchema)]
struct Input<'r> {
    /// Path from the root.
    path: &'r str,
    /// SHA-256 of its bytes.
    sha256: String,
    /// `head`, `base` or `outside`.
    side: &'static str,
    /// `lockfile`, `policy`, `floor`, `baseline`, `neighbour` (a manifest or configuration) or `facts` (the output of `cargo metadata`).
    role: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct CoverageCounts {
    read: usize,
    shadowed: usize,
    excluded: usize,
    left_out: usize,
    unreadable: usize,
    lost: usize,
}

#[derive(Serialize, JsonSchema)]
struct Counts {
    dependencies: usize,
    deny: usize,
    undecided: usize,
    warn: usize,
    existing: usize,
    excepted: usize,
    baselined: usize,
}

#[derive(Serialize, JsonSchema)]
struct BaselineRow<'r> {
    /// Path from the root.
    path: &'r str,
    /// How many lines it has.
    lines: usize,
    /// How many of them match nothing any more.
    stale: usize,
    /// The day of its oldest line.
    since: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct RegistryRow<'r> {
    /// The registry's id, or the class of origins without one.
    id: &'r str,
    /// Its name for people.
    name: &'r str,
    /// The class of its origins.
    class: &'static str,
    /// How many dependencies come from it.
    dependencies: usize,
    /// Its tiers; `null` where the class has none.
    tier: TwoTiers,
    /// Of the six controls that tier 2 needs, how many are enforced.
    controls_enforced: Option<usize>,
    /// Of the six, how many are offered.
    controls_offered: Option<usize>,
    /// What is missing for tier 2.
    missing: Missing,
    /// The controls whose status is your policy's word (an overlay) and not the catalogue's.
    by_policy: Vec<&'static str>,
}

#[derive(Serialize, JsonSchema)]
struct TwoTiers {
    guaranteed: Option<u8>,
    offered: Option<u8>,
}

#[derive(Serialize, JsonSchema)]
struct Missing {
    guaranteed: Vec<&'static str>,
    offered: Vec<&'static str>,
}

#[derive(Serialize, JsonSchema)]
struct FindingRow<'r> {
    /// The same for the same cause on another day.
    key: &'r str,
    /// Findings of one cause share it.
    group: String,
    /// The rule's id.
    rule: &'static str,
    /// `deny`, `undecided` or `warn`.
    level: &'static str,
    /// `new`, `existing`, `excepted` or `baselined`.
    state: &'static str,
    /// Whose policy judges it so: `policy` (the head's own, or one given by hand), `base` or `floor`.
    judged_by: &'static str,
    /// What was found.
    message: &'r str,
    /// What to do next.
    hint: &'r str,
    /// The dependency, if it is about one.
    purl: Option<String>,
    /// Its registry, if it has one.
    registry: Option<&'r str>,
    /// The lockfile, if it is about one.
    lockfile: Option<&'r str>,
    /// Where: the primary place first.
    places: Vec<PlaceRow<'r>>,
    /// What brings the dependency in, the direct one first; empty if it is direct or nothing is known.
    via: Vec<String>,
    /// The exception that accepts it.
    exception: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct PlaceRow<'r> {
    /// `primary`, `origin`, `configuration`, `asked-for`, `policy`, or `base`: where it stood before the change.
    role: &'static str,
    /// `head`, `base` or `outside`.
    side: &'static str,
    /// Path from the root.
    path: &'r str,
    /// 1-based.
    line: u32,
    /// 1-based, in UTF-16 units.
    column: u32,
    /// 1-based.
    end_line: u32,
    /// Exclusive.
    end_column: u32,
}

#[derive(Serialize, JsonSchema)]
struct LockfileRow<'r> {
    /// Path from the root.
    path: &'r str,
    /// The format's id.
    format: &'static str,
    /// `lock`, `declaration` or `reference`.
    kind: &'static str,
    /// The version of the format, as written.
    version: Option<&'r str>,
    /// SHA-256 of its bytes.
    sha256: String,
    /// How many entries it states before anything is dropped or merged.
    entries: usize,
    /// The lockfile that is judged in its place.
    shadowed_by: Option<&'r str>,
    /// What could not be understood.
    problems: Vec<ProblemRow<'r>>,
}

#[derive(Serialize, JsonSchema)]
struct ProblemRow<'r> {
    path: &'r str,
    line: u32,
    column: u32,
    message: &'r str,
}

#[derive(Serialize, JsonSchema)]
struct DependencyRow<'r> {
    /// Package URL with version.
    purl: &'r str,
    /// Package URL type.
    ecosystem: &'static str,
    /// The name as the ecosystem writes it.
    name: &'r str,
    /// The exact version; `null` where the file gives none.
    version: Option<&'r str>,
    /// The file that states it.
    lockfile: &'r str,
    /// Line of the version, else of the name; 1-based.
    line: u32,
    /// Column in UTF-16 units; 1-based.
    column: u32,
    /// Where it comes from.
    origin: OriginRow<'r>,
    /// Of `production`, `development`, `build`, `test`, `optional`, `peer`; empty where the format cannot say.
    scopes: Vec<&'static str>,
    /// Whether the repository itself asks for it; `null` where the format cannot say.
    direct: Option<bool>,
    /// What it requires.
    requires: Vec<&'r str>,
    /// Its hashes, as written.
    integrity: Vec<&'r str>,
    /// Its tier in each reading; `null` for classes without one.
    tier: ThreeTiers,
}

#[derive(Serialize, JsonSchema)]
struct OriginRow<'r> {
    /// Exactly one of the ten classes.
    class: &'static str,
    /// The registry, if there is one.
    registry: Option<&'r str>,
    /// All that may be asked, where there are several.
    candidates: Vec<CandidateRow<'r>>,
    /// The address, without user-info and query.
    location: Option<String>,
    /// `entry`, `file`, `configuration`, `policy` or `assumed`.
    known_by: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct CandidateRow<'r> {
    class: &'static str,
    registry: Option<&'r str>,
    location: Option<&'r str>,
    known_by: &'static str,
}

#[derive(Serialize, JsonSchema)]
struct ThreeTiers {
    guaranteed: Option<u8>,
    offered: Option<u8>,
    observed: Option<u8>,
}

/// Members that are written behind the document, each described as the list that it becomes and empty until then.
macro_rules! streamed {
    ($name:ident, $row:ty) => {
        impl Serialize for $name<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(std::iter::empty::<()>())
            }
        }
        impl JsonSchema for $name<'_> {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                <Vec<$row>>::schema_name()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
                <Vec<$row>>::json_schema(generator)
            }
            fn inline_schema() -> bool {
                true
            }
        }
    };
}

struct Findings<'r>(PhantomData<&'r ()>);
struct Lockfiles<'r>(PhantomData<&'r ()>);
struct Dependencies<'r>(PhantomData<&'r ()>);
streamed!(Findings, FindingRow<'_>);
streamed!(Lockfiles, LockfileRow<'_>);
streamed!(Dependencies, DependencyRow<'_>);

/// Positions in the texts of a case.
struct Positions<'r> {
    case: &'r Case<'r>,
}

impl<'r> Positions<'r> {
    fn new(case: &'r Case<'r>) -> Self {
        Self { case }
    }

    fn row(&self, role: &'static str, place: Place) -> PlaceRow<'r> {
        let region = self.case.text(place.text).map(|text| text.lines().region(place.span));
        let path = self.case.path(place.text);
        let (line, column, end_line, end_column) =
            region.map_or((1, 1, 1, 1), |region| (region.line, region.column, region.end_line, region.end_column));
        PlaceRow { role, side: place.text.side.id(), path, line, column, end_line, end_column }
    }

    fn position(&self, place: Place) -> (u32, u32) {
        self.case.text(place.text).map_or((1, 1), |text| text.lines().position(place.span.start))
    }
}

/// The package URLs of one lockfile's entries: each is written once for itself and once for everything that requires it.
struct Purls<'r> {
    case: &'r Case<'r>,
    lockfile: u32,
    written: OnceLock<Vec<Box<str>>>,
}

impl Purls<'_> {
    fn of(&self, entry: u32) -> &str {
        let written = self.written.get_or_init(|| {
            let count = self.case.judged(self.lockfile).map_or(0, |judged| judged.lockfile.entries.len());
            let purl = |entry| self.case.dependency(Subject::Entry(self.lockfile, entry)).map(|dependency| dependency.purl());
            (0..u32::try_from(count).unwrap_or(u32::MAX)).map(|entry| purl(entry).unwrap_or_default().into()).collect()
        });
        written.get(entry as usize).map_or("", |purl| purl)
    }
}

fn finding_row<'r>(
    case: &'r Case<'r>,
    positions: &Positions<'r>,
    finding: &Finding,
    (key, words): (&'r str, &'r Words),
) -> FindingRow<'r> {
    let dependency = case.dependency(finding.subject);
    let lockfile = match finding.subject {
        Subject::Entry(number, _) | Subject::Lockfile(number) | Subject::Problem(number, _) | Subject::Setting(number, _) => {
            case.judged(number).map(|judged| case.path(judged.lockfile.text))
        }
        Subject::Lost(index) => case.lost.get(index as usize).map(|lost| lost.path.as_str()),
        Subject::Exception(_) | Subject::Overlay(_) | Subject::BaseSetting(..) | Subject::Policy => None,
    };
    let places = words.primary.iter().map(|place| ("primary", *place)).chain(words.also.iter().copied());
    FindingRow {
        key,
        group: Group::id(finding.rule.id, &words.cause),
        rule: finding.rule.id,
        level: finding.level.id(),
        state: finding.state.id(),
        judged_by: finding.judged_by(case).id(),
        message: &words.message,
        hint: &words.hint,
        purl: dependency.as_ref().map(Dependency::purl),
        registry: dependency.as_ref().and_then(|dependency| case.ratings.id(dependency.origin.registry)),
        lockfile,
        places: places.map(|(role, place)| positions.row(role, place)).collect(),
        via: dependency.as_ref().map(|dependency| case.via(dependency)).unwrap_or_default(),
        exception: match finding.state {
            State::Excepted(number) => Some(finding.exception_name(case, number)),
            _ => None,
        },
    }
}

fn lockfile_row<'r>(case: &'r Case<'r>, positions: &Positions<'r>, judged: &'r crate::snapshot::Judged) -> LockfileRow<'r> {
    let lockfile = &judged.lockfile;
    LockfileRow {
        path: case.path(lockfile.text),
        format: lockfile.format.id,
        kind: lockfile.kind.id(),
        version: lockfile.version.as_deref(),
        sha256: case.text(lockfile.text).map(Text::sha256).unwrap_or_default(),
        entries: lockfile.stated,
        shadowed_by: judged.shadowed_by.map(|by| case.path(by)),
        problems: judged
            .problems()
            .map(|problem| {
                let (line, column) = positions.position(problem.place);
                ProblemRow { path: case.path(problem.place.text), line, column, message: &problem.message }
            })
            .collect(),
    }
}

fn dependency_row<'r>(
    case: &'r Case<'r>,
    positions: &Positions<'r>,
    purls: &'r Purls<'r>,
    dependency: &Dependency<'r>,
) -> DependencyRow<'r> {
    let (line, column) = positions.position(dependency.place());
    let origin = dependency.origin;
    let tiers = case.ratings.tiers(origin, dependency.name());
    let candidates = dependency.judged.routed.answer(origin).map_or(&[][..], |answer| &answer.candidates);
    let candidates = if candidates.len() > 1 { candidates } else { &[] };
    let some = |text: &'r str| (!text.is_empty()).then_some(text);
    let location = dependency.location();
    let lockfile = &dependency.judged.lockfile;
    DependencyRow {
        purl: purls.of(dependency.id.1),
        ecosystem: dependency.entry.ecosystem.id(),
        name: dependency.name(),
        version: dependency.version(),
        lockfile: dependency.path(),
        line,
        column,
        origin: OriginRow {
            class: origin.class.id(),
            registry: case.ratings.id(origin.registry),
            candidates: candidates
                .iter()
                .map(|candidate| CandidateRow {
                    class: candidate.class.id(),
                    registry: case.ratings.id(candidate.registry),
                    location: some(&candidate.location),
                    known_by: candidate.known_by.id(),
                })
                .collect(),
            location: (!location.is_empty()).then_some(location),
            known_by: if origin.class.has_tier() { origin.known_by.id() } else { KnownBy::Entry.id() },
        },
        scopes: dependency.entry.scopes.ids().collect(),
        direct: dependency.entry.direct,
        requires: lockfile.required_by(dependency.id.1).map(|to| purls.of(to)).collect(),
        integrity: lockfile.hashes_of(dependency.id.1).map(|hash| hash.of(&dependency.text.content)).collect(),
        tier: ThreeTiers {
            guaranteed: tiers.guaranteed.map(|tier| tier.0),
            offered: tiers.offered.map(|tier| tier.0),
            observed: None,
        },
    }
}

fn registry_row(row: &Row) -> RegistryRow<'_> {
    use crate::catalogue::control::Control;
    RegistryRow {
        id: &row.id,
        name: &row.name,
        class: row.class.id(),
        dependencies: row.dependencies,
        tier: TwoTiers { guaranteed: row.tiers.guaranteed.map(|tier| tier.0), offered: row.tiers.offered.map(|tier| tier.0) },
        controls_enforced: row.enforced,
        controls_offered: row.offered,
        missing: Missing {
            guaranteed: row.missing_guaranteed.iter().copied().map(Control::id).collect(),
            offered: row.missing_offered.iter().copied().map(Control::id).collect(),
        },
        by_policy: row.by_policy.iter().copied().map(Control::id).collect(),
    }
}

fn baseline_row<'r>(report: &Report<'r>) -> Option<BaselineRow<'r>> {
    let baseline = &report.case.policy.baseline;
    Some(BaselineRow {
        path: report.case.path(baseline.text()?),
        lines: baseline.lines().len(),
        stale: report.stale.len(),
        since: baseline.lines().iter().map(|line| line.since).min().map(|since| since.to_string()),
    })
}

/// Every file that had a say: of the head, of the base what the head does not share, then what was given by hand.
fn inputs<'r>(case: &'r Case<'r>) -> Vec<Input<'r>> {
    let input = |(text, role): (&'r Text, _)| Input { path: &text.path, sha256: text.sha256(), side: text.id.side.id(), role };
    let sides = [Some(case.head), case.base].into_iter().flatten();
    let of_sides = sides.flat_map(|side| {
        let lockfiles: HashSet<TextId> = side.lockfiles.iter().map(|judged| judged.lockfile.text).collect();
        side.texts.all_loaded().filter_map(move |text| Some((text, role(case, text, &lockfiles)?)))
    });
    let floors = || case.others.iter().filter(|other| other.by == By::Floor).filter_map(|floor| floor.case.policy.text);
    let by_hand = |text| match text {
        text if Some(text) == case.policy.text => "policy",
        text if floors().any(|floor| floor == text) => "floor",
        _ => "facts",
    };
    let texts: Vec<(&Text, &str)> = of_sides.chain(case.outside.iter().map(|text| (text, by_hand(text.id)))).collect();
    texts.into_par_iter().map(input).collect()
}

/// What a file had to say; nothing if it only looked like a lockfile.
fn role(case: &Case<'_>, text: &Text, lockfiles: &HashSet<TextId>) -> Option<&'static str> {
    let mut policies = std::iter::once(case.policy).chain(case.others.iter().map(|other| other.case.policy));
    match text.path.as_ref() {
        _ if lockfiles.contains(&text.id) => Some("lockfile"),
        _ if policies.any(|policy| policy.files.contains(&text.id)) => Some("policy"),
        path if policy::PATHS.contains(&path) => Some("policy"),
        policy::BASELINE_PATH => Some("baseline"),
        path => formats::claiming(path).is_empty().then_some("neighbour"),
    }
}

/// Writes `packman.report/1`.
fn write_report(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let case = &report.case;
    let coverage = &case.head.coverage;
    let counts = &report.counts;
    let document = ReportDocument {
        schema: REPORT_SCHEMA,
        verdict: report.verdict.id(),
        complete: report.is_complete,
        tool: Tool { version: env!("CARGO_PKG_VERSION"), catalogue: case.ratings.catalogue().date().to_string() },
        inputs: inputs(case),
        coverage: CoverageCounts {
            read: coverage.read,
            shadowed: coverage.shadowed,
            excluded: coverage.excluded.len(),
            left_out: coverage.left_out.len(),
            unreadable: coverage.unreadable,
            lost: case.lost.len(),
        },
        counts: Counts {
            dependencies: counts.dependencies,
            deny: counts.deny,
            undecided: counts.undecided,
            warn: counts.warn,
            existing: counts.existing,
            excepted: counts.excepted,
            baselined: counts.baselined,
        },
        baseline: baseline_row(report),
        registries: report.registries.iter().map(registry_row).collect(),
        notes: report.notes.iter().map(|note| note.message.as_str()).collect(),
        findings: Findings(PhantomData),
        lockfiles: Lockfiles(PhantomData),
        dependencies: Dependencies(PhantomData),
    };
    let out = &mut begin(&document, &["findings", "lockfiles", "dependencies"], out)?;
    findings(report, out)?;
    lockfiles(case, out)?;
    dependencies(case, out)
}

/// Writes `packman.list/1`.
pub fn list(case: &Case<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document =
        ListDocument { schema: LIST_SCHEMA, lockfiles: Lockfiles(PhantomData), dependencies: Dependencies(PhantomData) };
    let out = &mut begin(&document, &["lockfiles", "dependencies"], out)?;
    lockfiles(case, out)?;
    dependencies(case, out)
}

fn findings(report: &Report<'_>, lists: &mut Lists<'_>) -> io::Result<()> {
    let positions = Positions::new(&report.case);
    let count = report.findings.len();
    lists.write(&mut (0..count).step_by(CHUNK_ROWS).map(|first| first..(first + CHUNK_ROWS).min(count)), |numbers, rows| {
        numbers.clone().try_for_each(|number| {
            let Some(finding) = report.findings.get(number) else { return Ok(()) };
            row(&finding_row(&report.case, &positions, finding, (&report.key(number), &report.words(number))), rows)
        })
    })
}

fn lockfiles(case: &Case<'_>, lists: &mut Lists<'_>) -> io::Result<()> {
    let positions = Positions::new(case);
    lists.write(&mut case.head.lockfiles.chunks(CHUNK_ROWS / 16), |chunk, rows| {
        chunk.iter().try_for_each(|judged| row(&lockfile_row(case, &positions, judged), rows))
    })
}

fn dependencies(case: &Case<'_>, lists: &mut Lists<'_>) -> io::Result<()> {
    let positions = Positions::new(case);
    let judged = case.head.lockfiles.iter().enumerate().filter(|(_, judged)| judged.is_judged());
    let mut chunks = judged.flat_map(|(number, judged)| {
        let lockfile = u32::try_from(number).unwrap_or(u32::MAX);
        let purls = Arc::new(Purls { case, lockfile, written: OnceLock::new() });
        let count = judged.dependencies();
        (0..count).step_by(CHUNK_ROWS).map(move |first| (Arc::clone(&purls), first..(first + CHUNK_ROWS).min(count)))
    });
    lists.write(&mut chunks, |(purls, entries): &(Arc<Purls<'_>>, Range<usize>), rows| {
        entries.clone().try_for_each(|entry| {
            let subject = Subject::Entry(purls.lockfile, u32::try_from(entry).unwrap_or(u32::MAX));
            let Some(dependency) = case.dependency(subject) else { return Ok(()) };
            row(&dependency_row(case, &positions, purls, &dependency), rows)
        })
    })
}

/// The schema of `packman.report/1`.
#[must_use]
pub fn report_schema() -> serde_json::Value {
    schema::<ReportDocument<'_>>()
}

/// The schema of `packman.list/1`.
#[must_use]
pub fn list_schema() -> serde_json::Value {
    schema::<ListDocument<'_>>()
}

pub(super) fn schema<T: JsonSchema>() -> serde_json::Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value()
}
