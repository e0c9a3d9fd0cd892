//! Whether a policy file has the shape that its schema describes: every fault at once, each with its place.
//!
//! Answers for: unknown keys, missing keys, wrong types, words that are not in a closed list, empty texts, numbers out of range. Knows
//! no key: the derived schema leads the walk, so the two cannot differ.

use std::collections::HashMap;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, advice, listed, nearest};
use crate::text::{Span, Text};

/// Faults above this number are not listed: the first ones explain the rest.
const FAULTS_MAX: usize = 100;

/// Where the key of a value begins, by where the value begins: so that a place can show `tier = 2` and not only `2`.
pub(super) type Keys = HashMap<u32, u32>;

/// Holds a document against the schema.
pub(super) fn check(text: &Text, root: &Spanned<DeTable<'_>>, noun: &str, schema: &Value) -> (Keys, Vec<Fault>) {
    let mut walk = Walk { text, noun, root: schema, keys: Keys::new(), faults: Vec::new() };
    walk.table(root.get_ref(), span(root), schema, &mut Vec::new());
    walk.faults.sort_by_key(|fault| fault.place);
    walk.faults.truncate(FAULTS_MAX);
    (walk.keys, walk.faults)
}

struct Walk<'a> {
    text: &'a Text,
    noun: &'a str,
    root: &'a Value,
    keys: Keys,
    faults: Vec<Fault>,
}

/// The keys from the root to a value; an item of a list has none.
type Path<'a> = Vec<Option<&'a str>>;

impl<'a> Walk<'a> {
    fn fault(&mut self, at: Span, message: String, hint: impl Into<String>) {
        self.faults.push(Fault::new(Some(self.text.place(at)), message).with_hint(hint));
    }

    fn value(&mut self, value: &'a Spanned<DeValue<'_>>, schema: &Value, path: &mut Path<'a>) {
        let at = span(value);
        match (value.get_ref(), kind(schema)) {
            (DeValue::Table(table), "object") => self.table(table, at, schema, path),
            (DeValue::Array(items), "array") => {
                if items.is_empty() && number(schema, "minItems").is_some_and(|least| least > 0) {
                    self.fault(at, format!("{} is empty; it needs at least one", name(path)), "");
                }
                path.push(None);
                for item in items {
                    self.value(item, schema.get("items").unwrap_or(&Value::Null), path);
                }
                path.pop();
            }
            (DeValue::String(found), "string") => self.string(found, at, schema, path),
            (DeValue::Integer(found), "integer") => {
                let value = i64::from_str_radix(found.as_str(), found.radix()).ok();
                let fits = value.is_some_and(|value| {
                    number(schema, "minimum").is_none_or(|least| value >= least)
                        && number(schema, "maximum").is_none_or(|most| value <= most)
                });
                if !fits {
                    self.fault(at, format!("{} is {found}; expected {}", name(path), expected(schema)), "");
                }
            }
            (DeValue::Datetime(found), "date") if found.time.is_none() && found.offset.is_none() && found.date.is_some() => {}
            (_, "any") => {}
            (found, wanted) => {
                let message = format!("{} is {}; expected {}", name(path), describe(found), expected(schema));
                let is_closed = schema.get("enum").is_some();
                self.fault(at, message, if is_closed { "" } else { hint_for(found, wanted) });
            }
        }
    }

    fn string(&mut self, found: &str, at: Span, schema: &Value, path: &Path<'_>) {
        let words = words(schema);
        if !words.is_empty() && !words.contains(&found) {
            let name = name(path);
            let message = if words.len() > WORDS_LISTED_MAX {
                format!("{name} cannot be `{}`", short(found))
            } else {
                format!("{name} is `{}`; expected {}", short(found), expected(schema))
            };
            let hint = match nearest(found, words.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if words.len() > WORDS_LISTED_MAX => format!("write {}", listed(words)),
                None => String::new(),
            };
            self.fault(at, message, hint);
        } else if found.trim().is_empty() && number(schema, "minLength").is_some_and(|least| least > 0) {
            self.fault(at, format!("{} is empty; expected {}", name(path), expected(schema)), "");
        }
    }

    fn table(&mut self, table: &'a DeTable<'_>, at: Span, schema: &Value, path: &mut Path<'a>) {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let others = schema.get("additionalProperties").filter(|schema| schema.is_object());
        for (key, value) in table {
            self.keys.insert(span(value).start, span(key).start);
            let key_name: &'a str = key.get_ref();
            match known.get(key_name).or(others) {
                Some(schema) => {
                    path.push(Some(key_name));
                    self.value(value, schema, path);
                    path.pop();
                }
                None => self.unknown(key_name, span(key), known, path),
            }
        }
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(key) {
                let wanted = known.get(key).map(expected).unwrap_or_default();
                self.fault(at, format!("{} has no `{key}`", self.owner(path)), format!("add `{key}`: {wanted}"));
            }
        }
    }

    /// A table as a message names it.
    fn owner(&self, path: &Path<'_>) -> String {
        let keys: Vec<&str> = path.iter().copied().flatten().collect();
        match path.last() {
            None => format!("a {}", self.noun),
            Some(Some(_)) => format!("`[{}]`", short(&keys.join("."))),
            Some(None) => format!("`[[{}]]`", short(&keys.join("."))),
        }
    }

    fn unknown(&mut self, key: &str, at: Span, known: &Map<String, Value>, path: &Path<'_>) {
        let homes = homes(self.root, key);
        let hint = match (nearest(key, known.keys().map(String::as_str)), homes.as_slice()) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, [home]) if home.is_empty() => format!("move `{key}` to the top of the file, above the first `[table]`"),
            (None, [home]) => format!("move `{key}` into `[{home}]`"),
            (None, _) => advice(key, known.keys().map(String::as_str)),
        };
        self.fault(at, format!("{} has no key `{}`", self.owner(path), short(key)), hint);
    }
}

/// The tables of the schema that know this key; `""` is the root. Tables inside lists and tables with free keys are left out.
fn homes(schema: &Value, key: &str) -> Vec<String> {
    let properties = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let root = properties(schema);
    let mut homes = Vec::new();
    if root.contains_key(key) {
        homes.push(String::new());
    }
    homes.extend(root.iter().filter(|(_, table)| properties(table).contains_key(key)).map(|(name, _)| name.clone()));
    homes
}

/// What a value has to be: a type of JSON Schema, or `date`.
fn kind(schema: &Value) -> &str {
    match schema.get("format").and_then(Value::as_str) {
        Some("date") => "date",
        _ => schema.get("type").and_then(Value::as_str).unwrap_or("any"),
    }
}

fn number(schema: &Value, key: &str) -> Option<i64> {
    schema.get(key).and_then(Value::as_i64)
}

/// More words than this are not listed in the middle of a sentence.
const WORDS_LISTED_MAX: usize = 6;

fn words(schema: &Value) -> Vec<&str> {
    schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn expected(schema: &Value) -> String {
    match words(schema).as_slice() {
        [] => {}
        words if words.len() <= WORDS_LISTED_MAX => return listed(words.iter().copied()),
        [first, second, ..] => return format!("a word such as `{first}` or `{second}`"),
        [_] => {}
    }
    match kind(schema) {
        "integer" => match (number(schema, "minimum"), number(schema, "maximum")) {
            (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
            _ => "a whole number".to_owned(),
        },
        "date" => "a date such as 2026-11-22".to_owned(),
        "string" => "a text in quotes".to_owned(),
        "array" => match schema.get("items").map(kind) {
            Some("object") => "a list of tables".to_owned(),
            _ => "a list of texts".to_owned(),
        },
        "object" => "a table".to_owned(),
        other => other.to_owned(),
    }
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text `{}`", short(text)),
        DeValue::Integer(number) => format!("the number {}", short(number.as_str())),
        DeValue::Float(number) => format!("the number {}", short(number.as_str())),
        DeValue::Boolean(value) => format!("`{value}`"),
        DeValue::Datetime(date) if date.time.is_none() => format!("the date {date}"),
        DeValue::Datetime(date) => format!("the time {date}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn hint_for(found: &DeValue<'_>, wanted: &str) -> &'static str {
    match (found, wanted) {
        (DeValue::String(_), "date") => "write the day without quotes: 2026-11-22",
        (DeValue::String(_), "integer") => "write the number without quotes",
        (DeValue::Array(_) | DeValue::Table(_), _) => "",
        (_, "array") => "put it between brackets",
        (_, "string") => "put it between quotes",
        _ => "",
    }
}

/// A value as a message names it.
fn name(path: &Path<'_>) -> String {
    match path.as_slice() {
        [.., Some(key)] => format!("`{}`", short(key)),
        [.., Some(key), None] => format!("an item of `{}`", short(key)),
        _ => "an item of a list".to_owned(),
    }
}

/// A word from the file, cut where it would fill the screen.
fn short(word: &str) -> String {
    const CHARS_MAX: usize = 60;
    if word.chars().count() <= CHARS_MAX { word.to_owned() } else { word.chars().take(CHARS_MAX).chain(['…']).collect() }
}

fn span<T>(spanned: &Spanned<T>) -> Span {
    Span::new(spanned.span().start, spanned.span().end)
}
