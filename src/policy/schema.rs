//! The JSON Schema of the policy file, derived from the types that it is read into.
//!
//! Answers for: the schema, and the closed lists of words in it. Checks nothing: `shape` does.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::cases::Expected;
use super::file::{File, OverlaidControl};
use super::levels::{Level, ROWS};
use crate::catalogue::control::{Control, Status};
use crate::catalogue::rating::Reading;
use crate::dependency::Scopes;
use crate::ecosystem::Ecosystem;

/// The schema as it is published, in `policies/packman.schema.json`: draft 7, which editors know best.
#[must_use]
pub fn schema() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(of::<File>);
    &SCHEMA
}

/// The schema of a file of ours.
pub(super) fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().for_deserialize().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    schema
}

/// TOML has no null, widths of integers say nothing to an author, an empty text means nothing unless said otherwise, and lines of
/// descriptions are wrapped for the source only.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".into(), only);
                }
            }
            if map.get("type").is_some_and(|kind| kind == "integer") {
                map.remove("format");
            }
            let is_open = map.get("type").is_some_and(|kind| kind == "string") && !map.contains_key("enum");
            if is_open && !map.contains_key("format") && !map.contains_key("minLength") {
                map.insert("minLength".into(), 1.into());
            }
            if let Some(Value::String(description)) = map.get_mut("description") {
                let paragraphs: Vec<String> = description.split("\n\n").map(|part| part.replace('\n', " ")).collect();
                *description = paragraphs.join("\n\n");
            }
            map.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

fn words(ids: impl IntoIterator<Item = &'static str>) -> Value {
    json!({ "type": "string", "enum": ids.into_iter().collect::<Vec<_>>() })
}

fn into_schema(value: Value) -> Schema {
    value.try_into().unwrap_or_default()
}

/// A table with keys of the author's choice and one kind of value.
pub(super) fn table_of(value: &Schema) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": value })
}

pub(super) fn build_args(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "additionalProperties": { "type": "string", "minLength": 0 } })
}

pub(super) fn date(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date" })
}

pub(super) fn no_lockfile(_: &mut SchemaGenerator) -> Schema {
    into_schema(words([Level::Undecided, Level::Warn, Level::Allow].map(Level::id)))
}

pub(super) fn expected(_: &mut SchemaGenerator) -> Schema {
    into_schema(words(Expected::ALL.map(Expected::id)))
}

pub(super) fn reading(_: &mut SchemaGenerator) -> Schema {
    into_schema(words([Reading::Guaranteed, Reading::Offered, Reading::Observed].map(Reading::id)))
}

pub(super) fn ecosystem(_: &mut SchemaGenerator) -> Schema {
    into_schema(words(Ecosystem::ALL.map(Ecosystem::id)))
}

pub(super) fn scope(_: &mut SchemaGenerator) -> Schema {
    let all = [Scopes::PRODUCTION, Scopes::DEVELOPMENT, Scopes::BUILD, Scopes::TEST, Scopes::OPTIONAL, Scopes::PEER];
    into_schema(words(all.into_iter().flat_map(Scopes::ids)))
}

pub(super) fn controls(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": words(Control::ALL.map(Control::id)) })
}

fn any_rule() -> Value {
    words(ROWS.iter().filter(|row| row.id == row.rule).map(|row| row.id))
}

pub(super) fn rule(_: &mut SchemaGenerator) -> Schema {
    into_schema(any_rule())
}

pub(super) fn rules(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": any_rule() })
}

fn any_status() -> Value {
    words(Status::ALL.map(Status::id))
}

pub(super) fn status(_: &mut SchemaGenerator) -> Schema {
    into_schema(any_status())
}

/// What lowers a registry, whatever it was.
pub(super) fn lowered(_: &mut SchemaGenerator) -> Schema {
    into_schema(words([Status::Absent, Status::Unknown].map(Status::id)))
}

pub(super) fn statuses(_: &mut SchemaGenerator) -> Schema {
    closed(Control::ALL.into_iter().map(|control| (control.id(), any_status())))
}

pub(super) fn overlaid(generator: &mut SchemaGenerator) -> Schema {
    let one = generator.subschema_for::<OverlaidControl>().to_value();
    closed(Control::ALL.into_iter().map(|control| (control.id(), one.clone())))
}

pub(super) fn default_registry(_: &mut SchemaGenerator) -> Schema {
    closed(Ecosystem::ALL.into_iter().map(|ecosystem| (ecosystem.id(), json!({ "type": "string" }))))
}

pub(super) fn levels(_: &mut SchemaGenerator) -> Schema {
    closed(ROWS.iter().map(|row| {
        let mut level = words(row.levels().iter().map(|level| level.id()));
        if let Some(level) = level.as_object_mut() {
            level.insert("description".into(), row.finds.into());
        }
        (row.id, level)
    }))
}

/// A table of which all keys are known.
fn closed(rows: impl Iterator<Item = (&'static str, Value)>) -> Schema {
    let properties: Map<String, Value> = rows.map(|(key, value)| (key.to_owned(), value)).collect();
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}
