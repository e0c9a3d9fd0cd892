//! Syntax readers: what a document means, and where each of its keys and values stands.
#![allow(clippy::format_collect, clippy::format_push_string, clippy::needless_for_each)]

mod properties;

use packman::syntax::{DEPTH_MAX, Document, Kind, Node, json, lines, toml, yaml};
use packman::text::{Problem, Side, Span, Text, TextId};

fn text(content: &str) -> Text {
    let id = TextId { side: Side::Head, index: 0 };
    Text::decode(id, "file", content.as_bytes().to_vec()).0
}

/// A node as one line; `Text` in quotes, other scalars bare, a date with an `@`.
fn show(node: Node<'_>) -> String {
    match node.kind() {
        Kind::Map => {
            let members: Vec<_> = node.members().map(|member| format!("{}:{}", member.key(), show(member))).collect();
            format!("{{{}}}", members.join(","))
        }
        Kind::List => format!("[{}]", node.items().map(show).collect::<Vec<_>>().join(",")),
        Kind::Text => format!("{:?}", node.text().unwrap()),
        Kind::Null => "null".to_owned(),
        Kind::Date => format!("@{}", node.scalar().unwrap()),
        Kind::Number | Kind::Bool => node.scalar().unwrap().to_owned(),
    }
}

/// Every key and value as it stands in the file, collections as a whole, in the order of the tree.
fn cuts(text: &Text, node: Node<'_>) -> Vec<String> {
    let mut list = vec![];
    if !node.key_span().is_empty() {
        list.push(format!("key {}", text.slice(node.key_span())));
    }
    list.push(text.slice(node.span()).to_owned());
    for child in node.members().chain(node.items()) {
        list.extend(cuts(text, child));
    }
    list
}

/// Spans lie inside of the file.
fn check_spans(text: &Text, node: Node<'_>) {
    for span in [node.span(), node.key_span()] {
        assert!(text.content.get(span.range()).is_some(), "{span:?} lies outside or cuts a character");
    }
    node.members().chain(node.items()).for_each(|child| check_spans(text, child));
}

type Read = for<'t> fn(&'t Text) -> Result<Document<'t>, Problem>;
type ReadAll = for<'t> fn(&'t Text) -> Result<Vec<Document<'t>>, Problem>;

fn shown(read: Read, content: &str) -> String {
    let text = text(content);
    let document = read(&text).unwrap_or_else(|problem| panic!("{content}: {problem:?}"));
    check_spans(&text, document.root());
    show(document.root())
}

fn shown_all(read: ReadAll, content: &str) -> String {
    let text = text(content);
    let documents = read(&text).unwrap_or_else(|problem| panic!("{content}: {problem:?}"));
    documents.iter().for_each(|document| check_spans(&text, document.root()));
    documents.iter().map(|document| show(document.root())).collect::<Vec<_>>().join(" --- ")
}

/// `line:column message` of a problem.
fn refused(read: Read, content: &str) -> String {
    let text = text(content);
    problem_of(&text, read(&text).map(|document| show(document.root())))
}

fn refused_all(read: ReadAll, content: &str) -> String {
    let text = text(content);
    problem_of(&text, read(&text).map(|documents| documents.len().to_string()))
}

fn problem_of(text: &Text, result: Result<String, Problem>) -> String {
    let problem = result.expect_err(&format!("accepted: {:.200}", text.content));
    assert!(problem.place.span.end as usize <= text.content.len());
    let region = text.lines().region(problem.place.span);
    format!("{}:{} {}", region.line, region.column, problem.message)
}

#[test]
fn json_means_and_stands() {
    let content =
        "{\r\n  \"näme\" : \"ü\\\"\\\\\" ,\r\n\t\"a\\u0062\": [ 1, -2.5e+3 , true,null, {} , [ ], \"\" ],\"z\":\"\\\\\"}\r\n";
    assert_eq!(shown(json::read, content), r#"{näme:"ü\"\\",ab:[1,-2.5e+3,true,null,{},[],""],z:"\\"}"#);
    let text = text(content);
    let document = json::read(&text).unwrap();
    let expected = [
        content.trim_end(),
        "key näme",
        r#"ü\"\\"#,
        r"key a\u0062",
        r#"[ 1, -2.5e+3 , true,null, {} , [ ], "" ]"#,
        "1",
        "-2.5e+3",
        "true",
        "null",
        "{}",
        "[ ]",
        "",
        "key z",
        r"\\",
    ];
    assert_eq!(cuts(&text, document.root()), expected);
    let empty = document.root().get("ab").unwrap().items().last().unwrap().span();
    assert_eq!(text.content.get(empty.start as usize - 1..=empty.end as usize), Some("\"\""));
}

#[test]
fn json_takes_any_root_and_any_number() {
    for (content, expected) in [("1e999", "1e999"), (" \"x\" ", "\"x\""), ("null", "null"), ("[]", "[]"), ("-0", "-0")] {
        assert_eq!(shown(json::read, content), expected);
    }
    let huge = "9".repeat(400);
    assert_eq!(shown(json::read, &huge), huge);
}

#[test]
fn json_refuses_at_its_place() {
    for (content, expected) in [
        ("", "1:1 is empty, expected JSON"),
        (" \r\n\t", "1:1 is empty, expected JSON"),
        ("{\"a\": 1,\n \"b\" 2}", "2:6 is not JSON: expected `:`"),
        ("{\"ä\": 1 \"b\"}", "1:9 is not JSON: expected `,` or `}`"),
        ("[1,]", "1:4 is not JSON: trailing comma"),
        ("[,1]", "1:2 is not JSON: expected value"),
        ("[1", "1:3 is not JSON: ends before it is complete"),
        ("{\"a\": \"b", "1:9 is not JSON: ends before it is complete"),
        ("{\"a\": \"b\nc\"}", "1:9 is not JSON: control character (\\u0000-\\u001F) found while parsing a string"),
        ("{} {}", "1:4 is not JSON: trailing characters"),
        ("[1] x", "1:5 is not JSON: trailing characters"),
        ("[01]", "1:3 is not JSON: invalid number"),
        ("nul", "1:4 is not JSON: ends before it is complete"),
        ("{a: 1}", "1:2 is not JSON: key must be a string"),
        ("{\"a\": 1} // x", "1:10 is not JSON: trailing characters"),
        ("{\"a\": 1, \"b\": 2,\n \"\\u0061\": 3}", "2:3 the key `a` stands twice in one map, first in line 1"),
    ] {
        assert_eq!(refused(json::read, content), expected, "{content}");
    }
}

#[test]
fn json_with_comments() {
    let content = "// ä { \r\n{ /* \" , */ \"a\": \"// /* x */\", // é\n \"b\": [1, /* , */ 2 , // ,\n ] , /**/ }\n//end";
    assert_eq!(shown(json::read_with_comments, content), r#"{a:"// /* x */",b:[1,2]}"#);
    let text = text(content);
    let document = json::read_with_comments(&text).unwrap();
    assert_eq!(text.slice(document.root().get("a").unwrap().span()), "// /* x */");
    assert_eq!(text.slice(document.root().get("b").unwrap().key_span()), "b");
    for (content, expected) in [
        ("[,]", "1:2 is not JSON: expected value"),
        ("{,}", "1:2 is not JSON: key must be a string"),
        ("[1,,]", "1:4 is not JSON: expected value"),
        ("{\"a\":,}", "1:6 is not JSON: expected value"),
        ("[1, /* ]", "1:5 is not JSON: a comment begins here and does not end"),
        ("[1] /", "1:5 is not JSON: trailing characters"),
        ("/* x */ // y", "1:1 is empty, expected JSON"),
        ("// ä\n[1 2]", "2:4 is not JSON: expected `,` or `]`"),
    ] {
        assert_eq!(refused(json::read_with_comments, content), expected, "{content}");
    }
}

#[test]
fn toml_means_and_stands() {
    let content = "# c\r\nversion = 4 # n\r\n'q.k'.\"\\u0061b\" = 'lit'\r\n\r\n[[package]]\r\nname = \"ä\\tb\"\r\nd = [\r\n \"x\", # y\r\n 1_0,\r\n]\r\n\r\n\
                   [package.source]\r\nurl = \"\"\"\r\nhttps://é\"\"\"\r\n[[package]]\r\nt = { a.b = 1.5, c = [ { } ] }\r\n[z.y]\r\nday = 2024-01-02\r\n";
    assert_eq!(
        shown(toml::read, content),
        r#"{version:4,q.k:{ab:"lit"},package:[{name:"ä\tb",d:["x",1_0],source:{url:"https://é"}},{t:{a:{b:1.5},c:[{}]}}],z:{y:{day:@2024-01-02}}}"#
    );
    let text = text(content);
    let document = toml::read(&text).unwrap();
    let root = document.root();
    let cut = |node: Node<'_>| text.slice(node.span()).to_owned();
    assert_eq!(root.span(), Span::new(0, content.len()));
    let dotted = root.get("q.k").unwrap();
    assert_eq!(text.slice(dotted.key_span()), "q.k");
    assert_eq!(text.slice(dotted.get("ab").unwrap().key_span()), "\\u0061b");
    let packages: Vec<_> = root.get("package").unwrap().items().collect();
    assert!(cut(packages[0]).starts_with("[[package]]\r\nname") && cut(packages[0]).ends_with("1_0,\r\n]"));
    assert_eq!(cut(packages[0].get("name").unwrap()), "ä\\tb");
    assert_eq!(cut(packages[0].get("d").unwrap()), "[\r\n \"x\", # y\r\n 1_0,\r\n]");
    assert_eq!(cut(packages[0].at(&["source", "url"]).unwrap()), "https://é");
    assert_eq!(cut(packages[1]), "[[package]]\r\nt = { a.b = 1.5, c = [ { } ] }");
    assert_eq!(cut(packages[1].at(&["t", "a"]).unwrap()), "a.b = 1.5");
    assert!(cut(root.get("package").unwrap()).ends_with("c = [ { } ] }"));
    assert_eq!(cut(root.get("z").unwrap()), "[z.y]\r\nday = 2024-01-02");
    assert_eq!(cut(root.at(&["z", "y"]).unwrap()), "[z.y]\r\nday = 2024-01-02");
}

#[test]
fn toml_tables_and_dotted_keys() {
    for (content, expected) in [
        ("# only a comment\n", "{}"),
        ("[a.b]\nx=1\n[a]\ny=2\n[a.c]\n", "{a:{b:{x:1},y:2,c:{}}}"),
        ("[[a]]\n[[a.b]]\nx=1\n[[a.b]]\n[[a]]\n", "{a:[{b:[{x:1},{}]},{}]}"),
        ("a.b.c=1\na.b.d=2\na.e=3\n[a.f]\n", "{a:{b:{c:1,d:2},e:3,f:{}}}"),
        ("[a.b.c]\n[a]\nb.x=1\n", "{a:{b:{c:{},x:1}}}"),
        ("a=[[1,[]],[{b.c=[{}],b.d=1}]]", "{a:[[1,[]],[{b:{c:[{}],d:1}}]]}"),
        ("a=''\nb=\"\"\nc=''''''\nd=\"\"\"\n\"\"\"\n\"\"=1", r#"{a:"",b:"",c:"",d:"",:1}"#),
        (
            "a=true\nb=nan\nc=0x1F\nd=1979-05-27 07:32:00Z\ne=07:32:00",
            "{a:true,b:nan,c:0x1F,d:@1979-05-27 07:32:00Z,e:@07:32:00}",
        ),
        ("a=\"\"\"x\\\n   y\"\"\"", r#"{a:"xy"}"#),
    ] {
        assert_eq!(shown(toml::read, content), expected, "{content}");
    }
}

#[test]
fn toml_refuses_at_its_place() {
    for (content, expected) in [
        (" \n", "1:1 is empty, expected TOML"),
        ("a = 1\nb = \na = 2", "2:5 is not TOML: string values must be quoted"),
        ("a=1\na=2", "2:1 the key `a` stands twice in one map, first in line 1"),
        ("a=1\n'a'=2", "2:2 the key `a` stands twice in one map, first in line 1"),
        ("[a]\n[b]\n[a]", "3:2 the table `a` is defined twice, first in line 1"),
        ("[a]\nx=1\n[a.b]\n[a.b]", "4:4 the table `b` is defined twice, first in line 3"),
        ("[a]\n[[a]]", "2:3 the table `a` is defined twice, first in line 1"),
        ("[[a]]\n[a]", "2:2 the table `a` is defined twice, first in line 1"),
        ("[[a.b]]\n[a]\nb.c=1", "3:1 the table `b` is defined twice, first in line 1"),
        ("[a.b.c]\nz=9\n[a]\nb.c.t=1", "4:3 the table `c` is defined twice, first in line 1"),
        ("a.b=1\n[a]", "2:2 the table `a` is defined twice, first in line 1"),
        ("[a]\nb.c=1\n[a.b]", "3:4 the table `b` is defined twice, first in line 2"),
        ("a=1\n[a]", "2:2 the key `a` stands twice in one map, first in line 1"),
        ("a=1\n[a.b]", "2:2 the key `a` stands twice in one map, first in line 1"),
        ("a={}\n[a.b]", "2:2 the key `a` stands twice in one map, first in line 1"),
        ("a={b=1}\na.c=1", "2:1 the key `a` stands twice in one map, first in line 1"),
        ("a=[{}]\n[[a]]", "2:3 the key `a` stands twice in one map, first in line 1"),
        ("a={b=1,b.c=2}", "1:8 the key `b` stands twice in one map, first in line 1"),
        ("a=[1", "1:5 is not TOML: unclosed array"),
        ("a=\"x", "1:5 is not TOML: invalid basic string"),
        ("a=\"\\q\"", "1:5 is not TOML: missing escaped value"),
        ("a=2024-13-45", "1:3 is not TOML: `2024-13-45` is no date or time"),
        ("{\"a\": 1}", "1:1 is not TOML: invalid key-value pair"),
    ] {
        let found = refused(toml::read, content);
        assert_eq!(found, expected, "{content}");
    }
}

#[test]
fn yaml_means_and_stands() {
    let content = "# ä\r\nlockfileVersion: '9.0'\r\n\r\nü:\r\n  \"k\\u0061\": [ a b , \"q\\t\", 'it''s' ]\r\n  flow: {x: 1, 'y': }\r\nlist:\r\n- a: 1\r\n  b: two words # c\r\n- |\r\n  text\r\n  more\r\n- >-\r\n  folded\r\n  on\r\nlast: multi\r\n  line\r\n";
    assert_eq!(
        shown_all(yaml::read, content),
        r#"{lockfileVersion:"9.0",ü:{ka:["a b","q\t","it's"],flow:{x:1,y:null}},list:[{a:1,b:"two words"},"text\nmore\n","folded on"],last:"multi line"}"#
    );
    let text = text(content);
    let documents = yaml::read(&text).unwrap();
    let root = documents[0].root();
    let cut = |node: Node<'_>| text.slice(node.span()).to_owned();
    assert_eq!(cut(root.get("lockfileVersion").unwrap()), "9.0");
    let map = root.get("ü").unwrap();
    assert_eq!(text.slice(map.key_span()), "ü");
    assert_eq!(text.slice(map.get("ka").unwrap().key_span()), "k\\u0061");
    let items: Vec<_> = map.get("ka").unwrap().items().map(cut).collect();
    assert_eq!(items, ["a b", "q\\t", "it''s"]);
    assert_eq!(cut(map.get("ka").unwrap()), "[ a b , \"q\\t\", 'it''s' ]");
    assert_eq!(cut(map.get("flow").unwrap()), "{x: 1, 'y': }");
    assert!(cut(map).starts_with("\"k\\u0061\": [") && cut(map).ends_with("'y': }"), "{}", cut(map));
    let list: Vec<_> = root.get("list").unwrap().items().map(cut).collect();
    assert_eq!(list, ["a: 1\r\n  b: two words", "text\r\n  more", "folded\r\n  on"]);
    assert_eq!(cut(root.get("last").unwrap()), "multi\r\n  line");
}

#[test]
fn yaml_core_schema() {
    for (value, expected) in [
        ("yes", "\"yes\""),
        ("off", "\"off\""),
        ("True", "True"),
        ("tRue", "\"tRue\""),
        ("~", "null"),
        ("", "null"),
        ("Null", "null"),
        ("1", "1"),
        ("+1_0", "\"+1_0\""),
        ("0o17", "0o17"),
        ("017", "017"),
        ("0x1F", "0x1F"),
        ("6.0", "6.0"),
        ("6.0.1", "\"6.0.1\""),
        ("1.", "1."),
        (".5", ".5"),
        (".", "\".\""),
        ("-.inf", "-.inf"),
        (".nan", ".nan"),
        ("1e5", "1e5"),
        ("1e", "\"1e\""),
        ("'1'", "\"1\""),
        ("!!str 1", "\"1\""),
        ("!!str", "\"\""),
        ("!reset 1", "1"),
        ("2024-01-01", "\"2024-01-01\""),
    ] {
        assert_eq!(shown_all(yaml::read, &format!("--- {value}\n")), expected, "{value}");
    }
}

#[test]
fn yaml_documents() {
    assert_eq!(shown_all(yaml::read, "---\na: 1\n---\nb: 2\n...\n"), "{a:1} --- {b:2}");
    assert_eq!(shown_all(yaml::read, "a: 1\n---\n"), "{a:1} --- null");
    let second = text("a: 1\n---\nä: 2\n");
    let documents = yaml::read(&second).unwrap();
    let member = documents[1].root().get("ä").unwrap();
    assert_eq!((second.slice(member.key_span()), second.slice(member.span())), ("ä", "2"));
}

#[test]
fn yaml_aliases_and_merges() {
    for (content, expected) in [
        ("a: &x 1\nb: *x\n", "{a:1,b:1}"),
        ("a: &x {k: [1]}\nb: [*x, *x]\n", "{a:{k:[1]},b:[{k:[1]},{k:[1]}]}"),
        ("&k key: 1\nb: *k\n", r#"{key:1,b:"key"}"#),
        ("a: &x k\n*x : 2\n", r#"{a:"k",k:2}"#),
        ("a: &x 1\nb: &x 2\nc: *x", "{a:1,b:2,c:2}"),
        ("d: &d {a: 1, b: 2}\ne:\n  <<: *d\n  b: 3\n", "{d:{a:1,b:2},e:{b:3,a:1}}"),
        ("d: &d {a: 1}\nf: &f {a: 2, c: 3}\ne:\n  x: 0\n  <<: [*d, *f]\n", "{d:{a:1},f:{a:2,c:3},e:{x:0,a:1,c:3}}"),
        ("e: {<<: {a: 1}}\n", "{e:{a:1}}"),
        ("d: &d {a: 1}\ne: &e {<<: *d, b: 2}\nf: {<<: *e}\n", "{d:{a:1},e:{b:2,a:1},f:{b:2,a:1}}"),
        ("e: {'<<': {a: 1}}\n", "{e:{<<:{a:1}}}"),
        ("b: {<<: &m {a: 1}}\nc: *m\n", "{b:{a:1},c:{a:1}}"),
    ] {
        assert_eq!(shown_all(yaml::read_with_aliases, content), expected, "{content}");
    }
    assert_eq!(shown_all(yaml::read, "e: {<<: {a: 1}}\nf: &unused 1"), "{e:{<<:{a:1}},f:1}");
    let original = text("a: &x one\nb: *x\n");
    let documents = yaml::read_with_aliases(&original).unwrap();
    let copy = documents[0].root().get("b").unwrap();
    assert_eq!((copy.span(), original.slice(copy.key_span())), (Span::new(6, 9), "b"));
}

#[test]
fn yaml_keys_may_be_long() {
    let key = "a@npm:1.0, ".repeat(400);
    assert_eq!(shown_all(yaml::read, &format!("{key}x:\n  v: 1\n")), format!("{{{key}x:{{v:1}}}}"));
    let endless = "a".repeat(70_000);
    assert_eq!(
        refused_all(yaml::read, &format!("{endless}: 1\n")),
        "1:70001 is not YAML: mapping values are not allowed in this context"
    );
}

#[test]
fn yaml_refuses_at_its_place() {
    for (content, expected) in [
        ("", "1:1 is empty, expected YAML"),
        ("# x\n\n", "1:1 is empty, expected YAML"),
        ("a: &x 1\nb: *x", "2:4 has the alias `*x`, which no lockfile needs"),
        ("a: 1\nb: 2\n\"a\": 3", "3:2 the key `a` stands twice in one map, first in line 1"),
        ("? [a]\n: 1", "1:3 has a map or list for a key, expected text"),
        ("ä: [1, 2\nb: 1", "2:2 is not YAML: illegal placement of ':' indicator"),
        ("a: \"x", "1:4 is not YAML: unclosed quote"),
        ("a:\n\t- b", "2:2 is not YAML: tabs disallowed within this context (block indentation)"),
        ("---\na: 1\n---\nb: 1\nb: 2", "5:1 the key `b` stands twice in one map, first in line 4"),
    ] {
        assert_eq!(refused_all(yaml::read, content), expected, "{content}");
    }
    for (content, expected) in [
        ("a: &x [*x]", "1:8 has the alias `*x` inside of what it stands for"),
        ("a: *x", "1:4 is not YAML: while parsing node, found unknown anchor"),
        ("a: &x [1]\n? *x\n: 1", "2:3 has a map or list for a key, expected text"),
        ("d: &d {a: 1}\ne: {<<: *d, <<: *d}", "2:13 the key `<<` stands twice in one map, first in line 2"),
        ("e: {<<: 1}", "1:5 has a `<<` that names no map, expected a map or a list of maps"),
        ("d: &d 1\ne: {<<: [*d]}", "2:5 has a `<<` that names no map, expected a map or a list of maps"),
    ] {
        assert_eq!(refused_all(yaml::read_with_aliases, content), expected, "{content}");
    }
}

#[test]
fn alias_bombs_are_refused() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let below = format!("*a{}, ", level - 1).repeat(10);
        bomb += &format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", "));
    }
    assert!(refused_all(yaml::read_with_aliases, &bomb).ends_with("has aliases that stand for more than 1000000 values"));
    let mut deep = "a0: &a0 [x]\n".to_owned();
    for level in 1..200 {
        deep += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert!(refused_all(yaml::read_with_aliases, &deep).ends_with("is nested more than 120 levels deep"));
}

#[test]
fn depth_is_limited_and_never_overflows() {
    let message = "is nested more than 120 levels deep";
    let nested = |open: &str, close: &str, depth: usize| format!("{}{}", open.repeat(depth), close.repeat(depth));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let inner = |depth| nested(open, close, depth).replacen(":}", ":1}", 1);
        shown(json::read, &inner(DEPTH_MAX));
        assert!(refused(json::read, &inner(DEPTH_MAX + 1)).ends_with(message));
        assert!(refused(json::read, &open.repeat(50_000)).ends_with(message));
    }
    shown(toml::read, &format!("a={}", nested("[", "]", DEPTH_MAX - 1)));
    assert!(refused(toml::read, &format!("a={}", nested("[", "]", DEPTH_MAX))).ends_with(message));
    assert!(refused(toml::read, &format!("a={}", "[".repeat(50_000))).ends_with(message));
    assert!(refused(toml::read, &format!("a={}", "{a=".repeat(50_000))).ends_with(message));
    assert!(refused(toml::read, &format!("{}a=1", "a.".repeat(50_000))).ends_with(message));
    assert!(refused(toml::read, &format!("[{}a]", "a.".repeat(50_000))).ends_with(message));
    assert!(refused(toml::read, &format!("[[{}a]]", "a.".repeat(50_000))).ends_with(message));
    shown_all(yaml::read, &nested("[", "]", DEPTH_MAX));
    shown_all(yaml::read, &"- ".repeat(DEPTH_MAX));
    for content in [nested("[", "]", DEPTH_MAX + 1), "[".repeat(50_000), "- ".repeat(50_000), "{a: ".repeat(50_000)] {
        assert!(refused_all(yaml::read, &content).ends_with(message));
    }
    let indented: String = (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(refused_all(yaml::read, &indented).ends_with(message));
}

#[test]
fn duplicates_are_found_in_large_maps() {
    let members: String = (0..500).map(|number| format!("\"k{number}\": {number},\n")).collect();
    assert_eq!(
        refused(json::read, &format!("{{{members}\"k137\": 0}}")),
        "501:2 the key `k137` stands twice in one map, first in line 138"
    );
    let tables: String = (0..20_000).map(|number| format!("[t{number}.x]\na.b=1\n")).collect();
    shown(toml::read, &tables);
    assert!(refused(toml::read, &format!("{tables}[t5.x]")).ends_with("the table `x` is defined twice, first in line 11"));
}

#[test]
fn lines_and_their_parts() {
    let content = "a: ä\r\n\tb=1 = 2\rc\n\n  d";
    let lines: Vec<_> = lines::of(content).collect();
    let texts: Vec<_> = lines.iter().map(|line| (line.number, line.text)).collect();
    assert_eq!(texts, [(1, "a: ä"), (2, "\tb=1 = 2"), (3, "c"), (4, ""), (5, "  d")]);
    let (key, value) = lines[1].split_once("=").unwrap();
    assert_eq!((key, value, lines[1].indent(), lines[4].indent()), ("b", "1 = 2", 1, 2));
    for line in &lines {
        assert_eq!(content.get(line.span().range()), Some(line.text));
    }
    assert_eq!(content.get(lines[1].span_of(value).range()), Some(value));
    assert_eq!(lines[0].span_of("elsewhere"), lines[0].span());
    assert!(lines[3].is_blank() && lines::of("").next().is_none());
}
