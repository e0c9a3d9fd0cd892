//! `packman policy …`: what those who write policies are told.

use packman::cli::Exit;
use packman::policy::cases_schema;

use crate::cli::{Folder, Ran};
use crate::derived::fresh;

const POLICY: &str = "\
extends = [\"standard\"]

[minimum]
tier = 2
[[minimum.for]]
ecosystem = \"golang\"
tier = 1

[origins]
allow-git = [\"https://github.com/acme/*\"]

[registries.acme]
ecosystem = \"npm\"
urls = [\"https://npm.acme.example/\"]
mirror-of = \"npm\"
own = [\"@acme/*\"]

[packages]
assign = { \"@acme/*\" = \"acme\" }
";

fn run(cases: &str) -> (Folder, Ran) {
    let folder = Folder::of(&[("packman.toml", POLICY), ("packman-tests.toml", cases)]);
    let ran = folder.run(&["policy", "test"]);
    (folder, ran)
}

/// A case in one line.
fn case(package: &str, rest: &str) -> String {
    format!("[[case]]\nname = \"{package}\"\npackage = \"{package}\"\n{rest}\n")
}

#[test]
fn each_ecosystem_can_be_tried() {
    let cases = [
        case("pkg:npm/left-pad@1.3.0", "from = \"https://registry.npmjs.org/\"\nexpect = \"pass\""),
        case("pkg:npm/left-pad@1.3.1", "from = \"https://npm.example.net/\"\nexpect = \"fail\"\nrule = \"unknown-registry\""),
        case("pkg:npm/@acme/ui@1.0.0", "from = \"https://registry.npmjs.org/\"\nexpect = \"fail\"\nrule = \"registry-mismatch\""),
        case(
            "pkg:npm/forked@1.0.0",
            "from = \"git+https://github.com/acme/forked.git#0123456789012345678901234567890123456789\"\nexpect = \"pass\"",
        ),
        case(
            "pkg:npm/forked@1.0.1",
            "from = \"git+https://github.com/else/forked.git#0123456789012345678901234567890123456789\"\nexpect = \"fail\"\nrule = \"origin-not-allowed\"",
        ),
        case("pkg:cargo/serde@1.0.200", "expect = \"pass\""),
        case(
            "pkg:cargo/serde@1.0.201",
            "from = \"https://crates.example.net/index/\"\nexpect = \"fail\"\nrule = \"unknown-registry\"",
        ),
        case("pkg:pypi/Requests@2.31.0", "expect = \"fail\"\nrule = \"tier-below-minimum\""),
        case(
            "pkg:pypi/requests@2.31.1",
            "from = \"https://pypi.example.net/simple\"\nexpect = \"fail\"\nrule = \"unknown-registry\"",
        ),
        case("pkg:gem/rack@3.0.0", "expect = \"pass\""),
        case("pkg:gem/rack@3.0.1", "from = \"https://gems.example.net/\"\nexpect = \"fail\"\nrule = \"unknown-registry\""),
        case("pkg:maven/com.acme/core@1.0", "expect = \"fail\"\nrule = \"tier-below-minimum\""),
        case(
            "pkg:maven/com.acme/core@1.1",
            "from = \"https://maven.example.net/\"\nexpect = \"fail\"\nrule = \"unknown-registry\"",
        ),
        case("pkg:nuget/Newtonsoft.Json@13.0.3", "expect = \"pass\""),
        case(
            "pkg:nuget/Newtonsoft.Json@13.0.2",
            "from = \"https://nuget.example.net/v3/index.json\"\nexpect = \"fail\"\nrule = \"unknown-registry\"",
        ),
        case("pkg:golang/golang.org/x/text@v0.14.0", "expect = \"pass\""),
        case("pkg:docker/library/node@22", "expect = \"fail\"\nrule = \"tier-below-minimum\""),
        case("pkg:docker/acme/app@1", "from = \"https://images.example.net\"\nexpect = \"fail\"\nrule = \"unknown-registry\""),
    ];
    let (_, ran) = run(&cases.concat());
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    assert!(ran.out.ends_with("\n18 cases, 0 wrong\n"), "{}", ran.out);
}

#[test]
fn a_case_that_is_wrong_says_what_came_instead_and_where_it_stands() {
    let cases = case("pkg:npm/left-pad@1.3.0", "from = \"https://npm.example.net/\"\nexpect = \"pass\"")
        + &case("pkg:cargo/serde@1.0.200", "expect = \"fail\"");
    let (_, ran) = run(&cases);
    assert_eq!(ran.exit, Exit::Fail, "{}{}", ran.out, ran.err);
    for part in [
        "packman-tests.toml:1)",
        "expected pass, got fail",
        "deny[unknown-registry]: `left-pad` 1.3.0 comes from",
        "expected fail, got pass",
        "2 cases, 2 wrong",
    ] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
    // The right verdict for another reason is wrong too.
    let (_, ran) = run(&case(
        "pkg:npm/left-pad@1.3.0",
        "from = \"https://npm.example.net/\"\nexpect = \"fail\"\nrule = \"registry-mismatch\"",
    ));
    assert_eq!(ran.exit, Exit::Fail, "{}", ran.out);
}

#[test]
fn a_case_is_judged_where_it_lies() {
    let silent =
        |folder: &str, expect: &str| case("pkg:npm/@acme/ui@1.0.0", &format!("folder = \"{folder}\"\nexpect = \"{expect}\""));
    let folder = Folder::of(&[
        ("packman.toml", &format!("exclude = [\"old/**\"]\n{POLICY}")),
        ("packman-tests.toml", &(silent("web/shop", "pass") + &silent("other", "fail") + &silent("old", "pass"))),
        ("web/.npmrc", "@acme:registry=https://npm.acme.example/\n"),
        ("web/package-lock.json", "{ broken"),
    ]);
    let ran = folder.run(&["policy", "test"]);
    assert_eq!(ran.exit, Exit::Fail, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("does `exclude` keep it from sight?"), "{}", ran.out);
    assert_eq!(ran.out.matches("as expected").count(), 1, "{}", ran.out);
}

#[test]
fn mistakes_in_cases_are_named_with_their_line() {
    let mistakes = [
        ("package = \"left-pad\"\nexpect = \"pass\"", "is no package URL with a version"),
        ("package = \"pkg:npm/left-pad\"\nexpect = \"pass\"", "is no package URL with a version"),
        ("package = \"pkg:npm/left-*@1.0.0\"\nexpect = \"pass\"", "is a pattern; a case is about one package"),
        ("package = \"pkg:npm/a@1\"\nexpect = \"maybe\"", "packman-tests.toml:4"),
        ("package = \"pkg:npm/a@1\"\nexpect = \"pass\"\nrule = \"unknown-registri\"", "did you mean `unknown-registry`?"),
        ("package = \"pkg:npm/a@1\"\nexpect = \"pass\"\nfolder = \"../x\"", "is no folder below the root"),
        ("package = \"pkg:npm/a@1\"\nexpekt = \"pass\"", "did you mean `expect`?"),
        ("package = \"pkg:hex/a@1\"\nexpect = \"pass\"", "cases about `hex` cannot be run yet"),
        ("package = \"pkg:golang/a.example/b@v1.0.0\"\nfrom = \"https://x.example\"\nexpect = \"pass\"", "leave `from` out"),
    ];
    for (mistake, says) in mistakes {
        let (_, ran) = run(&format!("[[case]]\nname = \"a\"\n{mistake}\n"));
        assert_eq!(ran.exit, Exit::Usage, "{mistake}\n{}{}", ran.out, ran.err);
        assert!(ran.err.contains(says) && ran.err.contains("packman-tests.toml:"), "{mistake}\n{}", ran.err);
    }
    let (_, none) = run("");
    assert_eq!(none.exit, Exit::Usage);
    let folder = Folder::of(&[("packman.toml", POLICY)]);
    let missing = folder.run(&["policy", "test"]);
    assert_eq!(missing.exit, Exit::Usage, "{}", missing.err);
    assert!(missing.err.contains("packman-tests.toml"), "{}", missing.err);
}

#[test]
fn the_schema_of_cases_is_published() {
    let schema = serde_json::to_string_pretty(&cases_schema()).unwrap();
    fresh("policies/packman-tests.schema.json", &format!("{schema}\n"));
}

#[test]
fn what_another_policy_would_find_is_told_and_decides_nothing() {
    let lock = "FROM node:22\n";
    let folder = Folder::of(&[
        ("Dockerfile", lock),
        ("packman.toml", "[levels]\nregistry-assumed = \"warn\"\n"),
        ("other.toml", "[minimum]\ntier = 2\n"),
    ]);
    let ran = folder.run(&["check"]);
    assert_eq!(ran.exit, Exit::Pass, "{}{}", ran.out, ran.err);
    let other = folder.at("other.toml");
    let asked = folder.run(&["check", "--what-if", "strict", "--what-if", &other, "--what-if", "standard"]);
    assert_eq!((asked.exit, &asked.out), (Exit::Pass, &ran.out), "{}", asked.err);
    for part in [
        "what if `strict`: fail, 2 findings decide (0 now)",
        "  registry-assumed: 1 decide (0 now), 0 warnings (1 now)",
        "  tier-below-minimum: 1 decide (0 now)",
        "what if `standard`: pass, 0 findings decide (0 now)\n  registry-assumed: 0 decide (0 now), 0 warnings (1 now)",
    ] {
        assert!(asked.err.contains(part), "{part}\n{}", asked.err);
    }
    // What it says is what that policy says.
    assert_eq!(folder.run(&["check", "--policy", &other]).exit, Exit::Fail);
    let none = folder.run(&["check", "--what-if", "strikt"]);
    assert_eq!(none.exit, Exit::Usage);
    assert!(none.err.contains("no such preset"), "{}", none.err);
}

#[test]
fn a_policy_of_several_files_can_be_tried() {
    let cases = [
        case("pkg:npm/left-pad@1.3.0", "from = \"https://registry.npmjs.org/\"\nexpect = \"pass\""),
        case(
            "pkg:npm/left-pad@1.3.0",
            "from = \"https://registry.npmjs.org/\"\nfolder = \"services/pay\"\nexpect = \"fail\"\nrule = \"tier-below-minimum\"",
        ),
        case("pkg:npm/left-pad@1.3.0", "from = \"https://npm.example.net/\"\nexpect = \"warn\"\nrule = \"unknown-registry\""),
    ];
    let folder = Folder::of(&[
        ("packman.toml", "extends = [\"standard\", \"policies/base.toml\"]\n[folders.\"services/pay\"]\n"),
        ("policies/base.toml", "[levels]\nunknown-registry = \"warn\"\n"),
        ("services/pay/packman.toml", "[minimum]\ntier = 3\n"),
        ("packman-tests.toml", &cases.concat()),
    ]);
    let ran = folder.run(&["policy", "test"]);
    assert_eq!((ran.exit, ran.out.lines().last()), (Exit::Pass, Some("3 cases, 0 wrong")), "{}{}", ran.out, ran.err);
    let broken = Folder::of(&[("packman.toml", "extends = [\"policies/base.toml\"]\n"), ("packman-tests.toml", &cases.concat())]);
    let ran = broken.run(&["policy", "test"]);
    assert!(ran.exit == Exit::Usage && ran.err.contains("there is no file `policies/base.toml`"), "{}", ran.err);
}

#[test]
fn what_a_case_expects_is_one_of_three_words() {
    for (rest, message) in [
        ("expect = \"ok\"", "`expect` is `ok`; expected `pass`, `warn` or `fail`"),
        ("expect = \"pass\"\nrule = \"unknown-registry\"", "`unknown-registry` cannot be what says that nothing is said"),
    ] {
        let (_, ran) = run(&case("pkg:npm/left-pad@1.3.0", rest));
        assert!(ran.exit == Exit::Usage && ran.err.contains(message), "{}", ran.err);
    }
}
