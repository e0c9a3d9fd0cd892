//! The page's findings: one article for each cause, the worst first, with what the filter needs to know beside it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{code, html, inline};
use crate::finding::Finding;
use crate::judge::{Report, Verdict};
use crate::policy::Level;
use crate::report::group::{Group, groups};
use crate::report::human::{brought_in, counted, culprit};
use crate::report::places::Places;
use crate::report::plural;
use crate::report::snippet::{Excerpt, cut};
use crate::text::Place;

/// So many causes are shown.
const CAUSES_MAX: usize = 1000;
/// So many members of a cause.
const MEMBERS_MAX: usize = 100;
/// And no more than so many bytes of all that, so that a browser opens the page at once.
const BYTES_MAX: usize = 3 * 1024 * 1024;

/// What the levels are called here.
const LEVELS: [(Level, &str); 3] =
    [(Level::Deny, "May not come in"), (Level::Undecided, "Not understood"), (Level::Warn, "Warning")];

pub(super) fn section(report: &Report<'_>) -> String {
    let places = Places::new(&report.case);
    let groups = groups(report);
    let mut articles = String::new();
    let (mut shown, mut rules, mut registries) = (0, BTreeSet::new(), BTreeSet::new());
    for group in groups.iter().take(CAUSES_MAX) {
        if articles.len() > BYTES_MAX {
            break;
        }
        shown += 1;
        let from = registries_of(report, group);
        articles.push_str(&article(report, &places, group, shown, &from));
        rules.insert(group.rule.id);
        registries.extend(from);
    }
    let mut section = String::new();
    section.push_str(&no_lockfile(report));
    if shown == 0 {
        let says =
            if report.verdict == Verdict::Pass { "Nothing was found that the policy minds." } else { "There are no others." };
        let _ = writeln!(section, "<p class=\"card\">{says}</p>");
        return section;
    }
    section.push_str(&filter(&groups, &rules, &registries));
    let all = plural(shown, "cause is", "causes are");
    let _ = writeln!(section, "<p class=\"status\" id=\"matches\" role=\"status\">All {all} shown.</p>");
    section.push_str(&articles);
    section.push_str("<p class=\"card\" id=\"none\" hidden=\"\">No cause matches the filter.</p>\n");
    let left: usize = groups.iter().skip(shown).map(|group| group.findings.len()).sum();
    if left > 0 {
        let causes = plural(groups.len() - shown, "more cause is", "more causes are");
        let findings = plural(left, "finding", "findings");
        let _ = writeln!(
            section,
            "<p class=\"card\">{causes} not on this page ({findings}): it shows the worst and would grow too large. All of them are in the JSON \
             report, <code>packman check --output json=FILE</code>.</p>"
        );
    }
    section
}

/// That there was nothing to judge, where the policy minds.
fn no_lockfile(report: &Report<'_>) -> String {
    let class = match report.no_lockfile {
        Some(Level::Deny) => "deny",
        Some(Level::Undecided) => "undecided",
        Some(Level::Warn) => "warn",
        Some(Level::Allow) | None => return String::new(),
    };
    format!(
        "<div class=\"finding {class}\"><h3>No lockfile was found, so nothing was judged</h3>\n<div class=\"next\"><strong>Next:</strong> run \
         packman in the folder that has the lockfiles, and commit them; <code>no-lockfile = &quot;warn&quot;</code> accepts having none.</div></div>\n"
    )
}

/// Where the members of a cause come from, as far as they are dependencies.
fn registries_of(report: &Report<'_>, group: &Group) -> BTreeSet<String> {
    let findings = group.findings.iter().filter_map(|number| report.findings.get(*number));
    let dependencies = findings.filter_map(|finding| report.case.dependency(finding.subject));
    dependencies.map(|dependency| report.case.origin_id(dependency.origin).replace(char::is_whitespace, "-")).collect()
}

/// The form that the script brings to life; without it nothing of it shows.
fn filter(groups: &[Group], rules: &BTreeSet<&str>, registries: &BTreeSet<String>) -> String {
    let option = |value: &str| format!("<option value=\"{0}\">{0}</option>", html(value));
    let mut levels = String::new();
    for (level, name) in LEVELS.iter().filter(|(level, _)| groups.iter().any(|group| group.level == *level)) {
        let id = level.id();
        let _ = write!(
            levels,
            "<span class=\"check\"><input type=\"checkbox\" name=\"level\" id=\"level-{id}\" value=\"{id}\" checked=\"\" />\
             <label for=\"level-{id}\">{name}</label></span>"
        );
    }
    let rules: String = rules.iter().map(|rule| option(rule)).collect();
    let registries: String = registries.iter().map(|registry| option(registry)).collect();
    format!(
        "<form class=\"filter card\" id=\"filter\" role=\"search\" aria-label=\"Filter the findings\" hidden=\"\">\n\
         <div class=\"words\"><label class=\"name\" for=\"words\">Words</label><input type=\"search\" id=\"words\" name=\"words\" \
         autocomplete=\"off\" spellcheck=\"false\" placeholder=\"a package, a path, …\" /></div>\n\
         <div><label class=\"name\" for=\"rule\">Rule</label><select id=\"rule\" name=\"rule\"><option value=\"\">All rules</option>{rules}\
         </select></div>\n\
         <div><label class=\"name\" for=\"registry\">Registry</label><select id=\"registry\" name=\"registry\"><option value=\"\">All \
         registries</option>{registries}</select></div>\n\
         <fieldset><legend>Level</legend><div class=\"checks\">{levels}</div></fieldset>\n<button type=\"reset\">Show all</button>\n</form>\n"
    )
}

/// One cause: what, where, the lines, who brings it in, what to do, who else.
fn article(report: &Report<'_>, places: &Places<'_>, group: &Group, number: usize, registries: &BTreeSet<String>) -> String {
    let words = &group.first;
    let level = group.level.id();
    let name = LEVELS.iter().find(|(level, _)| *level == group.level).map_or(level, |(_, name)| name);
    let is_one = group.findings.len() == 1;
    let title = if is_one { words.message.clone() } else { words.many.replace("{}", &counted(report, group)) };
    let from = registries.iter().map(|registry| html(registry)).collect::<Vec<_>>().join(" ");
    let mut article = format!(
        "<article class=\"finding {level}\" data-level=\"{level}\" data-rule=\"{rule}\" data-registries=\"{from}\" aria-labelledby=\"f{number}\">\n\
         <p class=\"labels\"><span class=\"badge {level}\">{name}</span><span class=\"rule\">{rule}</span></p>\n\
         <h3 id=\"f{number}\">{}</h3>\n",
        inline(&title),
        rule = group.rule.id,
    );
    // Where the excerpt says it, nothing else has to.
    let culprit = culprit(words);
    if let Some(place) = words.primary.filter(|place| !culprit.is_some_and(|culprit| places.is_same_line(culprit, *place))) {
        let _ = writeln!(article, "<p class=\"where\">{}</p>", code(&places.spoken(place)));
    }
    if let Some(place) = culprit {
        article.push_str(&excerpt(report, places, place, &words.label));
    }
    if let Some(brought) = brought_in(report, group) {
        let _ = writeln!(article, "<p class=\"where\">{}</p>", inline(&brought));
    }
    article.push_str(&next(&words.hint));
    if !is_one {
        article.push_str(&members(report, places, group, number));
    }
    article.push_str("</article>\n");
    article
}

/// The line of the culprit, marked.
fn excerpt(report: &Report<'_>, places: &Places<'_>, place: Place, label: &str) -> String {
    let Some(text) = report.case.text(place.text) else { return String::new() };
    let cut = cut(text, &Excerpt { place, label: label.to_owned(), is_primary: true });
    let label = if label.is_empty() { String::new() } else { format!(" <span class=\"label\">{}</span>", inline(label)) };
    let caption = format!("<figcaption>{}{label}</figcaption>", code(&places.spoken(place)));
    if cut.shown.trim().is_empty() {
        return format!("<figure>{caption}</figure>\n");
    }
    let part = |range: std::ops::Range<usize>| html(cut.shown.get(range).unwrap_or(""));
    let end = cut.span.end.min(cut.shown.len());
    let start = cut.span.start.min(end);
    format!(
        "<figure>{caption}<pre><code><span class=\"line\" aria-hidden=\"true\">{} | </span>{}<mark>{}</mark>{}</code></pre></figure>\n",
        cut.line,
        part(0..start),
        part(start..end),
        part(end..cut.shown.len())
    )
}

/// One next step. What packman indents in a hint is for a file.
fn next(hint: &str) -> String {
    if hint.is_empty() {
        return String::new();
    }
    let mut next = String::from("<div class=\"next\"><strong>Next:</strong> ");
    let mut is_code = false;
    for line in hint.lines() {
        let indented = line.strip_prefix("    ");
        if indented.is_some() != is_code {
            next.push_str(if is_code { "</code></pre>\n" } else { "\n<pre><code>" });
            is_code = !is_code;
        }
        let shown = match indented {
            Some(line) => html(line) + "\n",
            None => inline(line) + " ",
        };
        next.push_str(&shown);
    }
    next.truncate(next.trim_end().len());
    next.push_str(if is_code { "</code></pre></div>\n" } else { "</div>\n" });
    next
}

fn members(report: &Report<'_>, places: &Places<'_>, group: &Group, number: usize) -> String {
    let mut rows = String::new();
    for finding in group.findings.iter().take(MEMBERS_MAX).filter_map(|number| report.findings.get(*number)) {
        rows.push_str(&row(report, places, finding));
    }
    let more = group.findings.len().checked_sub(MEMBERS_MAX).filter(|more| *more > 0);
    let more =
        more.map(|more| format!("<p class=\"quiet\">and {more} more, which the JSON report names</p>\n")).unwrap_or_default();
    format!(
        "<details><summary>All {}</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All of cause {number}\">\n<table><thead><tr>\
         <th scope=\"col\">What</th><th scope=\"col\">Version</th><th scope=\"col\">Where</th></tr></thead>\n<tbody>\n{rows}</tbody></table>\n\
         </div>\n{more}</details>\n",
        counted(report, group)
    )
}

/// Package, version and place.
pub(super) fn row(report: &Report<'_>, places: &Places<'_>, finding: &Finding) -> String {
    let words = finding.words(&report.case);
    let at = words.primary.map(|place| code(&places.spoken(place))).unwrap_or_default();
    let (what, version) = match report.case.dependency(finding.subject) {
        Some(one) => (code(one.name()), one.version().map(html).unwrap_or_default()),
        None => (inline(&words.message), String::new()),
    };
    format!("<tr><th scope=\"row\">{what}</th><td>{version}</td><td>{at}</td></tr>\n")
}
