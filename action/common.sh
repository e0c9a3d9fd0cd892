# shellcheck shell=bash
# What the Action's scripts share; sourced, never run. All of them work with bash 3.2 (macOS) and Git for Windows, and need neither
# jq nor python nor gh. Inputs come as environment variables; nothing is ever pasted into a script.

# say KIND MESSAGE: a line that the runner shows as an error, a warning or a notice.
say() {
  local text=$2
  text=${text//'%'/%25}
  text=${text//$'\r'/%0D}
  text=${text//$'\n'/%0A}
  printf '::%s title=packman::%s\n' "$1" "$text"
}

# stop CODE MESSAGE: as packman itself ends: 2 for a wrong call, 4 where the world failed.
stop() {
  say error "$2"
  exit "$1"
}

random() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# output NAME VALUE: sets an output of this step, whatever the value holds.
output() {
  local mark
  mark=end-$(random)
  printf '%s<<%s\n%s\n%s\n' "$1" "$mark" "$2" "$mark" >>"$GITHUB_OUTPUT"
}

# switch NAME VALUE: an input that is true or false, and nothing else.
switch() {
  case $2 in
    true | false) ;;
    *) stop 2 "the input \"$1\" must be true or false, and is \"$2\"" ;;
  esac
}

# posix PATH, native PATH: as this shell wants it, as a program of the machine wants it. They differ on Windows only.
posix() { if [ "${RUNNER_OS:-}" = Windows ]; then cygpath -u -- "$1"; else printf '%s\n' "$1"; fi; }
native() { if [ "${RUNNER_OS:-}" = Windows ]; then cygpath -m -- "$1"; else printf '%s\n' "$1"; fi; }

# On a Windows runner the first bash may be the one of WSL, which sees another machine.
if [ "${RUNNER_OS:-}" = Windows ]; then
  case $(uname -s) in
    MINGW* | MSYS*) ;;
    *) stop 4 "this bash is not Git for Windows' ($(uname -s)); put Git's folder \"bin\" first on the PATH of the runner" ;;
  esac
fi
