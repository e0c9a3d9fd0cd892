use crate::clients::testing::routing;

fn pom(body: &str) -> String {
    let dependency = "<dependency><groupId>com.example</groupId><artifactId>lib</artifactId><version>1.0</version></dependency>";
    format!(
        "<project>\n<groupId>com.acme</groupId><artifactId>app</artifactId><version>1</version>\n<dependencies>{dependency}</dependencies>\n{body}\n</project>"
    )
}

fn repository(id: &str, url: &str) -> String {
    format!("<repository><id>{id}</id><url>{url}</url></repository>")
}

const PLUGINS: &str = "Named(plugin repositories) -> default\n";

#[test]
fn nothing_is_central() {
    assert_eq!(routing("pom.xml", &[("pom.xml", &pom(""))]), format!("{PLUGINS}reads pom.xml\n"));
}

#[test]
fn declared_repositories_come_before_central() {
    let body = format!(
        "<properties><host>maven.acme.example</host></properties>\n<repositories>{}{}</repositories>\n<pluginRepositories><pluginRepository><id>p</id><url>https://plugins.acme.example/</url></pluginRepository></pluginRepositories>\n<profiles><profile><repositories>{}</repositories></profile></profiles>",
        repository("acme", "https://${host}/a"),
        repository("folder", "file://${project.basedir}/repo"),
        repository("extra", "https://extra.acme.example/")
    );
    assert_eq!(
        routing("pom.xml", &[("pom.xml", &pom(&body))]),
        "Named(plugin repositories) -> https://plugins.acme.example/, default\n\
         Silent -> https://extra.acme.example/, https://maven.acme.example/a, folder file://./repo, default\n\
         reads pom.xml\n"
    );
}

#[test]
fn central_may_be_redefined() {
    let body = format!("<repositories>{}</repositories>", repository("central", "https://mirror.acme.example/"));
    assert_eq!(
        routing("pom.xml", &[("pom.xml", &pom(&body))]),
        format!("{PLUGINS}Silent -> https://mirror.acme.example/\nreads pom.xml\n")
    );
    // A profile may be inactive.
    let body = format!("<profiles><profile>{body}</profile></profiles>");
    assert_eq!(
        routing("pom.xml", &[("pom.xml", &pom(&body))]),
        format!("{PLUGINS}Silent -> https://mirror.acme.example/, default\nreads pom.xml\n")
    );
}

#[test]
fn parents_add_theirs_and_the_nearest_id_wins() {
    let parent = format!(
        "<project><groupId>com.acme</groupId><artifactId>parent</artifactId><version>1</version><repositories>{}{}</repositories></project>",
        repository("acme", "https://old.acme.example/"),
        repository("other", "https://other.acme.example/")
    );
    let child = format!(
        "<project><parent><groupId>com.acme</groupId><artifactId>parent</artifactId><version>1</version></parent><artifactId>app</artifactId><repositories>{}</repositories></project>",
        repository("acme", "https://new.acme.example/")
    );
    assert_eq!(
        routing("app/pom.xml", &[("app/pom.xml", &child), ("pom.xml", &parent)]),
        format!(
            "{PLUGINS}Silent -> https://new.acme.example/, https://other.acme.example/, default\nreads app/pom.xml\nreads pom.xml\n"
        )
    );
}

#[test]
fn snapshots_have_repositories_of_their_own() {
    let snapshots = "<repositories><repository><id>s</id><url>https://snapshots.acme.example/</url><releases><enabled>false</enabled></releases></repository><repository><id>r</id><url>https://releases.acme.example/</url><snapshots><enabled>false</enabled></snapshots></repository><repository><id>p2</id><url>https://p2.acme.example/</url><layout>p2</layout></repository></repositories>";
    let content = pom(snapshots).replace(
        "</dependencies>",
        "<dependency><groupId>com.acme</groupId><artifactId>next</artifactId><version>2-SNAPSHOT</version></dependency></dependencies>",
    );
    assert_eq!(
        routing("pom.xml", &[("pom.xml", &content)]),
        format!(
            "{PLUGINS}SilentFor(com.acme:next) -> https://snapshots.acme.example/, default\nSilent -> https://releases.acme.example/, default\nreads pom.xml\n"
        )
    );
}

#[test]
fn what_only_the_environment_knows_is_unknown() {
    let body = format!("<repositories>{}</repositories>", repository("acme", "https://${env.HOST}/a"));
    assert_eq!(
        routing("pom.xml", &[("pom.xml", &pom(&body))]),
        format!(
            "{PLUGINS}Silent -> unknown: `https://${{env.HOST}}/a` is an address that nothing in the repository resolves, default\nreads pom.xml\nproblem pom.xml:4: `https://${{env.HOST}}/a` is an address that nothing in the repository resolves\n"
        )
    );
}

const SETTINGS: &str = "<settings><mirrors>\n<mirror><id>m</id><mirrorOf>external:*,!acme</mirrorOf><url>https://mirror.acme.example/</url></mirror>\n</mirrors></settings>";

#[test]
fn settings_bring_mirrors() {
    let body = format!("<repositories>{}{}</repositories>", repository("acme", "https://a/"), repository("b", "https://b/"));
    let pom = pom(&body);
    let given =
        routing("x/pom.xml", &[("x/pom.xml", &pom), (".mvn/maven.config", "-s .mvn/ci.xml\n"), (".mvn/ci.xml", SETTINGS)]);
    assert_eq!(
        given,
        "Named(plugin repositories) -> https://mirror.acme.example/\n\
         Silent -> https://a/, https://mirror.acme.example/\n\
         reads .mvn/maven.config\nreads .mvn/ci.xml\nreads x/pom.xml\n"
    );
    // Only Maven 4 reads it by itself.
    let own = routing("pom.xml", &[("pom.xml", &pom), (".mvn/settings.xml", SETTINGS)]);
    assert_eq!(
        own,
        "Named(plugin repositories) -> https://mirror.acme.example/, default\n\
         Silent -> https://a/, https://mirror.acme.example/, https://b/, default\n\
         reads .mvn/settings.xml\nreads pom.xml\n"
    );
    let wrapper =
        "distributionUrl=https://repo.maven.apache.org/maven2/org/apache/maven/apache-maven/3.9.9/apache-maven-3.9.9-bin.zip\n";
    let three = [("pom.xml", pom.as_str()), (".mvn/settings.xml", SETTINGS), (".mvn/wrapper/maven-wrapper.properties", wrapper)];
    assert_eq!(routing("pom.xml", &three), format!("{PLUGINS}Silent -> https://a/, https://b/, default\nreads pom.xml\n"));
}

#[test]
fn settings_that_are_not_there_are_unknown() {
    let found = routing("pom.xml", &[("pom.xml", &pom("")), (".mvn/maven.config", "--settings=/etc/ci.xml\n")]);
    assert!(found.contains("Silent -> default, unknown: `/etc/ci.xml` names settings"), "{found}");
    assert!(found.contains("problem .mvn/maven.config:1"), "{found}");
    let broken = [("pom.xml", pom("")), (".mvn/maven.config", "-s x.xml\n".to_owned()), ("x.xml", "<settings>".to_owned())];
    let broken: Vec<(&str, &str)> = broken.iter().map(|(path, content)| (*path, content.as_str())).collect();
    let found = routing("pom.xml", &broken);
    assert!(found.contains("Silent -> default, unknown: `x.xml` cannot be read"), "{found}");
}

#[test]
fn central_moves_and_extensions_make_it_unknown() {
    let files = [
        ("pom.xml", pom("")),
        (".mvn/maven-user.properties", "maven.repo.central = https://mirror.acme.example/\n".to_owned()),
        (".mvn/extensions.xml", "<extensions>\n<extension><groupId>g</groupId><artifactId>ext</artifactId><version>1</version></extension></extensions>".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, content)| (*path, content.as_str())).collect();
    let unknown = "program g:ext: the core extension `g:ext` may change every address that Maven asks";
    assert_eq!(
        routing("pom.xml", &files),
        format!(
            "Named(plugin repositories) -> https://mirror.acme.example/, default, {unknown}\n\
             Silent -> https://mirror.acme.example/, default, {unknown}\n\
             setting RunsProgram core extension at .mvn/extensions.xml:2\n\
             reads .mvn/maven-user.properties\nreads .mvn/extensions.xml\nreads pom.xml\n"
        )
    );
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    for name in
        ["jvm.config", "maven.config", "extensions.xml", "maven-user.properties", "maven-system.properties", "settings.xml"]
    {
        let path = format!(".mvn/{name}");
        let found = routing("pom.xml", &[("pom.xml", &pom("")), (&path, pointer)]);
        assert!(found.contains(&format!("Silent -> default, unknown: `{path}` cannot be read")), "{found}");
        assert!(found.contains(&format!("problem {path}:1: ")), "{found}");
    }
}

#[test]
fn properties_of_the_machine_count_as_arguments_do() {
    let line = "-Xmx1g -Dmaven.wagon.http.ssl.insecure=true -Dmaven.repo.central=https://mirror.acme.example/\n";
    for name in [".mvn/jvm.config", ".mvn/maven.config"] {
        let found = routing("pom.xml", &[("pom.xml", &pom("")), (name, line)]);
        assert!(found.contains(&format!("setting TlsOff maven.wagon.http.ssl.insecure at {name}:1")), "{found}");
        assert!(found.contains("Silent -> https://mirror.acme.example/, default\n"), "{found}");
    }
    for line in [
        "--define=maven.wagon.http.ssl.insecure=true",
        "-D maven.wagon.http.ssl.insecure",
        "--define maven.wagon.http.ssl.insecure",
    ] {
        let found = routing("pom.xml", &[("pom.xml", &pom("")), (".mvn/maven.config", line)]);
        assert!(found.contains("setting TlsOff maven.wagon.http.ssl.insecure"), "{line}: {found}");
    }
    let off = routing("pom.xml", &[("pom.xml", &pom("")), (".mvn/jvm.config", "-Dmaven.wagon.http.ssl.insecure=false\n-c\n")]);
    assert!(!off.contains("setting"), "{off}");
}

#[test]
fn too_many_repositories_or_parents_are_told() {
    let many: String = (0..70).map(|at| repository(&format!("r{at}"), &format!("https://r{at}.acme.example/"))).collect();
    let found = routing("pom.xml", &[("pom.xml", &pom(&format!("<repositories>{many}</repositories>")))]);
    assert!(found.contains("https://r63.acme.example/, unknown: is one of more than 64 repositories"), "{found}");
    assert!(found.contains("problem pom.xml:4: is one of more than 64 repositories") && !found.contains("r64"), "{found}");
    let parent =
        |at: usize| format!("<parent><groupId>g</groupId><artifactId>p{}</artifactId><version>1</version></parent>", at + 1);
    let poms: Vec<(String, String)> = (0..40)
        .map(|at| {
            let path = format!("{}pom.xml", "d/".repeat(39 - at));
            let parent =
                if at < 39 { parent(at) } else { format!("<repositories>{}</repositories>", repository("e", "https://e/")) };
            (path, format!("<project>{parent}<groupId>g</groupId><artifactId>p{at}</artifactId><version>1</version></project>"))
        })
        .collect();
    let files: Vec<(&str, &str)> = poms.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    let found = routing(&poms[0].0, &files);
    let unknown = "unknown: names a parent above 32 others, which is not read";
    assert!(found.contains(&format!("Silent -> {unknown}, default\n")), "{found}");
    assert!(found.contains(&format!("Named(plugin repositories) -> {unknown}, default\n")), "{found}");
    assert_eq!(found.matches("problem ").count(), 1, "{found}");
    let found = routing(&poms[7].0, &files);
    assert!(found.contains("Silent -> https://e/, default\n") && !found.contains("problem"), "{found}");
}
