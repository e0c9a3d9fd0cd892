#!/usr/bin/env python3
"""Holds packman's outputs against the limits of who reads them, on trees that nobody would write by hand.

    .ci/limits.py BINARY SCRATCH REPORTS

Makes the trees below SCRATCH, runs BINARY twice on each, and looks at what it wrote. What other programs should see too is left in
REPORTS.
"""

import gzip
import json
import random
import shutil
import string
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

# What code scanning keeps or takes of one run; the size leaves room for Base64.
RESULTS, RULES, LOCATIONS, PACKED_BYTES = 5000, 25_000, 100, 7_000_000
# What the runner, a comment, an annotation list and a browser take of a hundred thousand causes, in bytes.
LARGEST = {"summary": 1_048_576, "comment": 65_536, "annotations": 200_000, "html": 8 * 1024 * 1024, "junit": 30_000_000}
HOSTILE = ["a b", "c#d", "e%2Fg", "%", "h?i", "é/ü", "[id]", "(group)/@slot", "j:k", 'n"o', "p'q", "r+s", "t&u=v", "<w>", "x\\y", "🦀", "--dash"]
HOSTILE += ["..dots", "trailing ", "{x}", "y|z^", "`tick`", "C:", "~", "file:", "new\nline", "\u202ertl", "\x1b[31m"]


def lock(names: list[str], hosts: list[str] | None = None) -> str:
    """npm's lockfile with these packages, each of a host that nothing explains."""
    packages = {"": {"name": "case", "version": "1.0.0"}}
    for at, name in enumerate(names):
        host = hosts[at] if hosts else "npm.example.net"
        address = f"https://{host}/{name}/-/{name}-1.0.0.tgz"
        packages[f"node_modules/{name}"] = {"version": "1.0.0", "resolved": address}
    return json.dumps({"name": "case", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}, indent=2)


def make(folder: Path, files: dict[str, str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    # Of its own, so that no ignore file above it counts.
    subprocess.run(["git", "init", "-q", folder], check=True)


def trees() -> dict[str, dict[str, str]]:
    many = lambda files: {f"{number:04}/package-lock.json": lock([f"p{one}" for one in range(50)]) for number in range(files)}
    noise = random.Random(7)
    letters = string.ascii_lowercase + string.digits
    word = lambda length: "".join(noise.choice(letters) for _ in range(length))
    # Folders and names that nothing compresses, so that five thousand results would not fit.
    loud = {"/".join(word(200) for _ in range(13)) + "/package-lock.json": lock([word(200)]) for _ in range(4800)}
    return {
        "hostile": {f"{name}/package-lock.json": lock(["left-pad"]) for name in HOSTILE},
        "ten-thousand": many(200),
        "sixty-thousand": many(1200),
        "loud": loud,
    }


def main() -> int:
    binary, scratch, reports = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    bad = 0

    def expect(name: str, holds: bool, what: str) -> None:
        nonlocal bad
        if not holds:
            bad += 1
            print(f"{name}: {what}")

    for name, files in trees().items():
        folder = scratch / name
        make(folder, files)
        written = [scratch / f"{name}.1.sarif", scratch / f"{name}.2.sarif"]
        counts = scratch / f"{name}.outputs"
        for file in written:
            ran = subprocess.run([binary, "check", folder, "--output", f"sarif={file}", "--output", f"outputs={counts}"], stdout=subprocess.DEVNULL)
            expect(name, ran.returncode == 1, f"exit code {ran.returncode}, expected 1")
        first = written[0].read_bytes()
        expect(name, first == written[1].read_bytes(), "two runs gave different bytes")
        packed = len(gzip.compress(first, 6))
        expect(name, packed <= PACKED_BYTES, f"{packed} bytes of gzip, at most {PACKED_BYTES} wanted")
        run = json.loads(first)["runs"][0]
        results, rules = run["results"], run["tool"]["driver"]["rules"]
        outputs = dict(line.split("=", 1) for line in counts.read_text().splitlines())
        findings = int(outputs["deny"]) + int(outputs["warn"])
        expect(name, 0 < len(results) <= RESULTS and len(rules) <= RULES, f"{len(results)} results, {len(rules)} rules")
        levels = [result["level"] for result in results]
        expect(name, levels == sorted(levels), "the worst results are not the first ones")
        related = max((len(result.get("relatedLocations", [])) for result in results), default=0)
        expect(name, related <= LOCATIONS and all(len(result["locations"]) == 1 for result in results), f"{related} related locations")
        places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in results]
        expect(name, {unquote(place) for place in places} <= set(files), "an address that leads nowhere")
        expect(name, str(scratch.resolve()).encode() not in first, "the machine's own path is in the report")
        told = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
        cut = [text for text in told if text.startswith(f"Code scanning keeps {len(results)} results; ")]
        expect(name, bool(cut) == (len(results) < findings), f"{findings} findings, {len(results)} results, and it says {told}")
        print(f"{name}: {findings} findings, {len(results)} results, {len(rules)} rules, {len(first)} bytes, {packed} packed; {' '.join(cut) or 'nothing left out'}")
    name = "a hundred thousand causes"
    hosts = {f"{number}/package-lock.json": [f"n{one}.e{number}.example" for one in range(10_000)] for number in range(10)}
    folder = scratch / "causes"
    make(folder, {path: lock([f"p{one}" for one in range(len(of))], of) for path, of in hosts.items()})
    files = {output: scratch / f"causes.{output}" for output in LARGEST}
    asked = [word for output, file in files.items() for word in ("--output", f"{output}={file}")]
    ran = subprocess.run([binary, "check", folder, *asked], stdout=subprocess.DEVNULL)
    expect(name, ran.returncode == 1, f"exit code {ran.returncode}, expected 1")
    sizes = {output: file.stat().st_size for output, file in files.items()}
    for output, most in LARGEST.items():
        expect(name, 0 < sizes[output] <= most, f"{output}: {sizes[output]} bytes, at most {most} wanted")
    commands = files["annotations"].read_text().splitlines()
    expect(name, len(commands) == 10, f"{len(commands)} annotations, 10 wanted")
    print(f"{name}: " + ", ".join(f"{output} {size}" for output, size in sizes.items()))
    for name in ("hostile", "ten-thousand"):
        shutil.copy(scratch / f"{name}.1.sarif", reports / f"{name}.sarif")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
