"""What both parts share: clients on PATH, an environment without the machine's own settings, runs with a limit, packman's list.

Never judges anything.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Seconds that one run of a client may take.
LIMIT = 300


def find(program, major=None):
    """The first `program` on PATH, and its version; of this major version, or one of these, if given."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = shutil.which(program, path=folder)
        version = path and version_of(path)
        if version and (major is None or re.match(r"\d+", version)[0] in major):
            return path, version
    return None, None


def version_of(path):
    """What a program says of its version, or nothing if it does not run."""
    for word in ["--version", "version"]:
        try:
            done = subprocess.run([path, word], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired):
            return None
        found = re.search(r"\d+(\.\d+)+", done.stdout)
        if done.returncode == 0 and found:
            return found[0]
    return None


def clean(home):
    """An environment in which nothing of the machine or its user says where packages come from."""
    home.mkdir(parents=True, exist_ok=True)
    env = {key: os.environ[key] for key in ("PATH", "LANG", "JAVA_HOME") if key in os.environ}
    real = pathlib.Path.home()
    return env | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "CI": "1",
        "NO_COLOR": "1",
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(real / ".rustup")),
        "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(real / ".pyenv")),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "npm_config_globalconfig": os.devnull,
        "npm_config_update_notifier": "false",
        "COREPACK_ENABLE_STRICT": "0",
        "YARN_CACHE_FOLDER": str(home / "yarn-cache"),
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-modcacherw",
    }


def write(folder, files):
    """Writes texts below a folder."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            target.write_bytes(text)
        else:
            target.write_text(text)


def run(command, cwd, env, limit=LIMIT):
    """Runs a program with a time limit; its exit code and all that it printed. What it started ends with it."""
    with subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += f"\nended after {limit} s"
        return process.returncode, out, err


def must(command, cwd, env):
    """As `run`, for what has to succeed; what it printed to stdout."""
    code, out, err = run(command, cwd, env)
    if code != 0:
        raise Failed(f"{' '.join(str(part) for part in command)}: exit code {code}\n{out[-1500:]}\n{err[-1500:]}")
    return out


class Failed(Exception):
    """A client or packman did not do what it was asked."""


def packman_list(packman, folder):
    """`packman list --format json` of a folder."""
    code, out, err = run([packman, "list", "--format", "json", folder], folder, os.environ)
    if code != 0:
        raise Failed(f"packman list {folder}: exit code {code}\n{err}")
    return json.loads(out)


def packman_path(given):
    """The binary to test: given, of the environment, or the release build."""
    path = pathlib.Path(given or os.environ.get("PACKMAN") or ROOT / "target/release/packman").resolve()
    if not path.is_file():
        sys.exit(f"{path} is not there: build it with `cargo build --release`, or name another with --packman or PACKMAN")
    return path


def records():
    """The catalogue's records that state hosts or prefixes: id to what they match, and the ecosystem."""
    found = {}
    for path in sorted((ROOT / "policies/registries").glob("*.toml")):
        record = tomllib.loads(path.read_text())
        found[record["id"]] = record.get("match", {}) | {"ecosystem": record.get("ecosystem") or record.get("ecosystems")}
    return found
