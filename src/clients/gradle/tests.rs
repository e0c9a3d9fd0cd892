use crate::clients::testing::routing;

const LOCK: &str = "com.example:lib:1.0=compileClasspath\n";
const PORTAL: &str = "SilentFor(*.gradle.plugin) -> gradlePluginPortal()\n";

/// The rules only, for a lock beside these files.
fn rules(files: &[(&str, &str)]) -> String {
    let files: Vec<(&str, &str)> = files.iter().copied().chain([("gradle.lockfile", LOCK)]).collect();
    let all = routing("gradle.lockfile", &files);
    let is_rule = |line: &&str| !line.starts_with("reads ");
    all.lines().filter(is_rule).map(|line| format!("{line}\n")).collect()
}

fn build(script: &str) -> String {
    rules(&[("build.gradle", script)])
}

#[test]
fn no_repositories_are_no_answer() {
    assert_eq!(rules(&[]), PORTAL);
    assert_eq!(build("plugins { id 'java' }\npublishing { repositories { maven { url 'https://upload.example/' } } }"), PORTAL);
}

#[test]
fn both_languages() {
    let groovy = "repositories {\n  mavenCentral()\n  google()\n  mavenLocal()\n  jcenter() // dead\n  maven { url 'https://a.example/' }\n  maven { url = uri(\"https://b.example/\") }\n  flatDir { dirs 'libs' }\n}";
    assert_eq!(
        build(groovy),
        format!(
            "{PORTAL}Silent -> https://repo.maven.apache.org/maven2/, https://dl.google.com/dl/android/maven2/, folder ~/.m2/repository, https://jcenter.bintray.com/, https://a.example/, https://b.example/, folder flatDir\n"
        )
    );
    let kotlin = "repositories {\n  maven(\"https://a.example/\")\n  maven { setUrl(\"https://b.example/\") }\n  maven { name = \"c\"; url = URI.create(\"https://c.example/\") }\n  ivy { url = uri(\"https://d.example/\") }\n  /* maven(\"https://no.example/\") */\n  maven(uri(\"$rootDir/repo\"))\n}";
    assert_eq!(
        rules(&[("build.gradle.kts", kotlin)]),
        format!(
            "{PORTAL}Silent -> https://a.example/, https://b.example/, https://c.example/, https://d.example/, folder ./repo\n"
        )
    );
}

#[test]
fn names_of_texts_are_looked_up() {
    let script = "val host = \"a.example\"\nrepositories { maven(\"https://$host/x\")\nmaven { url = uri(repoUrl) }\nmaven { url = uri(\"${other}/y\") } }";
    assert_eq!(
        rules(&[("build.gradle.kts", script), ("gradle.properties", "repoUrl = https://b.example/\n")]),
        format!(
            "{PORTAL}Silent -> https://a.example/x, https://b.example/, unknown: `url = uri(\"${{other}}/y\")` in a `repositories` block cannot be read without running it\n"
        )
    );
}

#[test]
fn what_runs_is_unknown() {
    for statement in [
        "addRepos()",
        "maven { url = System.getenv('REPO') }",
        "maven { url = uri(providers.gradleProperty(\"u\").get()) }",
        "maven { credentials { } }",
        "mavenCentral(url: 'https://x.example/')",
        "all { println it }",
    ] {
        let found = build(&format!("repositories {{ {statement} }}"));
        assert!(found.contains("Silent -> unknown: "), "{statement}: {found}");
    }
    let both = build("repositories { if (ci) { mavenCentral() } else { maven { url 'https://a.example/' } } }");
    assert_eq!(both, format!("{PORTAL}Silent -> https://repo.maven.apache.org/maven2/, https://a.example/\n"));
    let remote = build("apply from: 'https://a.example/x.gradle'\nrepositories { mavenCentral() }");
    assert!(
        remote.contains("unknown: a script from another place") && remote.contains("setting RunsProgram apply from"),
        "{remote}"
    );
}

#[test]
fn content_narrows() {
    let script = "repositories {\n  google { content {\n includeGroupByRegex(\"com\\\\.android.*\")\n includeGroupAndSubgroups(\"androidx\")\n } }\n  mavenCentral()\n  exclusiveContent {\n    forRepository { maven { url = uri(\"https://acme.example/\") } }\n    filter {\n includeGroup(\"com.acme\")\n includeModule(\"org.other\", \"one\")\n }\n  }\n  maven { url = uri(\"https://s.example/\")\n mavenContent { snapshotsOnly() } }\n}";
    let both = "https://dl.google.com/dl/android/maven2/, https://repo.maven.apache.org/maven2/";
    assert_eq!(
        rules(&[("build.gradle.kts", script)]),
        format!(
            "{PORTAL}SilentFor(org.other:one) -> https://acme.example/\nSilentFor(com.android*:*) -> {both}\nSilentFor(androidx.*:*) -> {both}\nSilentFor(com.acme:*) -> https://acme.example/\nSilentFor(androidx:*) -> {both}\nSilent -> https://repo.maven.apache.org/maven2/\n"
        )
    );
}

#[test]
fn settings_serve_projects_without_their_own() {
    let settings = "pluginManagement { repositories { gradlePluginPortal()\n maven(\"https://plugins.example/\") } }\ndependencyResolutionManagement {\n  repositories { maven(\"https://settings.example/\") }\n}";
    let plugins = "SilentFor(*.gradle.plugin) -> https://plugins.gradle.org/m2/, https://plugins.example/\n";
    assert_eq!(rules(&[("settings.gradle.kts", settings)]), format!("{plugins}Silent -> https://settings.example/\n"));
    let own = "repositories { mavenCentral() }";
    let found = rules(&[("settings.gradle.kts", settings), ("build.gradle", own)]);
    assert_eq!(found, format!("{plugins}Silent -> https://repo.maven.apache.org/maven2/\n"));
    let preferring =
        settings.replace("  repositories", "  repositoriesMode.set(RepositoriesMode.FAIL_ON_PROJECT_REPOS)\n  repositories");
    let found = rules(&[("settings.gradle.kts", &preferring), ("build.gradle", own)]);
    assert_eq!(found, format!("{plugins}Silent -> https://settings.example/\n"));
}

#[test]
fn projects_below_have_what_is_said_for_all() {
    let root = "repositories { maven { url 'https://root.example/' } }\nallprojects { repositories { maven { url 'https://all.example/' } } }\nsubprojects { repositories { maven { url 'https://below.example/' } } }";
    let files = [
        ("settings.gradle", "include ':app'"),
        ("build.gradle", root),
        ("app/gradle.lockfile", LOCK),
        ("app/build.gradle", "repositories { mavenCentral() }"),
    ];
    let found = routing("app/gradle.lockfile", &files);
    assert!(
        found.contains("Silent -> https://all.example/, https://below.example/, https://repo.maven.apache.org/maven2/\n"),
        "{found}"
    );
    let found = routing("gradle.lockfile", &[&files[..], &[("gradle.lockfile", LOCK)]].concat());
    assert!(found.contains("Silent -> https://root.example/, https://all.example/\n"), "{found}");
}

#[test]
fn what_builds_comes_from_plugin_repositories() {
    let script = "buildscript { repositories { google() } }\nrepositories { mavenCentral() }";
    let files = [("build.gradle", script), ("buildscript-gradle.lockfile", "com.android.tools.build:gradle:8.7.2=classpath\n")];
    let found = routing("buildscript-gradle.lockfile", &files);
    assert_eq!(found, "Silent -> gradlePluginPortal(), https://dl.google.com/dl/android/maven2/\nreads build.gradle\n");
}

#[test]
fn files_of_the_whole_build_ask_all_scripts() {
    let files = [
        ("gradle/libs.versions.toml", "[libraries]\na = \"g:a:1\"\n"),
        ("settings.gradle", ""),
        ("app/build.gradle.kts", "repositories { mavenCentral() }"),
        ("buildSrc/build.gradle.kts", "repositories { gradlePluginPortal() }"),
        ("buildSrc/src/main/kotlin/conventions.gradle.kts", "repositories { google() }"),
    ];
    let found = routing("gradle/libs.versions.toml", &files);
    assert!(
        found.contains("Silent -> https://repo.maven.apache.org/maven2/, https://dl.google.com/dl/android/maven2/\n"),
        "{found}"
    );
}

#[test]
fn settings_that_protect_or_endanger() {
    let script = "repositories { maven { url 'http://a.example/'\n allowInsecureProtocol = true } }";
    let found = rules(&[
        ("build.gradle", script),
        ("gradle.properties", "org.gradle.dependency.verification=lenient\n"),
        ("gradle/verification-metadata.xml", "<verification-metadata/>"),
    ]);
    for setting in [
        "IntegrityOff org.gradle.dependency.verification",
        "IntegrityOn verification-metadata.xml",
        "TlsOff allowInsecureProtocol",
    ] {
        assert!(found.contains(setting), "{setting}: {found}");
    }
}

#[test]
fn broken_scripts_end() {
    for script in [
        "repositories {",
        "}}}} repositories { mavenCentral(",
        "\"\"\"",
        "'",
        "/*",
        "\\",
        "repositories { maven { url '",
        "ä{ö}ü",
    ] {
        build(script);
    }
    build(&"{".repeat(100_000));
    build(&"repositories { ".repeat(10_000));
}
