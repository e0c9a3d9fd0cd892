//! The files around the Action: its tables in the guide, its scripts, its pins.

use std::fs;

use packman::syntax::yaml;
use packman::text::{Side, Text, TextId};

use crate::derived::{fresh, root};

/// Scripts that run on other people's machines.
const SCRIPTS: [&str; 4] = ["common.sh", "get.sh", "check.sh", "verdict.sh"];

/// Bash 4 and later, which macOS does not have; and what would make a script of a text.
const NOT_IN_BASH_3: &[&str] = &[
    "declare -A", "local -A", "mapfile", "readarray", "^^}", ",,}", "|&", "&>>", "coproc", "local -n", "@Q}", "@E}", "${!", "eval ",
    "${{", "\r", "BASHPID", "EPOCHSECONDS", "wait -n", "[-1]", "printf -v", "globstar", "lastpipe",
];

#[test]
fn scripts_are_for_old_shells_too() {
    for name in SCRIPTS {
        let script = fs::read_to_string(root().join("action").join(name)).unwrap();
        for (number, line) in script.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
            let found: Vec<&&str> = NOT_IN_BASH_3.iter().filter(|words| line.contains(**words)).collect();
            // The carriage return as text is what is taken out.
            assert!(found.is_empty(), "action/{name}:{}: {found:?} in {line}", number + 1);
        }
        assert!(!script.contains("${array") && !script.contains("[@]}"), "action/{name}: an empty array fails in bash 3.2 under `set -u`");
    }
    let mut files: Vec<String> =
        fs::read_dir(root().join("action")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|name| name != "checksums.txt");
    files.sort();
    let mut expected = SCRIPTS;
    expected.sort_unstable();
    assert_eq!(files, expected);
}

/// The rows of the inputs or outputs of `action.yml`, in its order.
fn table(what: &str) -> String {
    let content = fs::read(root().join("action.yml")).unwrap();
    let (text, _) = Text::decode(TextId { side: Side::Head, index: 0 }, "action.yml", content);
    let documents = yaml::read(&text).unwrap();
    let entries = documents[0].root().get(what).unwrap();
    let mut table = match what {
        "inputs" => "| input | default | |\n|---|---|---|\n".to_owned(),
        _ => "| output | |\n|---|---|\n".to_owned(),
    };
    for entry in entries.members() {
        let said = entry.get("description").and_then(|node| node.text()).unwrap();
        // What YAML wants in quotes is code here.
        let said = said.replace("'true'", "`true`").replace("'false'", "`false`").replace("'auto'", "`auto`").replace("'always'", "`always`");
        assert!(!said.contains('|') && said.trim_end().ends_with('.'), "{}: {said}", entry.key());
        let default = entry.get("default").and_then(|node| node.scalar()).unwrap_or_default();
        table += &match (what, default) {
            ("inputs", "") => format!("| `{}` | | {} |\n", entry.key(), said.trim_end()),
            ("inputs", default) => format!("| `{}` | `{default}` | {} |\n", entry.key(), said.trim_end()),
            _ => format!("| `{}` | {} |\n", entry.key(), said.trim_end()),
        };
    }
    table
}

/// The lines of a table below `<!-- from action.yml: inputs -->` are written from there.
#[test]
fn the_guide_s_tables_are_those_of_the_action() {
    let mut out = String::new();
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let mut lines = page.lines().peekable();
    let mut count = 0;
    while let Some(line) = lines.next() {
        out += line;
        out.push('\n');
        if let Some(what) = line.strip_prefix("<!-- from action.yml: ").and_then(|rest| rest.strip_suffix(" -->")) {
            count += 1;
            while lines.next_if(|line| line.starts_with('|')).is_some() {}
            out += &table(what);
        }
    }
    assert_eq!(count, 2);
    fresh("docs/ci.md", &out);
}
