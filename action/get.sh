#!/bin/bash
# Finds the packman that the Action runs: a program that is already there, the release whose digests this commit carries, or the source
# beside this file. What comes over the network is checked before anything of it is unpacked or run; if it is not what it should be,
# this stops and says why. It never tries something else instead.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd -P)
# shellcheck source=action/common.sh
. "$here/common.sh"

ARCHIVE_BYTES_MAX=100000000

# The token is for gh alone.
token=${GH_TOKEN:-}
unset GH_TOKEN

switch build "$PACKMAN_BUILD"
switch attestation "$PACKMAN_ATTESTATION"

# target OS ARCHITECTURE: what the release calls this machine; fails for one that it has nothing for.
target() {
  case $1/$2 in
    Linux/X64) echo x86_64-unknown-linux-musl ;;
    Linux/ARM64) echo aarch64-unknown-linux-musl ;;
    macOS/X64) echo x86_64-apple-darwin ;;
    macOS/ARM64) echo aarch64-apple-darwin ;;
    Windows/X64) echo x86_64-pc-windows-msvc ;;
    Windows/ARM64) echo aarch64-pc-windows-msvc ;;
    *) return 1 ;;
  esac
}

# named: the program that the input names, if a change cannot have put it there.
named() {
  local file folder workspace
  file=$(posix "$PACKMAN_BINARY")
  if [ ! -f "$file" ] || [ ! -x "$file" ]; then stop 2 'the input "binary" names no program that can be run'; fi
  folder=$(cd -- "$(dirname -- "$file")" && pwd -P)
  workspace=$(cd -- "$(posix "$GITHUB_WORKSPACE")" && pwd -P)
  case "$folder/" in
    "$workspace"/*) stop 2 'the input "binary" lies in the workspace, where the change under review can replace it' ;;
  esac
  binary=$folder/$(basename -- "$file")
  if [ -L "$binary" ]; then stop 2 'the input "binary" is a link; name the program itself'; fi
}

# built: from the source of this very commit, in its own folder, so that no cargo or rustup settings of the workspace are read.
built() {
  local into
  command -v cargo >/dev/null || stop 4 'no cargo to build packman with; install Rust first, or set the input "binary"'
  into=$(native "${CARGO_TARGET_DIR:-$RUNNER_TEMP/packman-target}")
  cd -- "$here/.."
  cargo build --release --locked --bin packman --target-dir "$into" || stop 4 'cargo could not build packman; the lines above say why'
  binary=$(cd -- "$(posix "$into")/release" && pwd -P)/packman$exe
}

# digests: reads the version, and the digest of this machine's archive, from the file beside this one.
digests() {
  local line number=0 lines=''
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line%$'\r'}
    case $line in
      '' | '#'*) ;;
      'version '*)
        [ -z "$version" ] || stop 4 "line $number of action/checksums.txt names a second version"
        version=${line#version }
        ;;
      *) lines=$lines$line$'\n' ;;
    esac
  done <"$here/checksums.txt"
  if [ -z "$version" ]; then
    [ -z "$lines" ] || stop 4 'action/checksums.txt has digests and no version'
    return 0
  fi
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || stop 4 "action/checksums.txt names the version \"$version\", which is none"
  archive=packman-$version-$target.tar.gz
  while IFS= read -r line; do
    case $line in
      *"  $archive")
        [ -z "$digest" ] || stop 4 "action/checksums.txt has two digests of $archive"
        digest=${line%%  *}
        ;;
    esac
  done <<<"$lines"
  [ -n "$digest" ] || stop 4 "action/checksums.txt has no digest of $archive"
  [[ $digest =~ ^[0-9a-f]{64}$ ]] || stop 4 "the digest of $archive in action/checksums.txt is no SHA-256"
}

sha256() { # FILE
  if command -v sha256sum >/dev/null; then sha256sum <"$1" | cut -c 1-64; else shasum -a 256 <"$1" | cut -c 1-64; fi
}

# downloaded: the archive from the release, or from the runner's tool cache if it lies there and is the right one.
downloaded() {
  local cached='' url code=0 status protocol found
  if ! command -v sha256sum >/dev/null && ! command -v shasum >/dev/null; then
    stop 4 'neither sha256sum nor shasum is here to check the release with; set the input "binary"'
  fi
  if [ -n "${RUNNER_TOOL_CACHE:-}" ]; then cached=$(posix "$RUNNER_TOOL_CACHE")/packman/$archive; fi
  if [ -n "$cached" ] && [ -f "$cached" ] && [ "$(sha256 "$cached")" = "$digest" ]; then
    cp -- "$cached" "$made/$archive"
    # Between looking and copying it may have been replaced.
    [ "$(sha256 "$made/$archive")" = "$digest" ] || stop 4 "$archive in the tool cache changed while it was read"
    printf '%s is in the tool cache\n' "$archive"
    return
  fi
  case $PACKMAN_RELEASES in
    https://*) protocol='=https' ;;
    http://127.0.0.1:*) protocol='=http' ;; # the tests' own server
    *) stop 4 "$PACKMAN_RELEASES is no https address" ;;
  esac
  command -v curl >/dev/null || stop 4 'no curl to get the release with; set the input "binary"'
  url=$PACKMAN_RELEASES/cli-v$version/$archive
  status=$(curl --disable --silent --show-error --fail --location --max-redirs 5 --proto "$protocol" --proto-redir "$protocol" --tlsv1.2 \
    --connect-timeout 20 --max-time "$PACKMAN_SECONDS" --max-filesize "$ARCHIVE_BYTES_MAX" \
    --retry 3 --retry-max-time "$PACKMAN_SECONDS" --write-out '%{http_code}' --output "$made/$archive" -- "$url") || code=$?
  case $code in
    0) ;;
    6 | 7 | 35 | 60) stop 4 "$url cannot be reached (curl ends with $code); on a runner without a way out set the input \"binary\"" ;;
    18) stop 4 "$url ended before it was whole; run the job again" ;;
    22) stop 4 "$url was answered with $status; on a runner without a way out set the input \"binary\"" ;;
    28) stop 4 "$url did not come within $PACKMAN_SECONDS seconds; run the job again, or set the input \"binary\"" ;;
    63) stop 4 "$url is larger than $ARCHIVE_BYTES_MAX bytes, which no packman is" ;;
    *) stop 4 "$url cannot be had (curl ends with $code)" ;;
  esac
  found=$(sha256 "$made/$archive")
  if [ "$found" != "$digest" ]; then
    if [ "$(od -An -N2 -tx1 "$made/$archive" | tr -d ' \n')" != 1f8b ]; then
      stop 4 "$url gave something that is no archive (a proxy's page?); nothing of it was used"
    fi
    stop 4 "$url has the SHA-256 $found, and this commit of the Action expects $digest; nothing of it was used"
  fi
  # Kept for the next job, where there is a cache and it can be written.
  if [ -n "$cached" ] && mkdir -p -- "$(dirname -- "$cached")" 2>/dev/null; then
    { cp -- "$made/$archive" "$cached.$$" && mv -f -- "$cached.$$" "$cached"; } 2>/dev/null || true
    rm -f -- "$cached.$$"
  fi
}

# attested: that the archive was built by our release workflow, from our tag, on a machine of the host; gh asks for that.
attested() {
  command -v gh >/dev/null || stop 4 'the input "attestation" needs gh, which is not on this runner'
  case $(gh attestation verify --help 2>/dev/null || true) in
    *--source-ref*) ;;
    *) stop 4 'the input "attestation" needs a newer gh: this one cannot say from which tag an archive must be' ;;
  esac
  GH_TOKEN=$token gh attestation verify "$(native "$made/$archive")" --repo "$PACKMAN_REPOSITORY" \
    --signer-workflow "$PACKMAN_REPOSITORY/.github/workflows/release.yml" --source-ref "refs/tags/cli-v$version" \
    --deny-self-hosted-runners || stop 4 "gh finds no attestation of $archive that holds; nothing of it was used"
}

# unpacked: the one member that is wanted, through a pipe, so that no other path, link or right in the archive means anything.
unpacked() {
  local member=packman-$version-$target/packman$exe listed
  listed=$(tar -tzf - <"$made/$archive") || stop 4 "$archive cannot be unpacked"
  case $(printf '%s\n' "$listed" | grep -cxF -- "$member" || true) in
    1) ;;
    0) stop 4 "$archive has no $member" ;;
    *) stop 4 "$archive has $member more than once" ;;
  esac
  binary=$made/packman$exe
  tar -xzOf - "$member" <"$made/$archive" >"$binary" || stop 4 "$archive cannot be unpacked"
  [ -s "$binary" ] || stop 4 "$member in $archive is no file with something in it"
  chmod 755 "$binary"
}

binary='' version='' archive='' digest='' exe='' target=''
if [ "$RUNNER_OS" = Windows ]; then exe=.exe; fi
if [ -n "$PACKMAN_BINARY" ]; then
  [ "$PACKMAN_BUILD" = false ] || stop 2 'the inputs "binary" and "build" exclude each other'
  [ "$PACKMAN_ATTESTATION" = false ] || stop 2 'the input "attestation" is about the release, and "binary" takes another program'
  named
elif [ "$PACKMAN_BUILD" = true ]; then
  [ "$PACKMAN_ATTESTATION" = false ] || stop 2 'the input "attestation" is about the release, and "build" makes another program'
  built
else
  if ! target=$(target "$RUNNER_OS" "${RUNNER_ARCH:-}"); then
    stop 2 "no release is for $RUNNER_OS on ${RUNNER_ARCH:-an unknown architecture}; set the input \"build\" or \"binary\""
  fi
  digests
  if [ -z "$version" ]; then
    [ "$PACKMAN_ATTESTATION" = false ] || stop 2 'this commit of the Action carries no release whose attestation could be looked at'
    say notice 'this commit of the Action carries no release, so packman is built from its source; a commit tagged vX.Y.Z carries one'
    built
  else
    made=$(mktemp -d "$(posix "$RUNNER_TEMP")/packman.XXXXXXXX")
    downloaded
    if [ "$PACKMAN_ATTESTATION" = true ]; then attested; fi
    unpacked
  fi
fi

code=0
said=$("$binary" --version) || code=$?
case $code/$said in
  "0/packman ${version:-${said#packman }}") ;;
  *) stop 4 "$binary should be packman ${version:-of some version}; asked for its version it ends with $code and says: $said" ;;
esac
printf '%s: %s\n' "$binary" "$said"
output binary "$binary"
output version "${said#packman }"
