use crate::clients::testing::routing;

const LOCK: &str = "com.example:lib:1.0=compileClasspath\n";
const PORTAL: &str = "SilentFor(*.gradle.plugin) -> gradlePluginPortal()\n";

/// The rules only, for a lock beside these files.
fn rules(files: &[(&str, &str)]) -> String {
    let files: Vec<(&str, &str)> = files.iter().copied().chain([("gradle.lockfile", LOCK)]).collect();
    let all = routing("gradle.lockfile", &files);
    let is_rule = |line: &&str| !line.starts_with("reads ");
    all.lines().filter(is_rule).flat_map(|line| [line, "\n"]).collect()
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
fn expressions_with_alternatives_narrow() {
    let only = |written: &str| {
        let script =
            format!("repositories {{\n  mavenCentral()\n  maven {{ url = 'https://a.example/'\n content {{ {written} }} }}\n}}");
        let found = rules(&[("build.gradle", &script)]);
        let narrowed =
            found.lines().filter_map(|line| line.strip_prefix("SilentFor(")?.split_once(":*)")).map(|(group, _)| group);
        narrowed.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(only(r"includeGroupByRegex('tech\\.pegasys(\\..*)?')"), "tech.pegasys.* tech.pegasys");
    assert_eq!(only(r"includeGroupByRegex('(com\\.a|org\\.(b|c))\\..*')"), "org.c.* org.b.* com.a.*");
    assert_eq!(only(r"includeGroupByRegex('a|b\\.c')"), "b.c a");
    for unread in
        [r"includeGroupByRegex('(a')", r"includeGroupByRegex('(a)+')", r"includeGroupByRegex('[ab]')", "includeGroupByRegex(x)"]
    {
        assert_eq!(only(unread), "", "{unread}");
    }
    let many = format!("includeGroupByRegex('{}')", "(a|b)".repeat(12));
    assert_eq!(only(&many), "");
}

#[test]
fn repositories_with_names_are_repositories() {
    let central = "https://repo.maven.apache.org/maven2/";
    let script = "repositories {\n  mavenCentral()\n  def specs = ivy {\n    url = 'https://a.example/'\n  }\n  exclusiveContent {\n    forRepositories(specs)\n    filter { includeModule('g', 'a') }\n  }\n}";
    assert_eq!(
        rules(&[("build.gradle", script)]),
        format!("{PORTAL}SilentFor(g:a) -> https://a.example/\nSilent -> {central}\n")
    );
    let script = "repositories {\n  val own = maven(\"https://a.example/\")\n  val words = listOf(\"x\")\n  mavenCentral()\n}";
    assert_eq!(rules(&[("build.gradle.kts", script)]), format!("{PORTAL}Silent -> https://a.example/, {central}\n"));
    let block = "repositories {\n  val own = maven(\"https://a.example/\")\n  exclusiveContent {\n    forRepository { own }\n    filter { includeGroup(\"g\") }\n  }\n}";
    assert_eq!(rules(&[("build.gradle.kts", block)]), format!("{PORTAL}SilentFor(g:*) -> https://a.example/\n"));
    let gone = "repositories {\n  mavenCentral()\n  exclusiveContent {\n    forRepositories(gone)\n    filter { includeGroup('g') }\n  }\n}";
    assert!(rules(&[("build.gradle", gone)]).contains("SilentFor(g:*) -> unknown"));
}

#[test]
fn what_a_build_uploads_to_is_not_asked() {
    for upload in ["publishing {", "configure<PublishingExtension> {", "extensions.configure(PublishingExtension) {"] {
        let script = format!(
            "{upload}\n  repositories {{ maven {{ url = uri(\"https://a.example/\") }} }}\n}}\nrepositories {{ mavenCentral() }}"
        );
        let found = rules(&[("build.gradle.kts", &script)]);
        assert_eq!(found, format!("{PORTAL}Silent -> https://repo.maven.apache.org/maven2/\n"), "{upload}");
    }
}

#[test]
fn plugins_of_included_builds_may_be_applied() {
    let found = rules(&[
        ("settings.gradle.kts", "pluginManagement {\n  includeBuild(\"conventions\")\n}\nincludeBuild(\"../elsewhere\")"),
        ("conventions/build.gradle.kts", "repositories { gradlePluginPortal() }"),
        ("conventions/src/main/kotlin/java-conventions.gradle.kts", "repositories { mavenCentral() }"),
        ("other/src/main/kotlin/java-conventions.gradle.kts", "repositories { google() }"),
    ]);
    assert_eq!(found, format!("{PORTAL}Silent -> https://repo.maven.apache.org/maven2/\n"));
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
fn built_in_repositories_move_by_their_blocks() {
    for statement in [
        "mavenCentral { url \"https://evil.example/x\" }",
        "mavenCentral() { url = uri(\"https://evil.example/x\") }",
        "google { setUrl(\"https://evil.example/x\") }",
        "mavenLocal { url 'https://evil.example/x' }",
    ] {
        let found = build(&format!("repositories {{ {statement} }}"));
        assert_eq!(found, format!("{PORTAL}Silent -> https://evil.example/x\n"), "{statement}");
    }
    for statement in [
        "mavenCentral { it.url = 'https://evil.example/x' }",
        "mavenCentral { artifactUrls 'https://evil.example/x' }",
        "mavenCentral { repository -> repository.url = 'https://evil.example/x' }",
        "mavenCentral { move() }",
        "maven { url 'https://a.example/'; it.url = 'https://evil.example/x' }",
        "maven { artifactUrls 'https://evil.example/x'; url 'https://a.example/' }",
    ] {
        let found = build(&format!("repositories {{ {statement} }}"));
        assert!(found.contains("Silent -> unknown: "), "{statement}: {found}");
    }
    let usual = "repositories { mavenCentral { name = 'c'\n metadataSources { mavenPom() }\n mavenContent { releasesOnly() } } }";
    assert_eq!(build(usual), format!("{PORTAL}Silent -> https://repo.maven.apache.org/maven2/\n"));
}

#[test]
fn repositories_have_receivers() {
    for script in [
        "project.repositories { maven { url 'https://a.example/' } }",
        "getRepositories().maven { setUrl('https://a.example/') }",
        "with(project) { getRepositories().maven { setUrl('https://a.example/') } }",
        "with(repositories) { maven { url 'https://a.example/' } }",
        "allprojects { p -> p.repositories { maven { url 'https://a.example/' } } }",
        "rootProject.repositories.maven { url 'https://a.example/' }",
        "if (ci) repositories { maven { url 'https://a.example/' } }",
        "def own = project.repositories.maven { url 'https://a.example/' }",
    ] {
        assert_eq!(build(script), format!("{PORTAL}Silent -> https://a.example/\n"), "{script}");
    }
    for script in [
        "import org.gradle.api.artifacts.repositories.MavenArtifactRepository",
        "publishing.repositories { maven { url 'https://upload.example/' } }",
        "project.publishing.repositories.maven { url 'https://upload.example/' }",
        "publishing { repositories { maven { url 'https://upload.example/' } } }",
        "nexusPublishing { repositories { sonatype() } }",
        "println(project.repositories.size())",
    ] {
        assert_eq!(build(script), PORTAL, "{script}");
    }
    assert!(build("def own = project.repositories\nown.mavenCentral()").contains("Silent -> unknown: "));
    let settings = "beforeSettings { settings -> settings.pluginManagement.repositories { maven { url 'https://a.example/' } } }";
    assert_eq!(rules(&[("settings.gradle", settings)]), "SilentFor(*.gradle.plugin) -> https://a.example/\n");
}

#[test]
fn applied_scripts_are_read() {
    let own = "repositories { maven { url 'https://a.example/' } }";
    for apply in [
        "apply from: 'x/other.gradle'",
        "apply(from = \"x/other.gradle\")",
        "apply(mapOf(\"from\" to \"x/other.gradle\"))",
        "apply { from(\"x/other.gradle\") }",
        "project.apply from: rootProject.file('x/other.gradle')",
        "apply from: \"$rootDir/x/other.gradle\"",
        "apply from: \"${rootProject.projectDir}/x/other.gradle\"",
        "apply from: new File(rootDir, 'x/other.gradle')",
        "def where = 'x/other.gradle'\napply from: where",
    ] {
        let found = rules(&[("build.gradle", apply), ("x/other.gradle", own)]);
        assert_eq!(found, format!("{PORTAL}Silent -> https://a.example/\n"), "{apply}");
    }
    for apply in [
        "apply from: 'missing.gradle'",
        "apply from: \"$other/x.gradle\"",
        "apply from: '../outside.gradle'",
        "apply from: where()",
    ] {
        let found = build(&format!("{apply}\nrepositories {{ mavenCentral() }}"));
        assert!(found.contains("unknown: a script is applied that cannot be found"), "{apply}: {found}");
    }
    for usual in ["apply plugin: 'java'", "apply<JavaPlugin>()", "val t = copySpec().apply { from(\"src\") }"] {
        assert_eq!(build(usual), PORTAL, "{usual}");
    }
    // Scripts that apply each other are read once; one that is shared is what it is.
    let both =
        [("build.gradle", "apply from: 'a.gradle'"), ("a.gradle", "apply from: 'build.gradle'\nrepositories { google() }")];
    assert_eq!(rules(&both), format!("{PORTAL}Silent -> https://dl.google.com/dl/android/maven2/\n"));
    let shared = [("build.gradle", "apply from: \"$rootDir/gradle/a.gradle\""), ("gradle/a.gradle", own)];
    assert_eq!(rules(&shared), format!("{PORTAL}Silent -> https://a.example/\n"));
}

#[test]
fn what_lies_too_deep_is_told() {
    let deep = format!("{}repositories {{ google() }}{}", "if (true) {".repeat(70), "}".repeat(70));
    let found = build(&format!("repositories {{ mavenCentral() }}\n{deep}"));
    assert!(found.contains(", unknown: is a block inside of more than 64 others"), "{found}");
    assert!(found.contains("problem build.gradle:2: is a block inside of more than 64 others"), "{found}");
    let names: Vec<String> = (0..2_010).map(|at| format!("gradle/s{at}.gradle")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    let found = rules(&[&files[..], &[("build.gradle", "repositories { mavenCentral() }")]].concat());
    assert!(found.contains(", unknown: is one of more than 2000 scripts of the build"), "{found}");
}

#[test]
fn too_many_repositories_are_told() {
    let many: String = (0..70).map(|at| format!("maven {{ url 'https://r{at}.example/' }}\n")).collect();
    let found = build(&format!("repositories {{\n{many}}}"));
    assert!(found.contains("https://r63.example/, unknown: is one of more than 64 repositories"), "{found}");
    assert!(found.contains("problem build.gradle:66: is one of more than 64 repositories"), "{found}");
    let same = "maven { url 'https://a.example/' }\n".repeat(70);
    assert_eq!(build(&format!("repositories {{\n{same}}}")), format!("{PORTAL}Silent -> https://a.example/\n"));
}

proptest::proptest! {
    #[test]
    fn any_script_is_read(parts in proptest::collection::vec(proptest::sample::select(&[
        "repositories", "{", "}", "(", ")", "maven", "url", "=", "\"", "'", "\"https://a.example/$x\"", "\n", ";", "content", "includeGroup",
        "exclusiveContent", "forRepository", "filter", "/*", "*/", "//", "ü", "\\", "$", "${", ".", "val x = \"y\"",
    ][..]), 0..60)) {
        build(&parts.concat());
        build(&parts.join(" "));
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
