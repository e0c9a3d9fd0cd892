"""Cases of pip, uv, Poetry, PDM and Pipenv."""

import hashlib
import json
import tomllib

from asked import Case

TWO = ["left", "right"]
PINNED = "left==1.0.0\nright==1.0.0\n"
FILE = "<<{0}>>/{1}/{1}-1.0.0-py3-none-any.whl"


def pip(says, files, packages=TWO, **more):
    return Case("pip", says, files, packages, **more)


PIP = [
    pip("nothing configured", {"requirements.txt": PINNED}),
    pip("an index", {"requirements.txt": "-i <<a>>/\n" + PINNED}),
    pip("an index at the end", {"requirements.txt": PINNED + "--index-url=<<a>>\n"}),
    pip("an extra index", {"requirements.txt": "--extra-index-url <<a>>/\n" + PINNED}),
    pip("an extra index after an index", {"requirements.txt": "-i <<a>>/\n--extra-index-url <<b>>/\n" + PINNED}),
    pip("an extra index before an index", {"requirements.txt": "--extra-index-url <<b>>/\n-i <<a>>/\n" + PINNED}),
    pip("two indexes", {"requirements.txt": "-i <<b>>/\nleft==1.0.0\n-i <<a>>/\nright==1.0.0\n"}),
    pip("an included file's index", {"requirements.txt": "-i <<b>>/\nleft==1.0.0\n-r more.txt\n", "more.txt": "-i <<a>>/\nright==1.0.0\n"}),
    pip("an included file's index, before the own one", {"requirements.txt": "-r more.txt\n-i <<b>>/\nleft==1.0.0\n", "more.txt": "-i <<a>>/\nright==1.0.0\n"}),
    pip("a constraint file's index", {"requirements.txt": "-c limits.txt\n" + PINNED, "limits.txt": "-i <<a>>/\nleft==1.0.0\n"}),
    pip("no index, a page of links", {"requirements.txt": "--no-index\n-f <<a>>/left/\nleft==1.0.0\n"}, ["left"]),
    pip("no index after an index", {"requirements.txt": "-i <<b>>/\n--no-index\n-f <<a>>/left/\nleft==1.0.0\n"}, ["left"]),
    pip("an index after no index", {"requirements.txt": "--no-index\n-i <<b>>/\n-f <<a>>/left/\nleft==1.0.0\n"}, ["left"]),
    pip("a page of links beside an index", {"requirements.txt": "-i <<b>>/\n-f <<a>>/left/\nleft==1.0.0\n"}, ["left"]),
    pip("an address", {"requirements.txt": f"-i <<b>>/\nleft @ {FILE.format('a', 'left')}#sha256=<<sha256:left>>\nright==1.0.0\n"}),
    pip("hashes", {"requirements.txt": "-i <<a>>/\nleft==1.0.0 \\\n    --hash=sha256:<<sha256:left>>\n"}, ["left"]),
    pip("files that are not read", {"requirements.txt": "-i <<a>>/\n" + PINNED, "pip.conf": "[global]\nindex-url = <<c>>\nextra-index-url = <<d>>\n",
        ".pip.conf": "[global]\nextra-index-url = <<c>>\n", "pip/pip.conf": "[global]\nextra-index-url = <<c>>\n", "setup.cfg": "[global]\nextra-index-url = <<c>>\n",
        ".env": "PIP_EXTRA_INDEX_URL=<<c>>\n", "pyproject.toml": '[tool.pip]\nextra-index-url = "<<c>>"\n[[tool.uv.index]]\nurl = "<<c>>"\n'}),
    pip("options behind a requirement", {"requirements.txt": "-i <<a>>/\nleft==1.0.0 --hash=sha256:<<sha256:left>> # -i <<c>>/\n"}, ["left"]),
    pip("a variable in capitals, in user-info", {"requirements.txt": "-i http://u:${PIP_TOKEN}@<<host:a>>/a/\n" + PINNED}, env={"PIP_TOKEN": "x"}),
    pip("continued lines, quotes and comments", {"requirements.txt": "# -i <<c>>/\n--index-url \\\n  '<<a>>/'  # -i <<d>>/\nleft==1.0.0 ; python_version >= '3'\n"}, ["left"]),
]


def project(*names, rest=""):
    wanted = ", ".join(f'"{name}==1.0.0"' for name in names)
    return f'[project]\nname = "root"\nversion = "1.0.0"\nrequires-python = ">=3.9"\ndependencies = [{wanted}]\n{rest}'


def uv_lock(entries):
    """`entries`: name to the index recorded, and the registry of the file."""
    text = 'version = 1\nrevision = 3\nrequires-python = ">=3.9"\n'
    for name, (index, file) in entries.items():
        text += f'\n[[package]]\nname = "{name}"\nversion = "1.0.0"\nsource = {{ registry = "<<{index}>>/" }}\n'
        text += f'wheels = [{{ url = "{FILE.format(file, name)}", hash = "sha256:<<sha256:{name}>>" }}]\n'
    text += '\n[[package]]\nname = "root"\nversion = "1.0.0"\nsource = { virtual = "." }\ndependencies = [\n'
    text += "".join(f'    {{ name = "{name}" }},\n' for name in entries) + "]\n\n[package.metadata]\nrequires-dist = [\n"
    return text + "".join(f'    {{ name = "{name}", specifier = "==1.0.0" }},\n' for name in entries) + "]\n"


def uv(says, files, packages=TWO, **more):
    return Case("uv", says, files, packages, **more)


LOCK = [["uv", "lock"]]
UV = [
    uv("recorded addresses, nothing configured", {"pyproject.toml": project(*TWO), "uv.lock": uv_lock({"left": ("a", "a"), "right": ("b", "b")})}),
    uv("recorded addresses, another index configured", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nurl = "<<c>>"\ndefault = true\n'),
       "uv.lock": uv_lock({"left": ("a", "a"), "right": ("a", "a")})}),
    uv("a file elsewhere than its index", {"pyproject.toml": project("left"), "uv.lock": uv_lock({"left": ("a", "b")})}, ["left"],
       wider="an index may be asked too when uv does not run frozen"),
    uv("no lock: an index first", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nurl = "<<a>>"\n')}, run=LOCK,
       wider="the next index is asked for what one does not have"),
    uv("no lock: an index that has nothing", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nurl = "<<a>>"\n')}, run=LOCK, have={"a": []}),
    uv("no lock: a default index", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nurl = "<<a>>"\ndefault = true\n')}, run=LOCK),
    uv("no lock: a default index before another", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nurl = "<<a>>"\ndefault = true\n[[tool.uv.index]]\nurl = "<<b>>"\n')},
       run=LOCK, have={"a": TWO, "b": []}),
    uv("no lock: an explicit index and a named one", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nname = "mine"\nurl = "<<b>>"\nexplicit = true\n'
       '[[tool.uv.index]]\nurl = "<<a>>"\ndefault = true\n[tool.uv.sources]\nright = { index = "mine" }\n')}, run=LOCK),
    uv("no lock: uv.toml beside pyproject.toml", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nurl = "<<c>>"\ndefault = true\n'),
       "uv.toml": '[[index]]\nurl = "<<a>>"\ndefault = true\n'}, run=LOCK),
    uv("no lock: index-url", {"pyproject.toml": project(*TWO, rest='[tool.uv]\nindex-url = "<<a>>"\n')}, run=LOCK),
    uv("no lock: index-url and extra-index-url", {"pyproject.toml": project(*TWO, rest='[tool.uv]\nindex-url = "<<a>>"\nextra-index-url = ["<<b>>"]\n')}, run=LOCK,
       have={"a": TWO, "b": []}),
    uv("no lock: find-links", {"pyproject.toml": project("left", rest='[tool.uv]\nindex-url = "<<a>>"\nfind-links = ["<<b>>/left/"]\n')}, ["left"], run=LOCK),
    uv("no lock: a folder above, own file without a table", {"web/pyproject.toml": project(*TWO), "uv.toml": '[[index]]\nurl = "<<a>>"\ndefault = true\n'}, run=LOCK, within="web"),
    uv("no lock: a folder above, own file with a table", {"web/pyproject.toml": project(*TWO, rest='[tool.uv]\nmanaged = true\n[[tool.uv.index]]\nurl = "<<b>>"\ndefault = true\n'),
       "uv.toml": '[[index]]\nurl = "<<a>>"\ndefault = true\n'}, run=LOCK, within="web"),
    uv("no lock: files that are not read", {"pyproject.toml": project(*TWO, rest='[[tool.uv.index]]\nurl = "<<a>>"\ndefault = true\n'), "pip.conf": "[global]\nindex-url = <<c>>\n", ".env": "UV_INDEX=<<c>>\n"}, run=LOCK),
    uv("requirements with an index", {"requirements.txt": "-i <<a>>/\n--extra-index-url <<b>>/\n" + PINNED, "uv.toml": ""}, have={"a": TWO, "b": []},
       run=[["uv", "venv"], ["uv", "pip", "install", "-r", "requirements.txt"]]),
]


def with_content_hash(files):
    """The files, with the hash of pyproject.toml that Poetry wants in its lockfile."""
    if "poetry.lock" not in files:
        return files
    content = tomllib.loads(files["pyproject.toml"])
    wanted, poetry = content["project"], content.get("tool", {}).get("poetry", {})
    relevant = {
        "project": {key: wanted[key] for key in ("requires-python", "dependencies", "optional-dependencies") if key in wanted},
        "tool": {"poetry": {key: poetry[key] for key in ("dependencies", "source", "extras", "dev-dependencies", "group") if key in poetry}},
    }
    digest = hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
    return files | {"poetry.lock": files["poetry.lock"].replace("<<later:content-hash>>", digest)}


def poetry(says, rest, entries, packages=TWO, more_files=None, version="2.1", lock=True, **more):
    """`entries`: name to the name and address of its recorded source, or nothing."""
    text = project(*entries, rest=rest)
    locked = '# This file is automatically @generated by Poetry 2.1.0 and should not be changed by hand.\n'
    for name, recorded in entries.items():
        locked += f'\n[[package]]\nname = "{name}"\nversion = "1.0.0"\ndescription = ""\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
        locked += f'files = [\n    {{file = "{name}-1.0.0-py3-none-any.whl", hash = "sha256:<<sha256:{name}>>"}},\n]\n'
        if recorded:
            locked += f'\n[package.source]\ntype = "legacy"\nurl = "{recorded[1]}"\nreference = "{recorded[0]}"\n'
    locked += '\n[metadata]\nlock-version = "' + version + '"\npython-versions = ">=3.9"\ncontent-hash = "<<later:content-hash>>"\n'
    files = {"pyproject.toml": text} | ({"poetry.lock": locked} if lock else {})
    return Case("poetry", says, files | (more_files or {}), packages, **more)


def sources(*rows):
    return "".join(f'[[tool.poetry.source]]\nname = "{name}"\n' + (f'url = "{url}"\n' if url else "") + (f'priority = "{priority}"\n' if priority else "") for name, url, priority in rows)


NONE = {"left": None, "right": None}
POETRY = [
    poetry("nothing configured", "", NONE),
    poetry("a primary source, nothing recorded", sources(("mine", "<<a>>/", None)), NONE),
    poetry("two primary sources, nothing recorded", sources(("one", "<<a>>/", None), ("two", "<<b>>/", "primary")), NONE, have={"a": []}),
    poetry("a primary source beside the public one", sources(("one", "<<a>>/", None), ("PyPI", None, "supplemental")), NONE),
    poetry("a lockfile of Poetry 1", sources(("one", "<<a>>/", None)), NONE, version="2.0", wider="Poetry 1 goes to the public index"),
    poetry("no lock: two primary sources", sources(("one", "<<a>>/", None), ("two", "<<b>>/", None), ("three", "<<c>>/", "supplemental")), NONE, lock=False,
           run=[["poetry", "lock"]], wider="a supplemental source is asked for what the others lack"),
    poetry("no lock: a supplemental source", sources(("one", "<<a>>/", None), ("two", "<<b>>/", "supplemental")), NONE, lock=False, run=[["poetry", "lock"]], have={"a": []}),
    poetry("a supplemental source, nothing recorded", sources(("mine", "<<a>>/", "supplemental")), NONE),
    poetry("an explicit source, nothing recorded", sources(("mine", "<<a>>/", "explicit")), NONE),
    poetry("a recorded source, configured elsewhere", sources(("Mine", "<<a>>/", None), ("other", "<<b>>/", "supplemental")),
           {"left": ("mine", "<<c>>"), "right": ("other", "<<c>>")}),
    poetry("an explicit source, recorded", sources(("mine", "<<a>>/", "explicit"), ("first", "<<b>>/", None)), {"left": ("mine", "<<a>>"), "right": None}),
    poetry("files that are not read", sources(("mine", "<<a>>/", None)) + '[[tool.uv.index]]\nurl = "<<c>>"\n[[tool.pdm.source]]\nname = "x"\nurl = "<<c>>"\n', NONE,
           more_files={"poetry.toml": '[repositories.mine]\nurl = "<<c>>"\n[repositories.pypi]\nurl = "<<c>>"\n', "pip.conf": "[global]\nindex-url = <<c>>\n"}),
]


def pdm(says, rest, packages=TWO, more_files=None, urls=None, **more):
    lock = '[metadata]\ngroups = ["default"]\nstrategy = ["inherit_metadata"' + (', "static_urls"' if urls else "") + ']\nlock_version = "4.5.0"\ncontent_hash = "sha256:0"\n\n[[metadata.targets]]\nrequires_python = ">=3.9"\n'
    for name in packages:
        where = f'url = "{FILE.format(urls, name)}"' if urls else f'file = "{name}-1.0.0-py3-none-any.whl"'
        lock += f'\n[[package]]\nname = "{name}"\nversion = "1.0.0"\nsummary = ""\ngroups = ["default"]\nfiles = [\n    {{{where}, hash = "sha256:<<sha256:{name}>>"}},\n]\n'
    return Case("pdm", says, {"pyproject.toml": project(*packages, rest=rest), "pdm.lock": lock} | (more_files or {}), packages, **more)


def pdm_source(name, url, more=""):
    return f'[[tool.pdm.source]]\nname = "{name}"\nurl = "{url}"\n{more}'


PDM = [
    pdm("nothing configured", ""),
    pdm("the source called pypi", pdm_source("pypi", "<<a>>/")),
    pdm("two sources", pdm_source("pypi", "<<a>>/") + pdm_source("mine", "<<b>>/")),
    pdm("a source beside the public one", pdm_source("mine", "<<a>>/"), wider="the public index is refused here, at which PDM stops"),
    pdm("pypi.url of pdm.toml", "", more_files={"pdm.toml": '[pypi]\nurl = "<<a>>/"\n'}),
    pdm("a further index of pdm.toml", pdm_source("pypi", "<<a>>/"), more_files={"pdm.toml": '[pypi.more]\nurl = "<<b>>/"\n'}),
    pdm("recorded addresses", pdm_source("pypi", "<<a>>/"), urls="c"),
    pdm("include_packages", pdm_source("pypi", "<<a>>/") + pdm_source("mine", "<<b>>/", 'include_packages = ["ri*"]\n')),
    pdm("exclude_packages", pdm_source("pypi", "<<a>>/") + pdm_source("mine", "<<b>>/", 'exclude_packages = ["ri*"]\n')),
    pdm("files that are not read", pdm_source("pypi", "<<a>>/") + '[[tool.uv.index]]\nurl = "<<c>>"\n[[tool.poetry.source]]\nname = "x"\nurl = "<<c>>"\n',
        more_files={"pip.conf": "[global]\nindex-url = <<c>>\n", ".env": "PDM_PYPI_URL=<<c>>\n"}),
]


def pipenv(says, lock_sources, entries, packages=TWO, pipfile=None, **more):
    meta = {"hash": {"sha256": "0" * 64}, "pipfile-spec": 6, "requires": {}, "sources": lock_sources}
    default = {name: {"hashes": [f"sha256:<<sha256:{name}>>"], "version": "==1.0.0"} | fields for name, fields in entries.items()}
    pipfile = pipfile or f'[[source]]\nurl = "{lock_sources[0]["url"]}"\nverify_ssl = true\nname = "{lock_sources[0]["name"]}"\n'
    files = {"Pipfile.lock": json.dumps({"_meta": meta, "default": default, "develop": {}}, indent=4), "Pipfile": pipfile + "[packages]\nleft = \"*\"\nright = \"*\"\n"}
    return Case("pipenv", says, files, packages, **more)


A, B = ({"name": name, "url": f"<<{letter}>>/", "verify_ssl": True} for name, letter in (("one", "a"), ("two", "b")))
PIPENV = [
    pipenv("one source", [A], {"left": {}, "right": {}}),
    pipenv("the public one", [{"name": "pypi", "url": "<<pypi>>/simple", "verify_ssl": True}], {"left": {}, "right": {}}),
    pipenv("two sources, one named", [A, B], {"left": {}, "right": {"index": "two"}}),
    pipenv("two sources, none named; the first lacks a package", [A, B], {"left": {}, "right": {}}, have={"a": ["left"]}),
    pipenv("another address in the Pipfile", [A], {"left": {}, "right": {}}, pipfile='[[source]]\nurl = "<<c>>/"\nverify_ssl = true\nname = "one"\n'),
]

CASES = PIP + UV + POETRY + PDM + PIPENV
