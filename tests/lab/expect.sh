# SPDX-License-Identifier: MIT
# Sourced by the scripts here: says PASSED, FAILED or SKIPPED once for each thing that is tested, and remembers.
set -uo pipefail
SLUICE_BUILD=${SLUICE_BUILD:-build}
SLUICE_SOURCE=${SLUICE_SOURCE:-.}
sluice=$SLUICE_BUILD/sluice
images=$SLUICE_BUILD/images
work=$(mktemp -d)
failures=0
trap 'rm -rf "$work"' EXIT

passed() { echo "PASSED: $*"; }
failed() { echo "FAILED: $*"; failures=$((failures + 1)); }
skipped() { echo "SKIPPED: $*"; }

# expect_exit CODE NAME COMMAND...: the output is in $work/out and $work/err.
expect_exit() {
  local code=$1 name=$2 got=0
  shift 2
  "$@" >"$work/out" 2>"$work/err" || got=$?
  if [ "$got" -eq "$code" ]; then
    return 0
  fi
  failed "$name: exit code $got instead of $code: $*"
  tail -n 3 "$work/err" | sed 's/^/    /'
  return 1
}

# expect_line PATTERN NAME: the last command said so, on standard error or output.
expect_line() {
  if grep -qE -- "$1" "$work/out" "$work/err"; then
    return 0
  fi
  failed "$2: no line matches $1"
  head -n 5 "$work/out" "$work/err" | sed 's/^/    /'
  return 1
}

finish() { exit $((failures > 0)); }
