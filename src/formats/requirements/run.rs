//! Which indexes a run of pip asks: options of a file, of what it includes, and of what includes it.
//!
//! Answers for: pip's one search scope, which changes line by line while all files are read. Never reads pip's configuration files:
//! pip itself reads none from a project.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::statement::{self, Statement, Value};
use super::{FILES_MAX, FORMAT, encoding, lines};
use crate::address;
use crate::formats::python::{is_variable_host, without_variable_user};
use crate::neighbours::{Neighbours, folder_of, folders_upwards, join, normalise};
use crate::routing::{Address, Asked, Effect, Setting};
use crate::text::{Lost, Place, Problem, Span, Text, TextId};

/// The named limit on the work for one file: a look at a line with options, of any file in any run, is one.
const LOOKS_MAX: usize = 1 << 18;
/// How many looks it takes to read such a line for the first time.
const LOOKS_TO_READ: usize = 8;

/// What one line says of the run.
#[derive(Default)]
struct Told {
    index: Option<Asked>,
    extra_indexes: Vec<Asked>,
    /// `--find-links`, and what cannot be told.
    find_links: Option<Asked>,
    no_index: bool,
    settings: Vec<Setting>,
    include: Option<Include>,
}

/// A file that a line names with `-r` or `-c`, and that is there.
#[derive(Clone, Copy)]
struct Include {
    number: usize,
    constrains: bool,
    place: Place,
}

/// The files of all runs, each read once.
pub(super) struct Files<'a> {
    around: &'a Neighbours<'a>,
    texts: Vec<&'a Text>,
    numbers: HashMap<TextId, usize>,
    told: HashMap<usize, Rc<Vec<Told>>>,
    looks: usize,
    /// What was not followed because a limit was reached; the first such thing.
    limit: Option<(String, Place)>,
}

impl<'a> Files<'a> {
    /// The files around one, which is the first of them.
    pub(super) fn of(text: &'a Text, around: &'a Neighbours<'a>) -> Self {
        let numbers = HashMap::from([(text.id, 0)]);
        Self { around, texts: vec![text], numbers, told: HashMap::new(), looks: 0, limit: None }
    }

    fn number(&mut self, text: &'a Text) -> usize {
        let next = self.texts.len();
        let number = *self.numbers.entry(text.id).or_insert(next);
        if number == next {
            self.texts.push(text);
        }
        number
    }

    /// What the lines of a file say of its run, those that say nothing left out.
    fn told(&mut self, number: usize) -> Rc<Vec<Told>> {
        if let Some(told) = self.told.get(&number) {
            return told.clone();
        }
        let mut all = Vec::new();
        if let Some(text) = self.texts.get(number).copied() {
            if let Some(problem) = encoding::fault(text) {
                all.push(Told::unknown(format!("`{}` {}", text.path, problem.message), problem.place));
            }
            for line in lines::of_options(&text.content) {
                if !self.look(LOOKS_TO_READ, || text.place(line.span(&(0..line.text.len())))) {
                    break;
                }
                let statement = statement::read(line);
                all.push(self.tell(text, &statement));
            }
        }
        let all = Rc::new(all);
        self.told.insert(number, all.clone());
        all
    }

    fn tell(&mut self, text: &'a Text, statement: &Statement) -> Told {
        let mut told = Told::options(text, statement);
        // There is at most one: pip takes no more of a line.
        let Some((path, constrains)) = statement.includes.first() else { return told };
        let place = text.place(path.at.span);
        if path.text.contains("://") {
            return Told::unknown(format!("options of `{}` are not in the repository", address::stripped(&path.text)), place);
        }
        match normalise(folder_of(&text.path), &path.text).and_then(|path| self.around.at(&path)) {
            None => {}
            Some(Err(_)) => return Told::unknown(format!("options of `{}` cannot be read", path.text), place),
            Some(Ok(included)) => {
                told.include = Some(Include { number: self.number(included), constrains: *constrains, place });
            }
        }
        told
    }

    /// Counts work; `false` where there has been too much.
    fn look(&mut self, times: usize, place: impl FnOnce() -> Place) -> bool {
        self.looks = self.looks.saturating_add(times);
        if self.looks > LOOKS_MAX && self.limit.is_none() {
            self.limit = Some(("the files that include each other are too many to follow them all".to_owned(), place()));
        }
        self.looks <= LOOKS_MAX
    }

    /// Says that a run has too many files.
    fn too_many(&mut self, place: Place) {
        let reason = || format!("more than {FILES_MAX} files include each other, and the rest of them are not read");
        self.limit.get_or_insert_with(|| (reason(), place));
    }

    /// What was not followed, if a limit was reached.
    pub(super) fn problem(&self) -> Option<Problem> {
        let (reason, place) = self.limit.as_ref()?;
        let message = format!("decides which index is asked, but {reason}");
        Some(Problem::new(*place, Lost::Detail, message).with_hint("let fewer files include each other"))
    }
}

impl Told {
    fn unknown(reason: String, place: Place) -> Self {
        Self { find_links: Some(Asked::Unknown(reason, place)), ..Self::default() }
    }

    fn options(text: &Text, statement: &Statement) -> Self {
        let mut settings = Vec::new();
        for (option, value) in &statement.settings {
            let effect = match (*option, value.text.as_str()) {
                ("--trusted-host", _) => Effect::TlsOff,
                ("--require-hashes", _) => Effect::IntegrityOn,
                ("--no-require-hashes", _) => Effect::IntegrityOff,
                ("--only-binary", ":all:") => Effect::InstallCodeOff,
                ("--no-binary", value) if value != ":none:" => Effect::InstallCodeOn,
                _ => continue,
            };
            settings.push(Setting { effect, key: (*option).to_owned(), place: text.place(value.at.span) });
        }
        Self {
            index: statement.index.as_ref().map(|index| asked(text, index)),
            extra_indexes: statement.extra_indexes.iter().map(|extra| asked(text, extra)).collect(),
            find_links: statement.find_links.as_ref().map(|links| asked(text, links)),
            no_index: statement.no_index,
            settings,
            include: None,
        }
    }
}

/// pip's search scope after all files are read.
#[derive(Default)]
pub(super) struct Run {
    /// What is asked for a requirement without an address of its own.
    asked: Vec<Asked>,
    /// Settings that protect or endanger.
    pub(super) settings: Vec<Setting>,
}

impl Run {
    /// The run that begins with the first of the files.
    pub(super) fn of(files: &mut Files<'_>) -> Self {
        Self::from(files, 0)
    }

    fn from(files: &mut Files<'_>, first: usize) -> Self {
        let mut run = Self::default();
        let (no_index, find_links) = run.gather(files, first);
        if !no_index {
            run.asked = indexes(files, first);
        }
        run.asked.extend(find_links);
        run
    }

    /// What holds wherever it stands, in reading order: settings, `--no-index`, and places of links.
    fn gather(&mut self, files: &mut Files<'_>, first: usize) -> (bool, Vec<Asked>) {
        let (mut no_index, mut find_links) = (false, Vec::new());
        let mut seen = HashSet::from([first]);
        // Files that wait, last first: a file's lines go on where what they include ends.
        let mut waiting = vec![(files.told(first), 0)];
        while let Some((told, at)) = waiting.last_mut() {
            let Some(line) = told.get(*at) else {
                waiting.pop();
                continue;
            };
            *at += 1;
            no_index |= line.no_index;
            find_links.extend(line.find_links.iter().cloned());
            self.settings.extend(line.settings.iter().cloned());
            let Some(include) = line.include else { continue };
            if !files.look(1, || include.place) {
                break;
            }
            if seen.contains(&include.number) {
                continue;
            }
            if seen.len() > FILES_MAX {
                files.too_many(include.place);
                continue;
            }
            seen.insert(include.number);
            waiting.push((files.told(include.number), 0));
        }
        (no_index, find_links)
    }
}

/// The indexes where no `--no-index` is: the last `-i` in reading order and all extra ones behind it. Read from the end, a file that was
/// left without an `-i` brings nothing new where it is included once more.
fn indexes(files: &mut Files<'_>, first: usize) -> Vec<Asked> {
    let mut extra: Vec<Asked> = Vec::new();
    let mut index = Asked::Default;
    let mut seen = HashSet::from([first]);
    let told = files.told(first);
    let mut waiting = vec![(told.len(), told)];
    while let Some((rest, told)) = waiting.last_mut() {
        let Some(at) = rest.checked_sub(1) else {
            waiting.pop();
            continue;
        };
        *rest = at;
        let Some(line) = told.get(at) else { continue };
        extra.extend(line.extra_indexes.iter().rev().cloned());
        if let Some(last) = &line.index {
            index = last.clone();
            break;
        }
        let Some(include) = line.include else { continue };
        if !files.look(1, || include.place) {
            break;
        }
        // That there are too many is known from reading them in order.
        if seen.len() <= FILES_MAX && seen.insert(include.number) {
            let told = files.told(include.number);
            waiting.push((told.len(), told));
        }
    }
    extra.push(index);
    extra.reverse();
    extra
}

/// What is asked for the requirements of a file: by its own run, and by the runs of files that include it. Empty where all say nothing.
pub(super) fn asked_for(own: &Run, files: &mut Files<'_>) -> Vec<Asked> {
    let mut all = own.asked.clone();
    // What stands at one place is one.
    let mut seen: HashSet<Option<Place>> = all.iter().map(Asked::place).collect();
    for including in including(files) {
        let run = Run::from(files, including);
        all.extend(run.asked.into_iter().filter(|one| seen.insert(one.place())));
    }
    if let Some((reason, place)) = files.limit.clone() {
        all.push(Asked::Unknown(reason, place));
    }
    if all.is_empty() {
        let reason = "`--no-index` leaves no index, and no `--find-links` is given".to_owned();
        let place = files.texts.first().map(|text| text.place(Span::default()));
        return place.map(|place| Asked::Unknown(reason, place)).into_iter().collect();
    }
    if all == [Asked::Default] { Vec::new() } else { all }
}

/// Files that include the first one, directly or not: those below its folder, and those above that are called `requirements…` or
/// `constraints…` or lie in a folder called so.
fn including(files: &mut Files<'_>) -> Vec<usize> {
    let around = files.around;
    let folder = around.folder();
    let below = around.below(folder);
    let above = folders_upwards(folder).skip(1);
    let above = above.flat_map(|folder| ["requirements", "constraints"].map(|start| join(folder, start)));
    let above: Vec<_> = above.flat_map(|start| around.starting_with(&start).collect::<Vec<_>>()).collect();
    let is_named = |path: &str| [".txt", ".in", ".pip"].iter().any(|end| path.ends_with(end)) && FORMAT.claims(path);
    let paths = below.chain(above).map(|(_, path)| path).filter(|path| is_named(path));
    let mut candidates: Vec<&Text> = paths.filter_map(|path| around.at(path)?.ok()).collect();
    let mut known = HashSet::new();
    candidates.retain(|other| known.insert(other.id));
    // Which files those that were read include with `-r`, the other way round.
    let mut by_included: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut found: Vec<usize> = Vec::new();
    let mut seen = HashSet::from([0]);
    let mut waiting = vec![0];
    while let Some(included) = waiting.pop() {
        let Some(text) = files.texts.get(included).copied() else { continue };
        let name = text.path.rsplit('/').next().unwrap_or(&text.path);
        let finder = memchr::memmem::Finder::new(name);
        let (naming, rest) = candidates.into_iter().partition(|other| finder.find(other.content.as_bytes()).is_some());
        candidates = rest;
        let naming: Vec<&Text> = naming;
        for other in naming {
            let number = files.number(other);
            let told = files.told(number);
            for include in told.iter().filter_map(|line| line.include).filter(|include| !include.constrains) {
                let all = by_included.entry(include.number).or_default();
                if all.last() != Some(&number) {
                    all.push(number);
                }
            }
        }
        for other in by_included.remove(&included).unwrap_or_default() {
            if !seen.insert(other) {
                continue;
            }
            if found.len() >= FILES_MAX {
                if let Some(place) = files.texts.get(other).map(|text| text.place(Span::default())) {
                    files.too_many(place);
                }
                return found;
            }
            found.push(other);
            waiting.push(other);
        }
    }
    found
}

/// An index or a place of links.
fn asked(text: &Text, value: &Value) -> Asked {
    let place = text.place(value.at.span);
    let written = value.text.as_str();
    if !written.contains("://") && !written.contains('$') {
        let url = normalise(folder_of(&text.path), written).unwrap_or_else(|| written.to_owned());
        return Asked::Folder(Address { url, place });
    }
    if written.starts_with("file:") {
        return Asked::Folder(Address { url: written.to_owned(), place });
    }
    if is_variable_host(written) {
        return Asked::Unknown(format!("the host in `{}` is a variable", address::stripped(written)), place);
    }
    Asked::At(Address { url: without_variable_user(written).into_owned(), place })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fmt::Write as _;

    use super::*;
    use crate::dependency::Lockfile;
    use crate::text::{Side, Texts};
    use crate::tree::{MapTree, Tree};

    fn read(path: &str, files: &[(String, String)]) -> Lockfile {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
        let tree = MapTree::of(&files);
        let texts = Texts::of(Side::Head, tree.list().unwrap().files);
        let text = texts.read(&tree, texts.find(path).unwrap()).unwrap();
        crate::formats::read(&FORMAT, text, &Neighbours::of(path, &texts, &tree))
    }

    /// Whether it is told that something was not followed: in a problem, and in what is asked.
    fn is_told(lockfile: &Lockfile) -> bool {
        let asked = lockfile.routing.rules.iter().flat_map(|rule| &rule.ask);
        let is_unknown = asked.into_iter().any(|asked| matches!(asked, Asked::Unknown(..)));
        assert_eq!(is_unknown, lockfile.problems.iter().any(|problem| problem.message.starts_with("decides which index")));
        is_unknown
    }

    fn asks(lockfile: &Lockfile, url: &str) -> bool {
        let mut asked = lockfile.routing.rules.iter().flat_map(|rule| &rule.ask);
        asked.any(|asked| matches!(asked, Asked::At(address) if address.url == url))
    }

    const EVIL: &str = "https://evil.example/simple";

    #[test]
    fn a_file_that_is_included_often_counts_once() {
        let main = format!("{}-r sub/i.txt\nfoo==1\n", "-r sub/e.txt\n".repeat(FILES_MAX));
        let files = [("requirements.txt", main.as_str()), ("sub/e.txt", ""), ("sub/i.txt", "-i https://evil.example/simple\n")];
        let lockfile = read("requirements.txt", &files.map(|(path, content)| (path.to_owned(), content.to_owned())));
        assert!(asks(&lockfile, EVIL) && !is_told(&lockfile));
    }

    #[test]
    fn a_file_in_another_encoding_is_not_relied_upon() {
        let odd = "# coding: utf-7\nfoo==1\n# note +AAo---index-url https://evil.example/simple\n";
        for (mark, is_odd) in [("", true), ("\u{feff}", false)] {
            let content = format!("{mark}{odd}");
            let files =
                [("requirements.txt", "-r other.pip\nbar==1\n"), ("other.pip", &content), ("odd-requirements.txt", &content)];
            let files = files.map(|(path, content)| (path.to_owned(), content.to_owned()));
            assert_eq!(read("odd-requirements.txt", &files).is_unreadable(), is_odd);
            let lockfile = read("requirements.txt", &files);
            assert_eq!(lockfile.entries.len(), if is_odd { 1 } else { 2 });
            assert_eq!(lockfile.problems.len(), usize::from(is_odd));
            let ask: Vec<&Asked> = lockfile.routing.rules.iter().flat_map(|rule| &rule.ask).collect();
            assert_eq!(matches!(*ask, [Asked::Default, Asked::Unknown(..)]), is_odd);
            assert_eq!(ask.is_empty(), !is_odd);
        }
        // What no name would be read of is read all the same.
        assert!(super::super::looks("# coding: unicode_escape\n\\x66oo is not listed\n"));
    }

    #[test]
    fn the_last_index_in_reading_order_counts() {
        let files = [
            (
                "requirements.txt",
                "-r a.pip\n-i https://x.example/\n-r a.pip\n-r b.pip\n-r a.pip\n--extra-index-url https://z.example/\n",
            ),
            ("a.pip", "--extra-index-url https://a.example/\n"),
            ("b.pip", "-i https://y.example/\n--extra-index-url https://b.example/\n"),
        ];
        let lockfile = read("requirements.txt", &files.map(|(path, content)| (path.to_owned(), content.to_owned())));
        let ask = &lockfile.routing.rules.first().unwrap().ask;
        let urls: Vec<&str> =
            ask.iter().map(|asked| if let Asked::At(address) = asked { address.url.as_str() } else { "" }).collect();
        assert_eq!(urls, ["https://y.example/", "https://b.example/", "https://a.example/", "https://z.example/"]);
    }

    #[test]
    fn more_files_than_are_read_are_told_of() {
        for (count, is_more) in [(FILES_MAX, false), (FILES_MAX + 1, true)] {
            let mut main = String::new();
            (0..count).for_each(|at| writeln!(main, "-r sub/e{at}.txt").unwrap());
            let mut files: Vec<(String, String)> =
                (0..count).map(|at| (format!("sub/e{at}.txt"), "# none\n".to_owned())).collect();
            files.last_mut().unwrap().1 = format!("-i {EVIL}\nevil @ https://evil.example/x.whl\n");
            files.push(("requirements.txt".to_owned(), main));
            let lockfile = read("requirements.txt", &files);
            // The last index is looked for from the end.
            assert!(asks(&lockfile, EVIL));
            assert_eq!(lockfile.entries.len(), usize::from(!is_more));
            assert_eq!(is_told(&lockfile), is_more);
            assert_eq!(lockfile.problems.iter().any(|problem| problem.message.contains("what follows is not read")), is_more);

            let mut files: Vec<(String, String)> =
                (0..count).map(|at| (format!("x/requirements-{at}.txt"), "-r ../requirements.txt\n".to_owned())).collect();
            files.push(("requirements.txt".to_owned(), "foo==1\n".to_owned()));
            assert_eq!(is_told(&read("requirements.txt", &files)), is_more);
        }
    }

    #[test]
    fn files_that_all_include_each_other_cost_a_bounded_time() {
        for (count, is_more) in [(20, false), (100, true)] {
            let mut all = String::new();
            (0..count).for_each(|at| writeln!(all, "-r r{at}.txt").unwrap());
            let files: Vec<(String, String)> = (0..count).map(|at| (format!("requirements/r{at}.txt"), all.clone())).collect();
            assert_eq!(is_told(&read("requirements/r0.txt", &files)), is_more);
        }
    }
}
