#!/bin/bash
# Judges, writes the reports, and records packman's exit code as an output. A verdict does not fail this step: the last one does, after
# the upload.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd -P)
# shellcheck source=action/common.sh
. "$here/common.sh"

switch annotations "$PACKMAN_ANNOTATIONS"
switch summary "$PACKMAN_SUMMARY"
switch comment "$PACKMAN_COMMENT"
switch require-upload "$PACKMAN_REQUIRE_UPLOAD"
switch fail "$PACKMAN_FAIL"
case $PACKMAN_UPLOAD/$PACKMAN_REQUIRE_UPLOAD in
  true/* | always/* | false/false) ;;
  false/true) stop 2 'the input "require-upload" asks for what "upload: false" forbids' ;;
  *) stop 2 "the input \"upload\" must be true, false or always, and is \"$PACKMAN_UPLOAD\"" ;;
esac
if [ -n "$PACKMAN_BASE" ] && [ "$PACKMAN_EVENT" = auto ]; then PACKMAN_EVENT=''; fi
if [ -n "$PACKMAN_BASE" ] && [ -n "$PACKMAN_EVENT" ]; then stop 2 'the inputs "base" and "event" exclude each other'; fi

made=$(mktemp -d "$(posix "$RUNNER_TEMP")/packman.XXXXXXXX")
reports=$(native "$made")
sarif=${PACKMAN_SARIF_FILE:-$reports/packman.sarif}

# skipped: why the SARIF is not for code scanning; nothing if it is. Code scanning closes alerts that an upload lacks, so that only
# a complete report of the event's own commit may go there; and there is no use in asking for what the token may not do.
skipped() {
  case $1/$(grep -x 'complete=.*' "$made/outputs" || true) in
    [01]/complete=true) ;;
    *) echo 'the report is not complete, and code scanning would close alerts that it lacks' && return ;;
  esac
  case ${GITHUB_EVENT_NAME:-} in
    pull_request_target | workflow_run) echo "in a $GITHUB_EVENT_NAME it would stand for another commit" && return ;;
  esac
  [ "$PACKMAN_UPLOAD" != always ] || return 0
  if [ "$PACKMAN_FORK" = true ]; then
    echo "this pull request comes from a fork, whose token may not write security events" && return
  fi
  case ${GITHUB_ACTOR:-} in
    'dependabot[bot]') echo "Dependabot's token may not write security events (\"upload: always\" tries it)" ;;
  esac
}

set -- --output human=- --output "sarif=$sarif" --output "json=$reports/packman.json" --output "outputs=$reports/outputs" \
  --output "html=$reports/packman.html" --output "comment=$reports/comment.md"
if [ "$PACKMAN_ANNOTATIONS" = true ]; then set -- "$@" --output "annotations=$reports/annotations"; fi
if [ "$PACKMAN_SUMMARY" = true ]; then set -- "$@" --output "summary=$reports/summary.md"; fi
if [ -n "$PACKMAN_POLICY" ]; then set -- "$@" --policy "$PACKMAN_POLICY"; fi
if [ -n "$PACKMAN_FLOOR" ]; then set -- "$@" --floor "$PACKMAN_FLOOR"; fi
if [ -n "$PACKMAN_BASE" ]; then set -- "$@" --base "$PACKMAN_BASE"; fi
if [ -n "$PACKMAN_EVENT" ]; then set -- "$@" --event "$PACKMAN_EVENT"; fi

# Names in lockfiles are other people's text: the runner obeys no command that stands between the two token lines.
token=$(random)
code=0
printf '::stop-commands::%s\n' "$token"
"$PACKMAN_BINARY" check "$@" -- "${PACKMAN_PATH:-.}" || code=$?
printf '\n::%s::\n' "$token"
# These are orders to the runner, and packman wrote them: they stand outside.
if [ -f "$made/annotations" ]; then cat "$made/annotations"; fi

output exit-code "$code"
summary() { [ "$PACKMAN_SUMMARY" = false ] || cat >>"$GITHUB_STEP_SUMMARY"; }
case $code in
  0 | 1 | 3) ;;
  *)
    printf '## packman could not run\n\nIt ended with exit code %s. The log of this step says why.\n' "$code" | summary
    exit 0
    ;;
esac
if [ ! -e "$made/outputs" ]; then
  [ "$code" = 3 ] || stop 4 "packman ended with exit code $code and wrote no outputs"
  # Undecided before anything was judged (a tree that is not the event's, a base that was not fetched): there is no report.
  output verdict undecided
  output complete false
  printf '## undecided\n\nNothing was judged. The log of this step says why, and what to do.\n' | summary
  exit 0
fi
# Only plain words and numbers pass from the report to the outputs.
grep -xE '[a-z]+=[a-z0-9]+' "$made/outputs" >>"$GITHUB_OUTPUT" || stop 4 "packman ended with exit code $code and its outputs are none"
output json-file "$reports/packman.json"
output html-file "$reports/packman.html"
output comment-file "$reports/comment.md"
output comment "$PACKMAN_COMMENT"
output sarif-file "$sarif"
if [ "$PACKMAN_SUMMARY" = true ]; then summary <"$made/summary.md"; fi
if [ "$PACKMAN_UPLOAD" != false ]; then
  why=$(skipped "$code")
  if [ -z "$why" ]; then
    output upload true
  else
    printf 'not uploaded to code scanning: %s\n' "$why"
  fi
fi
