//! The catalogue's data, and what is made of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use packman::catalogue::control::{Control, Status, Tier};
use packman::catalogue::definition::definitions;
use packman::catalogue::rating::Reading;
use packman::catalogue::record::{Record, Strength};
use packman::catalogue::{Catalogue, RegistryId, Standing, all, default_for, find, find_client_id, find_host};
use packman::ecosystem::Ecosystem;

/// The first readings, cell by cell: controls 1 to 6, 7 to 13, then 16 and 17; and the counts (enforced of 6 and of 13,
/// enforced or offered of 6 and of 13, tier offered).
const MATRIX: &str = "
npm                  ppEEop oppp-p- pE  2  2  6 11 2
pypi                 EEEEo- op-pppp pE  4  4  5 11 1
crates-io            ppEEop ---pEp- pE  2  3  6  9 2
rubygems             ppEpop oE-ppp- pE  1  2  6 11 2
maven-central        ooppp- p?ppp-- -p  0  0  5  9 1
nuget                EpEEpp oppppp- pE  3  3  6 12 2
go                   ppEEp- --pEE-- pE  2  4  5  8 1
docker-hub           poEpo- o-op-p- -o  1  1  5  9 1
packagist            pppEp- -ppp-p- pp  1  1  5  9 1
pub-dev              poEEpE -ppppp- pE  3  3  6 11 2
hex                  ppEE-p --ppEpp pE  2  3  5 10 1
swiftpm              ppppp- ---pE-- pp  0  1  5  7 1
cocoapods            p-pppE ---ppp- pp  1  1  5  8 1
jsr                  ppEEo- op-EEp- -E  2  4  5 10 1
conda-forge          ppEpp- ---pppp pE  1  1  5  9 1
ghcr                 ppEpo- o--ppp- -o  1  1  5  9 1
quay                 poEpoo o-pppp- -o  1  1  6 11 2
mcr                  ppEpp? p??pp?? ?o  1  1  5  8 1
terraform-registry   ppppp? p--pp-- pp  0  0  5  8 1
github-actions       ppEEpp ooo--p- po  2  2  6 10 2
hackage              --EEpo ---pEp- -E  2  3  4  7 1
cran                 --pp-p -p-pppE -p  0  1  3  8 1
google-maven         ppE?p? p??pp?? ?p  1  1  4  7 1
gradle-plugin-portal poEppp o---p-- -p  1  1  6  8 2
jitpack              ppppp- ---pp-- pp  0  0  5  7 1
";

fn id(text: &str) -> RegistryId {
    find(text).unwrap_or_else(|| panic!("no record `{text}`"))
}

fn as_of(date: Date) -> Catalogue {
    Catalogue::as_of(Some(date)).unwrap()
}

fn rated() -> impl Iterator<Item = &'static Record> {
    all().map(RegistryId::record).filter(|record| record.rated)
}

fn status(letter: char) -> Status {
    match letter {
        'E' => Status::Enforced,
        'o' => Status::Optional,
        'p' => Status::Partial,
        '-' => Status::Absent,
        '?' => Status::Unknown,
        other => panic!("no status `{other}`"),
    }
}

#[test]
fn the_matrix_is_the_reviewed_one() {
    let mut seen = 0;
    for line in MATRIX.lines().filter(|line| !line.is_empty()) {
        let mut fields = line.split_whitespace();
        let name = fields.next().unwrap();
        let letters: Vec<char> = fields.by_ref().take(3).flat_map(str::chars).collect();
        let counts: Vec<usize> = fields.map(|field| field.parse().unwrap()).collect();
        let standing = Catalogue::newest().standing(id(name));
        let controls = Control::ALL.into_iter().filter(|control| !matches!(control.index(), 13 | 14));
        for (control, letter) in controls.zip(letters) {
            assert_eq!(standing.statuses().get(control), status(letter), "{name}: {control}");
        }
        let [guaranteed, offered] = [Reading::Guaranteed, Reading::Offered].map(|reading| standing.rating(reading).unwrap());
        let [six, thirteen] = [Tier::BASIC, Tier::SECURE];
        let all_offered = |tier| offered.enforced(tier) + offered.offered(tier);
        assert_eq!(
            [guaranteed.enforced(six), guaranteed.enforced(thirteen), all_offered(six), all_offered(thirteen)],
            counts[..4],
            "{name}: counts"
        );
        assert_eq!(guaranteed.tier, Tier::UNTRUSTED, "{name}: no registry reaches a guaranteed tier 2");
        assert_eq!(usize::from(offered.tier.0), counts[4], "{name}: offered tier");
        seen += 1;
    }
    assert_eq!(seen, rated().count(), "every rated record is in the matrix");
}

#[test]
fn offered_tier_2_is_exactly_these() {
    let tier_2: Vec<_> = all()
        .filter(|id| Catalogue::newest().standing(*id).tier(Reading::Offered) >= Tier::BASIC)
        .map(|id| id.row().id)
        .collect();
    assert_eq!(tier_2, ["crates-io", "github-actions", "gradle-plugin-portal", "npm", "nuget", "pub-dev", "quay", "rubygems"]);
}

#[test]
fn arithmetic_in_words() {
    let words = |name, reading| Catalogue::newest().standing(id(name)).rating(reading).unwrap().to_string();
    assert_eq!(words("pypi", Reading::Offered), "tier 1 (4 of 6 enforced, 1 offered, absent: update-notifications)");
    assert_eq!(words("npm", Reading::Offered), "tier 2 (2 of 6 enforced, 4 offered)");
    assert_eq!(words("npm", Reading::Guaranteed), "tier 1 (2 of 6 enforced, 4 offered)");
    assert_eq!(
        words("google-maven", Reading::Offered),
        "tier 1 (1 of 6 enforced, 3 offered, unknown: package-security-notifications, update-notifications)"
    );
}

#[test]
fn every_record_is_whole() {
    let mut problems = Vec::new();
    let criteria: BTreeMap<Control, BTreeSet<&str>> = definitions()
        .iter()
        .map(|definition| (definition.id, definition.criteria.iter().map(|criterion| criterion.id.as_str()).collect()))
        .collect();
    for row in all().map(RegistryId::row) {
        let record = Record::parse(row.text).unwrap_or_else(|error| panic!("{}: {error}", row.id));
        let mut say = |what: String| problems.push(format!("{}: {what}", row.id));
        if record.name.is_empty() || record.operator.is_empty() || record.ecosystems().is_empty() {
            say("name, operator and ecosystem are needed".into());
        }
        let matching = &record.matching;
        if [&matching.hosts, &matching.url_prefixes, &matching.client_ids, &matching.default_for]
            .iter()
            .all(|list| list.is_empty())
        {
            say("nothing matches it".into());
        }
        if record.mirror_of.as_deref().is_some_and(|original| find(original).is_none_or(|original| !original.row().rated)) {
            say("it mirrors no rated record".into());
        }
        if !record.rated {
            if record.note.is_empty() || !record.controls.is_empty() || record.declared.is_some() {
                say("an unrated record has a note and nothing to rate".into());
            }
            continue;
        }
        if record.review_by.is_none_or(|date| date <= Catalogue::newest_date())
            || record.page.is_empty()
            || record.security_contact.is_empty()
        {
            say("a rated record has a page, a security contact and a day of review to come".into());
        }
        for control in Control::ALL {
            let entries = record.controls.get(&control).map_or([].as_slice(), Vec::as_slice);
            if entries.is_empty() {
                say(format!("{control}: no entry"));
            }
            if !entries.is_sorted_by_key(|entry| entry.read_on) {
                say(format!("{control}: the newest entry stands last"));
            }
            for entry in entries {
                if entry.summary.is_empty() || entry.summary.contains('\n') || entry.summary.len() > 320 {
                    say(format!("{control}: the summary is one line of up to 320 bytes, not {}", entry.summary.len()));
                }
                let unknown: Vec<_> = entry.criteria.iter().filter(|id| !criteria[&control].contains(id.as_str())).collect();
                if !unknown.is_empty() {
                    say(format!("{control}: no such criteria {unknown:?}"));
                }
                if matches!(entry.status, Status::Absent | Status::Unknown) && entry.criteria.len() == criteria[&control].len() {
                    say(format!("{control}: all criteria met, yet {}", entry.status));
                }
                if entry.read_on > Catalogue::newest_date() {
                    say(format!("{control}: read after the catalogue's date"));
                }
                if entry.since.as_deref().is_some_and(|since| !is_day_or_month(since)) {
                    say(format!("{control}: `since` is YYYY-MM-DD or YYYY-MM"));
                }
                if entry.evidence.is_empty() && entry.status != Status::Unknown && entry.status != Status::Absent {
                    say(format!("{control}: no evidence"));
                }
                for evidence in entry.evidence.iter().filter(|evidence| !is_address_or_repository_path(evidence)) {
                    say(format!("{control}: evidence `{evidence}` is neither an address nor owner/name:path"));
                }
                let shown = entry.shown_by.iter().map(|shown| shown.strength).max();
                if entry.status.is_offered() && shown.is_none() {
                    say(format!("{control}: nothing says how a version shows it"));
                }
                if shown.is_some_and(|strongest| strongest > Strength::None)
                    && entry.shown_by.iter().any(|shown| shown.strength == Strength::None)
                {
                    say(format!("{control}: shown and not shown at once"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn is_day_or_month(text: &str) -> bool {
    text.parse::<Date>().is_ok() || (text.len() == 7 && format!("{text}-01").parse::<Date>().is_ok())
}

fn is_address_or_repository_path(text: &str) -> bool {
    let repository_path = text.split_once(':').is_some_and(|(repository, path)| {
        repository.split('/').count() == 2
            && repository.split('/').all(|part| !part.is_empty())
            && !path.is_empty()
            && !path.starts_with('/')
    });
    !text.contains(char::is_whitespace) && (text.starts_with("https://") || text.starts_with("http://") || repository_path)
}

#[test]
fn nothing_matches_twice_in_an_ecosystem() {
    let mut seen: BTreeMap<(Ecosystem, &str, &str), &str> = BTreeMap::new();
    for row in all().map(RegistryId::row) {
        let named = [("host", row.hosts), ("prefix", row.url_prefixes), ("client", row.client_ids), ("default", row.default_for)];
        for (kind, names) in named {
            for (&ecosystem, &name) in row.ecosystems.iter().flat_map(|ecosystem| names.iter().map(move |name| (ecosystem, name)))
            {
                let other = seen.insert((ecosystem, kind, name), row.id);
                assert_eq!(other, None, "{name} is in two records of {ecosystem:?}, the second is {}", row.id);
            }
        }
        for host in row.hosts {
            assert_eq!(*host, host.to_ascii_lowercase(), "{}: hosts are lower case", row.id);
            assert!(
                host.split('.').all(|label| label == "*" || (!label.is_empty() && !label.contains('*'))),
                "{}: {host}",
                row.id
            );
            assert!(!host.contains('/') && !host.ends_with(".*"), "{}: {host}", row.id);
        }
        for prefix in row.url_prefixes {
            let (host, path) = prefix.strip_prefix("https://").and_then(|address| address.split_once('/')).unwrap();
            assert!(!host.contains('*') && !path.is_empty() && !path.ends_with('/'), "{}: {prefix}", row.id);
        }
    }
}

#[test]
fn the_format_picks_the_kind_of_record() {
    let host = |ecosystem, host, path| find_host(ecosystem, host, path).map(|id| id.row().id);
    assert_eq!(host(Ecosystem::Npm, "registry.npmjs.org", "/left-pad/-/left-pad-1.3.0.tgz"), Some("npm"));
    assert_eq!(host(Ecosystem::Cargo, "registry.npmjs.org", "/"), None);
    assert_eq!(host(Ecosystem::Swift, "github.com", "/apple/swift-nio"), Some("swiftpm"));
    assert_eq!(host(Ecosystem::GitHubActions, "github.com", "/actions/checkout"), Some("github-actions"));
    assert_eq!(host(Ecosystem::Npm, "github.com", "/"), None);
    assert_eq!(host(Ecosystem::Cargo, "github.com", "/rust-lang/crates.io-index"), Some("crates-io"));
    assert_eq!(host(Ecosystem::Cargo, "github.com", "/rust-lang/crates.io-index-evil"), None);
    assert_eq!(host(Ecosystem::Conda, "conda.anaconda.org", "/conda-forge/noarch"), Some("conda-forge"));
    assert_eq!(host(Ecosystem::Conda, "conda.anaconda.org", "/bioconda/noarch"), Some("anaconda-org"));
    assert_eq!(host(Ecosystem::Docker, "gcr.io", "/distroless/static"), Some("distroless"));
    assert_eq!(host(Ecosystem::Docker, "gcr.io", "/project/image"), Some("gcr"));
    assert_eq!(host(Ecosystem::Docker, "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "/x"), Some("ecr-private"));
    for evil in ["x.registry.npmjs.org", "registry.npmjs.org.evil.example", "registry.npmjs.org.", "npmjs.org", ""] {
        assert_eq!(host(Ecosystem::Npm, evil, "/"), None, "{evil}");
    }
    for evil in ["pkg.dev", "a.b.pkg.dev", "a.pkg.dev.evil.example"] {
        assert_eq!(host(Ecosystem::Npm, evil, "/"), None, "{evil}");
    }
}

#[test]
fn clients_and_silence() {
    let client = |ecosystem, client_id| find_client_id(ecosystem, client_id).map(|id| id.row().id);
    assert_eq!(client(Ecosystem::Cargo, "registry+https://github.com/rust-lang/crates.io-index"), Some("crates-io"));
    assert_eq!(client(Ecosystem::Cargo, "sparse+https://index.crates.io/"), Some("crates-io"));
    assert_eq!(client(Ecosystem::Npm, "sparse+https://index.crates.io/"), None);
    assert_eq!(client(Ecosystem::Npm, "jsr:"), Some("jsr"));
    let silence = |ecosystem, format| default_for(ecosystem, format).map(|id| id.row().id);
    assert_eq!(silence(Ecosystem::Golang, "go-mod"), Some("go"));
    assert_eq!(silence(Ecosystem::Docker, "github-workflow"), Some("docker-hub"));
    assert_eq!(silence(Ecosystem::GitHubActions, "github-workflow"), Some("github-actions"));
    assert_eq!(silence(Ecosystem::Maven, "gradle-lockfile"), None, "Gradle has no default repository");
    assert_eq!(silence(Ecosystem::Cargo, "cargo-lock"), None, "there silence means a path");
}

#[test]
fn dates() {
    let first = date(2026, 11, 22);
    assert_eq!(Catalogue::as_of(None).unwrap().date(), Catalogue::newest_date());
    let before = as_of(date(2021, 3, 4));
    assert_eq!(before.standing(id("maven-central")), Standing::Declared(Tier::BASIC));
    assert_eq!(before.standing(id("crates-io")), Standing::Declared(Tier::UNTRUSTED), "2? counts as 1");
    assert_eq!(before.standing(id("jsr")), Standing::Unrated, "first recorded later");
    assert_eq!(before.entry(id("npm"), Control::MfaToPush).map(|entry| entry.status), None);
    assert_eq!(before.newer_entries().len(), 25 * 17);
    assert!(matches!(as_of(first).standing(id("jsr")), Standing::Controls(_)));
    assert_eq!(as_of(first).standing(id("artifact-registry")), Standing::Unrated);
    assert!(Catalogue::newest().newer_entries().is_empty());

    let too_new = Catalogue::as_of(Some(date(9999, 1, 1))).unwrap_err();
    assert_eq!(too_new.newest, Catalogue::newest_date());
    let declared: Vec<_> =
        rated().filter_map(|record| Some((record.id.as_str(), record.declared.as_ref()?.tier.as_str()))).collect();
    let seed = [
        ("crates-io", "2?"),
        ("docker-hub", "1"),
        ("go", "1"),
        ("maven-central", "2"),
        ("npm", "1"),
        ("nuget", "2"),
        ("pypi", "1"),
    ];
    assert_eq!(declared, [seed.as_slice(), &[("rubygems", "1")]].concat());
}

#[test]
fn later_entries_do_not_move_an_older_pin() {
    let text = "
        id = 'x'\nname = 'x'\noperator = 'x'\necosystem = 'npm'\nrated = true
        [[controls.mfa-to-push]]\nstatus = 'optional'\nread-on = 2026-11-22\nsummary = 'by choice'\nconfidence = 'high'\nevidence = []
        [[controls.mfa-to-push]]\nstatus = 'enforced'\nread-on = 2027-02-01\nsummary = 'for all'\nconfidence = 'high'\nevidence = []
        corrects = 'the entry before overlooked a page'
    ";
    let record = Record::parse(text).unwrap();
    let status = |date| record.entry(Control::MfaToPush, date).map(|entry| entry.status);
    assert_eq!(status(date(2026, 11, 21)), None);
    assert_eq!(status(date(2027, 1, 31)), Some(Status::Optional));
    assert_eq!(status(date(2027, 2, 1)), Some(Status::Enforced));
    assert_eq!(record.first_read_on(), Some(date(2026, 11, 22)));
    assert!(Record::parse(&text.replace("summary", "sumary")).is_err(), "an unknown key is an error");
    assert!(Record::parse(&text.replace("'npm'", "'mpn'")).is_err(), "so is an unknown ecosystem");
    assert!(Record::parse(&text.replace("mfa-to-push", "mfa")).is_err(), "and an unknown control");
}

#[test]
fn controls_are_those_of_the_matrix() {
    let ids: Vec<_> = definitions().iter().map(|definition| definition.id).collect();
    assert_eq!(ids, Control::ALL);
    for (control, definition) in Control::ALL.into_iter().zip(definitions()) {
        assert_eq!(Control::from_id(control.id()), Some(control));
        assert_eq!(usize::from(definition.number), control.index() + 1);
        let needed: Vec<_> =
            [Tier::BASIC, Tier::SECURE].into_iter().filter(|tier| tier.needs().any(|needed| needed == control)).collect();
        assert_eq!(definition.needed_by, needed, "{control}");
        assert!(!definition.criteria.is_empty() && definition.question.ends_with('?'), "{control}");
    }
    assert_eq!([Tier::BASIC.needs().count(), Tier::SECURE.needs().count()], [6, 13]);
}
