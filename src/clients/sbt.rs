//! sbt: the resolvers that a build's scripts name.
//!
//! Answers for: whether anything but sbt's own default, Maven Central, is asked. `"name" at "address"` is an address; every other
//! statement about resolvers is Scala that only runs, and makes the answer unknown. Read are `*.sbt` of the project, of the build that it is
//! part of, and of the folders between, and the scripts of their `project` folders; resolvers of these serve plugins, which are not told
//! apart here. Specification: scala-sbt.org, Resolvers; not
//! run.

use crate::clients::Client;
use crate::dependency::Lockfile;
use crate::formats::sbt_lock;
use crate::neighbours::Neighbours;
use crate::routing::{Address, Asked, Routing, When};
use crate::syntax::lines;
use crate::text::{Span, Text};

/// The row of the table.
pub(super) static CLIENT: Client = Client { id: "sbt", reads: &["build.sbt", "project"], serves: &["sbt-lock"], read };

fn read(_: &Lockfile, neighbours: &Neighbours<'_>) -> Routing {
    let mut routing = Routing::default();
    let mut ask = Vec::new();
    for path in sbt_lock::scripts(neighbours) {
        match neighbours.at(path) {
            Some(Ok(text)) => {
                routing.read.push(text.id);
                resolvers(text, &mut ask);
            }
            Some(Err(problem)) => {
                ask.push(Asked::Unknown(format!("`{path}` cannot be read"), problem.place));
                routing.problems.push(problem.clone());
            }
            None => {}
        }
    }
    if !ask.is_empty() {
        ask.push(Asked::Default);
        routing.rule(When::Silent, ask);
    }
    routing
}

/// What the lines about resolvers ask. A list of several goes on over lines up to its end.
fn resolvers(text: &Text, ask: &mut Vec<Asked>) {
    let mut is_open = false;
    for line in lines::of(&text.content) {
        let code = line.text.trim_start();
        if code.starts_with("//") || code.starts_with('*') {
            continue;
        }
        let is_start = code.contains("resolvers") || code.contains("externalResolvers");
        if !is_start && !is_open {
            continue;
        }
        let parts: Vec<&str> = line.text.split('"').collect();
        let addresses: Vec<&str> = parts.iter().skip(1).step_by(2).copied().filter(|part| part.contains("://")).collect();
        let is_plain = addresses.iter().all(|address| !address.contains('$')) && !addresses.is_empty();
        for address in addresses.iter().filter(|_| is_plain) {
            let url = (*address).to_owned();
            ask.push(Asked::At(Address { url, place: text.place(line.span_of(address)) }));
        }
        let opens = code.matches('(').count() > code.matches(')').count();
        let is_only_frame = addresses.is_empty() && (opens || !code.contains(|c: char| c.is_alphanumeric()));
        if !is_plain && !is_only_frame && !code.contains("Resolver.mavenLocal") {
            let span: Span = line.span_of(code);
            ask.push(Asked::Unknown(
                "a resolver in a build script cannot be read without running it".to_owned(),
                text.place(span),
            ));
        }
        is_open = if is_start { opens } else { is_open && !code.starts_with(')') };
    }
}

#[cfg(test)]
mod tests {
    use crate::clients::testing::routing;

    fn build(script: &str) -> String {
        let lock = "{ \"lockVersion\": 1, \"dependencies\": [] }";
        routing("build.sbt.lock", &[("build.sbt.lock", lock), ("build.sbt", script)])
    }

    #[test]
    fn projects_ask_what_their_build_says() {
        let lock = "{ \"lockVersion\": 1, \"dependencies\": [] }";
        let found = routing(
            "modules/a/build.sbt.lock",
            &[
                ("modules/a/build.sbt.lock", lock),
                ("modules/a/build.sbt", "name := \"a\""),
                ("modules/b/build.sbt", "resolvers += \"b\" at \"https://b.example/\""),
                ("build.sbt", "resolvers += \"a\" at \"https://a.example/\""),
                ("project/build.properties", "sbt.version=1.10.7"),
            ],
        );
        assert_eq!(found, "Silent -> https://a.example/, default\nreads modules/a/build.sbt\nreads build.sbt\n");
    }

    #[test]
    fn resolvers_are_asked_beside_central() {
        assert_eq!(build("name := \"x\"\n// resolvers += \"a\" at \"https://a.example/\"\n"), "reads build.sbt\n");
        let one = "Silent -> https://a.example/, default\nreads build.sbt\n";
        assert_eq!(build("resolvers += \"a\" at \"https://a.example/\"\n"), one);
        let two = "Silent -> https://a.example/, https://b.example/, default\nreads build.sbt\n";
        assert_eq!(
            build(
                "resolvers ++= Seq(\n  \"a\" at \"https://a.example/\",\n  \"b\" at \"https://b.example/\"\n)\nname := \"x\"\n"
            ),
            two
        );
        assert!(build("resolvers ++= Resolver.sonatypeOssRepos(\"snapshots\")").starts_with("Silent -> unknown: "));
        assert!(build("resolvers += \"a\" at s\"https://$host/\"").starts_with("Silent -> unknown: "));
    }
}
