#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The same seed gives the same trace hash: over runs, and across -O0 and -O2 builds of the lab; another seed another.
. "$(dirname "$0")/expect.sh"

hash_of() { # program seed
  "$1" replay "$SLUICE_SOURCE"/tests/captures/{http,loss-client}.pcap --driver "$images/sluice.sys" --profile 10 --seed "$2" \
    --json 2>"$work/err" | jq -r 'select(.type == "run") | .trace_hash'
}
check_hash_of() {
  "$1" check "$images/sluice.sys" --profile 10 --seed "$2" --explore 1 --json 2>"$work/err" |
    jq -r 'select(.type == "run") | .trace_hash'
}
first=$(hash_of "$sluice" 7)
again=$(hash_of "$sluice" 7)
other=$(hash_of "$sluice" 8)
[ -n "$first" ] && [ "$first" = "$again" ] && passed "the same seed gives the same hash ($first)" ||
  failed "replay, seed 7: $first, then $again"
[ -n "$other" ] && [ "$other" != "$first" ] && passed "another seed gives another ($other)" ||
  failed "replay, seed 8: $other"
first_check=$(check_hash_of "$sluice" 7)
[ -n "$first_check" ] && [ "$first_check" = "$(check_hash_of "$sluice" 7)" ] &&
  passed "check with switching tasks repeats ($first_check)" || failed "check does not repeat: $first_check"

if cmake -G Ninja -S "$SLUICE_SOURCE" -B "$work/O0" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O0 -DSLUICE_IMAGES=OFF \
  -DSLUICE_TESTS=OFF -DSLUICE_BENCH=OFF >"$work/out" 2>"$work/err" && ninja -C "$work/O0" sluice >"$work/out" 2>&1; then
  plain=$(hash_of "$work/O0/sluice" 7)
  [ "$plain" = "$first" ] && passed "-O0 and -O2 agree on the replay" || failed "-O0: $plain, -O2: $first"
  plain=$(check_hash_of "$work/O0/sluice" 7)
  [ "$plain" = "$first_check" ] && passed "-O0 and -O2 agree on the check" || failed "-O0: $plain, -O2: $first_check"
else
  failed "the -O0 build: $(tail -n 1 "$work/out")"
fi
finish
