//! `packman registries`.

use std::io::Write;

use serde_json::{Map, Value, json};

use crate::catalogue::control::{Control, Status, Tier};
use crate::catalogue::definition::definition;
use crate::catalogue::rating::Reading;
use crate::catalogue::{self, Catalogue, RegistryId, Standing};
use crate::cli::args::{Registries, RegistriesFormat};
use crate::cli::{Environment, Exit, registry_page};
use crate::report::escape;

/// Shows registries as of a day.
pub(super) fn run(command: &Registries, environment: &mut Environment<'_>) -> Exit {
    let view = match Catalogue::as_of(command.as_of) {
        Ok(view) => view,
        Err(error) => {
            environment.say("undecided", &format!("{error}\n  update packman, or ask for an earlier day"));
            return Exit::Undecided;
        }
    };
    let mut bytes = Vec::new();
    let written = match &command.id {
        Some(id) => {
            if let Some(id) = catalogue::find(id) {
                one(view, id, command.format, &mut bytes)
            } else {
                environment.say("error", &format!("no registry has the id `{id}`; `packman registries --unrated` lists all ids"));
                return Exit::Usage;
            }
        }
        None => all(view, command, &mut bytes),
    };
    match written {
        Ok(()) => environment.print(&bytes),
        Err(error) => environment.world(&error),
    }
}

fn all(view: Catalogue, command: &Registries, out: &mut dyn Write) -> std::io::Result<()> {
    let mut ids: Vec<RegistryId> = catalogue::all().filter(|id| command.unrated || id.row().rated).collect();
    ids.sort_by(|a, b| {
        let strength = |id: RegistryId| view.standing(id).rating(Reading::Offered).map(|rating| (rating.tier, rating.strength()));
        strength(*b).cmp(&strength(*a)).then_with(|| a.row().id.cmp(b.row().id))
    });
    match command.format {
        RegistriesFormat::Json => {
            ids.sort();
            let rows: Vec<Value> = ids.into_iter().map(|id| row(view, id)).collect();
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            writeln!(out)
        }
        RegistriesFormat::Markdown => {
            writeln!(
                out,
                "| registry | language | tier guaranteed | tier offered | enforced | offered | missing for an offered tier 2 |"
            )?;
            writeln!(out, "|---|---|---|---|---|---|---|")?;
            for id in ids {
                let cells = cells(view, id);
                let cells: Vec<String> = cells.iter().map(|cell| escape::markdown(cell)).collect();
                writeln!(out, "| {} |", cells.join(" | "))?;
            }
            Ok(())
        }
        RegistriesFormat::Table => {
            writeln!(
                out,
                "catalogue as of {}; tiers: 1 untrusted, 2 basic controls, 3 very secure (packman explain tiers)\n",
                view.date()
            )?;
            let titles = ["registry", "language", "guaranteed", "offered tier", "enforced", "offered", "missing for tier 2"];
            let mut rows = vec![titles.map(str::to_owned)];
            rows.extend(ids.into_iter().map(|id| cells(view, id)));
            columns(&rows, out)
        }
    }
}

fn columns(rows: &[[String; 7]], out: &mut dyn Write) -> std::io::Result<()> {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    for row in rows {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "  {}", line.join("  ").trim_end())?;
    }
    Ok(())
}

fn cells(view: Catalogue, id: RegistryId) -> [String; 7] {
    let record = id.record();
    let standing = view.standing(id);
    let rating = standing.rating(Reading::Offered);
    let missing = rating.as_ref().map(|rating| rating.missing_for(Tier::BASIC)).unwrap_or_default();
    let missing: Vec<&str> = missing.into_iter().map(Control::id).collect();
    [
        format!("{} ({})", record.name, record.id),
        record.language.clone(),
        standing.tier(Reading::Guaranteed).to_string(),
        standing.tier(Reading::Offered).to_string(),
        rating.as_ref().map_or_else(|| "-".to_owned(), |rating| format!("{} of 6", rating.enforced(Tier::BASIC))),
        rating.as_ref().map_or_else(|| "-".to_owned(), |rating| rating.offered(Tier::BASIC).to_string()),
        match (standing, missing.is_empty()) {
            (Standing::Unrated, _) => "nobody has read its controls".to_owned(),
            (Standing::Declared(_), _) => "tier as the seed document declared it".to_owned(),
            (_, true) => "-".to_owned(),
            _ => missing.join(", "),
        },
    ]
}

/// One row of `registries --format json`.
fn row(view: Catalogue, id: RegistryId) -> Value {
    let record = id.record();
    let standing = view.standing(id);
    let missing = |reading: Reading| -> Vec<&str> {
        let rating = standing.rating(reading);
        rating.map(|rating| rating.missing_for(Tier::BASIC).into_iter().map(Control::id).collect()).unwrap_or_default()
    };
    let controls: Map<String, Value> = match standing {
        Standing::Controls(statuses) => {
            statuses.iter().map(|(control, status)| (control.id().to_owned(), json!(status.id()))).collect()
        }
        _ => Map::new(),
    };
    json!({
        "id": record.id,
        "name": record.name,
        "language": record.language,
        "lead": record.lead,
        "page": record.page,
        "rated": record.rated,
        "tier": {
            "declared": record.declared.as_ref().map(|declared| declared.tier.clone()),
            "guaranteed": standing.tier(Reading::Guaranteed).0,
            "offered": standing.tier(Reading::Offered).0,
        },
        "controls": controls,
        "missing": { "guaranteed": missing(Reading::Guaranteed), "offered": missing(Reading::Offered) },
    })
}

fn one(view: Catalogue, id: RegistryId, format: RegistriesFormat, out: &mut dyn Write) -> std::io::Result<()> {
    if format == RegistriesFormat::Json {
        serde_json::to_writer_pretty(&mut *out, &row(view, id))?;
        return writeln!(out);
    }
    if format == RegistriesFormat::Markdown {
        return registry_page::write(view, id, out);
    }
    let record = id.record();
    writeln!(out, "{} ({})\n", record.name, record.id)?;
    let facts = [
        ("operated by", record.operator.as_str()),
        ("serves", record.language.as_str()),
        ("page", record.page.as_str()),
        ("security contact", record.security_contact.as_str()),
        ("packman lead", record.lead.as_str()),
        ("note", record.note.as_str()),
    ];
    for (title, text) in facts.into_iter().filter(|(_, text)| !text.is_empty()) {
        writeln!(out, "  {title}: {text}")?;
    }
    writeln!(out)?;
    let standing = view.standing(id);
    let Standing::Controls(statuses) = standing else {
        return match standing {
            Standing::Declared(tier) => {
                writeln!(out, "tier {tier}, as the seed document declared it; its controls were read later than {}", view.date())
            }
            _ => writeln!(out, "tier 1: nobody has read its controls"),
        };
    };
    for reading in [Reading::Guaranteed, Reading::Offered] {
        if let Some(rating) = standing.rating(reading) {
            writeln!(out, "{rating}, reading `{reading}`")?;
        }
    }
    writeln!(out)?;
    for (control, status) in statuses.iter() {
        line(view, id, control, status, out)?;
    }
    Ok(())
}

/// The tiers that need a control, in words.
pub(super) fn needed_by(control: Control) -> String {
    let tiers =
        definition(control).map(|definition| definition.needed_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    tiers.filter(|tiers| !tiers.is_empty()).map_or_else(|| "no tier".to_owned(), |tiers| format!("tier {tiers}"))
}

fn line(view: Catalogue, id: RegistryId, control: Control, status: Status, out: &mut dyn Write) -> std::io::Result<()> {
    let entry = view.entry(id, control);
    let summary = entry.map(|entry| entry.summary.as_str()).unwrap_or_default();
    writeln!(out, "  {:<16} {} ({})", status.id(), control.id(), needed_by(control))?;
    for text in wrapped(summary, 76) {
        writeln!(out, "  {:<16} {text}", "")?;
    }
    let Some(entry) = entry else { return Ok(()) };
    let since = entry.since.as_ref().map(|since| format!("since {since}, ")).unwrap_or_default();
    writeln!(out, "  {:<16} {since}read on {}, {} links of evidence in the record\n", "", entry.read_on, entry.evidence.len())
}

/// Words in lines of at most `width` characters.
pub(super) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut().filter(|line| line.chars().count() + word.chars().count() < width) {
            Some(line) => {
                line.push(' ');
                line.push_str(word);
            }
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
