//! The page's part about registries: how many dependencies each serves, its tier with the arithmetic, and its controls one by one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::html;
use crate::catalogue::control::{Control, Status, Tier};
use crate::catalogue::rating::{Reading, Statuses};
use crate::judge::{Report, Row};
use crate::report::human::cells;
use crate::report::plural;
use crate::rules::Case;

/// So many registries are shown.
const REGISTRIES_MAX: usize = 200;
/// So many have a column in the table of controls.
const COLUMNS_MAX: usize = 40;

pub(super) fn section(report: &Report<'_>) -> String {
    if report.registries.is_empty() {
        return "<p class=\"card\">No dependency was judged, so there is no registry to show.</p>\n".to_owned();
    }
    format!("{}{}{}", chart(report), table(report), controls(report))
}

/// What a tier is called.
fn tier_name(tier: Option<Tier>) -> (&'static str, &'static str) {
    match tier {
        Some(Tier(3)) => ("tier-3", "whose registry offers tier 3 (very secure)"),
        Some(Tier(2)) => ("tier-2", "whose registry offers tier 2 (basic controls)"),
        Some(_) => ("tier-1", "whose registry is tier 1 (untrusted)"),
        None => ("tier-none", "without a registry (own code, repositories, addresses)"),
    }
}

/// How many dependencies come from registries of which tier, as one bar with a legend that says the same in words.
fn chart(report: &Report<'_>) -> String {
    let mut counts: BTreeMap<Option<Tier>, usize> = BTreeMap::new();
    for row in &report.registries {
        *counts.entry(row.tiers.offered).or_default() += row.dependencies;
    }
    let total: usize = counts.values().sum::<usize>().max(1);
    // In thousandths of the bar; nothing that is there disappears.
    let (mut bars, mut legend, mut words, mut x) = (String::new(), String::new(), Vec::new(), 0);
    for (tier, count) in counts.into_iter().rev().filter(|(_, count)| *count > 0) {
        let (class, name) = tier_name(tier);
        let width = (count * 1000 / total).max(4);
        let _ = write!(bars, "<rect class=\"{class}\" x=\"{x}\" y=\"0\" width=\"{width}\" height=\"24\" />");
        let _ = writeln!(legend, "<li><span class=\"key {class}\"></span>{count} {name}</li>");
        words.push(format!("{count} {name}"));
        x += width;
    }
    format!(
        "<div class=\"card\">\n<svg class=\"bar\" viewBox=\"0 0 {x} 24\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Dependencies by tier: {}.\">{bars}</svg>\n<ul class=\"legend\">\n{legend}</ul>\n</div>\n",
        words.join("; ")
    )
}

/// Registries with their tiers, never without the arithmetic.
fn table(report: &Report<'_>) -> String {
    let mut rows = String::new();
    for row in report.registries.iter().take(REGISTRIES_MAX) {
        let [name, dependencies, tier, enforced, offered, missing] = cells(row).map(|cell| html(&cell));
        let strip = row.enforced.and(statuses(&report.case, row)).map(|statuses| strip(&statuses)).unwrap_or_default();
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\">{name}</th><td class=\"number\">{dependencies}</td><td class=\"nowrap\">{tier}</td>\
             <td>{strip}</td><td class=\"nowrap\">{enforced}</td><td class=\"number\">{offered}</td><td>{missing}</td></tr>"
        );
    }
    format!(
        "<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Registries\">\n<table>\n<caption>Tiers as registries offer \
         them on the catalogue’s date, not on the day a version was published. {}</caption>\n<thead><tr><th scope=\"col\">Registry</th>\
         <th scope=\"col\" class=\"number\">Dependencies</th><th scope=\"col\">Tier</th><th scope=\"col\">Controls of tier 2</th>\
         <th scope=\"col\">Enforced</th><th scope=\"col\" class=\"number\">Offered</th><th scope=\"col\">Missing for tier 2</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n{}</div>\n",
        key(),
        left_out(report.registries.len(), REGISTRIES_MAX)
    )
}

fn left_out(count: usize, max: usize) -> String {
    let more = count.checked_sub(max).filter(|more| *more > 0);
    more.map(|more| format!("<p class=\"quiet\">{more} more are in the JSON report.</p>\n")).unwrap_or_default()
}

fn statuses(case: &Case<'_>, row: &Row) -> Option<Statuses> {
    let (id, is_own) = row.id.strip_suffix("/own").map_or((row.id.as_str(), false), |id| (id, true));
    let registry = case.ratings.find(id)?;
    let standing = if is_own { case.ratings.own_standing(registry) } else { case.ratings.standing(registry, "") };
    standing.rating(Reading::Offered).map(|rating| *rating.statuses())
}

/// How a status is drawn, in a square of ten: full, half, empty, or a dot.
fn square(status: Status, x: usize) -> String {
    let frame = format!("<rect x=\"{x}.5\" y=\"0.5\" width=\"9\" height=\"9\" rx=\"2\" />");
    match status {
        Status::Enforced => format!("<rect class=\"enforced\" x=\"{x}.5\" y=\"0.5\" width=\"9\" height=\"9\" rx=\"2\" />"),
        Status::Optional | Status::Partial => {
            format!("{frame}<rect class=\"half\" x=\"{}\" y=\"5\" width=\"8\" height=\"4\" />", x + 1)
        }
        Status::NotApplicable => format!("{frame}<rect class=\"dot\" x=\"{}\" y=\"3.5\" width=\"3\" height=\"3\" />", x + 3),
        Status::Absent | Status::Unknown => frame,
    }
}

/// The six controls of tier 2 in a row.
fn strip(statuses: &Statuses) -> String {
    let needed: Vec<(Control, Status)> = Tier::BASIC.needs().map(|control| (control, statuses.get(control))).collect();
    let squares: String = needed.iter().enumerate().map(|(at, (_, status))| square(*status, at * 12)).collect();
    let words: Vec<String> = needed.iter().map(|(control, status)| format!("{control} {status}")).collect();
    let width = needed.len() * 12 - 2;
    format!("<svg class=\"strip\" viewBox=\"0 0 {width} 10\" role=\"img\" aria-label=\"{}\">{squares}</svg>", words.join(", "))
}

fn sign(status: Status) -> String {
    format!("<svg class=\"sign\" viewBox=\"0 0 10 10\" aria-hidden=\"true\" focusable=\"false\">{}</svg>", square(status, 0))
}

/// What the squares mean.
fn key() -> String {
    let shown = [(Status::Enforced, "enforced"), (Status::Optional, "offered"), (Status::Absent, "missing or unknown")];
    shown.map(|(status, word)| format!("<span class=\"nowrap\">{}{word}</span>", sign(status))).join(" ")
}

/// Every control of every registry that has been read, folded.
fn controls(report: &Report<'_>) -> String {
    let rated: Vec<(&Row, Statuses)> =
        report.registries.iter().filter_map(|row| Some((row, row.enforced.and(statuses(&report.case, row))?))).collect();
    if rated.is_empty() {
        return String::new();
    }
    let names: String =
        rated.iter().take(COLUMNS_MAX).map(|(row, _)| format!("<th scope=\"col\">{}</th>", html(&row.name))).collect();
    let mut rows = String::new();
    for control in Control::ALL {
        let needed = control.needed_from().map_or_else(|| "-".to_owned(), |tier| tier.to_string());
        let _ = write!(rows, "<tr><th scope=\"row\">{control}</th><td class=\"number\">{needed}</td>");
        for (_, statuses) in rated.iter().take(COLUMNS_MAX) {
            let status = statuses.get(control);
            let _ = write!(rows, "<td class=\"nowrap\">{}{status}</td>", sign(status));
        }
        rows.push_str("</tr>\n");
    }
    format!(
        "<details class=\"card\">\n<summary>All controls of {}</summary>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" \
         aria-label=\"Controls\">\n<table>\n<caption>What each control is: <code>packman explain CONTROL</code></caption>\n<thead><tr>\
         <th scope=\"col\">Control</th><th scope=\"col\" class=\"number\">Needed from tier</th>{names}</tr></thead>\n<tbody>\n{rows}</tbody>\n\
         </table>\n</div>\n{}</details>\n",
        plural(rated.len(), "registry", "registries"),
        left_out(rated.len(), COLUMNS_MAX)
    )
}
