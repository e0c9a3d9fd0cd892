//! Where reports go: all are rendered first, each file beside its target, then renamed; pipes and standard output last.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
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
    let mut places: Vec<PathBuf> = Vec::new();
    for path in outputs.iter().filter_map(|output| output.file.as_deref()).filter(|path| !is_stream(path)) {
        let place = place_of(path);
        if places.contains(&place) {
            return Err(format!("two outputs want `{}`; give each a file of its own", path.display()));
        }
        places.push(place);
    }
    let human =
        report::by_id("human").filter(|_| !outputs.iter().any(|output| output.file.is_none() || output.reporter.id == "human"));
    outputs.extend(human.map(|reporter| Output { reporter, file: None }));
    Ok(outputs)
}

/// Where a file comes to lie, whatever way its path takes; as it is written where there is no such folder.
fn place_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

/// Whether a target is something that is written in place: a pipe or a device.
pub(super) fn is_stream(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// How much is written at once.
const BUFFER_BYTES: usize = 128 * 1024;

/// A file that is written beside its target. It disappears unless it is kept.
pub(super) struct Part {
    target: PathBuf,
    beside: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Part {
    pub(super) fn of(target: &Path) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}.part", std::process::id()));
        let beside = target.with_file_name(name);
        // Never through a link that lies there; what an earlier run left goes.
        let _ = fs::remove_file(&beside);
        let file = Some(BufWriter::with_capacity(BUFFER_BYTES, File::create_new(&beside)?));
        Ok(Self { target: target.to_owned(), beside, file })
    }

    /// Puts it where it belongs.
    pub(super) fn keep(mut self) -> io::Result<()> {
        if let Some(file) = self.file.take() {
            file.into_inner().map_err(io::IntoInnerError::into_error)?;
        }
        fs::rename(&self.beside, &self.target)?;
        self.beside.clear();
        Ok(())
    }
}

/// Writes a file whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut part = Part::of(path)?;
    part.write_all(bytes)?;
    part.keep()
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(bytes.len()), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.beside.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Writes to something that is written in place; whoever closes a pipe early has had enough.
pub(super) fn write_stream(mut stream: impl Write, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = BufWriter::with_capacity(BUFFER_BYTES, &mut stream);
    let written = write(&mut buffer).and_then(|()| buffer.flush());
    // What could not be written is not tried again.
    let _ = buffer.into_parts();
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
