//! Where reports go: all are rendered first, then each file is written beside its target and renamed; pipes and standard output last.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::report::{self, REPORTERS, Reporter};

/// One `FORMAT=TARGET` of the command line.
pub(super) struct Output {
    pub(super) reporter: &'static Reporter,
    /// `None` for standard output.
    pub(super) file: Option<PathBuf>,
}

/// Reads the command line's outputs; people get theirs on standard output unless something else goes there.
pub(super) fn outputs(words: &[String]) -> Result<Vec<Output>, String> {
    let mut outputs = Vec::new();
    for word in words {
        let (format, target) = word
            .split_once('=')
            .filter(|(_, target)| !target.is_empty())
            .ok_or_else(|| format!("`{word}` is not `FORMAT=FILE` or `FORMAT=-`"))?;
        let reporter = report::by_id(format).ok_or_else(|| {
            let known: Vec<String> = REPORTERS.iter().map(|reporter| format!("`{}`", reporter.id)).collect();
            format!("`{format}` is no output format; known are {}", known.join(", "))
        })?;
        outputs.push(Output { reporter, file: (target != "-").then(|| PathBuf::from(target)) });
    }
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        return Err("two outputs want standard output; write one of them to a file".to_owned());
    }
    let human =
        report::by_id("human").filter(|_| !outputs.iter().any(|output| output.file.is_none() || output.reporter.id == "human"));
    outputs.extend(human.map(|reporter| Output { reporter, file: None }));
    Ok(outputs)
}

/// Whether a target is something that is written in place: a pipe or a device.
pub(super) fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// Writes a file whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_stream(path) {
        return match fs::OpenOptions::new().write(true).open(path).and_then(|mut stream| stream.write_all(bytes)) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        };
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(name);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
