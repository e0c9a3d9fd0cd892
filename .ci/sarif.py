#!/usr/bin/env python3
"""Holds SARIF files against Microsoft's validator, with GitHub's ingestion rules.

    .ci/sarif.py MULTITOOL SCRATCH FILE...

The validator exits with 0 whatever it finds, so its own log is read: a result at `error` or `warning` fails, and so does a note that
is not among those below. Since a rule that is off finds nothing either, for each of GitHub's rules a file that breaks it goes along
each time, and must be found to break it.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlparse

# What may be said about our files, and why that is so.
ALLOWED = {
    "GH1004": "carries limits that GitHub has long raised; the ones that it has are tested",
    "SARIF2002": "wants message ids with arguments, which GitHub rejects",
    "SARIF2003": "wants the repository's address and commit, which a run without a network cannot know",
    "SARIF2009": "wants rule ids like TOOL1234; ours say what they mean",
    "SARIF2010": "wants snippets; code scanning shows the file itself",
    "SARIF2011": "wants snippets around snippets",
    "SARIF2013": "wants the files inside the report",
    "SARIF2016": "wants a list of the files that results stand in, which repeats them",
}

# Version 5.7.0 cannot write down what it finds by this rule (its message lacks an argument). Another rule demands the same.
STANDS_IN = {"GH1016": "GH1001"}


def twins() -> dict[str, dict]:
    """For each of GitHub's rules a report that breaks it, made from one that breaks none."""

    def log(run=None, result=None, physical=None, rule=None, **changes) -> dict:
        text = {"text": "A text."}
        region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}
        place = {"artifactLocation": {"uri": "package-lock.json"}, "region": region} | (physical or {})
        one = {"ruleId": "rule", "message": text, "locations": [{"physicalLocation": cut(place)}]} | (result or {})
        rules = [cut({"id": "rule", "shortDescription": text, "fullDescription": text, "help": text} | (rule or {}))]
        made = {"tool": {"driver": {"name": "broken", "rules": rules}}, "results": [cut(one)]} | (run or {})
        schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
        return cut({"$schema": schema, "version": "2.1.0", "runs": [cut(made)]} | changes)

    def cut(members: dict) -> dict:
        return {key: value for key, value in members.items() if value is not None}

    location = log()["runs"][0]["results"][0]["locations"][0]
    return {
        "GH1001": log(result={"locations": []}),
        "GH1002": log(
            run={"threadFlowLocations": [{"location": location}]},
            result={"codeFlows": [{"threadFlows": [{"locations": [{"index": 0}]}]}]},
        ),
        "GH1003": log(physical={"region": None}),
        "GH1004": log(result={"locations": [location] * 11}),
        "GH1005": log(physical={"artifactLocation": {"uri": "https://example.invalid/package-lock.json"}}),
        "GH1006": log(physical={"artifactLocation": {"uri": "file:///package-lock.json"}}),
        "GH1007": log(result={"message": {"id": "name"}}),
        "GH1011": log(**{"$schema": "https://json.schemastore.org/sarif-2.1.0-rtm.5.json"}),
        "GH1013": log(runs=log()["runs"] * 21),
        "GH1014": log(run={"results": None}),
        "GH1015": log(result={"locations": None}),
        "GH1016": log(result={"locations": [{"message": {"text": "A text."}}]}),
        "GH1017": log(physical={"artifactLocation": {"index": 0}}),
        "GH1018": log(run={"tool": {"driver": {"name": "broken"}}}),
        "GH2012": log(rule={"help": None}),
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
    log = folder / "validator.sarif"
    log.unlink(missing_ok=True)
    broken = {}
    for rule, twin in twins().items():
        path = folder / f"breaks-{rule}.sarif"
        path.write_text(json.dumps(twin))
        broken[str(path)] = rule
    ran = subprocess.run(
        [multitool, "validate", *files, *broken, "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
        + ["--config", str(Path(__file__).with_name("sarif-rules.xml")), "--output", str(log), "--log", "ForceOverwrite", "--quiet", "true"],
        env=os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    if ran.returncode != 0 or not log.is_file():
        print(f"the validator ended with {ran.returncode}:\n{ran.stdout[-2000:]}")
        return 1
    run = json.loads(log.read_text(encoding="utf-8-sig"))["runs"][0]
    if not all(one["executionSuccessful"] for one in run["invocations"]):
        print("the validator says that it did not finish")
        return 1

    found, tripped, bad = Counter(), set(), 0
    # It notes about every file of ours that it does not say where the repository is, so silence means that it was not read.
    for file in set(files) - {file_of(result) for result in run["results"]}:
        print(f"nothing is said about {file}: it was not scanned")
        bad += 1
    for result in run["results"]:
        file, rule, level = file_of(result), result["ruleId"], result.get("level", "warning")
        if file in broken:
            if rule == STANDS_IN.get(broken[file], broken[file]):
                tripped.add(broken[file])
        elif file not in files:
            print(f"a result about a file that nobody named: {file}")
            bad += 1
        else:
            found[level, rule] += 1
            if rule not in ALLOWED:
                bad += 1
                print(f"{level} {rule}: {file}: {' '.join(result['message'].get('arguments', []))}")
    for rule in sorted(set(broken.values()) - tripped):
        bad += 1
        print(f"{rule} is switched off: it did not see what is wrong in {folder}/breaks-{rule}.sarif")
    for (level, rule), count in sorted(found.items()):
        print(f"{level} {rule}: {count} ({ALLOWED.get(rule, 'not allowed')})")
    print(f"{len(files)} files, {len(tripped)} rules of GitHub's proved to be on, {bad} complaints")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
