//! Syntax readers against generated texts: no panic, spans inside, and the same meaning as the libraries' own trees.

use packman::syntax::{Kind, Node, json, lines, toml, yaml};
use packman::text::Text;
use proptest::prelude::*;

use super::{Read, ReadAll, check_spans, show, text};

/// The same as `show`, of serde_json's own tree.
fn show_value(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Object(map) => {
            let members: Vec<_> = map.iter().map(|(key, value)| format!("{key}:{}", show_value(value))).collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(show_value).collect::<Vec<_>>().join(",")),
        Value::String(string) => format!("{string:?}"),
        other => other.to_string(),
    }
}

/// Every string, number and key, in quotes or bare, found again where the spans say.
fn check_cuts(text: &Text, node: Node<'_>) {
    if node.kind() == Kind::Text {
        let quoted = format!("\"{}\"", text.slice(node.span()));
        assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), node.text().unwrap());
    }
    let key = format!("\"{}\"", text.slice(node.key_span()));
    assert_eq!(serde_json::from_str::<String>(&key).unwrap(), node.key());
    node.members().chain(node.items()).for_each(|child| check_cuts(text, child));
}

fn any_value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        any::<String>().prop_map(Value::from),
        "[a-z0-9@/.-]{0,12}".prop_map(Value::from),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        let key = prop_oneof!["[a-z]{0,4}", any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..12).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Without the characters that YAML refuses as they are.
fn printable(content: &str) -> String {
    content
        .chars()
        .map(|char| {
            if matches!(char, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') {
                '?'
            } else {
                char
            }
        })
        .collect()
}

/// Writes block style, with strings and keys as JSON has them.
fn write_yaml(value: &serde_json::Value, indent: usize, out: &mut String) {
    use serde_json::Value;
    let spaces = " ".repeat(indent);
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                out.extend(["\n", &spaces, &Value::from(key.as_str()).to_string(), ":"]);
                write_yaml(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                out.extend(["\n", &spaces, "-"]);
                write_yaml(item, indent + 1, out);
            }
        }
        scalar => out.extend([" ".to_owned(), scalar.to_string()]),
    }
}

fn toml_of(value: &serde_json::Value) -> Option<::toml::Value> {
    use serde_json::Value;
    Some(match value {
        Value::Null => return None,
        Value::Bool(bool) => (*bool).into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64()?.into(),
        },
        Value::String(string) => string.as_str().into(),
        Value::Array(items) => items.iter().filter_map(toml_of).collect::<Vec<_>>().into(),
        Value::Object(map) => {
            map.iter().filter_map(|(key, value)| Some((key.clone(), toml_of(value)?))).collect::<::toml::Table>().into()
        }
    })
}

/// The same as `show`, but with members by key, and numbers as numbers.
fn sorted(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Map => {
            let mut members: Vec<_> = node.members().map(|member| (member.key(), sorted(member))).collect();
            members.sort();
            format!("{members:?}")
        }
        Kind::List => format!("{:?}", node.items().map(sorted).collect::<Vec<_>>()),
        Kind::Number => format!("{:?}", node.scalar().unwrap().parse::<f64>().unwrap()),
        _ => show(node),
    }
}

fn show_toml(value: &::toml::Value) -> String {
    use ::toml::Value;
    match value {
        Value::Table(table) => {
            let mut members: Vec<_> = table.iter().map(|(key, value)| (key.as_str(), show_toml(value))).collect();
            members.sort();
            format!("{members:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(show_toml).collect::<Vec<_>>()),
        Value::String(string) => format!("{string:?}"),
        Value::Integer(number) => format!("{:?}", number.to_string().parse::<f64>().unwrap()),
        Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

fn toml_line() -> impl Strategy<Value = String> {
    let path = || prop::collection::vec(prop::sample::select(vec!["a", "b", "'c'"]), 1..4).prop_map(|parts| parts.join("."));
    let value =
        prop::sample::select(vec!["1", "'x'", "{}", "[]", "[{}]", "{a = 1}", "{a.b = 1, a.'c' = {}}", "{a.b = 1, a = 1}"]);
    prop_oneof![
        path().prop_map(|path| format!("[{path}]")),
        path().prop_map(|path| format!("[[{path}]]")),
        (path(), value).prop_map(|(path, value)| format!("{path} = {value} # x")),
    ]
}

/// Text that has more to do with these syntaxes than any text has.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        "\"",
        "'",
        ":",
        ": ",
        ",",
        "\n",
        "\r\n",
        "\r",
        " ",
        "  ",
        "- ",
        "a",
        "b.c",
        "=",
        " = ",
        "[[",
        "]]",
        "#",
        "//",
        "/*",
        "*/",
        "\\",
        "\\u00e4",
        "1",
        "1.5",
        "true",
        "null",
        "\"\"\"",
        "'''",
        "&a ",
        "*a",
        "<<: ",
        "|\n",
        ">-\n",
        "---\n",
        "...\n",
        "? ",
        "!!str ",
        "%",
        "@",
        "ä",
        "\u{2028}",
        "𝄞",
        "2024-01-02",
        "~",
        "\t",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(content in any_text()) {
        let text = text(&content);
        let mut found = vec![];
        for read in [json::read as Read, json::read_with_comments, toml::read] {
            match read(&text) {
                Ok(document) => check_spans(&text, document.root()),
                Err(problem) => found.push(problem.place.span),
            }
        }
        for read in [yaml::read as ReadAll, yaml::read_with_aliases] {
            match read(&text) {
                Ok(documents) => documents.iter().for_each(|document| check_spans(&text, document.root())),
                Err(problem) => found.push(problem.place.span),
            }
        }
        for span in found {
            prop_assert!(text.content.get(span.range()).is_some(), "{span:?}");
        }
        for line in lines::of(&text.content) {
            prop_assert_eq!(text.slice(line.span()), line.text);
            prop_assert_eq!(text.lines().span_of(line.number), line.span());
        }
    }

    #[test]
    fn json_is_what_serde_json_takes_for_it(content in any_text()) {
        let text = text(&content);
        match (json::read(&text), serde_json::from_str::<serde_json::Value>(&text.content)) {
            (Ok(_), Err(error)) => prop_assert!(error.to_string().starts_with("number out of range")),
            (Err(problem), Ok(_)) => prop_assert!(problem.message.contains("stands twice")),
            _ => {}
        }
    }

    #[test]
    fn json_round_trips(value in any_value(), is_pretty in any::<bool>()) {
        let content = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let text = text(&content);
        let document = json::read(&text).unwrap();
        prop_assert_eq!(show(document.root()), show_value(&value));
        check_cuts(&text, document.root());
        let liberal = json::read_with_comments(&text).unwrap();
        prop_assert_eq!(show(liberal.root()), show_value(&value));
    }
    #[test]
    fn json_is_yaml(value in any_value(), is_pretty in any::<bool>()) {
        let value: serde_json::Value = serde_json::from_str(&printable(&value.to_string())).unwrap();
        let content = if is_pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let text = text(&content);
        let documents = yaml::read(&text).unwrap();
        prop_assert_eq!(show(documents[0].root()), show_value(&value));
        check_cuts(&text, documents[0].root());
    }

    #[test]
    fn yaml_blocks_mean_what_was_written(value in any_value(), is_crlf in any::<bool>()) {
        let value: serde_json::Value = serde_json::from_str(&printable(&value.to_string())).unwrap();
        let mut content = String::new();
        write_yaml(&value, 0, &mut content);
        let content = if is_crlf { content.replace('\n', "\r\n") } else { content };
        let text = text(&content);
        let documents = yaml::read(&text).unwrap();
        prop_assert_eq!(show(documents[0].root()), show_value(&value));
        check_cuts(&text, documents[0].root());
        let shared = yaml::read_with_aliases(&text).unwrap();
        prop_assert_eq!(show(shared[0].root()), show_value(&value));
    }

    #[test]
    fn toml_round_trips(value in any_value(), is_pretty in any::<bool>()) {
        let Some(toml_value) = toml_of(&value) else { return Ok(()) };
        let table = ::toml::Table::from_iter([("k".to_owned(), toml_value)]);
        let content = if is_pretty { ::toml::to_string_pretty(&table) } else { ::toml::to_string(&table) }.unwrap();
        let text = text(&content);
        prop_assert_eq!(sorted(toml::read(&text).unwrap().root()), show_toml(&::toml::Value::Table(table)));
    }

    #[test]
    fn toml_is_what_the_toml_crate_takes_for_it(lines in prop::collection::vec(toml_line(), 1..9)) {
        let content = lines.join("\n");
        let text = text(&content);
        match (toml::read(&text), content.parse::<::toml::Table>()) {
            (Ok(document), Ok(table)) => prop_assert_eq!(sorted(document.root()), show_toml(&::toml::Value::Table(table))),
            (Err(_), Err(_)) => {}
            // The specification forbids a dotted key into an array of tables; the crate lets one pass that leads on.
            (Err(problem), Ok(_)) => prop_assert!(problem.message.starts_with("the table") && content.contains("[["), "{problem:?}"),
            (Ok(_), Err(error)) => prop_assert!(false, "accepted {content}: {error}"),
        }
    }
}
