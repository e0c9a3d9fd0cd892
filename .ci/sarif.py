#!/usr/bin/env python3
"""Holds SARIF files against Microsoft's validator, with GitHub's ingestion rules.

    .ci/sarif.py MULTITOOL SCRATCH FILE...

The validator exits with 0 whatever it finds, so its own log is read: a result at `error` or `warning` fails. Since a rule that is
off finds nothing either, a file that breaks the rules goes along each time, and each of them must be found in it.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlparse

# What the broken file breaks; GH1015 to GH2012 need only the rule kind, the others need our configuration.
MUST_TRIP = {"GH1001", "GH1003", "GH1005", "GH1006", "GH1007", "GH1015", "GH1017", "GH2012"}


def broken() -> dict:
    """A report with one result for each rule that it breaks, and a rule without help."""

    def result(uri="package-lock.json", **changes) -> dict:
        place = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}}
        return {"ruleId": "rule", "message": {"text": "A text."}, "locations": [place]} | changes

    text = {"text": "A text."}
    results = [
        result(locations=[]),
        result(locations=[{"physicalLocation": {"artifactLocation": {"uri": "package-lock.json"}}}]),
        result("https://example.invalid/package-lock.json"),
        result("file:///package-lock.json"),
        result(message={"id": "name"}),
    ]
    rule = {"id": "rule", "shortDescription": text, "fullDescription": text}
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "broken", "rules": [rule]}}, "results": results}],
    }


def file_of(result: dict) -> str:
    """The path of the file that a result of the validator is about."""
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    return os.path.realpath(unquote(urlparse(uri).path))


def main() -> int:
    multitool, scratch, *files = sys.argv[1:]
    files = [os.path.realpath(file) for file in files]
    if not files:
        print("no SARIF file to validate")
        return 1
    folder = Path(scratch).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    control, log = folder / "broken.sarif", folder / "validator.sarif"
    control.write_text(json.dumps(broken()))
    log.unlink(missing_ok=True)
    ran = subprocess.run(
        [multitool, "validate", *files, str(control), "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
        + ["--config", str(Path(__file__).with_name("sarif-rules.xml")), "--output", str(log), "--log", "ForceOverwrite"],
        env=os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    if ran.returncode != 0 or f"{len(files) + 1} files scanned" not in ran.stdout:
        print(f"the validator ended with {ran.returncode} and did not scan {len(files) + 1} files:\n{ran.stdout[-2000:]}")
        return 1
    run = json.loads(log.read_text(encoding="utf-8-sig"))["runs"][0]
    if not all(one["executionSuccessful"] for one in run["invocations"]):
        print("the validator says that it did not finish")
        return 1

    found, tripped, bad = Counter(), set(), 0
    for result in run["results"]:
        file, rule, level = file_of(result), result["ruleId"], result.get("level", "warning")
        if file == str(control):
            tripped.add(rule)
        elif file not in files:
            print(f"a result about a file that nobody named: {file}")
            bad += 1
        else:
            found[level, rule] += 1
            if level in ("error", "warning"):
                bad += 1
                print(f"{level} {rule}: {file}: {' '.join(result['message'].get('arguments', []))}")
    for rule in sorted(MUST_TRIP - tripped):
        bad += 1
        print(f"{rule} is switched off: it did not see what is wrong in {control}")
    for (level, rule), count in sorted(found.items()):
        print(f"{level} {rule}: {count}")
    print(f"{len(files)} files, {bad} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
