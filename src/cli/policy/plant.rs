//! A lockfile that states one package, as its client would write it.
//!
//! Answers for: enough of one format for each ecosystem that a case can be about. Never says where a package may come from.

use crate::ecosystem::Ecosystem;
use crate::policy::TestCase;

/// A file: its name, and its content.
pub(super) type File = (&'static str, String);

/// The lockfile of a case, first, and whatever lies beside it. The error is a message and a hint.
pub(super) fn files(case: &TestCase) -> Result<Vec<File>, (String, String)> {
    let TestCase { package, version, from, .. } = case;
    let from = from.as_deref();
    // A name or an address that ends its line would begin another entry.
    if [Some(package.as_str()), Some(version), from].into_iter().flatten().any(|part| part.contains(char::is_control)) {
        return Err(("a line end is in its package or its address".to_owned(), "take it out".to_owned()));
    }
    match case.ecosystem {
        Ecosystem::Npm => Ok(vec![("package-lock.json", npm(package, version, from))]),
        Ecosystem::Cargo => Ok(vec![("Cargo.lock", cargo(package, version, from))]),
        Ecosystem::PyPi => Ok(vec![("requirements.txt", pypi(package, version, from))]),
        Ecosystem::Gem => Ok(vec![("Gemfile.lock", gem(package, version, from))]),
        Ecosystem::Maven => maven(package, version, from).map(|pom| vec![("pom.xml", pom)]),
        Ecosystem::NuGet => Ok(nuget(package, version, from)),
        Ecosystem::Golang => match from {
            None => Ok(go(package, version)),
            Some(_) => Err(("Go's files never say where a module comes from".to_owned(), "leave `from` out".to_owned())),
        },
        Ecosystem::Docker => Ok(vec![("Dockerfile", docker(package, version, from))]),
        other => Err((
            format!("cases about `{}` cannot be run yet", other.id()),
            "write one about cargo, docker, gem, golang, maven, npm, nuget or pypi".to_owned(),
        )),
    }
}

fn npm(name: &str, version: &str, from: Option<&str>) -> String {
    let mut entry = serde_json::json!({ "version": version, "integrity": format!("sha512-{}==", "A".repeat(86)) });
    if let (Some(from), Some(entry)) = (from, entry.as_object_mut()) {
        entry.insert("resolved".to_owned(), npm_address(name, version, from).into());
    }
    let root = serde_json::json!({ "dependencies": { name: version } });
    let packages = serde_json::json!({ "": root, format!("node_modules/{name}"): entry });
    serde_json::json!({ "lockfileVersion": 3, "packages": packages }).to_string()
}

/// Of a registry its package's file, as npm records it.
fn npm_address(name: &str, version: &str, from: &str) -> String {
    let is_registry = from.starts_with("http") && !from.contains("/-/") && !is_file(from, &["tgz"]);
    let file = name.rsplit('/').next().unwrap_or(name);
    if is_registry { format!("{}/{name}/-/{file}-{version}.tgz", from.trim_end_matches('/')) } else { from.to_owned() }
}

/// Whether an address is that of a file of these kinds.
fn is_file(from: &str, kinds: &[&str]) -> bool {
    from.rsplit_once('.').is_some_and(|(_, kind)| kinds.contains(&kind))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn cargo(name: &str, version: &str, from: Option<&str>) -> String {
    let source = match from {
        None => "registry+https://github.com/rust-lang/crates.io-index".to_owned(),
        Some(from) if ["registry+", "sparse+", "git+"].iter().any(|kind| from.starts_with(kind)) => from.to_owned(),
        Some(from) => format!("sparse+{from}"),
    };
    let checksum = if source.starts_with("git+") { String::new() } else { format!("checksum = \"{}\"\n", "0".repeat(64)) };
    format!(
        "version = 4\n\n[[package]]\nname = {}\nversion = {}\nsource = {}\n{checksum}",
        quoted(name),
        quoted(version),
        quoted(&source)
    )
}

fn pypi(name: &str, version: &str, from: Option<&str>) -> String {
    let hash = format!("--hash=sha256:{}", "0".repeat(64));
    match from {
        None => format!("{name}=={version} {hash}\n"),
        Some(from) if from.contains("+http") || from.contains("+ssh") || is_file(from, &["whl", "gz"]) => {
            format!("{name} @ {from}\n")
        }
        Some(from) => format!("--index-url {from}\n{name}=={version} {hash}\n"),
    }
}

fn gem(name: &str, version: &str, from: Option<&str>) -> String {
    let remote = from.unwrap_or("https://rubygems.org/");
    format!(
        "GEM\n  remote: {remote}\n  specs:\n    {name} ({version})\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  {name}\n\nCHECKSUMS\n  {name} \
         ({version}) sha256={}\n\nBUNDLED WITH\n   2.6.2\n",
        "0".repeat(64)
    )
}

fn maven(name: &str, version: &str, from: Option<&str>) -> Result<String, (String, String)> {
    let Some((group, artifact)) = name.split_once(':') else {
        return Err((format!("`{name}` has no group"), "write it like `pkg:maven/com.acme/core@1.0`".to_owned()));
    };
    if [Some(group), Some(artifact), Some(version), from].into_iter().flatten().any(|part| part.contains(['<', '&'])) {
        return Err(("`<` or `&` is in its package or its address".to_owned(), "take it out".to_owned()));
    }
    let repositories = from.map_or_else(String::new, |from| {
        format!("<repositories><repository><id>case</id><url>{from}</url></repository></repositories>")
    });
    Ok(format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>case</groupId><artifactId>case</artifactId><version>1</version>{repositories}\
         <dependencies><dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>\
         </dependencies></project>\n"
    ))
}

fn nuget(name: &str, version: &str, from: Option<&str>) -> Vec<File> {
    let hash = format!("{}==", "A".repeat(86));
    let entry =
        serde_json::json!({ "type": "Direct", "requested": format!("[{version}, )"), "resolved": version, "contentHash": hash });
    let lock = serde_json::json!({ "version": 1, "dependencies": { "net8.0": { name: entry } } }).to_string();
    let mut files = vec![("packages.lock.json", lock)];
    if let Some(from) = from {
        let from = from.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let config = format!(
            "<configuration><packageSources><clear /><add key=\"case\" value=\"{from}\" /></packageSources></configuration>\n"
        );
        files.push(("nuget.config", config));
    }
    files
}

fn go(name: &str, version: &str) -> Vec<File> {
    let hash = format!("{}=", "A".repeat(43));
    let sums = format!("{name} {version} h1:{hash}\n{name} {version}/go.mod h1:{hash}\n");
    vec![("go.mod", format!("module case.example/case\n\ngo 1.22\n\nrequire {name} {version}\n")), ("go.sum", sums)]
}

fn docker(name: &str, version: &str, from: Option<&str>) -> String {
    let host = from.map(|from| from.trim_start_matches("https://").trim_end_matches('/'));
    let name = host.map_or_else(|| name.to_owned(), |host| format!("{host}/{name}"));
    let mark = if version.starts_with("sha256:") { '@' } else { ':' };
    format!("FROM {name}{mark}{version}\n")
}
