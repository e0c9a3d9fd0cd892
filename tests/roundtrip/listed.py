"""First part: a lockfile that a package manager writes, its own listing, and packman's list of the same file.

Each manager makes one project in a temporary folder, over the network and with the machine's settings, and writes its lockfile
(Bundler's gems are made up and served on loopback). Sets of
(name, version) must be equal; a difference that is right is in the manager's `explained`, with its reason, and any other fails.
"""

import dataclasses
import json
import os
import pathlib
import re
import tempfile

import made_up
import shared
from server import Server


@dataclasses.dataclass
class Manager:
    id: str
    program: str
    files: dict  # the project
    lock: list  # commands that write the lockfile
    lockfile: str  # which one
    own: callable  # (run, folder) -> its own listing; `run` is given words and answers with what they printed
    major: tuple = None
    alone: bool = False  # packman reads the lockfile by itself, since beside its manifest it is a detail of that
    explained: list = dataclasses.field(default_factory=list)  # (whose, pattern of `name@version`, reason)
    env: dict = dataclasses.field(default_factory=dict)


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text):
    """`name==version` lines."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, re.MULTILINE)
    return {(canonical(name), version) for name, version in found}


def npm_query(run, folder):
    found = json.loads(run("npm", "query", "*", "--package-lock-only"))
    return {(node["name"], node["version"]) for node in found if node["location"]}


def pnpm_list(run, folder):
    found = set()

    def walk(node):
        for field in ("dependencies", "devDependencies", "optionalDependencies"):
            for name, child in node.get(field, {}).items():
                found.add((child.get("from") or name, child["version"]))
                walk(child)

    for root in json.loads(run("pnpm", "list", "--json", "--depth", "Infinity", "--lockfile-only")):
        walk(root)
    return found


def yarn_list(run, folder):
    found = set()

    def walk(trees):
        for tree in trees:
            name, version = tree["name"].rsplit("@", 1)
            if not tree.get("shadow"):
                found.add((name, version))
            walk(tree.get("children") or [])

    walk(json.loads(run("yarn", "list", "--json").splitlines()[-1])["data"]["trees"])
    return found


def yarn_info(run, folder):
    found = set()
    for line in run("yarn", "info", "--all", "--recursive", "--json").splitlines():
        locator = json.loads(line)["value"]
        name, reference = re.fullmatch(r"(.[^@]*)@(.*)", locator).groups()
        reference = reference.split("::")[0]
        if reference.startswith("npm:"):
            found.add((name, reference.removeprefix("npm:")))
        elif not reference.startswith("workspace:"):
            found.add((name, reference))
    return found


def bun_ls(run, folder):
    text = run("bun", "pm", "ls", "--all")
    return {match.groups() for match in re.finditer(r"[├└]── (.[^@\s]*)@(\S+)", text)}


def deno_info(run, folder):
    packages = json.loads(run("deno", "info", "--json", "main.ts"))["npmPackages"].values()
    return {(package["name"], package["version"]) for package in packages}


def pip_list(run, folder):
    return {(canonical(row["name"]), row["version"]) for row in json.loads(run(str(folder / "env/bin/pip"), "list", "--format", "json"))}


def poetry_show(run, folder):
    text = run("poetry", "show", "--all", "--no-ansi", "--format", "json")
    return {(canonical(row["name"]), row["version"]) for row in json.loads(text)}


def cargo_metadata(run, folder):
    packages = json.loads(run("cargo", "metadata", "--format-version", "1", "--all-features", "--locked"))["packages"]
    return {(package["name"], package["version"]) for package in packages if package["source"]}


def go_list(*more):
    row = "{{with .Module}}{{if not .Main}}{{with .Replace}}{{.Path}} {{.Version}}{{else}}{{.Path}} {{.Version}}{{end}}{{end}}{{end}}"

    def own(run, folder):
        text = run("go", "list", *more, "-deps", "-test", "-f", row, "./...")
        return {tuple(line.split()) for line in text.splitlines() if line}

    return own


def mvn_list(*more):
    def own(run, folder):
        run("mvn", "-B", "-q", "dependency:list", "-DoutputFile=list.txt", *more)
        text = re.sub(r"\x1b\[[0-9;]*m", "", (folder / "list.txt").read_text())
        rows = [row[0].split(":") for row in re.finditer(r"[\w.-]+(:[\w.-]+){4,5}", text)]
        return {(f"{row[0]}:{row[1]}", row[-2]) for row in rows}

    return own


JAVASCRIPT = {
    "name": "root",
    "version": "1.0.0",
    "private": True,
    "dependencies": {"debug": "^4.3.0", "chalk": "4.1.2", "old-chalk": "npm:chalk@2.4.2", "@babel/code-frame": "^7.20.0", "express": "^4.18.0", "react-dom": "^18.0.0"},
    "devDependencies": {"rimraf": "^3.0.0", "@types/node": "^20.0.0", "esbuild": "^0.20.0", "glob-7": "npm:glob@^7.0.0"},
    "optionalDependencies": {"fsevents": "^2.3.0"},
}
PACKAGE_JSON = {"package.json": json.dumps(JAVASCRIPT)}
PYTHON = ["requests[socks]>=2.28", "rich>=13", "Flask>=2", "python-dateutil", "PyYAML", "typing_extensions", "zipp", "attrs"]
PYPROJECT = {
    "pyproject.toml": '[project]\nname = "root"\nversion = "1.0.0"\nrequires-python = ">=3.10"\n'
    f"dependencies = {json.dumps([*PYTHON, 'colorama; sys_platform == ' + chr(39) + 'win32' + chr(39)])}\n"
    '[project.optional-dependencies]\nmore = ["idna", "tomli; python_version < ' + "'3.11'" + '"]\n[dependency-groups]\ndev = ["pytest>=7", "iniconfig"]\n'
}
# Poetry's own way to the public index asks an interface that mirrors lack; as a source it asks the pages that all have.
POETRY = {
    "pyproject.toml": PYPROJECT["pyproject.toml"].replace("coverage", "iniconfig")
    + f'[[tool.poetry.source]]\nname = "pages"\nurl = "https://{shared.records()["pypi"]["hosts"][0]}/simple/"\n'
}
POM = (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>root</artifactId><version>1</version>'
    "<properties><guava>32.1.3-jre</guava></properties><dependencyManagement><dependencies><dependency><groupId>com.fasterxml.jackson</groupId>"
    "<artifactId>jackson-bom</artifactId><version>2.15.3</version><type>pom</type><scope>import</scope></dependency></dependencies></dependencyManagement><dependencies>"
    "<dependency><groupId>com.google.guava</groupId><artifactId>guava</artifactId><version>${guava}</version></dependency>"
    "<dependency><groupId>org.slf4j</groupId><artifactId>slf4j-api</artifactId><version>2.0.9</version><scope>runtime</scope></dependency>"
    "<dependency><groupId>commons-io</groupId><artifactId>commons-io</artifactId><version>2.15.0</version><optional>true</optional></dependency>"
    "<dependency><groupId>org.apache.commons</groupId><artifactId>commons-text</artifactId><version>1.11.0</version></dependency>"
    "<dependency><groupId>junit</groupId><artifactId>junit</artifactId><version>4.13.2</version><scope>test</scope></dependency></dependencies></project>"
)
CARGO = (
    '[package]\nname = "root"\nversion = "1.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[features]\nmore = ["dep:semver"]\n[dependencies]\nserde = { version = "1", features = ["derive"] }\n'
    'serde_json = "1"\nlog = "0.4"\nregex = "1"\nold = { package = "bitflags", version = "1" }\nbitflags = "2"\nsemver = { version = "1", optional = true }\n'
    '[dev-dependencies]\ntempfile = "3"\n[build-dependencies]\ncc = "1"\n[target.\'cfg(windows)\'.dependencies]\nwindows-sys = "0.52"\n'
)
GO = {
    "go.mod": "module example.com/root\n\ngo 1.21\n\nrequire (\n\tgithub.com/spf13/cobra v1.8.0\n\tgithub.com/stretchr/testify v1.8.4\n\tgithub.com/google/uuid v1.6.0\n\tgopkg.in/yaml.v3 v3.0.1\n"
    "\tgithub.com/pkg/errors v0.8.0\n)\n\nreplace github.com/pkg/errors => github.com/pkg/errors v0.9.1\n",
    "x.go": 'package x\n\nimport (\n\t_ "github.com/google/uuid"\n\t_ "github.com/pkg/errors"\n\t_ "github.com/spf13/cobra"\n\t_ "gopkg.in/yaml.v3"\n)\n',
    "x_test.go": 'package x\n\nimport _ "github.com/stretchr/testify/assert"\n',
}

GEMS = ["left", "right", "under_score", "with-dash"]
GEMFILE = {"Gemfile": 'source "<<a>>/"\ngem "left"\ngem "under_score", "~> 1.0"\ngroup :test do\n  gem "right"\n  gem "with-dash"\nend\n'}


def bundle_list(run, folder):
    return set(re.findall(r"^  \* (\S+) \(([^)\s]+)", run("bundle", "list"), re.MULTILINE))


ALIASES = [
    ("manager", "(glob-7@7|old-chalk@2).*", "an alias by its own name, which packman lists by the package's"),
    ("packman", "chalk@2.*", "the package behind the alias old-chalk"),
]
PLATFORMS = [("packman", r"(@esbuild/.*|fsevents)@.*", "for another platform: locked, not installed here")]
PATCHED = [("manager", "fsevents@patch:.*", "the same version with the manager's own patch; packman lists the package that is fetched")]

OTHER_SYSTEMS = [("packman", r"github\.com/inconshreveable/mousetrap@.*", "imported on Windows only")]
BOMS = [("packman", "com.fasterxml.jackson:jackson-bom@.*", "an imported BOM, which is fetched and no dependency")]

MANAGERS = [
    Manager("npm", "npm", PACKAGE_JSON, [["npm", "install", "--package-lock-only", "--ignore-scripts"]], "package-lock.json", npm_query),
    Manager("pnpm", "pnpm", PACKAGE_JSON, [["pnpm", "install", "--lockfile-only"]], "pnpm-lock.yaml", pnpm_list),
    Manager("yarn-v1", "yarn", PACKAGE_JSON, [["yarn", "install", "--ignore-scripts", "--non-interactive"]], "yarn.lock", yarn_list, ("1",), explained=ALIASES),
    Manager("yarn-berry", "yarn", PACKAGE_JSON, [["yarn", "install", "--mode=update-lockfile"]], "yarn.lock", yarn_info, ("2", "3", "4"), explained=PATCHED),
    Manager("bun", "bun", PACKAGE_JSON, [["bun", "install", "--ignore-scripts"]], "bun.lock", bun_ls, explained=ALIASES + PLATFORMS),
    Manager("deno", "deno", {"deno.json": json.dumps({"imports": {name: (f"npm:{name}@{spec}" if not spec.startswith("npm:") else spec)
            for name, spec in JAVASCRIPT["dependencies"].items()}}), "main.ts": "".join(f'import "{name}";\n' for name in JAVASCRIPT["dependencies"])},
            [["deno", "install"]], "deno.lock", deno_info),
    Manager("pip", "pip", {"wanted.in": "\n".join(PYTHON) + "\n"}, [["python3", "-m", "venv", "env"], ["env/bin/pip", "install", "-q", "-r", "wanted.in"],
            ["sh", "-c", "env/bin/pip freeze --all > requirements.txt"], ["rm", "wanted.in"]], "requirements.txt", pip_list),
    Manager("uv", "uv", PYPROJECT, [["uv", "lock"]], "uv.lock",
            lambda run, folder: pinned(run("uv", "export", "--frozen", "--no-hashes", "--all-extras", "--all-groups", "--no-emit-project"))),
    Manager("poetry", "poetry", POETRY, [["poetry", "lock"]], "poetry.lock", poetry_show, env={"POETRY_VIRTUALENVS_IN_PROJECT": "true"}),
    Manager("pdm", "pdm", PYPROJECT, [["pdm", "lock", "-G", ":all"]], "pdm.lock", lambda run, folder: pinned(run("pdm", "export", "-G", ":all", "--without-hashes"))),
    Manager("pipenv", "pipenv", {"Pipfile": "[packages]\n" + "".join(f'{re.split("[>=[]", name)[0]} = "*"\n' for name in PYTHON) + '[dev-packages]\npytest = "*"\n'},
            [["pipenv", "lock"]], "Pipfile.lock", lambda run, folder: pinned(run("pipenv", "requirements", "--dev")), env={"PIPENV_NOSPIN": "1"}),
    Manager("cargo", "cargo", {"Cargo.toml": CARGO, "lib.rs": ""}, [["cargo", "generate-lockfile"]], "Cargo.lock", cargo_metadata),
    Manager("go", "go", GO, [["go", "mod", "tidy"]], "go.mod", go_list(), explained=OTHER_SYSTEMS),
    Manager("go (vendored)", "go", GO, [["go", "mod", "tidy"], ["go", "mod", "vendor"]], "vendor/modules.txt", go_list("-mod=vendor"), alone=True, explained=OTHER_SYSTEMS),
    Manager("bundler", "bundle", GEMFILE, [["bundle", "install"]], "Gemfile.lock", bundle_list,
            explained=[("manager", "bundler@.*", "Bundler itself")], env={"BUNDLE_PATH": "gems", "no_proxy": "127.0.0.1"}),
    Manager("maven (what a project asks for)", "mvn", {"pom.xml": POM}, [], "pom.xml", mvn_list("-DexcludeTransitive=true"), explained=BOMS),
    Manager("maven (a plugin's lockfile)", "mvn", {"pom.xml": POM}, [["mvn", "-B", "-q", "io.github.chains-project:maven-lockfile:5.5.2:generate"]], "lockfile.json", mvn_list()),
]


def explanation(manager, whose, pair):
    """Why only one of the two names a pair, if the manager's table says."""
    for side, pattern, reason in manager.explained:
        if side == whose and re.fullmatch(pattern, "@".join(str(part) for part in pair)):
            return reason
    return None


def compare(manager, path, packman):
    """The manager's set and packman's."""
    with Server("a") as server, tempfile.TemporaryDirectory(prefix="packman-listed-") as top:
        server.routes |= made_up.routes("gem", server.bases["a"], GEMS)
        folder = pathlib.Path(top) / "root"
        shared.write(folder, {name: text.replace("<<a>>", server.bases["a"]) for name, text in manager.files.items()})
        env = os.environ | {"CI": "1", "NO_COLOR": "1"} | manager.env
        # The version that was chosen comes first on PATH too, since managers start themselves.
        env["PATH"] = f"{pathlib.Path(path).parent}{os.pathsep}{env['PATH']}"
        run = lambda *words: shared.must([path if words[0] == manager.program else words[0], *words[1:]], folder, env)
        for command in manager.lock:
            run(*command)
        own = manager.own(run, folder)
        if manager.alone:
            text = (folder / manager.lockfile).read_text()
            folder = pathlib.Path(top) / "alone"
            shared.write(folder, {manager.lockfile: text})
        listed = shared.packman_list(packman, folder)
        problems = [f"{lockfile['path']}: {problem}" for lockfile in listed["lockfiles"] for problem in lockfile["problems"] if lockfile["path"] == manager.lockfile]
        ours = {
            (dependency["name"], dependency["version"])
            for dependency in listed["dependencies"]
            if dependency["lockfile"] == manager.lockfile and dependency["origin"]["class"] not in ("workspace", "builtin")
        }
        return own, ours, problems


def part(packman, only):
    """All managers that are here; counts, and rows (id, version, how many, how many explained)."""
    passed, failed, skipped, done = 0, 0, 0, []
    for manager in MANAGERS:
        name = manager.id.split(" ")[0]
        if only and name not in only:
            continue
        path, version = shared.find(manager.program, manager.major)
        if not path:
            print(f"skipped {manager.id}: no `{manager.program}`{' ' + manager.major[0] + '.x' if manager.major else ''} on PATH")
            skipped += 1
            continue
        try:
            own, ours, problems = compare(manager, path, packman)
        except shared.Failed as failure:
            print(f"FAILED {manager.id} {version}: {failure}")
            failed += 1
            continue
        lines, explained = [f"    ! {problem}" for problem in problems], 0
        for whose, pairs in (("manager", own - ours), ("packman", ours - own)):
            for pair in sorted(pairs, key=str):
                reason = explanation(manager, whose, pair)
                explained += reason is not None
                lines.append(f"    {'explained' if reason else '!'} only {whose}: {pair[0]} {pair[1]}{': ' + reason if reason else ''}")
        wrong = not own or any(line.startswith("    !") for line in lines)
        passed, failed = passed + (not wrong), failed + wrong
        print(f"{'FAILED' if wrong else 'equal'} {manager.id} {version}: {len(own)} of the manager, {len(ours)} of packman, {explained} differences explained")
        print("".join(line + "\n" for line in lines), end="")
        if not wrong:
            done.append((manager.id, version, len(own), explained))
    return passed, failed, skipped, done
