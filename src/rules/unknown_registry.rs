//! `unknown-registry`: an origin that nothing explains.

use std::cell::RefCell;

use crate::dependency::Locator;
use crate::ecosystem::Ecosystem;
use crate::finding::{Finding, Subject, Words};
use crate::formats::image;
use crate::report::escape::terminal;
use crate::route::Class;
use crate::routing::KnownBy;
use crate::rules::declaration::{self, Declaration};
use crate::rules::{Case, Dependency, Findings, Rule, entry_words};

pub(super) static RULE: Rule = Rule {
    id: "unknown-registry",
    title: "A dependency comes from somewhere that nothing explains",
    help: "\
**Finds** a dependency whose address is in no registry record and not declared by the policy, or whose origin cannot be told from the
repository's files (a variable, a missing `resolved`, a configuration that cannot be read).

**Why it matters.** Whoever can write a lockfile can point one entry at a host of their own; the name and version stay the same and few
people read a lockfile's diff. In the attack on `event-stream` (November 2018) and in the lockfile-injection studies of 2019 the change
that did the harm was one that nobody looked at.

**What to do.** If the registry is yours, declare it in `packman.toml`:

```toml
[registries.acme]
ecosystem = \"npm\"
urls = [\"https://npm.acme.example/\"]
```

If it is not, remove the entry, install the package again with its own client, and look at the difference.",
    check,
    words,
};

fn check(case: &Case<'_>, findings: &mut Findings<'_>) {
    if !findings.wants(RULE.id) {
        return;
    }
    for dependency in case.dependencies().filter(|dependency| dependency.origin.class == Class::Unknown) {
        let (lockfile, entry) = dependency.id;
        findings.add(&RULE, Subject::Entry(lockfile, entry), None, 0);
    }
}

fn words(case: &Case<'_>, finding: &Finding) -> Words {
    let Some((mut words, dependency)) = entry_words(case, finding) else { return Words::default() };
    let candidate = dependency.candidate();
    let reason = candidate.map_or("its origin is not known", |candidate| candidate.reason.as_str());
    let host = crate::address::read(&declaration::opened(&dependency)).map(|address| address.origin()).ok();
    let declaration = declaration::of(&dependency);
    let whose = match &host {
        Some(host) => format!("comes from `{host}`, which no registry record explains and the policy does not declare"),
        None => format!("has an origin that cannot be told: {reason}"),
    };
    words.message = format!("{} {whose}", dependency.spoken());
    words.many = match &host {
        Some(host) => format!("{{}} come from `{host}`, which no registry record explains and the policy does not declare"),
        None => format!("{{}} have an origin that cannot be told: {reason}"),
    };
    words.label =
        if host.is_some() { "in no registry record, not declared in packman.toml".to_owned() } else { reason.to_owned() };
    // One declaration settles one repository, however many a host has.
    let repository = declaration.as_ref().map(|declaration| declaration.url.clone());
    words.cause = repository.or_else(|| host.clone()).unwrap_or_else(|| reason.to_owned());
    words.hint = hint(&dependency, declaration.as_ref(), host.is_some());
    words.culprit = case.host_place(&dependency).or_else(|| dependency.origin_place());
    words
}

fn hint(dependency: &Dependency<'_>, declaration: Option<&Declaration>, has_host: bool) -> String {
    let ecosystem = dependency.entry.ecosystem;
    let name = terminal(dependency.spoken_name());
    let again = match ecosystem {
        Ecosystem::Docker => format!("take `{name}` from a registry that is known"),
        _ => format!("install `{name}` again from its own registry and look at the difference"),
    };
    match declaration {
        Some(Declaration { service, text, .. }) => {
            let looks = service.map(|service| format!(" (it looks like {service})")).unwrap_or_default();
            format!("if this registry{looks} is yours, declare it in packman.toml:\n{text}otherwise {again}")
        }
        None if has_host => format!("{again}; registries are asked by https"),
        None if matches!(dependency.entry.locator, Locator::Path(_) | Locator::Workspace) => {
            "commit what it names, or write the lockfile anew without it".to_owned()
        }
        None => hint_of_reason(dependency),
    }
}

/// What to do where nothing leads to a registry at all.
fn hint_of_reason(dependency: &Dependency<'_>) -> String {
    let entry = dependency.entry;
    if let Some(program) = dependency.candidate().and_then(|candidate| candidate.program.as_ref()) {
        return format!("look at what it does, then list it: `[packages] may-run-code = [\"{program}\"]`");
    }
    match (&entry.locator, dependency.candidate().map(|candidate| candidate.known_by)) {
        (Locator::Unresolved(written), _) => match variable(entry.ecosystem, written.of(&dependency.text.content)) {
            Some(name) => format!(
                "give `{name}` a default where it stands, or write what your builds give into packman.toml: `[build-args] {name} = \"…\"`",
                name = terminal(&name)
            ),
            None => "write in full what is asked for".to_owned(),
        },
        (_, Some(KnownBy::Configuration | KnownBy::File)) => {
            "write the address itself there: packman runs nothing and knows no environment".to_owned()
        }
        (_, Some(KnownBy::Assumed)) => format!(
            "say which registry is meant, in packman.toml: `[origins] default-registry = {{ {} = \"…\" }}`",
            entry.ecosystem.id()
        ),
        _ => "write the lockfile anew with its own tool".to_owned(),
    }
}

/// The first variable that an image's name has.
fn variable(ecosystem: Ecosystem, written: &str) -> Option<String> {
    let first = RefCell::new(None);
    if ecosystem == Ecosystem::Docker {
        let _ = image::resolve(written, &|name| {
            first.borrow_mut().get_or_insert_with(|| name.to_owned());
            None
        });
    }
    first.into_inner()
}
