"""Second part: the address that a real client asks, against what packman says of the same files.

A case is a small project that configures made-up registries on loopback. Its client runs with nothing of the machine's own settings;
the server notes what it asks. For each package the registries that were asked must be packman's candidates, no more and no less; a
case may say why packman names more than this client's version asks. No case reaches the network.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import tempfile
import urllib.parse

import made_up
import shared
from server import Server

# Made-up registries.
LETTERS = "abcd"


@dataclasses.dataclass
class Case:
    client: str  # a row of `clients.CLIENTS`
    says: str  # what the configuration is
    files: dict  # path to text; `<<a>>` is registry a's address, see `fill`
    packages: list  # whose origins are compared
    run: list = None  # the commands, if not the client's own
    within: str = "."  # the folder of the project
    have: dict = dataclasses.field(default_factory=dict)  # packages that a registry has, if not all
    wider: str = ""  # why packman names candidates that this version does not ask
    further: str = ""  # why the client asks further registries about a package, though it takes no file from there
    besides: tuple = ()  # public registries asked for something that is no entry
    env: dict = dataclasses.field(default_factory=dict)
    major: tuple = None  # versions of the client that the case is about


def fill(text, server, ecosystem, records):
    """`<<a>>`, `<<host:a>>`, `<<sri:NAME>>` (and other digests), `<<ID>>`: the first host of a record of the catalogue."""

    def value(found):
        word = found[1]
        if word.startswith("later:"):
            return found[0]
        if word in LETTERS:
            return server.bases[word]
        if word == "home":
            return found[0]
        if word == "proxyport":
            return server.proxy.rsplit(":", 1)[1]
        if ":" in word:
            kind, name = word.split(":", 1)
            if kind == "host":
                return server.bases[name].split("/")[2]
            if kind == "key":  # as Bundler writes an address in its settings
                address = server.bases[name] if name in LETTERS else "https://" + records[name]["hosts"][0]
                return (address + "/").replace("-", "___").replace(".", "__").upper()
            return made_up.digest(ecosystem, name, kind)
        return records[word.removesuffix("host")]["hosts"][0] if word.endswith("host") else "https://" + records[word]["hosts"][0]

    return re.sub(r"<<([^<>]+)>>", value, text)


def registry_of(address, server, ecosystem, records):
    """The letter or record that an address is of; itself, if none."""
    address = address.removeprefix("sparse+").removeprefix("registry+")
    if server.letter(address):
        return server.letter(address)
    host = urllib.parse.urlsplit(address).netloc.split("@")[-1]
    for id, record in records.items():
        hosts = [*record.get("hosts", []), *(prefix.split("/")[0] for prefix in record.get("url-prefixes", []))]
        if record["ecosystem"] == ecosystem and host in hosts:
            return id
    return host or address


def said(dependency, server, ecosystem, records):
    """The registries that packman names for one dependency."""
    origin = dependency["origin"]
    found = set()
    for candidate in origin["candidates"] or [origin]:
        location = candidate["location"]
        known = location and registry_of(location, server, ecosystem, records)
        found.add(candidate["registry"] or known or candidate["class"])
    return found


def mentions(address, name):
    """Whether an address is about a package."""
    plain = name.replace(":", "/") if ":" not in name else name.split(":")[0].replace(".", "/") + "/" + name.split(":")[1]
    return re.search(rf"(?<![a-z@]){re.escape(plain)}(?![a-z])", address.lower()) is not None


def is_file(address):
    """Whether an address is a package's file, not what a registry says of the package."""
    return address.endswith((".tgz", ".whl", ".zip", ".gem", ".jar", ".pom", "/download"))


def try_case(case, client, path, packman, records):
    """Runs one case; rows of (package, asked, said), what is wrong, and what the client printed."""
    with Server(LETTERS) as server, tempfile.TemporaryDirectory(prefix="packman-asked-") as top:
        top = pathlib.Path(top)
        for letter in LETTERS:
            names = case.have.get(letter, case.packages)
            server.routes |= made_up.routes(client.ecosystem, server.bases[letter], names)
        folder = top / "repository"
        files = {name: fill(text, server, client.ecosystem, records) for name, text in case.files.items()}
        shared.write(folder, client.finish(files))
        listed = shared.packman_list(packman, folder)
        env = shared.clean(top / "home") | {"HTTPS_PROXY": server.proxy, "https_proxy": server.proxy, "YARN_HTTPS_PROXY": server.proxy, "NO_PROXY": "127.0.0.1"}
        env |= {
            key: fill(value, server, client.ecosystem, records).replace("<<home>>", env["HOME"])
            for key, value in (client.env | case.env).items()
        }
        env |= {key: str(top / "home" / value) for key, value in client.folders.items()}
        printed = ""
        for command in case.run or client.run:
            words = [fill(word, server, client.ecosystem, records) for word in command]
            program = path if words[0] == client.program else shutil.which(words[0]) or words[0]
            _, out, err = shared.run([program, *words[1:]], folder / case.within, env, limit=60)
            printed += out + err
        return *compare(case, client, listed, server, records), printed
    raise AssertionError("not reached")


def compare(case, client, listed, server, records):
    """Asked against said."""
    asked_of = lambda address: registry_of(address, server, client.ecosystem, records)
    served = [address for address in server.asked if server.letter(address)]
    public = {asked_of(address) for address in server.asked if not server.letter(address)}
    shadowed = {lockfile["path"] for lockfile in listed["lockfiles"] if lockfile["shadowed_by"]}
    rows, wrong, all_said = [], [], set()
    for name in case.packages:
        sayings = [
            said(dependency, server, client.ecosystem, records)
            for dependency in listed["dependencies"]
            if dependency["name"] == name and dependency["ecosystem"] == client.ecosystem and dependency["lockfile"] not in shadowed
        ]
        says = set().union(*sayings)
        all_said |= says
        asked = {asked_of(address) for address in served if mentions(address, name) and not (case.further and not is_file(address))}
        asked |= public & says if asked else public - set(case.besides)
        rows.append((name, asked, says))
        if not sayings:
            wrong.append(f"{name}: packman lists no such package")
        elif not asked:
            wrong.append(f"{name}: the client asked nobody")
        elif not asked <= says:
            wrong.append(f"{name}: the client asked {sorted(asked - says)} too, packman says {sorted(says)}")
        elif asked != says and not case.wider:
            wrong.append(f"{name}: packman also names {sorted(says - asked)}, the client asked {sorted(asked)} only")
    beyond = public - all_said - set(case.besides)
    if beyond:
        wrong.append(f"the client asked {sorted(beyond)}, which packman names for no package")
    for problem in listed["lockfiles"]:
        wrong += [f"{problem['path']}: {text}" for text in problem["problems"]]
    return rows, wrong


def part(packman, only, about, cases, clients):
    """All cases of clients that are here; their counts, and rows (client, version, case, packages, why wider)."""
    records = shared.records()
    passed, failed, skipped, done = 0, 0, 0, []
    for client in clients:
        if only and client.id not in only:
            continue
        mine = [case for case in cases if case.client == client.id and about in case.says]
        path, version = shared.find(client.program, client.major)
        if not path:
            print(f"skipped {client.id}: no `{client.program}`{client.of()} on PATH")
            skipped += len(mine)
            continue
        for case in mine:
            if case.major and version.split(".")[0] not in case.major:
                print(f"skipped {client.id} {version}: {case.says} (about {', '.join(case.major)})")
                skipped += 1
                continue
            try:
                rows, wrong, printed = try_case(case, client, path, packman, records)
            except shared.Failed as failure:
                rows, wrong, printed = [], [str(failure)], ""
            passed, failed = (passed, failed + 1) if wrong else (passed + 1, failed)
            print(f"{'FAILED' if wrong else 'equal'} {client.id} {version}: {case.says}")
            for name, asked, says in rows:
                more = f", packman also names {', '.join(sorted(says - asked))}: {case.wider}" if asked < says and case.wider else ""
                print(f"    {name}: {', '.join(sorted(asked)) or 'nobody'}{more}")
            for line in wrong:
                print(f"    ! {line}")
            if wrong or os.environ.get("VERBOSE"):
                print("    | " + "\n    | ".join(printed.strip().splitlines()[-25:]))
            if not wrong:
                done.append((client.id, version, case.says, rows, case.wider))
    return passed, failed, skipped, done
