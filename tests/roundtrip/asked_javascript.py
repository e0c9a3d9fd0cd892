"""Cases of npm, pnpm, yarn 1, yarn 2 and later, bun and deno."""

import json

from asked import Case

MANIFEST = {"name": "root", "version": "1.0.0"}


def manifest(*names, **more):
    return json.dumps(MANIFEST | {"dependencies": {name: "1.0.0" for name in names}} | more)


def npm_lock(entries, version=3, **more):
    """`entries`: name to what its entry has besides version and integrity; `as` installs it by another name."""
    packages = {"": MANIFEST | {"dependencies": {}}}
    for name, fields in entries.items():
        fields = dict(fields)
        key = fields.pop("as", name)
        packages[""]["dependencies"][key] = "1.0.0" if key == name else f"npm:{name}@1.0.0"
        alias = {"name": name} if key != name else {}
        packages[f"node_modules/{key}"] = alias | {"version": "1.0.0", "integrity": f"<<sri:{name}>>"} | fields
    lock = MANIFEST | {"lockfileVersion": version, "requires": True, "packages": packages} | more
    return {"package-lock.json": json.dumps(lock, indent=2), "package.json": json.dumps(packages[""])}


def at(registry, name):
    return {"resolved": f"<<{registry}>>/{name}/-/{name.split('/')[-1]}-1.0.0.tgz"}


SILENT = npm_lock({"left": {}, "@acme/right": {}})
RECORDED = npm_lock({"left": at("npm", "left"), "@acme/right": at("npm", "@acme/right"), "middle": at("c", "middle")})
TWO = ["left", "@acme/right"]
THREE = [*TWO, "middle"]
V1 = {
    "package.json": manifest("left", "middle"),
    "package-lock.json": json.dumps(
        MANIFEST
        | {
            "lockfileVersion": 1,
            "requires": True,
            "dependencies": {
                "left": {"version": "1.0.0", "integrity": "<<sri:left>>"} | at("npm", "left"),
                "middle": {"version": "1.0.0", "integrity": "<<sri:middle>>"} | at("c", "middle"),
            },
        }
    ),
}

NPM = [
    Case("npm", "nothing configured, nothing recorded", SILENT, TWO),
    Case("npm", "nothing configured, the public host recorded", npm_lock({"left": at("npm", "left")}), ["left"]),
    Case("npm", "a registry; nothing recorded", SILENT | {".npmrc": "registry=<<a>>/\n"}, TWO),
    Case("npm", "a scope's registry; nothing recorded", SILENT | {".npmrc": "@acme:registry=<<b>>\n"}, TWO),
    Case("npm", "a registry and a scope's, quoted, spaced, given twice",
         SILENT | {".npmrc": "; x\nregistry = <<c>>\nregistry = \"<<a>>/\"\n@acme:registry = '<<b>>'"}, TWO),
    Case("npm", "a registry and a scope's; the public host and another one recorded",
         RECORDED | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, THREE),
    Case("npm", "a scope's registry; the public host recorded",
         npm_lock({"@acme/right": at("npm", "@acme/right")}) | {".npmrc": "@acme:registry=<<b>>/\n"}, ["@acme/right"]),
    Case("npm", "a scope's registry; aliases", npm_lock({"@acme/right": {"as": "plain"}, "left": {"as": "@acme/x"}})
         | {".npmrc": "registry=<<a>>\n@acme:registry=<<b>>/\n"}, TWO),
    Case("npm", "replace-registry-host=never", RECORDED | {".npmrc": "registry=<<a>>\nreplace-registry-host=never\n"}, THREE),
    Case("npm", "replace-registry-host=always", RECORDED | {".npmrc": "registry=<<a>>\nreplace-registry-host=always\n"}, THREE),
    Case("npm", "replace-registry-host names another host",
         RECORDED | {".npmrc": "registry=<<a>>\nreplace-registry-host=127.0.0.1\n"}, THREE),
    Case("npm", "the public host recorded with a port", npm_lock({"left": {"resolved": "<<npm>>:8443/left/-/left-1.0.0.tgz"}}) | {".npmrc": "registry=<<a>>\n"}, ["left"]),
    Case("npm", "the public host recorded with user-info", npm_lock({"left": {"resolved": "https://u:p@<<npmhost>>/left/-/left-1.0.0.tgz"}}) | {".npmrc": "registry=<<a>>\n"}, ["left"]),
    Case("npm", "replace-registry-host=always and a scope",
         SILENT | {".npmrc": "registry=<<a>>\n@acme:registry=<<b>>\nreplace-registry-host=always\n"}, TWO),
    Case("npm", "userconfig names another committed file", SILENT | {".npmrc": "userconfig=./ci/npmrc\n", "ci/npmrc": "registry=<<a>>\n"}, TWO),
    Case("npm", "globalconfig names another committed file", SILENT | {".npmrc": "globalconfig=./ci/npmrc\n", "ci/npmrc": "registry=<<a>>\n"},
         TWO, env={"npm_config_globalconfig": ""}),
    Case("npm", "files that are not read", {f"web/{name}": text for name, text in SILENT.items()}
         | {".npmrc": "registry=<<c>>\n", "web/.yarnrc.yml": "npmRegistryServer: <<c>>\n", "web/bunfig.toml": '[install]\nregistry = "<<c>>"\n',
            "web/.npmrc": "registry=<<a>>\n//<<host:a>>/a/:registry=<<c>>\n"}, TWO, within="web"),
    Case("npm", "a manifest's publishConfig and config", SILENT | {"package.json": json.dumps(json.loads(SILENT["package.json"])
         | {"publishConfig": {"registry": "<<c>>"}, "config": {"registry": "<<c>>"}}), ".npmrc": "registry=<<a>>\n"}, TWO),
    Case("npm", "a lockfile of version 1", V1 | {".npmrc": "registry=<<a>>\n"}, ["left", "middle"],
         wider="npm 6 and npm 7 and later differ, and nothing in the repository fixes one; this one also asks about every entry"),
    Case("npm", "a shrinkwrap beside a lockfile", SILENT | {"npm-shrinkwrap.json": npm_lock({"left": at("c", "left"), "@acme/right": at("c", "@acme/right")})["package-lock.json"],
         ".npmrc": "registry=<<a>>\n"}, TWO, wider="npm up to 11 installs from the shrinkwrap, npm 12 from the lockfile"),
    Case("npm", "a registry below a path, the public host recorded by http",
         npm_lock({"left": {"resolved": "http://<<npmhost>>/left/-/left-1.0.0.tgz"}}) | {".npmrc": "registry=<<a>>/x/y/\n"}, ["left"]),
]

PNPM_KEYS = {"left": "left@1.0.0", "@acme/right": "'@acme/right@1.0.0'", "middle": "middle@1.0.0"}


def pnpm_lock(entries, version="9.0", aliases=()):
    """`entries`: name to the tarball's address, or nothing."""
    lines = [f"lockfileVersion: '{version}'", "", "settings:", "  autoInstallPeers: true", "  excludeLinksFromLockfile: false", ""]
    lines += ["importers:", "", "  .:", "    dependencies:"]
    wanted = {}
    for name in entries:
        as_name = dict(aliases).get(name, name)
        wanted[as_name] = "1.0.0" if as_name == name else f"npm:{name}@1.0.0"
        lines += [f"      '{as_name}':", f"        specifier: {wanted[as_name]}", f"        version: {'1.0.0' if as_name == name else repr(name + '@1.0.0')}"]
    lines += ["", "packages:", ""]
    for name, tarball in entries.items():
        address = f", tarball: {tarball}" if tarball else ""
        lines += [f"  '{name}@1.0.0':", f"    resolution: {{integrity: <<sri:{name}>>{address}}}", ""]
    lines += ["snapshots:", ""]
    for name in entries:
        lines += [f"  '{name}@1.0.0': {{}}", ""]
    return {"pnpm-lock.yaml": "\n".join(lines), "package.json": json.dumps(MANIFEST | {"dependencies": wanted})}


def tarball(registry, name):
    return f"<<{registry}>>/{name}/-/{name.split('/')[-1]}-1.0.0.tgz"


PNPM_SILENT = pnpm_lock({"left": None, "@acme/right": None})
ON_11 = '"packageManager": "pnpm@<<pnpm>>"'
PNPM = [
    Case("pnpm", "nothing configured", PNPM_SILENT, TWO),
    Case("pnpm", "a registry and a scope's in .npmrc", PNPM_SILENT | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO),
    Case("pnpm", "a scope's registry only", PNPM_SILENT | {".npmrc": "@acme:registry=<<b>>\n"}, TWO),
    Case("pnpm", "aliases", pnpm_lock({"left": None, "@acme/right": None}, aliases=[("@acme/right", "plain"), ("left", "@acme/x")])
         | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO),
    Case("pnpm", "registries of pnpm-workspace.yaml beat .npmrc",
         PNPM_SILENT | {".npmrc": "registry=<<c>>/\n@acme:registry=<<d>>/\n",
                        "pnpm-workspace.yaml": "packages: []\nregistries:\n  default: <<a>>/\n  '@acme': <<b>>/\n"}, TWO,
         wider="pnpm up to 9 reads .npmrc only"),
    Case("pnpm", "registry of pnpm-workspace.yaml",
         PNPM_SILENT | {".npmrc": "registry=<<c>>/\n", "pnpm-workspace.yaml": "packages: []\nregistry: <<a>>/\n"}, TWO,
         wider="pnpm up to 10 does not know this key"),
    Case("pnpm", "tarballs on configured registries", pnpm_lock({"left": tarball("b", "left"), "@acme/right": tarball("b", "@acme/right"), "middle": None})
         | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, THREE,
         wider="a recorded tarball is fetched where it is"),
    Case("pnpm", "trustLockfile and a tarball elsewhere", pnpm_lock({"left": tarball("c", "left")})
         | {".npmrc": "registry=<<a>>/\n", "pnpm-workspace.yaml": "packages: []\ntrustLockfile: true\n"}, ["left"]),
    Case("pnpm", "files that are not read", {f"web/{name}": text for name, text in PNPM_SILENT.items()}
         | {".npmrc": "registry=<<c>>\n", "web/.npmrc": "registry=<<a>>/\n//<<host:a>>/a/:registry=<<c>>\n", "web/bunfig.toml": '[install]\nregistry = "<<c>>"\n',
            "web/.yarnrc.yml": "npmRegistryServer: <<c>>\n"}, TWO, within="web"),
    Case("pnpm", "a member's .npmrc", {
        "pnpm-workspace.yaml": "packages: ['m']\n", ".npmrc": "registry=<<a>>/\n", "m/.npmrc": "registry=<<b>>/\n",
        "package.json": json.dumps(MANIFEST), "m/package.json": json.dumps({"name": "m", "version": "1.0.0", "dependencies": {"left": "1.0.0"}}),
        "pnpm-lock.yaml": PNPM_SILENT["pnpm-lock.yaml"].split("importers:")[0] + "importers:\n\n  .: {}\n\n  m:\n    dependencies:\n      left:\n        specifier: 1.0.0\n        version: 1.0.0\n\n"
        "packages:\n\n  left@1.0.0:\n    resolution: {integrity: <<sri:left>>}\n\nsnapshots:\n\n  left@1.0.0: {}\n"}, ["left"], within="m",
         wider="pnpm up to 10, started in the member, reads the member's file"),
]


def yarn_lock(entries):
    """`entries`: name to the recorded address, or nothing."""
    lines = ["# THIS IS AN AUTOGENERATED FILE. DO NOT EDIT THIS FILE DIRECTLY.", "# yarn lockfile v1", "", ""]
    wanted = {}
    for name, resolved in entries.items():
        key = f'"{name}@1.0.0"' if name.startswith("@") else f"{name}@1.0.0"
        wanted[name] = "1.0.0"
        lines += [f"{key}:", '  version "1.0.0"'] + ([f'  resolved "{resolved}"'] if resolved else [])
        lines += [f"  integrity <<sri:{name}>>", ""]
    return {"yarn.lock": "\n".join(lines), "package.json": json.dumps(MANIFEST | {"dependencies": wanted})}


YARN_SILENT = yarn_lock({"left": None, "@acme/right": None})
YARN_1 = [
    Case("yarn-v1", "nothing configured, nothing recorded", YARN_SILENT, TWO),
    Case("yarn-v1", "a registry and a scope's in .npmrc", YARN_SILENT | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO),
    Case("yarn-v1", "a registry and a scope's in .yarnrc", YARN_SILENT | {".yarnrc": 'registry "<<a>>/"\n"@acme:registry" "<<b>>/"\n'}, TWO),
    Case("yarn-v1", ".npmrc beats .yarnrc", YARN_SILENT | {".npmrc": "registry=<<a>>/\n", ".yarnrc": 'registry "<<c>>/"\n"@acme:registry" "<<b>>/"\n'}, TWO),
    Case("yarn-v1", "recorded addresses stay", yarn_lock({"left": tarball("c", "left"), "@acme/right": tarball("d", "@acme/right")})
         | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO),
    Case("yarn-v1", "the public host recorded stays", yarn_lock({"left": tarball("npm", "left")}) | {".npmrc": "registry=<<a>>/\n"}, ["left"]),
    Case("yarn-v1", "files of folders above", {f"web/{name}": text for name, text in YARN_SILENT.items()}
         | {".npmrc": "@acme:registry=<<b>>\n", ".yarnrc": 'registry "<<a>>"\n', "web/.yarnrc.yml": "npmRegistryServer: <<c>>\n"}, TWO, within="web"),
    Case("yarn-v1", "a command's own registry", YARN_SILENT | {".yarnrc": '--install.registry "<<a>>/"\n'}, TWO),
]


def quoted(name):
    return f'"{name}"' if name.startswith("@") else name


def berry_lock(entries, version=10, aliases=()):
    lines = ["# This file is generated by running \"yarn install\" inside your project.", "# Manual changes might be lost - proceed with caution!", "", "__metadata:", f"  version: {version}", "  cacheKey: 10c0", ""]
    wanted, names = {}, dict(aliases)
    for name in entries:
        wanted[names.get(name, name)] = "1.0.0" if name not in names else f"npm:{name}@1.0.0"
    blocks = {}
    for name, archive in entries.items():
        bound = f"::__archiveUrl={archive}" if archive else ""
        key = f"{name}@npm:1.0.0" if name not in names else f"{names[name]}@npm:{name}@1.0.0"
        blocks[key] = [f'"{key}":', "  version: 1.0.0", f'  resolution: "{name}@npm:1.0.0{bound}"', "  languageName: node", "  linkType: hard", ""]
    blocks["root@workspace:."] = ['"root@workspace:.":', "  version: 0.0.0-use.local", '  resolution: "root@workspace:."', "  dependencies:"] + [
        f'    {quoted(name)}: "npm:{spec.removeprefix("npm:")}"' for name, spec in sorted(wanted.items())] + ["  languageName: unknown", "  linkType: soft", ""]
    for key in sorted(blocks):
        lines += blocks[key]
    return {"yarn.lock": "\n".join(lines), "package.json": json.dumps(MANIFEST | {"dependencies": wanted})}


HTTP = 'unsafeHttpWhitelist: ["127.0.0.1"]\nenableGlobalCache: false\nenableTelemetry: false\n'
BERRY_SILENT = berry_lock({"left": None, "@acme/right": None})
ARCHIVE = "http%3A%2F%2F<<host:c>>%2Fc%2Fleft%2F-%2Fleft-1.0.0.tgz"
BERRY = [
    Case("yarn-berry", "nothing configured", BERRY_SILENT | {".yarnrc.yml": HTTP}, TWO),
    Case("yarn-berry", "a registry and a scope's", BERRY_SILENT | {".yarnrc.yml": HTTP + "npmRegistryServer: <<a>>\nnpmScopes:\n  acme:\n    npmRegistryServer: <<b>>\n"}, TWO),
    Case("yarn-berry", "a scope's registry only", BERRY_SILENT | {".yarnrc.yml": HTTP + 'npmScopes:\n  acme:\n    npmRegistryServer: "<<b>>"\n'}, TWO),
    Case("yarn-berry", "aliases", berry_lock({"left": None, "@acme/right": None}, aliases=[("@acme/right", "plain"), ("left", "@acme/x")])
         | {".yarnrc.yml": HTTP + "npmRegistryServer: <<a>>\nnpmScopes:\n  acme:\n    npmRegistryServer: <<b>>\n"}, TWO),
    Case("yarn-berry", ".npmrc and .yarnrc are not read", BERRY_SILENT | {".npmrc": "registry=<<c>>\n@acme:registry=<<c>>\n", ".yarnrc": 'registry "<<c>>"\n', ".yarnrc.yml": HTTP + "npmRegistryServer: <<a>>\n"}, TWO),
    Case("yarn-berry", "an archive's address stays", berry_lock({"left": ARCHIVE}) | {".yarnrc.yml": HTTP + "npmRegistryServer: <<a>>\n"}, ["left"]),
    Case("yarn-berry", "files of folders above; maps merge, the nearest wins", {f"web/{name}": text for name, text in BERRY_SILENT.items()}
         | {".yarnrc.yml": "npmRegistryServer: <<c>>\nnpmScopes:\n  acme:\n    npmRegistryServer: <<b>>\n",
            "web/.yarnrc.yml": HTTP + "npmRegistryServer: <<a>>\nnpmScopes:\n  other:\n    npmRegistryServer: <<d>>\n"}, TWO, within="web"),
    Case("yarn-berry", "npmRegistries moves nothing", BERRY_SILENT | {".yarnrc.yml": HTTP + "npmRegistryServer: <<a>>\nnpmRegistries:\n  //<<host:a>>/a:\n    npmAuthToken: x\n  //<<host:c>>/c:\n    npmAlwaysAuth: false\n"}, TWO),
]


def bun_lock(entries, aliases=()):
    names = dict(aliases)
    wanted = {names.get(name, name): "1.0.0" if name not in names else f"npm:{name}@1.0.0" for name in entries}
    packages = {names.get(name, name): [f"{name}@1.0.0", address or "", {}, f"<<sri:{name}>>"] for name, address in entries.items()}
    lock = {"lockfileVersion": 1, "workspaces": {"": {"name": "root", "dependencies": wanted}}, "packages": packages}
    return {"bun.lock": json.dumps(lock, indent=2), "package.json": json.dumps(MANIFEST | {"dependencies": wanted})}


BUN_SILENT = bun_lock({"left": None, "@acme/right": None})
BUN_OLDER = "bun up to 1.2 asks the public registry for these entries whatever is configured"
BUN = [
    Case("bun", "nothing configured", BUN_SILENT, TWO),
    Case("bun", "a registry and a scope's in .npmrc", BUN_SILENT | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO, wider=BUN_OLDER),
    Case("bun", "a registry and a scope's in bunfig.toml",
         BUN_SILENT | {"bunfig.toml": '[install]\nregistry = "<<a>>"\n[install.scopes]\nacme = "<<b>>"\n'}, TWO, wider=BUN_OLDER),
    Case("bun", "tables in bunfig.toml", BUN_SILENT | {"bunfig.toml": '[install]\nregistry = { url = "<<a>>/", token = "x" }\n[install.scopes]\n"@acme" = { url = "<<b>>/" }\n'}, TWO, wider=BUN_OLDER),
    Case("bun", "bunfig.toml and .npmrc", BUN_SILENT | {"bunfig.toml": '[install]\nregistry = "<<a>>"\n', ".npmrc": "registry=<<c>>\n@acme:registry=<<b>>\n"}, TWO,
         wider="their order changed in bun 1.4, and up to 1.2 neither counts"),
    Case("bun", "recorded addresses stay", bun_lock({"left": tarball("c", "left"), "@acme/right": tarball("d", "@acme/right")})
         | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO),
    Case("bun", "aliases", bun_lock({"left": None, "@acme/right": None}, aliases=[("@acme/right", "plain"), ("left", "@acme/x")])
         | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO, wider=BUN_OLDER),
    Case("bun", "the version told, files above not read", {f"web/{name}": text for name, text in BUN_SILENT.items()}
         | {"web/package.json": manifest(*TWO, packageManager="bun@1.4.5"), ".npmrc": "registry=<<c>>\n", "bunfig.toml": '[install]\nregistry = "<<c>>"\n',
            "web/bunfig.toml": '[install]\nregistry = "<<a>>"\n', "web/.npmrc": "registry=<<b>>\n"}, TWO, within="web"),
]


def deno_lock(entries, aliases=()):
    names = dict(aliases)
    wanted = {names.get(name, name): f"npm:{name}@1.0.0" for name in entries}
    npm = {f"{name}@1.0.0": {"integrity": f"<<sri:{name}>>"} | ({"tarball": address} if address else {}) for name, address in entries.items()}
    lock = {"version": "5", "specifiers": {f"npm:{name}@1.0.0": "1.0.0" for name in entries}, "npm": npm,
            "workspace": {"dependencies": sorted(f"npm:{name}@1.0.0" for name in entries)}}
    return {"deno.lock": json.dumps(lock, indent=2), "deno.json": json.dumps({"imports": wanted})}


DENO_SILENT = deno_lock({"left": None, "@acme/right": None})
DENO = [
    Case("deno", "nothing configured", DENO_SILENT, TWO),
    Case("deno", "a registry and a scope's", DENO_SILENT | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, TWO),
    Case("deno", "a scope's registry only", DENO_SILENT | {".npmrc": "@acme:registry=<<b>>/\n"}, TWO),
    Case("deno", "recorded tarballs", deno_lock({"left": tarball("c", "left"), "@acme/right": None}) | {".npmrc": "registry=<<a>>/\n"}, TWO,
         further="deno also asks the configured registry what it says of every package"),
    Case("deno", "a tarball on the public host is the configured default's", deno_lock({"left": tarball("npm", "left"), "@acme/right": tarball("npm", "@acme/right")}) | {".npmrc": "registry=<<a>>/\n"}, TWO),
    Case("deno", "a tarball on the public host with a port", deno_lock({"left": "<<npm>>:8443/left/-/left-1.0.0.tgz"}) | {".npmrc": "registry=<<a>>/\n"}, ["left"]),
    Case("deno", "a tarball on the public host by http", deno_lock({"left": "http://<<npmhost>>/left/-/left-1.0.0.tgz"}) | {".npmrc": "registry=<<a>>/\n"}, ["left"]),
    Case("deno", "a scoped tarball on the public host, with a scope's registry", deno_lock({"@acme/right": tarball("npm", "@acme/right")})
         | {".npmrc": "registry=<<a>>/\n@acme:registry=<<b>>/\n"}, ["@acme/right"]),
    Case("deno", "files that are not read", {f"web/{name}": text for name, text in DENO_SILENT.items()}
         | {".npmrc": "registry=<<c>>\n", "web/bunfig.toml": '[install]\nregistry = "<<c>>"\n', "web/.npmrc": "registry=<<a>>/\n"}, TWO, within="web"),
]

CASES = NPM + PNPM + YARN_1 + BERRY + BUN + DENO
