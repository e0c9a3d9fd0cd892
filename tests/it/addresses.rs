//! Which addresses are those of a registry, and which only look so: `resolved` of npm, sources of Cargo, hosts of images.

use packman::address::{self, Address};
use packman::tree::MapTree;
use proptest::prelude::*;
use serde_json::{Value, json};
use url::{Host, Url};

use crate::gate::{STRICT, report, rules};

const TAIL: &str = "/left-pad/-/left-pad-1.3.0.tgz";

/// Addresses of npm itself.
const OWN: &[&str] = &[
    "https://registry.npmjs.org",
    "https://registry.npmjs.org:443",
    "https://registry.npmjs.org:0443",
    "https://REGISTRY.npmjs.ORG",
    "https://registry.yarnpkg.com",
];

/// Addresses that are not npm's, whatever they look like. `TAIL` follows each.
const OTHERS: &[&str] = &[
    // user-info
    "https://user@registry.npmjs.org",
    "https://user:secret@registry.npmjs.org",
    "https://@registry.npmjs.org",
    "https://registry.npmjs.org@evil.example",
    "https://registry.npmjs.org:443@evil.example",
    "https://evil.example@registry.npmjs.org",
    "https://a@b@registry.npmjs.org",
    "https://registry.npmjs.org%40evil.example",
    // backslashes
    "https://evil.example\\@registry.npmjs.org",
    "https://registry.npmjs.org\\@evil.example",
    "https://registry.npmjs.org\\.evil.example",
    "https:\\\\registry.npmjs.org",
    "https:/\\registry.npmjs.org",
    "https://registry.npmjs.org\\..\\x",
    // dots at the end, empty labels
    "https://registry.npmjs.org.",
    "https://registry.npmjs.org..",
    "https://registry..npmjs.org",
    "https://.registry.npmjs.org",
    // ports
    "https://registry.npmjs.org:8443",
    "https://registry.npmjs.org:80",
    "https://registry.npmjs.org:",
    "https://registry.npmjs.org:00000443",
    "https://registry.npmjs.org:99999",
    "https://registry.npmjs.org:443x",
    "http://registry.npmjs.org:443",
    // dot segments, raw and encoded
    "https://registry.npmjs.org/..",
    "https://registry.npmjs.org/x/../../y",
    "https://registry.npmjs.org/./x",
    "https://registry.npmjs.org/%2e%2e",
    "https://registry.npmjs.org/%2E%2E/x",
    "https://registry.npmjs.org/.%2e/x",
    "https://registry.npmjs.org/%2E/x",
    // look-alikes
    "https://registry.npmjs.org.evil.example",
    "https://evil.example/registry.npmjs.org",
    "https://evil.example/https://registry.npmjs.org",
    "https://registry-npmjs.org",
    "https://registry.npmjs.com",
    "https://registry.npmjs.orgg",
    "https://xregistry.npmjs.org",
    "https://x.registry.npmjs.org",
    "https://npmjs.org",
    "https://registry.npmjs.0rg",
    "https://registry_npmjs_org",
    "https://xn--registry-npmjs-org.example",
    "https://registry.xn--npmjs-x.org",
    "https://registry.npmj\u{0455}.org",
    "https://\u{ff52}egistry.npmjs.org",
    "https://registry\u{3002}npmjs\u{ff0e}org",
    "https://registry.npmjs\u{ad}.org",
    "https://registry.npmjs.org\u{200b}",
    "https://registry.npmjs.org\u{2044}x",
    // slashes and schemes
    "https:/registry.npmjs.org",
    "https:///registry.npmjs.org",
    "https:////registry.npmjs.org",
    "https:registry.npmjs.org",
    "//registry.npmjs.org",
    "registry.npmjs.org",
    "HTTPS://registry.npmjs.org",
    "htt\tps://registry.npmjs.org",
    "javascript://registry.npmjs.org",
    "javascript:registry.npmjs.org",
    "data:text/plain,registry.npmjs.org",
    "ftp://registry.npmjs.org",
    "git+https://registry.npmjs.org",
    "git://registry.npmjs.org",
    "ssh://registry.npmjs.org",
    "ws://registry.npmjs.org",
    "x://registry.npmjs.org",
    "sparse+https://registry.npmjs.org",
    "registry+https://registry.npmjs.org",
    "blob:https://registry.npmjs.org",
    "view-source:https://registry.npmjs.org",
    // spaces and control characters
    " https://registry.npmjs.org",
    "https://registry.npmjs.org ",
    "\thttps://registry.npmjs.org",
    "\u{3000}https://registry.npmjs.org",
    "https://registry.\tnpmjs.org",
    "https://registry.npmjs.\norg",
    "https://evil.example\r\n@registry.npmjs.org",
    "https://registry.npmjs.org\u{0}",
    "https://registry.npmjs.org\u{7f}",
    "\u{feff}https://registry.npmjs.org",
    // numbers
    "https://104.16.0.35",
    "https://1745879075",
    "https://0x68100023",
    "https://0150.020.0.043",
    "https://0x68.0x10.0.0x23",
    "https://104.16.35",
    "https://[::ffff:104.16.0.35]",
    "https://[::1",
    "https://[registry.npmjs.org]",
    // encoded hosts, none at all, authority ended by something else
    "https://registry%2enpmjs.org",
    "https://%72egistry.npmjs.org",
    "https://registry.npmjs.org%2f.evil.example",
    "https://registry.npmjs.org%00.evil.example",
    "https://",
    "https://:443",
    "https://?registry.npmjs.org",
    "https://#registry.npmjs.org",
    "https://evil.example?@registry.npmjs.org",
    "https://evil.example#@registry.npmjs.org",
    "https://evil.example?x=https://registry.npmjs.org",
    "https://evil.example;registry.npmjs.org",
    "https://registry.npmjs.org,evil.example",
    "https://registry.npmjs.org&evil.example",
    "https://<registry.npmjs.org>",
    // registries of other kinds
    "https://static.crates.io",
    "https://index.crates.io",
    "https://pypi.org",
    "registry+https://github.com/rust-lang/crates.io-index#",
];

/// The one dependency of a lockfile that records `resolved`.
fn npm(resolved: &str) -> Value {
    let lock = json!({
        "name": "case", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": { "name": "case", "version": "1.0.0", "dependencies": { "left-pad": "1.3.0" } },
            "node_modules/left-pad": {
                "version": "1.3.0", "resolved": resolved,
                "integrity": "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
            }
        }
    });
    report(&MapTree::of(&[("package-lock.json", &lock.to_string())]), STRICT)
}

/// Class and registry of the only dependency; `lost` where it was not understood.
fn origin(report: &Value) -> (String, String) {
    let dependencies = report["dependencies"].as_array().unwrap();
    let Some(dependency) = dependencies.first() else { return ("lost".to_owned(), String::new()) };
    assert_eq!(dependencies.len(), 1, "{report}");
    let word = |key: &str| dependency["origin"][key].as_str().unwrap_or_default().to_owned();
    (word("class"), word("registry"))
}

#[test]
fn addresses_of_npm_are_known() {
    for address in OWN {
        let report = npm(&format!("{address}{TAIL}"));
        assert_eq!(origin(&report), ("registry".to_owned(), "npm".to_owned()), "{address}");
        assert!(!rules(&report).contains(&"insecure-origin"), "{address}");
    }
    for end in ["?x=1", "#x", "?https://evil.example", "#@evil.example/"] {
        let report = npm(&format!("https://registry.npmjs.org{TAIL}{end}"));
        assert_eq!(origin(&report), ("registry".to_owned(), "npm".to_owned()), "{end}");
    }
}

#[test]
fn plain_text_is_known_and_insecure() {
    for address in ["http://registry.npmjs.org", "http://registry.npmjs.org:80", "http://registry.yarnpkg.com"] {
        let report = npm(&format!("{address}{TAIL}"));
        assert_eq!(origin(&report), ("registry".to_owned(), "npm".to_owned()), "{address}");
        assert!(rules(&report).contains(&"insecure-origin"), "{address}: {:?}", rules(&report));
    }
}

#[test]
fn no_trick_makes_a_registry() {
    let mut wrong = Vec::new();
    for address in OTHERS {
        let report = npm(&format!("{address}{TAIL}"));
        let (class, registry) = origin(&report);
        if !["unknown", "url", "git", "path", "lost"].contains(&class.as_str()) || report["verdict"] == "pass" {
            wrong.push(format!("{address:?} is {class} {registry}, {}", report["verdict"]));
        }
    }
    assert!(OTHERS.len() > 90 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_configured_registry_is_asked_only_for_npms_own_host() {
    let lock = |resolved: &str| {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"node_modules/left-pad": {{"version": "1.3.0", "resolved": {}, "integrity": "sha512-AAAA"}}}}}}"#,
            json!(resolved)
        )
    };
    for (npmrc, expected) in
        [("registry=https://registry.npmjs.org/\n", "registry"), ("registry=https://evil.example/\n", "unknown")]
    {
        for address in OWN.iter().take(4) {
            let tree = MapTree::of(&[("package-lock.json", &lock(&format!("{address}{TAIL}"))), (".npmrc", npmrc)]);
            assert_eq!(origin(&report(&tree, STRICT)).0, expected, "{address} under {npmrc}");
        }
        let mut wrong = Vec::new();
        for address in OTHERS {
            let tree = MapTree::of(&[("package-lock.json", &lock(&format!("{address}{TAIL}"))), (".npmrc", npmrc)]);
            let (class, registry) = origin(&report(&tree, STRICT));
            if !registry.is_empty() {
                wrong.push(format!("{address:?} under {npmrc:?} is {class} {registry}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// As the clients do (tests/roundtrip): the host is replaced with its scheme, port and user-info; npm never asks a scope's registry for it,
/// deno does.
#[test]
fn what_is_recorded_on_the_public_host_is_asked_where_the_client_asks() {
    let npmrc = "registry=https://a.example/\n@acme:registry=https://b.example/\n";
    let asked = |path: &str, lock: &Value| {
        let report = report(&MapTree::of(&[(path, &lock.to_string()), (".npmrc", npmrc)]), STRICT);
        report["dependencies"][0]["origin"]["location"].as_str().unwrap_or_default().to_owned()
    };
    for name in ["left", "@acme/left"] {
        for address in [
            "https://registry.npmjs.org",
            "https://registry.npmjs.org:8443",
            "https://u:p@registry.npmjs.org",
            "http://registry.npmjs.org",
        ] {
            let tarball = format!("{address}/{name}/-/left-1.0.0.tgz");
            let npm = json!({ "lockfileVersion": 3, "packages": { format!("node_modules/{name}"): { "version": "1.0.0", "resolved": tarball, "integrity": "sha512-AAAA" } } });
            assert_eq!(asked("package-lock.json", &npm), "https://a.example/", "{tarball}");
            let deno =
                json!({ "version": "5", "npm": { format!("{name}@1.0.0"): { "integrity": "sha512-AAAA", "tarball": tarball } } });
            let expected = if name == "left" { "https://a.example/" } else { "https://b.example/" };
            assert_eq!(asked("deno.lock", &deno), expected, "{tarball}");
        }
        let tarball = format!("https://c.example:8443/{name}/-/left-1.0.0.tgz");
        let npm = json!({ "lockfileVersion": 3, "packages": { format!("node_modules/{name}"): { "version": "1.0.0", "resolved": tarball, "integrity": "sha512-AAAA" } } });
        assert_eq!(asked("package-lock.json", &npm), tarball, "another host stays");
    }
}

#[test]
fn sources_of_cargo() {
    let known = ["registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/"];
    let others = [
        "registry+https://github.com/rust-lang/crates.io-index-evil",
        "registry+https://github.com/rust-lang/crates.io-index/../evil",
        "registry+https://github.com/rust-lang/crates.io-index.git.evil",
        "registry+https://github.com/evil/crates.io-index",
        "registry+https://github.com/evil/index",
        "registry+https://github.com:8443/rust-lang/crates.io-index",
        "registry+https://evil@github.com/rust-lang/crates.io-index",
        "registry+https://github.com.evil.example/rust-lang/crates.io-index",
        "registry+https://github.com/Rust-Lang/%2e%2e/crates.io-index",
        "registry+ssh://github.com/rust-lang/crates.io-index",
        "registry+file:///github.com/rust-lang/crates.io-index",
        "sparse+https://index.crates.io.evil.example/",
        "sparse+https://index.crates.io@evil.example/",
        "sparse+https://index.crates.io./",
        "sparse+https://index.crates.io:444/",
        "sparse+javascript://index.crates.io/",
        "sparse+https://registry.npmjs.org/",
        "git+https://index.crates.io/",
        "git+https://github.com/rust-lang/crates.io-index#0123456789012345678901234567890123456789",
        "https://index.crates.io/",
        "npm:",
    ];
    let entry = |name: &str, source: &str| {
        let source = json!(source);
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nsource = {source}\nchecksum = \"{}\"\n",
            "0123456789abcdef".repeat(4)
        )
    };
    for source in known {
        let tree = MapTree::of(&[("Cargo.lock", &format!("version = 4\n\n{}", entry("a", source)))]);
        assert_eq!(origin(&report(&tree, STRICT)), ("registry".to_owned(), "crates-io".to_owned()), "{source}");
    }
    for source in others {
        // A known source before it lends it nothing.
        let lock = format!("version = 4\n\n{}\n{}\n{}", entry("a", known[0]), entry("b", known[1]), entry("c", source));
        let report = report(&MapTree::of(&[("Cargo.lock", &lock)]), STRICT);
        let last = report["dependencies"].as_array().unwrap().iter().find(|dependency| dependency["name"] == "c");
        let registry = last.map_or(&Value::Null, |dependency| &dependency["origin"]["registry"]);
        assert!(registry.is_null() && report["verdict"] != "pass", "{source} is {registry}");
    }
}

#[test]
fn hosts_of_images() {
    let digest = format!("@sha256:{}", "0123456789abcdef".repeat(4));
    let docker_hub =
        ["node", "library/node", "docker.io/library/node", "index.docker.io/library/node", "docker.io:443/library/node"];
    let unrated = ["europe-docker.pkg.dev/acme/x/y", "gcr.io/distroless/static"];
    let others = [
        "a.b.pkg.dev/acme/x/y",
        "pkg.dev/acme/x/y",
        "europe-docker.pkg.dev.evil.example/acme/x",
        "xpkg.dev/acme/x/y",
        "docker.io.evil.example/library/node",
        "evil.example/docker.io/library/node",
        "docker.io:5000/library/node",
        "docker.io./library/node",
        "localhost/library/node",
        "localhost:5000/node",
        "127.0.0.1:5000/node",
        "[::1]:5000/node",
        "ghcr.io.evil.example/acme/x",
        "registry.npmjs.org/node",
        "evil.example/node",
    ];
    let class = |image: &str| {
        let tree = MapTree::of(&[("Dockerfile", &format!("FROM {image}{digest}\n"))]);
        origin(&report(&tree, STRICT))
    };
    for image in docker_hub {
        assert_eq!(class(image), ("registry".to_owned(), "docker-hub".to_owned()), "{image}");
    }
    for image in unrated {
        assert_eq!(class(image).0, "unrated", "{image}");
    }
    for image in others {
        let (class, registry) = class(image);
        assert!(registry.is_empty() && ["unknown", "lost"].contains(&class.as_str()), "{image} is {class} {registry}");
    }
}

#[test]
fn prefixes_end_at_segments_and_nothing_is_lent_to_a_neighbour() {
    let digest = format!("@sha256:{}", "0123456789abcdef".repeat(4));
    let lines = format!(
        "FROM gcr.io/distroless/static{digest}\nFROM gcr.io/distroless-evil/static{digest}\nFROM public.ecr.aws/docker/library/node{digest}\nFROM public.ecr.aws/evil/node{digest}\n"
    );
    let report = report(&MapTree::of(&[("Dockerfile", &lines)]), STRICT);
    let registries: Vec<&str> = report["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["origin"]["registry"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(registries[0], "distroless");
    assert_ne!(registries[1], "distroless");
    assert_eq!(registries[2], "ecr-docker-official");
    assert_ne!(registries[3], "ecr-docker-official");
}

/// Holds what was read against the `url` crate's reading.
fn assert_same(written: &str, read: &Address<'_>) -> Result<(), TestCaseError> {
    let Ok(url) = Url::parse(written) else {
        return Err(TestCaseError::fail(format!("{written:?} is read, and the other parser refuses it")));
    };
    prop_assert_eq!(url.scheme(), read.scheme, "scheme of {:?}", written);
    match url.host() {
        Some(Host::Ipv6(ip)) => {
            prop_assert_eq!(format!("[{ip}]").parse::<Ip>().ok(), read.host.parse::<Ip>().ok(), "host of {:?}", written);
        }
        Some(host) => prop_assert_eq!(host.to_string().to_ascii_lowercase(), read.host.as_ref(), "host of {:?}", written),
        None => prop_assert!(false, "no host in {written:?}"),
    }
    let own = match read.scheme {
        "ssh" => Some(22),
        "git" => Some(9418),
        _ => None,
    };
    prop_assert_eq!(url.port().filter(|port| Some(*port) != own), read.port, "port of {:?}", written);
    let path = if url.path().is_empty() { "/" } else { url.path() };
    prop_assert_eq!(path, read.path, "path of {:?}", written);
    let has_user = !url.username().is_empty() || url.password().is_some();
    prop_assert!(!has_user || read.has_user, "user of {written:?}");
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Ip(std::net::Ipv6Addr);

impl std::str::FromStr for Ip {
    type Err = std::net::AddrParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim_matches(['[', ']']).parse().map(Self)
    }
}

/// What addresses are made of, and what they should not be made of.
const PARTS: &[&str] = &[
    "https",
    "http",
    "ftp",
    "ssh",
    "git",
    "git+ssh",
    "ws",
    "file",
    "x",
    "://",
    ":",
    "/",
    "//",
    "\\",
    "@",
    "user",
    ":pw",
    "?",
    "#",
    "..",
    ".",
    "%2e",
    "%2E",
    "%2f",
    "%5c",
    "%00",
    "%",
    "registry.npmjs.org",
    "registry",
    "npmjs",
    "org",
    "evil.example",
    "localhost",
    "xn--",
    "xn--a",
    "-",
    "_",
    "~",
    "!",
    "$",
    "&",
    "'",
    "(",
    ")",
    "*",
    "+",
    ",",
    ";",
    "=",
    "[",
    "]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[v1.x]",
    "127.0.0.1",
    "127.1",
    "0x7f",
    "0x",
    "08",
    "1",
    "4294967295",
    ":443",
    ":80",
    ":21",
    ":22",
    ":0",
    ":65536",
    ":00443",
    "\t",
    "\n",
    " ",
    "\u{0}",
    "\u{7f}",
    "é",
    "\u{ff0e}",
    "\u{ad}",
    "|",
    "^",
    "`",
    "{",
    "}",
    "<",
    ">",
    "\"",
    "left-pad",
    "-/left-pad-1.3.0.tgz",
    "A",
    "EVIL.Example",
    "localhost",
];

#[test]
fn a_file_has_no_port_no_user_and_no_own_machine() {
    for written in ["file://host:443/x", "file://host:80", "file://me@host/x", "file://localhost/x", "file://LOCALHOST/x"] {
        assert_eq!(
            address::read(written).map(|read| read.origin()),
            Err("names a file with a user, a port or the machine itself")
        );
    }
    for (written, origin) in [("file://host/x", "file://host"), ("ws://h:80/x", "ws://h"), ("wss://h:443/", "wss://h")] {
        assert_eq!(address::read(written).map(|read| read.origin()), Ok(origin.to_owned()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_has_one_reading(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..9), is_whole in any::<bool>()) {
        let start = if is_whole { "https://" } else { "" };
        let written = format!("{start}{}", parts.concat());
        if let Ok(read) = address::read(&written) {
            assert_same(&written, &read)?;
        }
    }

    #[test]
    fn near_misses_have_one_reading_or_none(at in 0_usize..60, removed in 0_usize..3, part in proptest::sample::select(PARTS)) {
        let right = "https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz";
        let at = at.min(right.len());
        let end = (at + removed).min(right.len());
        let written = format!("{}{part}{}", &right[..at], &right[end..]);
        if let Ok(read) = address::read(&written) {
            assert_same(&written, &read)?;
        }
    }

    #[test]
    fn any_text_has_one_reading_or_none(written in "\\PC{0,40}|[a-z]{1,6}://[ -~]{0,40}") {
        if let Ok(read) = address::read(&written) {
            assert_same(&written, &read)?;
        }
    }
}

#[test]
fn tarballs_of_pnpm() {
    let class = |tarball: &str| {
        let lock = format!(
            "lockfileVersion: '9.0'\n\nimporters:\n  .:\n    dependencies:\n      left-pad:\n        specifier: 1.3.0\n        version: 1.3.0\n\npackages:\n  left-pad@1.3.0:\n    resolution: {{integrity: sha512-AAAA, tarball: {}}}\n\nsnapshots:\n  left-pad@1.3.0: {{}}\n",
            json!(tarball)
        );
        origin(&report(&MapTree::of(&[("pnpm-lock.yaml", &lock)]), STRICT))
    };
    assert_eq!(class(&format!("https://registry.npmjs.org{TAIL}")), ("registry".to_owned(), "npm".to_owned()));
    let wrong: Vec<String> = OTHERS
        .iter()
        .map(|address| (address, class(&format!("{address}{TAIL}"))))
        .filter(|(_, (_, registry))| !registry.is_empty())
        .map(|(address, found)| format!("{address:?} is {found:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
