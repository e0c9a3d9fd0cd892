//! Each shape with what registries and clients really write, and what an attacker would.

use super::Shape::{AnotherPackage, Other, Own};
use super::*;

fn check(ecosystem: Ecosystem, rows: &[(&str, &str, &str, Shape)]) {
    for (address, name, version, expected) in rows {
        assert_eq!(of(ecosystem, address, name, version), *expected, "{name} {version}: {address}");
    }
}

#[test]
fn npm_tarballs() {
    check(
        Ecosystem::Npm,
        &[
            ("https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz", "left-pad", "1.3.0", Own),
            ("https://registry.npmjs.org/@acme/x/-/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            ("https://registry.npmjs.org/@acme%2fx/-/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            ("https://registry.npmjs.org/x/-/x-1.0.0.tgz?cache=0#abc", "x", "1.0.0+build.7", Own),
            // Verdaccio, Nexus, Artifactory, Azure, CodeArtifact, Google: the same below a path.
            ("https://npm.example.org/verdaccio/@acme/x/-/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            ("https://nexus.example.org/repository/npm-group/x/-/x-1.0.0.tgz", "x", "1.0.0", Own),
            ("https://acme.example.org/artifactory/api/npm/npm/@acme/x/-/@acme/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            ("https://acme.example.org/artifactory/api/npm/npm/acme/x/-/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            ("https://gitlab.example.org/api/v4/projects/7/packages/npm/@acme/x/-/@acme/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            // Gitea, GitHub Packages, cnpm, JSR.
            ("https://git.example.org/api/packages/acme/npm/@acme%2Fx/-/1.0.0/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            ("https://npm.example.org/download/@acme/x/1.0.0/0123abcd", "@acme/x", "1.0.0", Own),
            ("https://npm.example.org/download/acme/x/1.0.0/0123abcd", "@acme/x", "1.0.0", Own),
            ("https://npm.example.org/chalk/download/chalk-2.3.0.tgz", "chalk", "2.3.0", Own),
            ("https://npm.example.org/@acme/x/download/@acme/x-1.0.0.tgz", "@acme/x", "1.0.0", Own),
            ("https://npm.example.org/~/11/@jsr/std__path/1.0.8.tgz", "@jsr/std__path", "1.0.8", Own),
            // No registry's.
            ("https://gitlab.example.org/acme/x/-/archive/v1/x-v1.tar.gz", "x", "1.0.0", Other),
            ("https://github.example.org/acme/x/releases/download/v1.0.0/x.tgz", "x", "1.0.0", Other),
            ("https://downloads.example.org/x-1.0.0.tgz", "x", "1.0.0", Other),
            ("https://nodejs.example.org/download/release/v22.1.0/node-v22.1.0-linux-x64.tar.gz", "node", "22.1.0", Other),
            // Another's.
            ("https://registry.npmjs.org/evil/-/evil-1.3.0.tgz", "left-pad", "1.3.0", AnotherPackage),
            ("https://registry.npmjs.org/left-pad/-/left-pad-1.2.0.tgz", "left-pad", "1.3.0", AnotherPackage),
            ("https://registry.npmjs.org/xleft-pad/-/left-pad-1.3.0.tgz", "left-pad", "1.3.0", AnotherPackage),
            ("https://registry.npmjs.org/@evil/x/-/x-1.0.0.tgz", "@acme/x", "1.0.0", AnotherPackage),
            ("https://npm.example.org/download/@acme/x/1.0.1/0123abcd", "@acme/x", "1.0.0", AnotherPackage),
            ("https://npm.example.org/download/@evil/x/1.0.0/0123abcd", "@acme/x", "1.0.0", AnotherPackage),
            ("https://npm.example.org/evil/download/evil-2.3.0.tgz", "chalk", "2.3.0", AnotherPackage),
            ("https://npm.example.org/~/11/@jsr/evil/1.0.8.tgz", "@jsr/std__path", "1.0.8", AnotherPackage),
        ],
    );
}

#[test]
fn python_files() {
    check(
        Ecosystem::PyPi,
        &[
            ("https://files.example.org/a/b/requests-2.32.0-py3-none-any.whl", "requests", "2.32.0", Own),
            ("https://files.example.org/a/b/requests-2.32.0.tar.gz#sha256=00", "requests", "2.32.0", Own),
            ("https://files.example.org/zope.interface-5.4.0.zip", "zope-interface", "5.4.0", Own),
            (
                "https://files.example.org/ruamel_yaml_clib-0.2.8-cp312-cp312-musllinux_1_2_x86_64.whl",
                "ruamel-yaml-clib",
                "0.2.8",
                Own,
            ),
            ("https://files.example.org/PyYAML-6.0.tar.gz", "pyyaml", "6.0", Own),
            ("https://files.example.org/python-dateutil-2.8.2.tar.gz", "python-dateutil", "2.8.2", Own),
            // Versions in other spellings: normal form, epoch, local version, build tag, post and pre-releases.
            ("https://files.example.org/x-1.0-py3-none-any.whl", "x", "1.0.0", Own),
            ("https://files.example.org/x-1%212.0.tar.gz", "x", "1!2.0", Own),
            ("https://files.example.org/torch-2.4.0%2Bcu121-cp312-cp312-linux_x86_64.whl", "torch", "2.4.0+cu121", Own),
            ("https://files.example.org/torch-2.4.0+cpu-cp312-cp312-linux_x86_64.whl", "torch", "2.4.0", Own),
            ("https://files.example.org/x-1.0+abc_1-py3-none-any.whl", "x", "1.0+abc.1", Own),
            ("https://files.example.org/x-1.0-2-cp312-cp312-linux_x86_64.whl", "x", "1.0", Own),
            ("https://files.example.org/x-1.0.post1.tar.gz", "x", "1.0.post1", Own),
            ("https://files.example.org/x-1.0-1.tar.gz", "x", "1.0.post1", Own),
            ("https://files.example.org/x-1.0-beta2.tar.gz", "x", "1.0b2", Own),
            ("https://files.example.org/pytz-2004d.tar.gz", "pytz", "2004d", Own),
            ("https://files.example.org/x-1.0.tar.gz", "x", "", Own),
            // What says no name and version.
            ("https://code.example.org/acme/x/archive/main.zip", "x", "1.0", Other),
            ("https://code.example.org/acme/x/archive/v1.0.tar.gz", "x", "1.0", Other),
            ("https://code.example.org/acme/x/0123abcd", "x", "1.0", Other),
            // Another's.
            ("https://files.example.org/evil-1.0.tar.gz", "requests", "2.32.0", AnotherPackage),
            ("https://files.example.org/requests_evil-2.32.0-py3-none-any.whl", "requests", "2.32.0", AnotherPackage),
            ("https://files.example.org/requests-evil-2.32.0.tar.gz", "requests", "2.32.0", AnotherPackage),
            ("https://files.example.org/requests-2.31.0.tar.gz", "requests", "2.32.0", AnotherPackage),
            ("https://files.example.org/reques-2.32.0.tar.gz", "requests", "2.32.0", AnotherPackage),
            ("https://files.example.org/evil-1.0.tar.gz", "requests", "", AnotherPackage),
            ("https://files.example.org/torch-2.4.0%2Bcpu-cp312-cp312-linux_x86_64.whl", "torch", "2.4.0+cu121", AnotherPackage),
        ],
    );
}

#[test]
fn maven_files() {
    check(
        Ecosystem::Maven,
        &[
            ("https://repo.example.org/maven2/org/acme/tax/1.0/tax-1.0.jar", "org.acme:tax", "1.0", Own),
            ("https://repo.example.org/maven2/org/acme/tax/1.0/tax-1.0-sources.jar", "org.acme:tax", "1.0", Own),
            (
                "https://repo.example.org/r/org/acme/tax/1.0-SNAPSHOT/tax-1.0-20240101.101010-3.jar",
                "org.acme:tax",
                "1.0-SNAPSHOT",
                Own,
            ),
            (
                "https://repo.example.org/r/org/acme/tax/1.0-SNAPSHOT/tax-1.0-20240101.101010-3.jar",
                "org.acme:tax",
                "1.0-20240101.101010-3",
                Own,
            ),
            ("https://repo.example.org/tax.jar", "org.acme:tax", "1.0", Other),
            ("https://repo.example.org/maven2/org/evil/tax/1.0/tax-1.0.jar", "org.acme:tax", "1.0", AnotherPackage),
            ("https://repo.example.org/maven2/org/acme/evil/1.0/evil-1.0.jar", "org.acme:tax", "1.0", AnotherPackage),
            ("https://repo.example.org/maven2/org/acme/tax/0.9/tax-0.9.jar", "org.acme:tax", "1.0", AnotherPackage),
            ("https://repo.example.org/maven2/xorg/acme/tax/1.0/tax-1.0.jar", "org.acme:tax", "1.0", AnotherPackage),
        ],
    );
}

#[test]
fn conda_packages() {
    check(
        Ecosystem::Conda,
        &[
            ("https://conda.example.org/forge/linux-64/libgcc-ng-13.2.0-h807b86a_5.conda", "libgcc-ng", "13.2.0", Own),
            ("https://conda.example.org/forge/noarch/tzdata-2024a-h0c530f3_0.tar.bz2#abc", "tzdata", "2024a", Own),
            ("https://conda.example.org/forge/noarch/x-1%212.0-0.conda", "x", "1!2.0", Own),
            ("https://conda.example.org/forge/noarch/x.tar.bz2", "x", "1.0", Other),
            ("https://conda.example.org/forge/noarch/evil-2024a-h0c530f3_0.conda", "tzdata", "2024a", AnotherPackage),
            ("https://conda.example.org/forge/noarch/tzdata-2023a-h0c530f3_0.conda", "tzdata", "2024a", AnotherPackage),
        ],
    );
}

#[test]
fn archives_of_repositories() {
    let commit = "0123456789012345678901234567890123456789";
    let github = "https://github.com/acme/tax.git";
    for (archive, repository, is_another) in [
        (format!("https://api.github.com/repos/acme/tax/zipball/{commit}"), github, false),
        (format!("https://api.github.com/repos/Acme/tax/zipball/{commit}"), "git@github.com:acme/tax.git", false),
        (format!("https://codeload.github.com/acme/tax/legacy.zip/{commit}"), github, false),
        (format!("https://bitbucket.org/acme/tax/get/{commit}.zip"), "https://bitbucket.org/acme/tax.git", false),
        (
            format!("https://gitlab.example/api/v4/projects/acme%2Fsub%2Ftax/repository/archive.zip?sha={commit}"),
            "https://gitlab.example/acme/sub/tax.git",
            false,
        ),
        ("https://downloads.example.org/tax.zip".to_owned(), github, false),
        (format!("https://api.github.com/repos/evil/tax/zipball/{commit}"), github, true),
        ("https://api.github.com/repos/acme/tax/zipball/9999".to_owned(), github, true),
        (
            format!("https://gitlab.example/api/v4/projects/evil%2Ftax/repository/archive.zip?sha={commit}"),
            "https://gitlab.example/acme/tax.git",
            true,
        ),
    ] {
        assert_eq!(is_archive_of_another(&archive, repository, commit), is_another, "{archive}");
    }
}
