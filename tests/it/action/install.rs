//! Where the program comes from: a release server on loopback that does everything right, and everything wrong; digests, archives and
//! machines; builds; attestations. Whatever is refused is not run.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::archive::{Member, sha256, tar_gz};
use super::runner::{Ended, Job};
use super::server::{Answer, Server};
use super::{VERSION, has_run, stand_in};

const TARGET: &str = "x86_64-unknown-linux-musl";

fn archive_name(version: &str, target: &str) -> String {
    format!("packman-{version}-{target}.tar.gz")
}

/// A job whose action carries these lines, and a server that gives these bytes for everything.
struct Release {
    job: Job,
    server: Server,
}

impl Release {
    fn new(lines: &str, answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Option<Self> {
        let mut job = Job::new()?;
        job.action.write("action/checksums.txt", lines);
        let server = Server::new(answer);
        job.overrides.insert("PACKMAN_RELEASES", server.address.clone());
        Some(Self { job, server })
    }

    /// With the digest of what the server gives.
    fn of(archive: Vec<u8>) -> Option<Self> {
        let lines = format!("# a remark\nversion {VERSION}\n{}  {}\n", sha256(&archive), archive_name(VERSION, TARGET));
        Self::new(&lines, move |_, _| Answer::Bytes(archive.clone()))
    }

    /// Runs it, and expects that nothing of what came was run.
    fn refused(&self, reason: &str) -> Ended {
        let ended = self.job.run();
        assert!(!ended.is_success && ended.log.contains(reason), "expected {reason:?} in {}", ended.log);
        assert_eq!(ended.trail[0], "get: failure", "{reason}");
        let errors = ended.log.lines().filter(|line| line.starts_with("::error ")).count();
        assert_eq!(errors, 1, "one clear line: {}", ended.log);
        assert!(!has_run(&self.job), "{reason}: and yet it ran");
        assert!(ended.trail[1..].iter().all(|step| step.ends_with(": skipped")) && ended.upload.is_none());
        ended
    }
}

fn good(job: &Job) -> Vec<u8> {
    let folder = format!("packman-{VERSION}-{TARGET}");
    tar_gz(&[
        Member::file(&format!("{folder}/README.md"), "read me\n"),
        Member::file(&format!("{folder}/packman"), &stand_in(job)),
    ])
}

/// A job first, since the program in the archive names its folder.
fn good_release() -> Option<(Release, Vec<u8>)> {
    let mut release = Release::of(vec![])?;
    let archive = good(&release.job);
    let bytes = archive.clone();
    release.server = Server::new(move |_, _| Answer::Bytes(bytes.clone()));
    release.job.overrides.insert("PACKMAN_RELEASES", release.server.address.clone());
    let lines = format!("version {VERSION}\n{}  {}\n", sha256(&archive), archive_name(VERSION, TARGET));
    release.job.action.write("action/checksums.txt", &lines);
    Some((release, archive))
}

#[test]
fn a_release_that_is_what_the_action_expects_is_taken() {
    let Some((release, _)) = good_release() else { return };
    let ended = release.job.run();
    assert!(ended.is_success, "{}", ended.log);
    assert_eq!(release.server.asked(), [format!("/cli-v{VERSION}/{}", archive_name(VERSION, TARGET))]);
    assert_eq!(ended.outputs["version"], VERSION);
    assert_eq!(ended.outputs["verdict"], "pass");
    assert_eq!(ended.summary, "fine\n");
    let asked = fs::read_to_string(release.job.temp.at("ran")).unwrap();
    assert!(asked.starts_with("--version\ncheck --output human=-"), "{asked}");
    // No step of a job without a wish for it holds the token.
    let seen = fs::read_to_string(release.job.temp.at("ran.env")).unwrap();
    assert!(seen.contains("PACKMAN_PATH=.") && !seen.contains("ghs_canary"), "{seen}");
}

#[test]
fn the_tool_cache_is_used_filled_and_not_trusted() {
    let Some((mut release, archive)) = good_release() else { return };
    let cache = release.job.temp.at("cache");
    release.job.variables.insert("RUNNER_TOOL_CACHE".to_owned(), cache.to_str().unwrap().to_owned());
    let cached = cache.join("packman").join(archive_name(VERSION, TARGET));
    assert!(release.job.run().is_success);
    assert_eq!(fs::read(&cached).unwrap(), archive);
    let again = release.job.run();
    assert!(again.is_success && again.log.contains("is in the tool cache"), "{}", again.log);
    assert_eq!(release.server.asked().len(), 1);
    // What somebody else put there is not what the digest says, so the release is asked.
    fs::write(&cached, "#!/bin/sh\n").unwrap();
    let ended = release.job.run();
    assert!(ended.is_success && !ended.log.contains("is in the tool cache"), "{}", ended.log);
    assert_eq!(release.server.asked().len(), 2);
    assert_eq!(fs::read(&cached).unwrap(), archive);
}

#[test]
fn a_server_that_is_down_for_a_moment_is_asked_again() {
    let Some((mut release, archive)) = good_release() else { return };
    let bytes = archive.clone();
    release.server = Server::new(move |_, before| if before == 0 { Answer::Status(503) } else { Answer::Bytes(bytes.clone()) });
    release.job.overrides.insert("PACKMAN_RELEASES", release.server.address.clone());
    let ended = release.job.run();
    assert!(ended.is_success, "{}", ended.log);
    assert_eq!(release.server.asked().len(), 2);
}

type Told = Box<dyn Fn() -> Answer + Send>;

#[test]
fn what_the_server_does_wrong_is_refused_with_the_reason() {
    let Some((mut release, archive)) = good_release() else { return };
    let mut flipped = archive.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let half = archive[..archive.len() / 2].to_vec();
    let page = b"<!DOCTYPE html><title>Sign in</title>".to_vec();
    let cases: Vec<(&str, Told)> = vec![
        ("and this commit of the Action expects", Box::new(move || Answer::Bytes(flipped.clone()))),
        ("and this commit of the Action expects", {
            let half = half.clone();
            Box::new(move || Answer::Bytes(half.clone()))
        }),
        ("something that is no archive (a proxy's page?)", Box::new(move || Answer::Bytes(page.clone()))),
        ("something that is no archive", Box::new(|| Answer::Bytes(vec![]))),
        ("was answered with 404", Box::new(|| Answer::Status(404))),
        ("was answered with 403", Box::new(|| Answer::Status(403))),
        ("ended before it was whole", Box::new(move || Answer::Cut(half.clone()))),
        ("did not come within 2 seconds", Box::new(|| Answer::Slow)),
    ];
    for (reason, answer) in cases {
        release.server = Server::new(move |_, _| answer());
        release.job.overrides.insert("PACKMAN_RELEASES", release.server.address.clone());
        release.job.overrides.insert("PACKMAN_SECONDS", "2".to_owned());
        let started = std::time::Instant::now();
        release.refused(reason);
        assert!(started.elapsed().as_secs() < 20, "{reason}: it took {:?}", started.elapsed());
    }
    // Nobody listens there any more; and other schemes than https are none for a release.
    let gone = release.server.address.clone();
    release.server = Server::new(|_, _| Answer::Status(404));
    release.job.overrides.insert("PACKMAN_RELEASES", gone);
    release.refused("cannot be reached");
    release.job.overrides.insert("PACKMAN_RELEASES", "http://packages.invalid".to_owned());
    release.refused("is no https address");
}

#[test]
fn a_file_of_digests_that_is_not_clear_is_refused() {
    let Some((release, archive)) = good_release() else { return };
    let (digest, name) = (sha256(&archive), archive_name(VERSION, TARGET));
    let other = archive_name(VERSION, "x86_64-apple-darwin");
    for (lines, reason) in [
        (format!("version {VERSION}\n"), "has no digest of packman-9.8.7-x86_64-unknown-linux-musl.tar.gz"),
        (format!("version {VERSION}\n{digest}  {other}\n"), "has no digest of"),
        (format!("version {VERSION}\n{digest}  {name}\n{digest}  {name}\n"), "has two digests of"),
        (
            format!("version {VERSION}\nversion 1.0.0\n{digest}  {name}\n"),
            "line 2 of action/checksums.txt names a second version",
        ),
        (format!("{digest}  {name}\n"), "has digests and no version"),
        (format!("version {VERSION}\n{}  {name}\n", &digest[..40]), "is no SHA-256"),
        (format!("version {VERSION}\n{}  {name}\n", digest.to_uppercase()), "is no SHA-256"),
        (format!("version {VERSION}\n  {name}\n"), "has no digest of"),
        (format!("version ../../1.0.0\n{digest}  {name}\n"), "which is none"),
        (format!("version 1.0.0\n{digest}  {name}\n"), "has no digest of packman-1.0.0-x86_64-unknown-linux-musl.tar.gz"),
    ] {
        release.job.action.write("action/checksums.txt", &lines);
        release.refused(reason);
        assert!(release.server.asked().is_empty(), "{lines}");
    }
    // Line ends of Windows are no matter.
    release.job.action.write("action/checksums.txt", &format!("version {VERSION}\r\n{digest}  {name}\r\n"));
    assert!(release.job.run().is_success);
}

#[test]
fn an_archive_can_only_give_the_one_program() {
    let Some(job) = Job::new() else { return };
    let program = stand_in(&job);
    let (folder, wrong) = (format!("packman-{VERSION}-{TARGET}"), format!("packman-1.0.0-{TARGET}/packman"));
    let member = format!("{folder}/packman");
    let up = format!("../{member}");
    let cases: Vec<(Vec<Member<'_>>, &str)> = vec![
        (vec![Member::file(&wrong, &program)], "has no packman-9.8.7"),
        (vec![Member::file("packman", &program)], "has no packman-9.8.7"),
        (vec![Member::file(&member, &program), Member::file(&member, &program)], "more than once"),
        (vec![Member::file(&member, "")], "is no file with something in it"),
        (vec![Member::link(&member, b'2', "/bin/true")], "is no file with something in it"),
        (vec![Member::file("other", &program), Member::link(&member, b'1', "other")], "is no file with something in it"),
        (vec![Member::file(&up, &program)], "has no packman-9.8.7"),
    ];
    for (members, reason) in cases {
        Release::of(tar_gz(&members)).unwrap().refused(reason);
    }
    Release::of(b"\x1f\x8b no archive at all".to_vec()).unwrap().refused("cannot be unpacked");

    // Whatever else it has lands nowhere.
    let outside = job.temp.at("outside");
    let (link, up) = (outside.to_str().unwrap().to_owned(), "../../outside-by-dots");
    let members =
        [Member::file(up, "x"), Member::link("way", b'2', &link), Member::file("way/in", "x"), Member::file(&member, &program)];
    let release = Release::of(tar_gz(&members)).unwrap();
    let ended = release.job.run();
    assert!(ended.is_success, "{}", ended.log);
    assert!(!outside.exists());
    let runner: Vec<_> = walk(&release.job.temp.at("runner"));
    assert!(runner.iter().any(|name| name == "packman"), "{runner:?}");
    assert!(!runner.iter().any(|name| name == "way" || name == "in" || name == "outside-by-dots"), "{runner:?}");
    assert!(!release.job.temp.at("outside-by-dots").exists());
}

/// The names of all files and folders below.
fn walk(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            names.extend(walk(&entry.path()));
        }
    }
    names
}

#[test]
fn a_program_that_says_another_version_does_not_judge() {
    let Some(job) = Job::new() else { return };
    let program = stand_in(&job).replace(VERSION, "9.8.6");
    let release = Release::of(tar_gz(&[Member::file(&format!("packman-{VERSION}-{TARGET}/packman"), &program)])).unwrap();
    let ended = release.job.run();
    assert!(!ended.is_success && ended.log.contains("should be packman 9.8.7; asked for its version"), "{}", ended.log);
    assert_eq!(fs::read_to_string(job.temp.at("ran")).unwrap(), "--version\n");
}

#[test]
fn each_machine_gets_its_own_archive_or_a_refusal() {
    let targets = [
        ("Linux", "X64", "x86_64-unknown-linux-musl"),
        ("Linux", "ARM64", "aarch64-unknown-linux-musl"),
        ("macOS", "X64", "x86_64-apple-darwin"),
        ("macOS", "ARM64", "aarch64-apple-darwin"),
        ("Windows", "X64", "x86_64-pc-windows-msvc"),
        ("Windows", "ARM64", "aarch64-pc-windows-msvc"),
    ];
    for system in ["Linux", "macOS", "Windows", "FreeBSD"] {
        for architecture in ["X86", "X64", "ARM", "ARM64", ""] {
            let Some((mut release, _)) = good_release() else { return };
            let target =
                targets.iter().find(|(os, arch, _)| (*os, *arch) == (system, architecture)).map(|(_, _, target)| *target);
            let name = if system == "Windows" { "packman.exe" } else { "packman" };
            let path = format!("packman-{VERSION}-{}/{name}", target.unwrap_or(TARGET));
            let archive = tar_gz(&[Member::file(&path, &stand_in(&release.job))]);
            let lines = format!("version {VERSION}\n{}  {}\n", sha256(&archive), archive_name(VERSION, target.unwrap_or(TARGET)));
            release.job.action.write("action/checksums.txt", &lines);
            release.server = Server::new(move |_, _| Answer::Bytes(archive.clone()));
            release.job.overrides.insert("PACKMAN_RELEASES", release.server.address.clone());
            release.job.variables.insert("RUNNER_OS".to_owned(), system.to_owned());
            release.job.variables.insert("RUNNER_ARCH".to_owned(), architecture.to_owned());
            if system == "Windows" {
                release.job.program("uname", "#!/bin/bash\necho MINGW64_NT-10.0-20348\n");
                release.job.program("cygpath", "#!/bin/bash\nprintf '%s\\n' \"${@: -1}\"\n");
            }
            if system == "macOS" {
                // There it is another program that knows SHA-256.
                fs::remove_file(release.job.temp.at("bin/sha256sum")).unwrap();
                release.job.program("shasum", "#!/bin/bash\n[ \"$*\" = '-a 256' ] && exec /usr/bin/sha256sum\n");
            }
            match target {
                None => {
                    let reason = format!("no release is for {system} on ");
                    release.refused(&reason);
                }
                Some(target) => {
                    let ended = release.job.run();
                    assert!(ended.is_success, "{system} {architecture}: {}", ended.log);
                    assert_eq!(release.server.asked(), [format!("/cli-v{VERSION}/{}", archive_name(VERSION, target))]);
                }
            }
        }
    }
}

#[test]
fn the_bash_of_another_system_is_not_taken_for_git_s() {
    let Some((mut release, _)) = good_release() else { return };
    release.job.variables.insert("RUNNER_OS".to_owned(), "Windows".to_owned());
    release.refused("this bash is not Git for Windows' (Linux)");
}

#[test]
fn what_the_job_s_environment_holds_for_shells_is_not_run() {
    let Some((mut release, _)) = good_release() else { return };
    let canary = release.job.temp.at("obeyed").to_str().unwrap().to_owned();
    let obey = format!(": >'{canary}'\n");
    release.job.temp.write("profile", &obey);
    let profile = release.job.temp.at("profile").to_str().unwrap().to_owned();
    for name in ["BASH_ENV", "ENV"] {
        release.job.variables.insert(name.to_owned(), profile.clone());
    }
    for name in ["curl", "printf", "tar"] {
        release.job.variables.insert(format!("BASH_FUNC_{name}%%"), format!("() {{\n{obey}}}"));
    }
    release.job.variables.insert("PACKMAN_RELEASES".to_owned(), "https://packages.invalid".to_owned());
    release.job.variables.insert("PACKMAN_BINARY".to_owned(), profile);
    // A shell that is not asked to look away would obey.
    for (arguments, is_obeyed) in [(["-c", "printf x"], true), (["-pc", "printf x"], false)] {
        let bash = release.job.temp.at("bin/bash");
        assert!(Command::new(bash).args(arguments).envs(&release.job.variables).output().unwrap().status.success());
        assert_eq!(fs::remove_file(&canary).is_ok(), is_obeyed);
    }
    let ended = release.job.run();
    assert!(ended.is_success, "{}", ended.log);
    assert!(!Path::new(&canary).exists(), "{}", ended.log);
}

#[test]
fn without_a_release_or_when_asked_it_is_built_from_the_action_s_own_source() {
    for is_asked in [false, true] {
        let Some(mut job) = Job::new() else { return };
        let log = job.temp.at("cargo");
        job.temp.write("packman", &stand_in(&job));
        let made = job.temp.at("packman").to_str().unwrap().to_owned();
        let cargo = format!(
            "#!/bin/bash\nprintf '%s in %s\\n' \"$*\" \"$PWD\" >'{}'\nmkdir -p \"${{@: -1}}/release\"\ncp '{made}' \"${{@: -1}}/release/packman\"\nchmod 755 \"${{@: -1}}/release/packman\"\n",
            log.display()
        );
        if is_asked {
            job.action.write("action/checksums.txt", &format!("version {VERSION}\n"));
            job.input("build", "true");
        } else {
            job.action.write("action/checksums.txt", "# nothing yet\n");
        }
        let ended = job.run();
        assert!(!ended.is_success && ended.log.contains("no cargo to build packman with"), "{}", ended.log);
        job.program("cargo", &cargo);
        let ended = job.run();
        assert!(ended.is_success, "{}", ended.log);
        assert_eq!(ended.log.contains("::notice title=packman::this commit of the Action carries no release"), !is_asked);
        let (action, temp) = (job.action.0.display(), job.temp.at("runner"));
        let expected =
            format!("build --release --locked --bin packman --target-dir {}/packman-target in {action}\n", temp.display());
        assert_eq!(fs::read_to_string(&log).unwrap(), expected);
        job.program("cargo", "#!/bin/bash\nexit 101\n");
        assert!(job.run().log.contains("cargo could not build packman"));
    }
}

#[test]
fn an_attestation_is_asked_of_gh_before_anything_runs() {
    let Some((mut release, _)) = good_release() else { return };
    release.job.input("attestation", "true");
    release.refused("needs gh, which is not on this runner");
    release.job.program("gh", "#!/bin/bash\necho 'Usage: gh attestation verify'\n");
    release.refused("needs a newer gh");
    let said = release.job.temp.at("gh");
    let gh = |end: u8| {
        format!(
            "#!/bin/bash\ncase $* in *--help*) echo '--source-ref' ;; *) echo \"$GH_TOKEN $*\" >'{}'; exit {end} ;; esac\n",
            said.display()
        )
    };
    release.job.program("gh", &gh(1));
    release.refused("gh finds no attestation");
    release.job.program("gh", &gh(0));
    let ended = release.job.run();
    assert!(ended.is_success, "{}", ended.log);
    let said = fs::read_to_string(&said).unwrap();
    assert!(said.starts_with("ghs_canary attestation verify /"), "{said}");
    for wanted in [
        "--repo OWASP/packman ",
        "--signer-workflow OWASP/packman/.github/workflows/release.yml ",
        "--source-ref refs/tags/cli-v9.8.7 ",
        "--deny-self-hosted-runners",
    ] {
        assert!(said.contains(wanted), "{said}");
    }
    assert!(!fs::read_to_string(release.job.temp.at("ran.env")).unwrap().contains("ghs_canary"));
}
