//! Revisions read from git's objects, told as stories with the real `git`, and compared with what it says itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use packman::tree::{FileKind, GitFault, Repository, Tree, TreeError};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::tree::{Place, git};

fn said(place: &Path, arguments: &str) -> String {
    String::from_utf8(git(place, arguments)).unwrap().trim().to_owned()
}

fn tree_of(folder: &Path, revision: &str) -> Box<dyn Tree> {
    let repository = Repository::open(folder).unwrap();
    repository.tree(repository.commit(revision).unwrap()).unwrap()
}

fn names(tree: &dyn Tree) -> Vec<String> {
    let mut names: Vec<String> = tree.list().unwrap().files.iter().map(|(path, _)| path.to_string()).collect();
    names.sort();
    names
}

fn fault_of(folder: &Path, revision: &str) -> GitFault {
    match Repository::open(folder) {
        Ok(repository) => repository.commit(revision).unwrap_err(),
        Err(TreeError::Git(fault)) => fault,
        Err(other) => panic!("{other}"),
    }
}

/// A repository with two commits, the second of which changes and adds.
fn two_commits(place: &Place) {
    place.write("Cargo.lock", "one");
    place.write("web/yarn.lock", "yarn");
    place.git("add .");
    place.git("commit -q -m one");
    place.write("Cargo.lock", "two");
    place.write("web/deep/package-lock.json", "{}");
    place.git("add .");
    place.git("commit -q -m two");
}

#[test]
fn files_of_a_commit_loose_and_packed_with_either_hash() {
    for init in ["init -q -b main", "init -q -b main --object-format=sha256"] {
        let place = Place::new();
        place.git(init);
        two_commits(&place);
        for packed in [false, true] {
            if packed {
                place.git("gc -q");
            }
            let tree = tree_of(&place.0, "HEAD~1");
            assert_eq!(names(tree.as_ref()), ["Cargo.lock", "web/yarn.lock"]);
            assert_eq!(tree.read("Cargo.lock", 100).unwrap(), b"one");
            assert_eq!(tree.holds("Cargo.lock", b"one"), Some(true));
            assert_eq!(tree.holds("Cargo.lock", b"two"), Some(false));
            assert_eq!(tree.holds("nothing", b"two"), None);
            assert!(matches!(tree.read("Cargo.lock", 2), Err(TreeError::TooLarge { found: 3, max: 2 })));
            assert!(tree.fault().is_none());
            let head = tree_of(&place.0, "main");
            assert_eq!(names(head.as_ref()), ["Cargo.lock", "web/deep/package-lock.json", "web/yarn.lock"]);
        }
    }
}

#[test]
fn the_root_is_the_folder_that_is_judged() {
    let place = Place::repository();
    two_commits(&place);
    let tree = tree_of(&place.at("web"), "HEAD~1");
    assert_eq!(names(tree.as_ref()), ["yarn.lock"]);
    assert_eq!(tree.list().unwrap().prefix, "web");
    // A folder that the commit does not have is empty there.
    assert_eq!(names(tree_of(&place.at("web/deep"), "HEAD~1").as_ref()), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn links_are_listed_and_submodules_left_out() {
    let inner = Place::repository();
    two_commits(&inner);
    let place = Place::repository();
    place.git(&format!("submodule --quiet add {} sub", inner.0.display()));
    std::os::unix::fs::symlink("/etc/passwd", place.at("yarn.lock")).unwrap();
    place.write("real", "");
    place.git("add .");
    place.git("commit -q -m one");
    let listing = tree_of(&place.0, "HEAD").list().unwrap();
    let mut files: Vec<(&str, FileKind)> = listing.files.iter().map(|(path, kind)| (path.as_ref(), *kind)).collect();
    files.sort_unstable();
    assert_eq!(files, [(".gitmodules", FileKind::File), ("real", FileKind::File), ("yarn.lock", FileKind::Link)]);
    assert_eq!(listing.left_out.iter().map(|left| (left.path.as_str(), left.reason)).collect::<Vec<_>>(), [("sub", "submodule")]);
}

#[test]
fn names_of_commits() {
    let place = Place::new();
    place.git("init -q -b main");
    two_commits(&place);
    place.git("branch topic HEAD~1");
    place.git("tag light");
    place.git("tag -a -m noted noted");
    place.git("tag -a -m twice twice noted");
    place.git("update-ref refs/remotes/origin/main HEAD~1");
    place.git("symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/main");
    place.git("checkout -q topic");
    place.write("other", "");
    place.git("add .");
    place.git("commit -q -m three");
    place.git("merge -q --no-ff -m merged main");
    for _ in 0..2 {
        let repository = Repository::open(&place.0).unwrap();
        let whole = said(&place.0, "rev-parse main");
        let short = &whole[..7];
        let rows =
            ["HEAD", "@", "main", "heads/main", "refs/heads/main", "tags/light", "noted", "twice", "noted^{}", "noted^{commit}"];
        let more = ["origin/main", "origin", "HEAD^", "HEAD^2", "HEAD~2", "HEAD^2~1", "HEAD^^", "HEAD^0", short, whole.as_str()];
        for revision in rows.iter().chain(&more) {
            let expected = said(&place.0, &format!("rev-parse {revision}^{{commit}}"));
            assert_eq!(repository.commit(revision).unwrap().to_string(), expected, "{revision}");
        }
        place.git("pack-refs --all");
    }
}

#[test]
fn what_names_no_commit_is_a_fault_with_advice() {
    let place = Place::new();
    place.git("init -q -b main");
    let shown = |revision: &str| {
        let fault = fault_of(&place.0, revision);
        assert!(!fault.hint().is_empty());
        fault.to_string()
    };
    assert_eq!(shown("HEAD"), "`HEAD` has no commit yet");
    two_commits(&place);
    assert_eq!(shown("origin/main"), "the repository has no revision `origin/main`");
    assert!(fault_of(&place.0, "origin/main").hint().contains("git fetch origin main"));
    assert_eq!(shown("HEAD~9"), "the repository has no revision `HEAD~9`");
    let blob = said(&place.0, "rev-parse HEAD:Cargo.lock");
    assert_eq!(shown(&blob), format!("`{blob}` is a blob, not a commit"));
    assert_eq!(
        shown("0123456789012345678901234567890123456789"),
        "git's object 0123456789012345678901234567890123456789 is not there"
    );
    for odd in ["main..topic", "main@{1}", "HEAD:Cargo.lock", ":/one", "-x", "", "~1"] {
        assert!(shown(odd).contains("not read as a revision"), "{odd}");
    }
    for nowhere in ["../../etc/passwd", "config", "index", "refs", "refs/heads", "objects", "main^x"] {
        shown(nowhere);
    }
    // Whoever may push a tag must not choose the base.
    place.git("tag main HEAD~1");
    assert_eq!(shown("main"), "`main` is ambiguous: it names `refs/tags/main` and `refs/heads/main`");
    assert!(Repository::open(&place.0).unwrap().commit("refs/heads/main").is_ok());
    assert!(matches!(fault_of(&Place::new().0, "main"), GitFault::NoRepository(_)));
}

#[test]
fn linked_work_trees_share_objects_and_branches_and_have_their_own_head() {
    let place = Place::new();
    place.git("init -q -b main");
    two_commits(&place);
    let other = Place::new();
    place.git(&format!("worktree add -q --detach {}/linked HEAD~1", other.0.display()));
    let linked = other.at("linked");
    assert_eq!(names(tree_of(&linked, "HEAD").as_ref()), ["Cargo.lock", "web/yarn.lock"]);
    assert_eq!(names(tree_of(&linked, "main").as_ref()).len(), 3);
}

#[test]
fn where_history_was_cut_is_told_with_the_command_that_mends_it() {
    let place = Place::new();
    place.git("init -q -b main");
    two_commits(&place);
    place.git("checkout -q -b topic HEAD~1");
    place.write("new", "");
    place.git("add .");
    place.git("commit -q -m topic");
    let clone = Place::new();
    git(&clone.0, &format!("clone -q --depth 1 --no-single-branch file://{} it", place.0.display()));
    let folder = clone.at("it");
    let fault = fault_of(&folder, "HEAD~1");
    assert!(matches!(fault, GitFault::Shallow(_)) && fault.hint().contains("git fetch --deepen"), "{fault}");
    let repository = Repository::open(&folder).unwrap();
    let (head, main) = (repository.commit("HEAD").unwrap(), repository.commit("origin/main").unwrap());
    let fault = repository.merge_base((head, "HEAD"), (main, "origin/main")).unwrap_err();
    assert!(matches!(fault, GitFault::Shallow(_)), "{fault}");
    git(&folder, "fetch -q --unshallow");
    let repository = Repository::open(&folder).unwrap();
    let base = repository.merge_base((head, "HEAD"), (main, "origin/main")).unwrap();
    assert_eq!(base.to_string(), said(&folder, "merge-base HEAD origin/main"));
}

#[test]
fn histories_without_a_common_commit() {
    let place = Place::new();
    place.git("init -q -b main");
    two_commits(&place);
    place.git("checkout -q --orphan other");
    place.git("commit -q -m other");
    let repository = Repository::open(&place.0).unwrap();
    let (one, other) = (repository.commit("main").unwrap(), repository.commit("other").unwrap());
    let fault = repository.merge_base((one, "main"), (other, "other")).unwrap_err();
    assert_eq!(fault.to_string(), "`main` and `other` have no common history");
}

#[test]
fn objects_that_are_missing_or_damaged_are_never_guessed() {
    let place = Place::repository();
    two_commits(&place);
    let blob = said(&place.0, "rev-parse HEAD:Cargo.lock");
    let file = place.at(&format!(".git/objects/{}/{}", &blob[..2], &blob[2..]));
    let whole = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let tree = tree_of(&place.0, "HEAD");
    tree.list().unwrap();
    assert!(tree.read("Cargo.lock", 100).is_err());
    assert!(matches!(tree.fault(), Some(TreeError::Git(GitFault::Missing { is_partial: false, .. }))));
    // Another object's bytes under this name, and half of its own.
    let other = said(&place.0, "rev-parse HEAD~1:Cargo.lock");
    fs::copy(place.at(&format!(".git/objects/{}/{}", &other[..2], &other[2..])), &file).unwrap();
    for damage in [false, true] {
        if damage {
            fs::remove_file(&file).unwrap();
            fs::write(&file, &whole[..whole.len() / 2]).unwrap();
        }
        let tree = tree_of(&place.0, "HEAD");
        tree.list().unwrap();
        assert!(tree.read("Cargo.lock", 100).is_err());
        assert!(matches!(tree.fault(), Some(TreeError::Git(GitFault::Corrupt { .. }))));
    }
}

#[test]
fn a_partial_clone_is_told_from_a_damaged_one() {
    let place = Place::repository();
    two_commits(&place);
    place.git("config uploadpack.allowFilter true");
    let clone = Place::new();
    git(&clone.0, &format!("clone -q --no-checkout --filter=blob:none file://{} it", place.0.display()));
    let tree = tree_of(&clone.at("it"), "HEAD");
    tree.list().unwrap();
    assert!(tree.read("Cargo.lock", 100).is_err());
    let Some(TreeError::Git(fault)) = tree.fault() else { panic!("no fault") };
    assert!(fault.hint().contains("git fetch --refetch --no-filter"), "{fault}");
}

#[test]
fn borrowed_objects_and_reftables_are_refused_before_anything_is_opened() {
    let place = Place::repository();
    two_commits(&place);
    let clone = Place::new();
    git(&clone.0, &format!("clone -q --shared {} it", place.0.display()));
    assert!(matches!(fault_of(&clone.at("it"), "HEAD"), GitFault::Alternates));
    let place = Place::new();
    let made = Command::new("git").args(["init", "-q", "--ref-format=reftable"]).current_dir(&place.0).output().unwrap();
    if made.status.success() {
        assert!(matches!(fault_of(&place.0, "HEAD"), GitFault::Reftable));
    }
}

#[test]
fn replacements_and_the_environment_change_nothing() {
    let place = Place::repository();
    two_commits(&place);
    let (one, two) = (said(&place.0, "rev-parse HEAD~1:Cargo.lock"), said(&place.0, "rev-parse HEAD:Cargo.lock"));
    place.git(&format!("replace {two} {one}"));
    assert_eq!(git(&place.0, "show HEAD:Cargo.lock"), b"one");
    let tree = tree_of(&place.0, "HEAD");
    tree.list().unwrap();
    assert_eq!(tree.read("Cargo.lock", 100).unwrap(), b"two");
}

/// Parents of each commit, by number; dates in any order.
fn histories() -> impl Strategy<Value = Vec<(Vec<usize>, u32)>> {
    prop::collection::vec((prop::collection::vec(any::<usize>(), 0..3), 0_u32..12), 2..12).prop_map(|commits| {
        let chosen = |(number, (parents, date)): (usize, (Vec<usize>, u32))| {
            let mut parents: Vec<usize> = parents.into_iter().filter(|_| number > 0).map(|parent| parent % number).collect();
            parents.sort_unstable();
            parents.dedup();
            (parents, date)
        };
        commits.into_iter().enumerate().map(chosen).collect()
    })
}

#[test]
fn merge_bases_are_those_of_git() {
    let place = Place::repository();
    place.git("commit -q --allow-empty -m root");
    let empty = said(&place.0, "rev-parse HEAD^{tree}");
    let mut runner = TestRunner::new(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() });
    let ran = runner.run(&histories(), |history| {
        let mut ids: Vec<String> = Vec::new();
        for (number, (parents, date)) in history.iter().enumerate() {
            let mut command = Command::new("git");
            command.args(["-c", "user.name=a", "-c", "user.email=a@example.invalid", "commit-tree", "-m", &number.to_string()]);
            for parent in parents {
                command.args(["-p", &ids[*parent]]);
            }
            let date = format!("{} +0000", 1_700_000_000 + date);
            command.arg(&empty).env("GIT_COMMITTER_DATE", &date).env("GIT_AUTHOR_DATE", &date).current_dir(&place.0);
            ids.push(String::from_utf8(command.output().unwrap().stdout).unwrap().trim().to_owned());
        }
        let repository = Repository::open(&place.0).unwrap();
        for pair in ids.windows(2).chain([[ids[0].clone(), ids[ids.len() - 1].clone()].as_slice()]) {
            let (one, other) = (repository.commit(&pair[0]).unwrap(), repository.commit(&pair[1]).unwrap());
            let found = repository.merge_base((one, "one"), (other, "other")).map_or(String::new(), |found| found.to_string());
            let all =
                Command::new("git").args(["merge-base", "--all", &pair[0], &pair[1]]).current_dir(&place.0).output().unwrap();
            let all = String::from_utf8(all.stdout).unwrap();
            let agrees = if all.is_empty() { found.is_empty() } else { all.lines().any(|line| line == found) };
            prop_assert!(agrees, "{found:?} is none of {all:?}");
            let back = repository.merge_base((other, "other"), (one, "one")).map_or(String::new(), |found| found.to_string());
            prop_assert_eq!(&back, &found);
        }
        Ok(())
    });
    ran.unwrap();
}
