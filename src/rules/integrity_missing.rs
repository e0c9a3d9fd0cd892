//! `integrity-missing`: no hash, or only a weak one, where the format version can carry one.

use crate::dependency::Kind;
use crate::finding::{Finding, Subject, Words};
use crate::route::Class;
use crate::rules::{Case, Dependency, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "integrity-missing",
    title: "Nothing proves that the bytes of a dependency are the ones that were locked",
    help: "\
**Finds** an entry without a hash, or with MD5 or SHA-1 only, in a lockfile whose format can carry a strong one.

**Why it matters.** Without a hash the client takes whatever the registry, a mirror or a proxy sends. Most clients accept a missing hash
silently, so removing one line is enough.

**What to do.** Write the lockfile anew with a current version of its own client. Formats that can carry no hash are never reported here.",
    check,
    words,
};

const NONE: u32 = 0;
const WEAK: u32 = 1;

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    for dependency in case.dependencies() {
        let lockfile = dependency.lockfile();
        let can_carry = lockfile.kind == Kind::Lock && lockfile.shows.integrity && !dependency.is_reference();
        let needs = matches!(dependency.origin.class, Class::Registry | Class::Unrated | Class::Declared | Class::Url);
        if !can_carry || !needs {
            continue;
        }
        if let Some(strength) = lacking(&dependency) {
            let (lockfile, entry) = dependency.id;
            findings.add(&RULE, Subject::Entry(lockfile, entry), None, strength);
        }
    }
}

fn lacking(dependency: &Dependency<'_>) -> Option<u32> {
    let mut is_hashed = false;
    for hash in dependency.lockfile().hashes_of(dependency.id.1) {
        is_hashed = true;
        if !is_weak(hash.of(&dependency.text.content)) {
            return None;
        }
    }
    Some(if is_hashed { WEAK } else { NONE })
}

/// MD5 and SHA-1, however a format writes them.
pub(super) fn is_weak(hash: &str) -> bool {
    let algorithm = hash.split(['-', ':', '=']).next().unwrap_or("").trim();
    let is_named = ["md5", "sha1", "sha-1"].iter().any(|weak| algorithm.eq_ignore_ascii_case(weak));
    // A bare digest tells by its length.
    is_named || hash.len() <= 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let spoken = dependency.spoken();
    let path = dependency.path();
    if finding.detail == WEAK {
        words.message = format!("{spoken} has only a weak hash");
        words.many = format!("{{}} in `{path}` have only a weak hash");
        "MD5 or SHA-1 only".clone_into(&mut words.label);
    } else {
        words.message = format!("{spoken} has no hash");
        words.many = format!("{{}} in `{path}` have no hash");
        "no hash".clone_into(&mut words.label);
    }
    words.cause = format!("{path} {}", finding.detail);
    words.hint = "write the lockfile anew with a current version of its own client".to_owned();
    words
}
