//! `insecure-origin`: what can be changed on the way.

use std::collections::BTreeSet;

use crate::finding::{Finding, Subject, Words};
use crate::route::{Class, Insecure};
use crate::routing::Effect;
use crate::rules::{Case, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "insecure-origin",
    title: "A dependency can be changed on its way",
    help: "\
**Finds** a dependency that is fetched over plain http or git without authentication or from an IP address, and client configuration that
switches certificate checks off.

**Why it matters.** Anyone between you and the registry can answer in its place. A hash in the lockfile still protects the locked version,
but not the next update, and not what has no hash.

**What to do.** Use https and a host name; give the client your own certificate authority (`cafile`, `SSL_CERT_FILE`) instead of switching
checks off.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    for dependency in case.dependencies() {
        // What nothing explains is denied as such; its transport is a detail of that.
        if dependency.origin.insecure.is_some() && dependency.origin.class != Class::Unknown {
            let (lockfile, entry) = dependency.id;
            findings.add(&RULE, Subject::Entry(lockfile, entry), None, 0);
        }
    }
    let mut seen = BTreeSet::new();
    for (number, judged) in case.head.lockfiles.iter().enumerate().filter(|(_, judged)| judged.is_judged()) {
        for (index, setting) in judged.settings().enumerate() {
            if setting.effect == Effect::TlsOff && seen.insert(setting.place) {
                let (number, index) = (u32::try_from(number).unwrap_or(u32::MAX), u32::try_from(index).unwrap_or(u32::MAX));
                findings.add(&RULE, Subject::Setting(number, index), None, 0);
            }
        }
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    if let Subject::Setting(number, index) = finding.subject {
        let setting = case.judged(number).and_then(|judged| judged.settings().nth(index as usize));
        let Some(setting) = setting else { return Words::default() };
        return Words {
            message: format!("`{}` lets anyone on the way answer in the registry's place", setting.key),
            label: "certificates are not checked".to_owned(),
            hint: "take the line out; give the client your own certificate authority instead".to_owned(),
            cause: format!("setting {}", setting.key),
            many: "{} let anyone on the way answer in the registry's place".to_owned(),
            primary: Some(setting.place),
            ..Words::default()
        };
    }
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let location = dependency.location();
    let how = match dependency.origin.insecure {
        Some(Insecure::IpAddress) => "from an IP address, which no certificate names",
        _ => "without encryption or a check of who answers",
    };
    words.message = format!("{} is fetched {how}: `{location}`", dependency.spoken());
    words.many = format!("{{}} are fetched {how}");
    words.culprit = dependency.origin_place();
    how.clone_into(&mut words.label);
    words.cause = how.to_owned();
    words.hint = "use an https address with a host name in the lockfile and in the client's configuration".to_owned();
    words
}
