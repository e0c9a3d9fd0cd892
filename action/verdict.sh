#!/bin/bash
# The last step: ends as packman ended, now that whatever comes between has seen the reports.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd -P)
# shellcheck source=action/common.sh
. "$here/common.sh"

case $PACKMAN_UPLOADED in
  success) output upload uploaded ;;
  failure)
    output upload failed
    why='code scanning did not take the report; the step before says why. The job needs "security-events: write", and a private repository a licence'
    if [ "$PACKMAN_REQUIRE_UPLOAD" = true ]; then stop 4 "$why"; fi
    say warning "$why. The verdict stands by itself"
    ;;
  *) output upload skipped ;;
esac
case $PACKMAN_CODE/$PACKMAN_FAIL in
  1/false | 3/false) printf 'exit code %s; the input "fail" lets the step pass\n' "$PACKMAN_CODE" ;;
  *) exit "$PACKMAN_CODE" ;;
esac
