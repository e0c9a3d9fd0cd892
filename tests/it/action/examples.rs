//! The examples that are scripts, run: in a plain shell, before a push, and GitLab's with a release from a file.

use std::fs;
use std::process::{Command, Output, Stdio};

use super::archive::{Member, sha256, tar_gz};
use super::runner::{Job, text, write_program, yaml_file};
use crate::derived::root;
use crate::tree::Place;

fn lock(address: &str) -> String {
    format!(
        "{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{}},\n\"node_modules/left-pad\": {{ \"version\": \"1.3.0\", \"resolved\": \
         \"{address}/left-pad/-/left-pad-1.3.0.tgz\", \"integrity\": \"sha512-XI5MPzVNApjAyhQzphX8BkmKsKUxD4LdyK24iZeQGinBN9yTQT3bFlCBy/aVx2HrNcqQGsdot8ghrjyrvMCoEA==\" }}\n}} }}\n"
    )
}

const DENIED: &str = "https://npm.example.net";
const FINE: &str = "https://registry.npmjs.org";

/// A repository whose main branch has one fine lockfile.
fn repository() -> Place {
    let place = Place::repository();
    place.git("checkout -q -b main");
    change(&place, "package-lock.json", &lock(FINE));
    place
}

fn change(place: &Place, path: &str, content: &str) {
    place.write(path, content);
    place.git("add .");
    place.git("commit -q -m change");
}

/// Runs a program in a place, with the packman of this build on its PATH.
fn run(place: &Place, program: &str, arguments: &[&str]) -> Output {
    let bin = Place::new();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_packman"), bin.at("packman")).unwrap();
    let path = format!("{}:{}", bin.0.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&place.0).env("PATH", path).stdin(Stdio::null());
    for name in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
        command.env(name, "/dev/null");
    }
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    command.output().unwrap()
}

#[test]
fn the_plain_shell_tells_the_codes_apart() {
    if Job::new().is_none() {
        return;
    }
    let script = root().join("examples/check.sh");
    let place = repository();
    let shell = |arguments: &[&str]| {
        let output = run(&place, "sh", &[&[script.to_str().unwrap()], arguments].concat());
        let said = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
        (output.status.code().unwrap(), said)
    };
    assert_eq!(shell(&[]), (0, "packman: everything may come in".to_owned()));
    place.git("checkout -q -b topic");
    change(&place, "web/package-lock.json", &lock(DENIED));
    assert_eq!(shell(&["main"]), (1, "packman: something may not come in, see above".to_owned()));
    place.git("branch -f main");
    assert_eq!(shell(&["main"]).0, 0);
    assert_eq!(shell(&[]).0, 1);
    assert_eq!(shell(&["nowhere"]), (3, "packman: it could not be decided, see above".to_owned()));
    place.write("packman.toml", "no-such-key = 1\n");
    assert_eq!(shell(&[]), (2, "packman: the call or the policy is wrong".to_owned()));
    assert!(fs::read_to_string(place.at("packman.json")).unwrap().contains("packman.report/1"));
}

#[test]
fn a_push_is_judged_against_what_the_other_side_has() {
    if Job::new().is_none() {
        return;
    }
    let (there, place) = (Place::new(), repository());
    there.git("init -q --bare -b main");
    place.git(&format!("remote add origin file://{}", there.0.display()));
    place.git("push -q origin main");
    place.git("remote set-head origin main");
    fs::copy(root().join("examples/pre-push"), place.at(".git/hooks/pre-push")).unwrap();
    let push = |arguments: &[&str]| run(&place, "git", &[&["push", "-q"], arguments].concat());
    let is_pushed = |arguments: &[&str]| push(arguments).status.success();

    change(&place, "README.md", "read me");
    assert!(is_pushed(&["origin", "main"]));
    // A new branch that brings something bad; what lies about and is not pushed does not matter.
    place.git("checkout -q -b topic");
    place.write("elsewhere/package-lock.json", &lock(DENIED));
    assert!(is_pushed(&["origin", "topic"]));
    change(&place, "elsewhere/package-lock.json", &lock(DENIED));
    let output = push(&["origin", "topic"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("unknown-registry"), "{output:?}");
    assert!(!is_pushed(&["origin", "topic:new"]), "a branch that is new there is compared with the default branch");
    assert!(is_pushed(&["--no-verify", "origin", "topic"]));
    change(&place, "README.md", "what is there already decides nothing");
    assert!(is_pushed(&["origin", "topic"]));
    assert!(is_pushed(&["origin", "--delete", "topic"]));
}

#[test]
fn git_lab_s_job_checks_what_it_takes_and_compares() {
    if Job::new().is_none() {
        return;
    }
    let job = &yaml_file(&root().join("examples/gitlab-ci.yml"))["packman"];
    let lines = |key: &str| job[key].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let script = format!("set -e\n{}\n{}\n", lines("before_script").join("\n"), lines("script").join("\n"));
    assert_eq!(text(&job["variables"], "GIT_DEPTH"), "0");

    // The release is a file, and its packman calls the one of this build.
    let outside = Place::new();
    let program = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_packman"));
    let archive = tar_gz(&[Member::file("packman-9.8.7-x86_64-unknown-linux-musl/packman", &program)]);
    fs::write(outside.at("archive"), &archive).unwrap();
    let curl = format!(
        "#!/bin/bash\nwhile [ $# -gt 1 ]; do if [ \"$1\" = --output ]; then out=$2; fi; shift; done\nprintf '%s\\n' \"$1\" >'{0}/asked'\ncp '{0}/archive' \"$out\"\n",
        outside.0.display()
    );
    fs::create_dir(outside.at("bin")).unwrap();
    write_program(&outside.at("bin/curl"), &curl);
    let place = repository();
    change(&place, "web/package-lock.json", &lock(DENIED));
    let base = String::from_utf8(place.git("rev-parse HEAD~1")).unwrap().trim().to_owned();
    let shell = |digest: &str, base: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", &script]).current_dir(&place.0).stdin(Stdio::null());
        command.env("PATH", format!("{}:{}", outside.at("bin").display(), std::env::var("PATH").unwrap()));
        command.env("PACKMAN_VERSION", "9.8.7").env("PACKMAN_SHA256", digest).env("TMPDIR", &outside.0);
        command.env("CI_MERGE_REQUEST_DIFF_BASE_SHA", base).output().unwrap().status.code().unwrap()
    };
    let digest = sha256(&archive);
    assert_eq!(shell(&digest, &base), 1);
    assert!(
        fs::read_to_string(outside.at("asked"))
            .unwrap()
            .ends_with("/cli-v9.8.7/packman-9.8.7-x86_64-unknown-linux-musl.tar.gz\n")
    );
    let report: serde_json::Value = serde_json::from_slice(&fs::read(place.at("packman.json")).unwrap()).unwrap();
    assert_eq!(report["verdict"], "fail");
    place.git("branch -f other");
    let head = String::from_utf8(place.git("rev-parse HEAD")).unwrap().trim().to_owned();
    assert_eq!(shell(&digest, &head), 0, "compared with itself nothing is new");
    assert_eq!(shell(&digest, ""), 1, "without a merge request all decides");
    fs::remove_file(place.at("packman.json")).unwrap();
    assert_eq!(shell(&"0".repeat(64), &base), 1);
    assert!(!place.at("packman.json").exists(), "what is not the digest's is not run");
}
