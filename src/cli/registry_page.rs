//! One registry as a page of Markdown: `packman registries ID --format markdown`, and its page in the guide.
//!
//! Answers for: everything that the record says, control by control, with the evidence. Records are the project's own text, so that
//! their code spans stay code spans; whatever else Markdown could take for mark-up is escaped.

use std::fmt::Write as _;
use std::io::{self, Write};

use crate::catalogue::control::{Control, Status};
use crate::catalogue::definition::{Definition, definition};
use crate::catalogue::rating::Reading;
use crate::catalogue::record::{Entry, Matching, Record};
use crate::catalogue::{Catalogue, RegistryId, Standing};

/// Writes the page.
pub(super) fn write(view: Catalogue, id: RegistryId, out: &mut dyn Write) -> io::Result<()> {
    let record = id.record();
    writeln!(out, "# {} (`{}`)\n", prose(&record.name), record.id)?;
    facts(record, out)?;
    let statuses = match view.standing(id) {
        Standing::Controls(statuses) => statuses,
        Standing::Declared(tier) => {
            return writeln!(
                out,
                "\nTier {tier}, as the seed document declared it: its controls were read later than {}.",
                view.date()
            );
        }
        Standing::Unrated => return writeln!(out, "\nTier 1: nobody has read its controls."),
    };
    writeln!(out, "\n## Tier as of {}\n", view.date())?;
    for reading in [Reading::Guaranteed, Reading::Offered] {
        if let Some(rating) = view.standing(id).rating(reading) {
            writeln!(out, "- reading `{reading}`: {rating}")?;
        }
    }
    writeln!(out, "\n## Controls\n\n| control | needed by | status | since | read on | confidence |\n|---|---|---|---|---|---|")?;
    for (control, status) in statuses.iter() {
        let entry = view.entry(id, control);
        let since = entry.and_then(|entry| entry.since.as_deref()).unwrap_or("-");
        let read_on = entry.map_or_else(|| "-".to_owned(), |entry| entry.read_on.to_string());
        let confidence = entry.map_or("-", |entry| entry.confidence.id());
        writeln!(
            out,
            "| [`{control}`](#{control}) | {} | {status} | {since} | {read_on} | {confidence} |",
            super::registries::needed_by(control)
        )?;
    }
    for (control, status) in statuses.iter() {
        writeln!(out, "\n### {control}\n")?;
        match view.entry(id, control) {
            Some(entry) => reading(control, status, entry, out)?,
            None => writeln!(out, "**{status}**: nobody has read it.")?,
        }
    }
    Ok(())
}

fn facts(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let facts = [
        ("operated by", &record.operator),
        ("serves", &record.language),
        ("page", &record.page),
        ("security contact", &record.security_contact),
        ("packman lead", &record.lead),
        ("note", &record.note),
    ];
    for (title, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "- {title}: {}", if text.starts_with("https://") { format!("<{text}>") } else { prose(text) })?;
    }
    if let Some(original) = &record.mirror_of {
        writeln!(out, "- copies the packages of: `{original}`")?;
    }
    if let Some(declared) = &record.declared {
        writeln!(out, "- tier that the seed document declared, before controls were read: {}", declared.tier)?;
    }
    if let Some(day) = record.review_by {
        writeln!(out, "- to be read again by: {day}")?;
    }
    let Matching { hosts, url_prefixes, client_ids, default_for } = &record.matching;
    let ways = [
        ("recognised by host", hosts),
        ("recognised by address", url_prefixes),
        ("recognised by what clients write", client_ids),
        ("meant where files of these formats name nothing", default_for),
    ];
    for (title, words) in ways.into_iter().filter(|(_, words)| !words.is_empty()) {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        writeln!(out, "- {title}: {}", words.join(", "))?;
    }
    Ok(())
}

/// What was read about one control.
fn reading(control: Control, status: Status, entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**{status}**: {}\n", prose(&entry.summary))?;
    if let Some(definition) = definition(control) {
        criteria(definition, entry, out)?;
    }
    if let Some(setting) = &entry.consumer_side {
        writeln!(out, "- what a project can do on its own side: {}", prose(setting))?;
    }
    if let Some(error) = &entry.corrects {
        writeln!(out, "- corrects an earlier reading: {}", prose(error))?;
    }
    for shown in &entry.shown_by {
        writeln!(out, "- shown by a version ({}): {}", shown.strength.id(), prose(&shown.how))?;
    }
    for link in &entry.evidence {
        writeln!(out, "- evidence: {}", evidence(link))?;
    }
    Ok(())
}

fn criteria(definition: &Definition, entry: &Entry, out: &mut dyn Write) -> io::Result<()> {
    for criterion in &definition.criteria {
        let word = if entry.criteria.contains(&criterion.id) { "met" } else { "not shown to be met" };
        writeln!(out, "- {word}: {} (`{}`)", prose(&criterion.text), criterion.id)?;
    }
    Ok(())
}

/// An address as a link; `owner/name:path` as the place of that file.
fn evidence(link: &str) -> String {
    if link.starts_with("https://") {
        return format!("<{}>", link.replace('>', "%3E"));
    }
    match link.split_once(':') {
        Some((repository, path)) if repository.split('/').count() == 2 => {
            let path = path.replace('%', "%25").replace(' ', "%20").replace('(', "%28").replace(')', "%29");
            format!("[`{link}`](https://github.com/{repository}/blob/HEAD/{path})")
        }
        _ => prose(link),
    }
}

/// Text of a record: what stands between backticks is code, the rest is words.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(out, "`{part}`");
            continue;
        }
        for c in part.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '*' | '_' | '[' | ']' | '|' | '\\' => out.extend(['\\', c]),
                other => out.push(other),
            }
        }
    }
    out
}
