//! Trees on disk, told as stories with the real `git`, and compared with what it lists itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use packman::tree::{self, FileKind, Listing, TreeError};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// A folder outside every repository, removed at the end.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("packman-tree-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    /// The same as a fresh repository.
    pub(crate) fn repository() -> Self {
        let place = Self::new();
        place.git("init -q");
        place
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Empty files.
    pub(crate) fn files(&self, paths: &[&str]) {
        for path in paths {
            self.write(path, "");
        }
    }

    pub(crate) fn git(&self, arguments: &str) -> Vec<u8> {
        git(&self.0, arguments)
    }

    fn list(&self) -> Listing {
        list(&self.0)
    }

    fn names(&self) -> Vec<String> {
        names(&self.list())
    }

    fn read(&self, path: &str, max: u64) -> Result<Vec<u8>, TreeError> {
        tree::open(&self.0).unwrap().read(path, max)
    }

    fn read_fault(&self, path: &str) -> String {
        self.read(path, 100).unwrap_err().to_string()
    }

    fn list_fault(&self) -> String {
        tree::open(&self.0).and_then(|tree| tree.list()).unwrap_err().to_string()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs git with nobody's configuration but the repository's.
pub(crate) fn git(folder: &Path, arguments: &str) -> Vec<u8> {
    let settings = [
        "user.name=a",
        "user.email=a@example.invalid",
        "protocol.file.allow=always",
        "commit.gpgSign=false",
        "splitIndex.maxPercentChange=100",
    ];
    let mut command = Command::new("git");
    for setting in settings {
        command.args(["-c", setting]);
    }
    command.args(arguments.split(' ')).current_dir(folder);
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(variable);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn list(root: &Path) -> Listing {
    tree::open(root).unwrap().list().unwrap()
}

fn names(listing: &Listing) -> Vec<String> {
    let mut names: Vec<String> = listing.files.iter().map(|(path, _)| path.to_string()).collect();
    names.sort();
    names
}

fn left_out(listing: &Listing) -> Vec<String> {
    let mut left_out: Vec<String> = listing.left_out.iter().map(|left| format!("{} {}", left.path, left.reason)).collect();
    left_out.sort();
    left_out
}

#[test]
fn tracked_files_count_even_if_ignored_and_only_if_there() {
    let place = Place::repository();
    place.write(".gitignore", "*.lock\nbuild/\n");
    place.files(&["Cargo.lock", "other.lock", "build/yarn.lock", "build/new", "gone", "plain"]);
    place.git("add -f Cargo.lock build/yarn.lock gone");
    fs::remove_file(place.at("gone")).unwrap();
    assert_eq!(place.names(), [".gitignore", "Cargo.lock", "build/yarn.lock", "plain"]);
}

#[test]
fn without_an_index_everything_is_untracked() {
    let place = Place::repository();
    place.write(".gitignore", "/ignored\n");
    place.files(&["ignored/file", "file", "folder/ignored/file"]);
    assert_eq!(place.names(), [".gitignore", "file", "folder/ignored/file"]);
    assert_eq!(place.list().prefix, "");
}

#[test]
fn rules_of_nested_ignore_files() {
    let place = Place::repository();
    place.write(".gitignore", "UPPER\n*.lock\n!/keep.lock\n/out/*\n!/out/kept/\nclosed/\n!closed/open.lock\n");
    place.write("folder/.gitignore", "!*.lock\r\n# said\nsaid\n");
    place.files(&["a.lock", "keep.lock", "folder/a.lock", "folder/said", "folder/deep/said", "out/a", "out/kept/b"]);
    place.files(&["closed/open.lock", "folder/closed/open.lock", "upper"]);
    let expected = [".gitignore", "folder/.gitignore", "folder/a.lock", "keep.lock", "out/kept/b", "upper"];
    assert_eq!(place.names(), expected);
}

#[test]
fn the_users_own_ignore_files_hide_nothing() {
    let place = Place::repository();
    place.files(&["package-lock.json", "yarn.lock"]);
    place.write(".git/info/exclude", "package-lock.json\n");
    place.write(".git/mine", "yarn.lock\n");
    place.git("config core.excludesFile .git/mine");
    assert_eq!(place.names(), ["package-lock.json", "yarn.lock"]);
    assert_eq!(place.git("ls-files --others --exclude-standard"), b"");
}

#[test]
fn submodules_and_nested_repositories_are_left_out() {
    let inner = Place::repository();
    inner.files(&["Cargo.lock"]);
    inner.git("add .");
    inner.git("commit -q -m a");
    let place = Place::repository();
    place.git(&format!("submodule --quiet add {} deep/sub", inner.0.display()));
    place.files(&["nested/yarn.lock", "empty/file", "shared/tracked", "shared/untracked"]);
    git(&place.at("nested"), "init -q");
    fs::create_dir(place.at("empty/.git")).unwrap();
    place.git("add shared/tracked");
    git(&place.at("shared"), "init -q");
    let listing = place.list();
    assert_eq!(names(&listing), [".gitmodules", "empty/file", "shared/tracked", "shared/untracked"]);
    assert_eq!(left_out(&listing), ["deep/sub submodule", "nested nested repository"]);
    // Seen from within, a submodule is a work tree like any other.
    let listing = list(&place.at("deep/sub"));
    assert_eq!((names(&listing), listing.prefix.as_str()), (vec!["Cargo.lock".to_owned()], ""));
}

#[test]
fn linked_work_trees() {
    let place = Place::repository();
    place.files(&["main/file"]);
    place.git("add .");
    place.git("commit -q -m a");
    let other = Place::new();
    place.git(&format!("worktree add -q {}/linked", other.0.display()));
    other.write("linked/.gitignore", "*.lock");
    other.files(&["linked/main/tracked.lock", "linked/untracked.lock"]);
    git(&other.at("linked"), "add -f main/tracked.lock");
    let linked = list(&other.at("linked"));
    assert_eq!(names(&linked), [".gitignore", "main/file", "main/tracked.lock"]);
    assert_eq!(place.names(), ["main/file"]);
}

#[test]
fn a_git_file_that_leads_nowhere_is_an_error() {
    let place = Place::new();
    place.write(".git", "gitdir: /nowhere/at/all\n");
    assert!(place.list_fault().ends_with("names /nowhere/at/all, which is no repository"), "{}", place.list_fault());
    place.write(".git", "hello");
    assert!(place.list_fault().ends_with("is a file that does not begin with `gitdir: `"), "{}", place.list_fault());
}

#[test]
fn a_folder_of_a_work_tree_as_root() {
    let place = Place::repository();
    place.write(".gitignore", "*.log\n/a/b/out\n");
    place.write("a/.gitignore", "*.tmp\n");
    place.files(&["top", "a/b/file", "a/b/x.log", "a/b/x.tmp", "a/b/out/file", "a/b.txt", "a/b0/file", "a/b/out/tracked"]);
    place.git("add -f a/b/out/tracked a/b.txt a/b0/file");
    let listing = list(&place.at("a/b"));
    assert_eq!((names(&listing), listing.prefix.as_str()), (vec!["file".to_owned(), "out/tracked".to_owned()], "a/b"));
    assert_eq!(names(&list(&place.at("a/b/out"))), ["tracked"]);
    let fault = tree::open(&place.at(".git/info")).map(|_| ()).unwrap_err().to_string();
    assert!(fault.ends_with("lies in git's own folder"), "{fault}");
}

#[test]
fn every_version_of_the_index() {
    for setup in ["", "--object-format=sha256"] {
        for version in [2, 3, 4] {
            let place = Place::new();
            place.git(format!("init -q {setup}").trim_end());
            place.write(".gitignore", "*");
            place.files(&["a/long/path/one", "a/long/path/other", "a/long/two", "b", "later"]);
            place.git("add -f a b");
            // An entry that is only intended is what version 3 is for.
            place.git("add -f --intent-to-add later");
            place.git(&format!("update-index --index-version {version} --force-write-index"));
            place.git("update-index --untracked-cache");
            let expected = ["a/long/path/one", "a/long/path/other", "a/long/two", "b", "later"];
            let found = place.names();
            assert_eq!(found, expected, "{setup} version {version}");
        }
    }
}

#[test]
fn split_index() {
    for version in [2, 4] {
        let place = Place::repository();
        place.write(".gitignore", "*");
        place.files(&["a", "b", "c/d", "c/e", "gone"]);
        place.git("add -f a b c gone");
        place.git(&format!("update-index --index-version {version}"));
        place.git("update-index --split-index");
        assert_eq!(place.names(), ["a", "b", "c/d", "c/e", "gone"]);
        place.git("rm -q --cached gone");
        place.write("b", "changed");
        place.files(&["aa", "c/dd"]);
        place.git("add -f b aa c/dd");
        let shared = fs::read_dir(place.at(".git")).unwrap().map(|entry| entry.unwrap().path());
        let shared: Vec<PathBuf> = shared.filter(|path| path.to_str().unwrap().contains("sharedindex")).collect();
        assert_eq!(shared.len(), 1, "git wrote one shared index");
        assert_eq!(place.names(), ["a", "aa", "b", "c/d", "c/dd", "c/e"]);
        fs::remove_file(&shared[0]).unwrap();
        let fault = place.list_fault();
        assert!(fault.contains("it builds on sharedindex.") && fault.ends_with("which is not there"), "{fault}");
    }
}

#[test]
fn sparse_index() {
    let place = Place::repository();
    place.write(".gitignore", "*.lock");
    place.files(&["in/a.lock", "out/deep/b.lock", "top"]);
    place.git("add -f .");
    place.git("commit -q -m a");
    place.git("sparse-checkout set --cone --sparse-index in");
    let index = fs::read(place.at(".git/index")).unwrap();
    assert!(index.windows(4).any(|window| window == b"sdir"), "git wrote a sparse index");
    assert_eq!(place.names(), [".gitignore", "in/a.lock", "top"]);
    // What lies in a folder that the index only names as a whole may be tracked, so it counts.
    place.files(&["out/deep/b.lock"]);
    assert_eq!(place.names(), [".gitignore", "in/a.lock", "out/deep/b.lock", "top"]);
}

#[test]
fn stages_of_a_conflict_are_one_file() {
    let place = Place::repository();
    place.write(".gitignore", "*.lock");
    place.write("a.lock", "1\n");
    place.git("add -f .");
    place.git("commit -q -m a");
    place.git("branch other");
    place.write("a.lock", "2\n");
    place.git("commit -q -a -m b");
    place.git("checkout -q other");
    place.write("a.lock", "3\n");
    place.git("commit -q -a -m c");
    let merged = Command::new("git").args(["merge", "-q", "@{-1}"]).current_dir(&place.0).output().unwrap();
    assert!(!merged.status.success());
    assert_eq!(String::from_utf8(place.git("ls-files --stage a.lock")).unwrap().lines().count(), 3);
    assert_eq!(place.names(), [".gitignore", "a.lock"]);
}

#[test]
fn an_index_that_cannot_be_understood_is_an_error() {
    let place = Place::repository();
    place.files(&["a", "b"]);
    place.git("add .");
    let good = fs::read(place.at(".git/index")).unwrap();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let extension = |name: &[u8], content: &[u8]| {
        let (body, checksum) = good.split_at(good.len() - 20);
        let size = u32::try_from(content.len()).unwrap().to_be_bytes();
        [body, name, size.as_slice(), content, checksum].concat()
    };
    // A bitmap of four billion bits in one run.
    let bomb = [[1; 20].as_slice(), &[0xFF; 4], &[0, 0, 0, 1], &[0, 0, 0, 1], &[0xFF; 4], &[0; 4]].concat();
    for (bytes, fault) in [
        (Vec::new(), "it does not begin with DIRC"),
        (with(0, b'X'), "it does not begin with DIRC"),
        (with(7, 5), "its version is 5, expected 2, 3 or 4"),
        (good[..40].to_vec(), "entry 1 of 2 is broken"),
        (with(11, 3), "entry 3 of 3 is broken"),
        (with(12 + 62, b'c'), "its entries are out of order"),
        (extension(b"link", &bomb), "its link to a shared index is broken"),
        (extension(b"new!", b""), "it needs the unknown extension `new!`"),
    ] {
        fs::write(place.at(".git/index"), bytes).unwrap();
        assert_eq!(place.list_fault(), format!("git's index cannot be read: {fault}"));
    }
    fs::write(place.at(".git/index"), extension(b"NEW!", b"...")).unwrap();
    assert_eq!(place.names(), ["a", "b"]);
    fs::remove_file(place.at(".git/index")).unwrap();
    fs::create_dir(place.at(".git/index")).unwrap();
    assert_eq!(place.list_fault(), "git's index cannot be read: it is not a regular file");
}

#[test]
fn outside_git() {
    let place = Place::new();
    place.files(&["a", "deep/node_modules/x", "vendor/bundle/x", "vendor/y", "bundle/z", "target/x", ".venv/x"]);
    place.files(&["app/target", ".git/config", ".hidden"]);
    place.write(".gitignore", "a\n");
    let listing = place.list();
    assert_eq!(names(&listing), [".gitignore", ".hidden", "a", "app/target", "bundle/z", "vendor/y"]);
    let folders = [".venv", "deep/node_modules", "target", "vendor/bundle"];
    assert_eq!(left_out(&listing), folders.map(|folder| format!("{folder} filled by a package manager")));
    assert_eq!(listing.prefix, "");
}

#[test]
fn roots_that_are_none() {
    let place = Place::new();
    place.files(&["file"]);
    let fault = |path: &str| tree::open(&place.at(path)).map(|_| ()).unwrap_err().to_string();
    assert_eq!(fault("missing"), format!("{}: is not there", place.at("missing").display()));
    assert_eq!(fault("file"), format!("{}: is not a folder", place.at("file").display()));
}

#[test]
fn reading_stays_inside_and_within_the_limit() {
    let place = Place::new();
    place.write("folder/file", "12345");
    assert_eq!(place.read("folder/file", 5).unwrap(), b"12345");
    assert_eq!(place.read_fault("folder"), "cannot be read: it is not a regular file");
    assert_eq!(place.read_fault("folder/missing"), "cannot be read: it is not there");
    let too_large = place.read("folder/file", 4).unwrap_err();
    assert!(matches!(too_large, TreeError::TooLarge { found: 5, max: 4 }));
    let root = place.at("folder");
    for path in ["../folder/file", "/etc/hostname", "./file", "", "folder//file", "folder/../folder/file", "."] {
        let fault = tree::open(&root).unwrap().read(path, 100).unwrap_err().to_string();
        assert_eq!(fault, "cannot be read: its path leads out of the root", "{path}");
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    fn kinds(listing: &Listing) -> Vec<(String, FileKind)> {
        let mut kinds: Vec<_> = listing.files.iter().map(|(path, kind)| (path.to_string(), *kind)).collect();
        kinds.sort();
        kinds
    }

    #[test]
    fn links_are_listed_and_never_followed() {
        for place in [Place::new(), Place::repository()] {
            let outside = Place::new();
            outside.write("Cargo.lock", "outside");
            place.write("real/Cargo.lock", "inside");
            symlink(outside.at("Cargo.lock"), place.at("file")).unwrap();
            symlink(&outside.0, place.at("folder")).unwrap();
            symlink(outside.at("nothing"), place.at("dangling")).unwrap();
            symlink("..", place.at("real/circle")).unwrap();
            let link = |path: &str| (path.to_owned(), FileKind::Link);
            let file = ("real/Cargo.lock".to_owned(), FileKind::File);
            let expected = [link("dangling"), link("file"), link("folder"), file, link("real/circle")];
            assert_eq!(kinds(&place.list()), expected);
            assert_eq!(place.read_fault("file"), "cannot be read: it is a symbolic link, which is not followed");
            let fault = "cannot be read: `folder` in its path is a link or a file, which is not followed";
            assert_eq!(place.read_fault("folder/Cargo.lock"), fault);
        }
    }

    /// The same in a folder, in a work tree and in its commit.
    #[test]
    fn links_at_folders_are_left_out() {
        for place in [Place::new(), Place::repository()] {
            place.write("real/deep/Cargo.lock", "inside");
            for (target, link) in [
                ("real", "near"),
                ("../real/deep", "more/far"),
                ("near", "chain"),
                (".", "round"),
                ("real/deep/Cargo.lock", "file"),
                ("chain-b", "chain-a"),
                ("chain-a", "chain-b"),
                ("../outside", "outside"),
                ("/etc", "absolute"),
                ("gone", "dangling"),
            ] {
                fs::create_dir_all(place.at("more")).unwrap();
                symlink(target, place.at(link)).unwrap();
            }
            let expected = ["chain", "more/far", "near", "round"].map(|link| format!("{link} symbolic link"));
            assert_eq!(left_out(&place.list()), expected);
            if place.at(".git").exists() {
                place.git("add .");
                place.git("commit -q -m links");
                let repository = tree::Repository::open(&place.0).unwrap();
                let commit = repository.tree(repository.commit("HEAD").unwrap()).unwrap();
                assert_eq!(left_out(&commit.list().unwrap()), expected);
            }
        }
    }

    #[test]
    fn a_folder_that_became_a_link_hides_what_was_tracked_in_it() {
        let outside = Place::new();
        outside.write("Cargo.lock", "outside");
        let place = Place::repository();
        place.files(&["folder/Cargo.lock"]);
        place.git("add .");
        fs::remove_dir_all(place.at("folder")).unwrap();
        symlink(&outside.0, place.at("folder")).unwrap();
        assert_eq!(kinds(&place.list()), [("folder".to_owned(), FileKind::Link)]);
        assert!(place.read("folder/Cargo.lock", 100).is_err());
        // An ignore file that is a link counts for nothing, as for git.
        fs::remove_file(place.at("folder")).unwrap();
        outside.write("rules", "*");
        symlink(outside.at("rules"), place.at(".gitignore")).unwrap();
        place.files(&["a"]);
        assert_eq!(place.names(), [".gitignore", "a"]);
    }

    #[test]
    fn a_root_may_be_named_by_a_link() {
        let place = Place::repository();
        place.write("app/file", "x");
        let other = Place::new();
        symlink(place.at("app"), other.at("link")).unwrap();
        let listing = list(&other.at("link"));
        assert_eq!((names(&listing), listing.prefix.as_str()), (vec!["file".to_owned()], "app"));
    }

    #[test]
    fn pipes_never_block() {
        let place = Place::repository();
        place.files(&["Cargo.lock"]);
        place.git("add .");
        fs::remove_file(place.at("Cargo.lock")).unwrap();
        for pipe in ["Cargo.lock", "pipe", ".gitignore"] {
            assert!(Command::new("mkfifo").arg(place.at(pipe)).status().unwrap().success());
        }
        assert_eq!(place.names(), [".gitignore", "Cargo.lock", "pipe"]);
        assert_eq!(place.read_fault("Cargo.lock"), "cannot be read: it is not a regular file");
        fs::remove_file(place.at(".git/index")).unwrap();
        assert!(Command::new("mkfifo").arg(place.at(".git/index")).status().unwrap().success());
        assert_eq!(place.list_fault(), "git's index cannot be read: it is not a regular file");
    }

    #[test]
    fn names_that_are_not_utf8_are_listed_and_not_readable() {
        let place = Place::repository();
        let folder = place.0.join(OsStr::from_bytes(b"caf\xE9"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("yarn.lock"), "x").unwrap();
        for tracked in [false, true] {
            assert_eq!(place.names(), ["caf\u{fffd}/yarn.lock"], "tracked: {tracked}");
            place.git("add .");
        }
        assert_eq!(place.read_fault("caf\u{fffd}/yarn.lock"), "cannot be read: a name in its path is not UTF-8");
    }

    #[test]
    fn a_hostile_repository_runs_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::repository();
        place.files(&["a"]);
        place.git("add .");
        place.git("update-index --fsmonitor");
        let mark = place.at(".git/mark");
        let program = place.at(".git/program");
        fs::write(&program, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        place.write(".git/hooks/post-index-change", "");
        fs::copy(&program, place.at(".git/hooks/post-index-change")).unwrap();
        place.write(".gitattributes", "* filter=x diff=x\n");
        let program = program.display();
        let config = format!(
            "[core]\n\tfsmonitor = {program}\n\thooksPath = .git/hooks\n\tworktree = /\n\texcludesFile = .git/all\n\tsshCommand = {program}\n\
             [include]\n\tpath = missing\n[alias]\n\tls-files = !{program}\n[filter \"x\"]\n\tclean = {program}\n\
             [diff \"x\"]\n\ttextconv = {program}\n[extensions]\n\tobjectFormat = nonsense\n[broken"
        );
        place.write(".git/config", &config);
        place.write(".git/all", "*\n");
        assert_eq!(place.names(), [".gitattributes", "a"]);
        assert!(!mark.exists());
    }
}

/// This many cases, unless `PROPTEST_CASES` asks for more.
fn cases(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases, ..config } }
}

/// What git lists, as far as it is there, no link leads to it, and it is no repository.
fn told_by_git(place: &Place, folder: &str) -> BTreeSet<String> {
    let root = place.at(folder);
    let told = git(&root, "ls-files -z --cached --others --exclude-per-directory=.gitignore");
    let told = String::from_utf8(told).unwrap();
    let is_there = |path: &&str| {
        let parents_are_real = Path::new(path)
            .ancestors()
            .skip(1)
            .all(|above| fs::symlink_metadata(root.join(above)).is_ok_and(|metadata| metadata.is_dir()));
        parents_are_real && fs::symlink_metadata(root.join(path)).is_ok_and(|metadata| !metadata.is_dir())
    };
    told.split_terminator('\0').filter(|path| !path.ends_with('/')).filter(is_there).map(str::to_owned).collect()
}

/// Paths of up to four names out of few, so that they meet each other and the rules.
fn any_path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "ab", "a.b", "a-b", "target", "x y", "[a]", "#a", "é"]);
    prop::collection::vec(name, 1..4).prop_map(|names| names.join("/"))
}

/// Without `a**/*`: git cuts off the literal part before it matches, so that this also ignores `ab`. We then list more than git does.
fn any_rule() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a",
        "b",
        "*",
        "**",
        "a*",
        "*b",
        "?",
        "[ab]",
        "[!a]",
        "[a-b]*",
        "a.b",
        "*.b",
        "target",
        "x y",
        "x\\ y",
        "\\[a\\]",
        "\\#a",
        "#a",
        "é",
        "**a",
        "[[:alpha:]]",
        "[[:punct:]]*",
        "[",
        "a\\",
        "\\a",
        "x y  ",
        "x y\\ ",
        "[]a]",
        "[^b]",
        "***",
    ]);
    let parts = prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"));
    let before = prop::sample::select(vec!["", "", "", "/", "!", "!/", "**/", " "]);
    let after = prop::sample::select(vec!["", "", "", "/", "/*", "/**", "\r", " ", "\t"]);
    (before, parts, after).prop_map(|(before, parts, after)| format!("{before}{parts}{after}"))
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn lists_what_git_lists(
        files in prop::collection::vec((any_path(), 0..4_u8), 1..30),
        ignores in prop::collection::vec((prop::option::of(any_path()), prop::collection::vec(any_rule(), 1..5)), 0..4),
        index in prop::sample::select(vec!["--index-version 2", "--index-version 4", "--split-index"]),
        root in any_path(),
    ) {
        let place = Place::repository();
        // What is a file already cannot be a folder, and the other way round: such paths are skipped.
        let write = |path: &str, content: &str| {
            let path = place.at(path);
            let _ = fs::create_dir_all(path.parent().unwrap());
            let _ = fs::write(path, content);
        };
        for (path, _) in &files {
            write(path, "");
        }
        for (folder, rules) in &ignores {
            let folder = folder.as_ref().map_or(String::new(), |folder| format!("{folder}/"));
            write(&format!("{folder}.gitignore"), &rules.join("\n"));
        }
        let tracked = |(_, fate): &&(String, u8)| *fate > 1;
        let tracked: Vec<&String> = files.iter().filter(tracked).map(|(path, _)| path).filter(|path| place.at(path).is_file()).collect();
        let (before, after) = tracked.split_at(tracked.len() / 2);
        for (paths, then) in [(before, index), (after, "--refresh")] {
            for path in paths {
                // A change of what is there already makes a split index replace its entry.
                let first = tracked[0];
                write(first, path);
                for path in [path, first] {
                    let added = Command::new("git").args(["--literal-pathspecs", "-c", "splitIndex.maxPercentChange=100", "add", "-f", path]).current_dir(&place.0).status();
                    prop_assert!(added.unwrap().success());
                }
            }
            place.git(&format!("update-index {then}"));
        }
        for (path, _) in files.iter().filter(|(_, fate)| *fate == 3) {
            let _ = fs::remove_file(place.at(path));
        }
        for root in ["", root.as_str()] {
            if place.at(root).is_dir() {
                let found: BTreeSet<String> = names(&list(&place.at(root))).into_iter().collect();
                prop_assert_eq!(found, told_by_git(&place, root), "below `{}`", root);
            }
        }
    }
}

#[test]
fn no_index_makes_it_panic() {
    for kind in ["--index-version 2", "--index-version 4", "--split-index"] {
        let place = Place::repository();
        place.files(&["a", "b/c", "b/d", "e"]);
        place.git("add .");
        place.git(&format!("update-index {kind}"));
        place.write("e", "changed");
        place.files(&["f"]);
        place.git("add .");
        let good = fs::read(place.at(".git/index")).unwrap();
        let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
        let cut = prop::option::of(any::<prop::sample::Index>());
        let outcome = TestRunner::new(cases(100)).run(&(changes, cut), |(changes, cut)| {
            let mut bytes = good.clone();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            fs::write(place.at(".git/index"), bytes).unwrap();
            // Whatever the index says, a file that nothing ignores is there.
            match tree::open(&place.0).unwrap().list() {
                Ok(listing) => prop_assert!(names(&listing).contains(&"e".to_owned())),
                Err(error) => prop_assert!(matches!(error, TreeError::Index(_))),
            }
            Ok(())
        });
        outcome.unwrap();
    }
}
