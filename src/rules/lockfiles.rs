//! `lockfile-missing` and `lockfile-unreadable`: what is not there, and what cannot be understood.

use std::collections::BTreeSet;

use crate::finding::{Finding, Subject, Words};
use crate::report::plural;
use crate::rules::{Case, Findings, Rule};
use crate::snapshot::asks_for_something;
use crate::text::{Lost, Span};

pub(super) static MISSING: Rule = Rule {
    id: "lockfile-missing",
    title: "A declaration has no lockfile",
    help: "\
**Finds** a file that asks for packages (package.json, Cargo.toml, pom.xml, requirements.in …) and has no lockfile beside it or at its
workspace's root; or a lockfile that does not have all that the file asks for.

**Why it matters.** Without a lock every build may install other versions, and nobody can say what was judged.

**What to do.** Write the lockfile with the package manager's own command and commit it. If the folder is only an example, exclude it in
`packman.toml`; the report then counts it as excluded.",
    check: check_missing,
    words: words_missing,
};

pub(super) static UNREADABLE: Rule = Rule {
    id: "lockfile-unreadable",
    title: "A lockfile, or a part of one, cannot be understood",
    help: "\
**Finds** a lockfile, an entry or a client's configuration that cannot be understood: broken syntax, merge-conflict markers, an unknown
version of the format, a pointer in place of a file.

**Why it matters.** What cannot be read has not been judged, and unknown is not fine. The verdict is `undecided` (exit 3), not a pass.

**What to do.** The message says what was found and what was expected. Write the file anew with its own tool. If packman should understand
it, please report it with the file.",
    check: check_unreadable,
    words: words_unreadable,
};

fn check_missing(case: &Case<'_>, findings: &mut Findings<'_>) {
    for (number, judged) in case.head.lockfiles.iter().enumerate() {
        if judged.is_judged() && !judged.lockfile.is_unreadable() && asks_for_something(&judged.lockfile) {
            findings.add(&MISSING, Subject::Lockfile(u32::try_from(number).unwrap_or(u32::MAX)), None, 0);
        }
    }
}

fn words_missing(case: &Case<'_>, finding: &Finding) -> Words {
    let Subject::Lockfile(number) = finding.subject else { return Words::default() };
    let Some(judged) = case.judged(number) else { return Words::default() };
    let Some(text) = case.head.text(judged.lockfile.text) else { return Words::default() };
    let title = judged.lockfile.format.title;
    // A title that is the file's name says nothing more.
    let kind = if text.path.ends_with(title) { String::new() } else { format!(" ({title})") };
    let first = judged.lockfile.entries.first().map_or(Span::default(), |entry| entry.name.span);
    let packages = plural(judged.lockfile.entries.len(), "package", "packages");
    let (has, many) = match &judged.ahead {
        None => (" and has no lockfile".to_owned(), "and have no lockfile"),
        Some(ahead) if ahead.is_hollow => {
            (format!(", and its lockfile `{}` has none", case.head.path(ahead.of)), "and have lockfiles without any")
        }
        Some(ahead) => {
            (format!(" that its lockfile `{}` does not have", case.head.path(ahead.of)), "that their lockfiles do not have")
        }
    };
    Words {
        message: format!("`{}`{kind} asks for {packages}{has}", text.path),
        label: "asked for here, locked nowhere".to_owned(),
        hint: "write the lockfile with the package manager's own command and commit it".to_owned(),
        cause: format!("{} {many}", judged.lockfile.format.id),
        many: format!("{{}} ({title}) ask for packages {many}"),
        primary: Some(text.place(first)),
        ..Words::default()
    }
}

fn check_unreadable(case: &Case<'_>, findings: &mut Findings<'_>) {
    let mut seen = BTreeSet::new();
    for (number, judged) in case.head.lockfiles.iter().enumerate() {
        for (index, problem) in judged.problems().enumerate() {
            // Details of a file that is not judged itself do not matter; that it cannot be read at all does.
            let matters = judged.is_judged() || problem.lost == Lost::File;
            if matters && seen.insert((problem.place, problem.message.clone())) {
                let (number, index) = (u32::try_from(number).unwrap_or(u32::MAX), u32::try_from(index).unwrap_or(u32::MAX));
                findings.add(&UNREADABLE, Subject::Problem(number, index), None, 0);
            }
        }
    }
}

fn words_unreadable(case: &Case<'_>, finding: &Finding) -> Words {
    let Subject::Problem(number, index) = finding.subject else { return Words::default() };
    let Some(problem) = case.problem(number, index) else { return Words::default() };
    let path = case.head.path(problem.place.text);
    let is_own = case.judged(number).is_some_and(|judged| judged.lockfile.problems.contains(problem));
    let hint = match problem.lost {
        _ if !problem.hint.is_empty() => &problem.hint,
        Lost::Detail if !is_own => "write it so that the file alone tells: packman runs nothing and knows no environment",
        _ => "write it anew with its own tool",
    };
    let label = match problem.lost {
        Lost::File => "nothing about its dependencies is known",
        Lost::Entry => "this entry is not judged",
        Lost::Detail => "not understood",
    };
    Words {
        message: match problem.lost {
            Lost::File => format!("`{path}` {}", problem.message),
            _ => format!("`{path}`: {}", problem.message),
        },
        label: label.to_owned(),
        hint: hint.to_owned(),
        cause: format!("{path} {}", problem.message),
        many: format!("{{}} of `{path}`: {}", problem.message),
        primary: Some(problem.place),
        ..Words::default()
    }
}
