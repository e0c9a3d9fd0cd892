//! Whether a policy file has the shape that its schema describes: every fault at once, each with its place.
//!
//! Answers for: unknown keys, missing keys, wrong types, words that are not in a closed list, empty texts, numbers out of range. Knows
//! no key: the derived schema leads the walk, so the two cannot differ. What is faulty can be left out, so that the meaning of all the rest
//! is looked at in the same run.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::fault::{Fault, advice, listed, nearest};
use crate::text::{Span, Text};

/// Faults above this number are not listed: the first ones explain the rest.
const FAULTS_MAX: usize = 100;

/// Where the key of a value begins, by where the value begins: so that a place can show `tier = 2` and not only `2`.
pub(super) type Keys = HashMap<u32, u32>;

/// One step from a table or list to what is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Item(usize),
}

/// The steps from the root to a value.
type Path = Vec<Step>;

/// What cannot stand, each with the place of a fault in it: the least that can be left out without a lie. Where a table of one's own
/// (an entry of a list, a registry) is wrong in one part, all of it is.
pub(super) type Lost = BTreeMap<Path, Span>;

/// What a document is beside its schema.
pub(super) struct Shape {
    pub(super) keys: Keys,
    pub(super) faults: Vec<Fault>,
    pub(super) lost: Lost,
}

/// Holds a document against the schema.
pub(super) fn check(text: &Text, root: &Spanned<DeTable<'_>>, noun: &str, schema: &Value) -> Shape {
    let mut walk = Walk { text, noun, root: schema, keys: Keys::new(), faults: Vec::new(), lost: Lost::new(), unit: None };
    walk.table(root.get_ref(), span(root), schema, &mut Vec::new());
    walk.faults.sort_by_key(|fault| fault.place);
    walk.faults.truncate(FAULTS_MAX);
    Shape { keys: walk.keys, faults: walk.faults, lost: walk.lost }
}

/// A document without what cannot stand.
pub(super) fn leave_out<'i>(root: Spanned<DeTable<'i>>, lost: &Lost) -> Spanned<DeTable<'i>> {
    let at = root.span();
    Spanned::new(at, table_without(root.into_inner(), lost, &mut Vec::new()))
}

fn table_without<'i>(table: DeTable<'i>, lost: &Lost, path: &mut Path) -> DeTable<'i> {
    let stays = |(key, value): (Spanned<DeString<'i>>, Spanned<DeValue<'i>>)| {
        path.push(Step::Key(key.get_ref().to_string()));
        let value = value_without(value, lost, path);
        path.pop();
        Some((key, value?))
    };
    table.into_iter().filter_map(stays).collect()
}

fn value_without<'i>(value: Spanned<DeValue<'i>>, lost: &Lost, path: &mut Path) -> Option<Spanned<DeValue<'i>>> {
    if lost.contains_key(path) {
        return None;
    }
    let at = value.span();
    let value = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(table_without(table, lost, path)),
        DeValue::Array(items) => {
            let stays = |(number, item)| {
                path.push(Step::Item(number));
                let item = value_without(item, lost, path);
                path.pop();
                item
            };
            DeValue::Array(items.into_iter().enumerate().filter_map(stays).collect())
        }
        other => other,
    };
    Some(Spanned::new(at, value))
}

struct Walk<'a> {
    text: &'a Text,
    noun: &'a str,
    root: &'a Value,
    keys: Keys,
    faults: Vec<Fault>,
    lost: Lost,
    /// How many steps lead to the table of one's own that the walk is in.
    unit: Option<usize>,
}

impl Walk<'_> {
    fn fault(&mut self, path: &Path, at: Span, message: String, hint: impl Into<String>) {
        let unit = path.iter().take(self.unit.unwrap_or(path.len())).cloned().collect();
        self.lost.entry(unit).or_insert(at);
        self.faults.push(Fault::new(Some(self.text.place(at)), message).with_hint(hint));
    }

    /// Goes one step down and back.
    fn below(&mut self, step: Step, is_unit: bool, value: &Spanned<DeValue<'_>>, schema: &Value, path: &mut Path) {
        path.push(step);
        let unit = self.unit;
        if is_unit && unit.is_none() {
            self.unit = Some(path.len());
        }
        self.value(value, schema, path);
        self.unit = unit;
        path.pop();
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, schema: &Value, path: &mut Path) {
        let at = span(value);
        match (value.get_ref(), kind(schema)) {
            (DeValue::Table(table), "object") => self.table(table, at, schema, path),
            (DeValue::Array(items), "array") => {
                if items.is_empty() && number(schema, "minItems").is_some_and(|least| least > 0) {
                    self.fault(path, at, format!("{} is empty; expected {}, at least one", name(path), expected(schema)), "");
                }
                for (number, item) in items.iter().enumerate() {
                    self.below(Step::Item(number), true, item, schema.get("items").unwrap_or(&Value::Null), path);
                }
            }
            (DeValue::String(found), "string") => self.string(found, at, schema, path),
            (DeValue::Integer(found), "integer") => {
                let value = i64::from_str_radix(found.as_str(), found.radix()).ok();
                let fits = value.is_some_and(|value| {
                    number(schema, "minimum").is_none_or(|least| value >= least)
                        && number(schema, "maximum").is_none_or(|most| value <= most)
                });
                if !fits {
                    self.fault(path, at, format!("{} is {found}; expected {}", name(path), expected(schema)), "");
                }
            }
            (DeValue::Datetime(found), "date") if found.time.is_none() && found.offset.is_none() && found.date.is_some() => {}
            (_, "any") => {}
            (found, wanted) => {
                let message = format!("{} is {}; expected {}", name(path), describe(found), expected(schema));
                let is_closed = schema.get("enum").is_some();
                self.fault(path, at, message, if is_closed { "" } else { hint_for(found, wanted) });
            }
        }
    }

    fn string(&mut self, found: &str, at: Span, schema: &Value, path: &Path) {
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
            self.fault(path, at, message, hint);
        } else if found.trim().is_empty() && number(schema, "minLength").is_some_and(|least| least > 0) {
            self.fault(path, at, format!("{} is empty; expected {}", name(path), expected(schema)), "");
        }
    }

    fn table(&mut self, table: &DeTable<'_>, at: Span, schema: &Value, path: &mut Path) {
        let none = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let others = schema.get("additionalProperties").filter(|schema| schema.is_object());
        let mut meant = Vec::new();
        for (key, value) in table {
            self.keys.insert(span(value).start, span(key).start);
            let step = Step::Key(key.get_ref().to_string());
            match (known.get(&**key.get_ref()), others) {
                (Some(schema), _) => self.below(step, false, value, schema, path),
                (None, Some(schema)) => self.below(step, true, value, schema, path),
                (None, None) => meant.extend(self.unknown(key, known, path)),
            }
        }
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            // A key that is there under a wrong name was told of already.
            if !table.contains_key(key) && !meant.iter().any(|meant| meant == key) {
                let wanted = known.get(key).map(expected).unwrap_or_default();
                self.fault(path, at, format!("{} has no `{key}`", self.owner(path)), format!("add `{key}`: {wanted}"));
            }
        }
    }

    /// A table as a message names it.
    fn owner(&self, path: &Path) -> String {
        let key = |step: &Step| match step {
            Step::Key(key) => Some(as_key(key)),
            Step::Item(_) => None,
        };
        let keys: Vec<String> = path.iter().filter_map(key).collect();
        match path.last() {
            None => format!("a {}", self.noun),
            Some(Step::Key(_)) => format!("`[{}]`", short(&keys.join("."))),
            Some(Step::Item(_)) => format!("`[[{}]]`", short(&keys.join("."))),
        }
    }

    /// Tells of a key that is not known, and gives the one that was meant.
    fn unknown(&mut self, found: &Spanned<DeString<'_>>, known: &Map<String, Value>, path: &mut Path) -> Option<String> {
        let (key, at): (&str, Span) = (found.get_ref(), span(found));
        let homes = homes(self.root, key);
        let meant = nearest(key, known.keys().map(String::as_str));
        let hint = match (meant, homes.as_slice()) {
            (Some(meant), _) => format!("did you mean `{meant}`?"),
            (None, [home]) if home.is_empty() => format!("move `{key}` to the top of the file, above the first `[table]`"),
            (None, [home]) => format!("move `{key}` into `[{home}]`"),
            (None, _) => advice(key, known.keys().map(String::as_str)),
        };
        let message = format!("{} has no key `{}`", self.owner(path), short(key));
        path.push(Step::Key(key.to_owned()));
        self.fault(path, at, message, hint);
        path.pop();
        meant.map(str::to_owned)
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
fn name(path: &Path) -> String {
    match path.as_slice() {
        [.., Step::Key(key)] => format!("`{}`", short(key)),
        [.., Step::Key(key), Step::Item(_)] => format!("an item of `{}`", short(key)),
        _ => "this".to_owned(),
    }
}

/// A key as TOML writes it.
fn as_key(key: &str) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_bare { key.to_owned() } else { format!("\"{key}\"") }
}

/// A word from the file, cut where it would fill the screen.
fn short(word: &str) -> String {
    const CHARS_MAX: usize = 60;
    if word.chars().count() <= CHARS_MAX { word.to_owned() } else { word.chars().take(CHARS_MAX).chain(['…']).collect() }
}

fn span<T>(spanned: &Spanned<T>) -> Span {
    Span::new(spanned.span().start, spanned.span().end)
}
