//! What GitHub's runner makes of a step's output and of its output file: our own reading of its parsers, to hold ours against.
//!
//! A line ends at LF, CR or CR LF. `::name` is a command at the start of a line, after blanks of every kind; `##[name]` is one anywhere
//! in it. The search for both ignores characters that show nothing. Only registered names are commands.

use std::collections::BTreeMap;

const REGISTERED: [&str; 15] = [
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "set-output",
    "save-state",
    "set-env",
    "add-path",
    "stop-commands",
    "echo",
    "debug",
    "error",
    "warning",
    "notice",
    "group",
    "endgroup",
];

/// One command, unescaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) name: String,
    pub(super) properties: BTreeMap<String, String>,
    pub(super) data: String,
}

/// One annotation as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Annotation {
    pub(super) level: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<u32>,
    pub(super) columns: Option<(u32, u32)>,
    pub(super) title: Option<String>,
    pub(super) message: String,
}

/// Characters that the search for a command's beginning does not see.
fn is_ignored(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

pub(super) fn lines(log: &str) -> Vec<String> {
    log.replace("\r\n", "\n").split(['\n', '\r']).map(str::to_owned).collect()
}

/// The command of a line, if it is one.
pub(super) fn command(line: &str, registered: &[&str]) -> Option<Command> {
    let seen: String = line.chars().filter(|c| !is_ignored(*c)).collect();
    modern(seen.trim_start(), registered).or_else(|| ancient(&seen, registered))
}

fn modern(line: &str, registered: &[&str]) -> Option<Command> {
    let (head, data) = line.strip_prefix("::")?.split_once("::")?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let properties =
        properties.trim().split(',').filter_map(|one| pair(one, &[("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")]));
    let data = unescaped(data, &[("%0D", "\r"), ("%0A", "\n")]);
    named(name, registered).map(|name| Command { name, properties: properties.collect(), data })
}

fn ancient(line: &str, registered: &[&str]) -> Option<Command> {
    let (_, rest) = line.split_once("##[")?;
    let (head, data) = rest.split_once(']')?;
    let (name, properties) = head.split_once(' ').unwrap_or((head, ""));
    let escapes = [("%0D", "\r"), ("%0A", "\n"), ("%3B", ";"), ("%5D", "]")];
    let properties = properties.split(';').filter_map(|one| pair(one, &escapes));
    named(name, registered).map(|name| Command { name, properties: properties.collect(), data: unescaped(data, &escapes) })
}

fn named(name: &str, registered: &[&str]) -> Option<String> {
    registered.iter().find(|known| known.eq_ignore_ascii_case(name)).map(|name| (*name).to_owned())
}

/// A property: what stands behind the first `=`, without further ones in front of it; an empty value is lost.
fn pair(one: &str, escapes: &[(&str, &str)]) -> Option<(String, String)> {
    let (name, value) = one.split_once('=')?;
    let value = value.trim_start_matches('=');
    (!name.is_empty() && !value.is_empty()).then(|| (name.to_lowercase(), unescaped(value, escapes)))
}

fn unescaped(text: &str, escapes: &[(&str, &str)]) -> String {
    let text = escapes.iter().fold(text.to_owned(), |text, (code, c)| text.replace(code, c));
    text.replace("%25", "%")
}

/// All commands of a step's output that are obeyed.
pub(super) fn commands(log: &str) -> Vec<Command> {
    let mut stopped: Option<String> = None;
    let mut commands = Vec::new();
    for line in lines(log) {
        if let Some(token) = &stopped {
            if command(&line, &[token]).is_some() {
                stopped = None;
            }
            continue;
        }
        let Some(command) = command(&line, &REGISTERED) else { continue };
        if command.name == "stop-commands" {
            stopped = Some(command.data.clone());
        }
        commands.push(command);
    }
    commands
}

/// What is shown of a step's commands: ten of each level.
pub(super) fn annotations(log: &str) -> Vec<Annotation> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut annotations = Vec::new();
    for command in commands(log) {
        if !["error", "warning", "notice"].contains(&command.name.as_str()) {
            continue;
        }
        let count = counts.entry(command.name.clone()).or_default();
        *count += 1;
        if *count <= 10 {
            annotations.push(annotation(command));
        }
    }
    annotations
}

fn annotation(command: Command) -> Annotation {
    let mut at = command.properties;
    let mut take = |name: &str| at.remove(name);
    let (file, title) = (take("file"), take("title"));
    let (mut line, mut end_line, mut column, mut end_column) = (take("line"), take("endline"), take("col"), take("endcolumn"));
    line = line.or_else(|| end_line.clone());
    column = column.or_else(|| end_column.clone());
    end_column = end_column.or_else(|| column.clone());
    // Text, not numbers.
    if line.is_none() || end_line.as_ref().is_some_and(|end| Some(end) != line.as_ref()) {
        (column, end_column) = (None, None);
    }
    let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<u32>().ok());
    if end_line.is_some() && number(&end_line) < number(&line) {
        (line, end_line) = (None, None);
    }
    let _ = end_line;
    let columns = number(&column).zip(number(&end_column)).filter(|(start, end)| start <= end);
    let units: Vec<u16> = command.data.encode_utf16().take(4096).collect();
    Annotation { level: command.name, file, line: number(&line), columns, title, message: String::from_utf16_lossy(&units) }
}

/// An output file: pairs, or why the step fails.
pub(super) fn outputs(file: &str, is_windows: bool) -> Result<BTreeMap<String, String>, String> {
    let text = if is_windows { file.replace("\r\n", "\n") } else { file.to_owned() };
    let mut lines = text.split('\n');
    let mut pairs = BTreeMap::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        let (name, value) = match (equals, heredoc) {
            (equals, Some(at)) if equals.is_none_or(|equals| at < equals) => {
                let (name, end) = (&line[..at], &line[at + 2..]);
                if end.is_empty() {
                    return Err(format!("no delimiter: {line}"));
                }
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(line) if line == end => break,
                        Some(line) => value.push(line),
                        None => return Err(format!("no end: {line}")),
                    }
                }
                (name, value.join("\n"))
            }
            (Some(at), _) => (&line[..at], line[at + 1..].to_owned()),
            _ => return Err(format!("no pair: {line}")),
        };
        if name.is_empty() {
            return Err(format!("no name: {line}"));
        }
        pairs.insert(name.to_owned(), value);
    }
    Ok(pairs)
}

#[test]
fn commands_are_read_as_the_runner_reads_them() {
    let read =
        |line: &str| command(line, &REGISTERED).map(|one| (one.name, one.properties.into_iter().collect::<Vec<_>>(), one.data));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let some =
        |name: &str, properties: &[(String, String)], data: &str| Some((name.to_owned(), properties.to_vec(), data.to_owned()));
    assert_eq!(read("::error::x"), some("error", &[], "x"));
    assert_eq!(read("\u{3000}\u{a0}\t::ERROR ::x"), some("error", &[], "x"));
    assert_eq!(read(":\u{200b}:error::x"), some("error", &[], "x"));
    assert_eq!(
        read("::error file=a%3Ab%2Cc,line=3 ::x%250Ay%0Az::"),
        some("error", &[pair("file", "a:b,c"), pair("line", "3")], "x%0Ay\nz::")
    );
    assert_eq!(read("::error file==a,,title=::x"), some("error", &[pair("file", "a")], "x"));
    assert_eq!(read("a ::error::x"), None);
    assert_eq!(read("::errors::x"), None);
    assert_eq!(read("  ::: packman.toml::7"), None);
    assert_eq!(read("a ##[add-mask]b]"), some("add-mask", &[], "b]"));
    assert_eq!(read("##[error file=x%3By]b"), some("error", &[pair("file", "x;y")], "b"));
    assert_eq!(read("##\u{200d}[error]b"), some("error", &[], "b"));
    assert_eq!(read("##[Section]b"), None);
    let log = "::stop-commands::abc\n::error::x\n##[error]y\n::ABC::\r::notice::z\r\n::error::last";
    let names: Vec<String> = commands(log).into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["stop-commands", "notice", "error"]);
}

#[test]
fn annotations_are_shown_as_the_runner_shows_them() {
    let shown = |log: &str| annotations(log).into_iter().map(|one| (one.line, one.columns, one.message)).collect::<Vec<_>>();
    assert_eq!(shown("::error line=3,endLine=3,col=1,endColumn=4::x"), [(Some(3), Some((1, 4)), "x".to_owned())]);
    assert_eq!(shown("::error line=3,endLine=4,col=1,endColumn=4::x"), [(Some(3), None, "x".to_owned())]);
    assert_eq!(shown("::error line=3,endLine=2::x"), [(None, None, "x".to_owned())]);
    assert_eq!(shown("::error line=3,col=4,endColumn=2::x"), [(Some(3), None, "x".to_owned())]);
    assert_eq!(shown(&format!("::error::{}", "x".repeat(5000)))[0].2.len(), 4096);
    assert_eq!(annotations(&"::error::x\n".repeat(12)).len(), 10);
}

#[test]
fn output_files_are_read_as_the_runner_reads_them() {
    let read = |file: &str, is_windows| outputs(file, is_windows).map(|pairs| pairs.into_iter().collect::<Vec<_>>());
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(read("a=b=<<\n\nc<<E\n1\n\nE\na=d", false), Ok(vec![pair("a", "d"), pair("c", "1\n")]));
    assert_eq!(read("a=b\r\n", false), Ok(vec![pair("a", "b\r")]));
    assert_eq!(read("a=b\r\n", true), Ok(vec![pair("a", "b")]));
    for bad in ["a", "=b", "a<<", "a<<E\nb", "<<E\nE"] {
        assert!(outputs(bad, false).is_err(), "{bad}");
    }
}
