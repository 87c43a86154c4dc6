#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The benchmark: bench/run.sh BUILD [ROUNDS]. Generates the captures, replays them through the
# drivers and the peers, one after the other and round after round, and prints medians beside each
# other. Nothing is asserted: figures are for people.
set -euo pipefail
build=${1:?usage: bench/run.sh BUILD-FOLDER [ROUNDS]}
rounds=${2:-5}
bench=$build/bench
images=$build/images
# Captures in memory, where there is room: what is read again must not come from a disk.
place=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df -Pm /dev/shm | awk 'NR == 2 { print $4 }')" -gt 1024 ]; then
  place=/dev/shm
fi
work=$(mktemp -d "$place/sluice-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

say() { printf '== %s\n' "$*" >&2; }

pin=()
if command -v taskset >/dev/null && taskset -c 0 true 2>/dev/null; then
  pin=(taskset -c "$(($(nproc) - 1))")
fi

# One measurement: its label, then the program. Lines "label key=value ..." are collected.
measure() {
  local label=$1 line
  shift
  if line=$("${pin[@]}" "$@"); then
    printf '%s %s\n' "$label" "$line" >>"$work/figures"
  else
    printf '%s failed=yes %s\n' "$label" "$line" >>"$work/figures"
    say "$label failed: $*"
  fi
}

# ngrep says nothing of its time; the shell does.
measure_ngrep() { # label capture payload flows
  local times
  times=$(
    TIMEFORMAT='%U %S %R'
    { time { "${pin[@]}" ngrep -q -I "$2" 'no such words in it' >/dev/null 2>&1 || true; }; } 2>&1
  )
  awk -v label="$1" -v payload="$3" -v flows="$4" '{
    cpu = $1 + $2
    if (cpu > 0)
      printf "%s gbit=%.3f flows_per_second=%.0f cpu=%.3f wall=%.3f flows=%d payload=%d\n",
             label, payload * 8 / 1e9 / cpu, flows / cpu, cpu, $3, flows, payload
  }' <<<"$times" >>"$work/figures"
}

value() { # label key: of the first such line
  awk -v label="$1" -v key="$2" '$1 == label {
    for (i = 2; i <= NF; i++) if (index($i, key "=") == 1) { print substr($i, length(key) + 2); exit }
  }' "$work/figures"
}

say "makes the captures"
"$bench/make_captures" "$work"
cat "$work"/*.pcap >/dev/null # in the page cache, if they are on a disk

drivers=("any|$images/bench-permit.sys|")
if [ -f "$images/sluice.sys" ]; then
  drivers+=("permit|$images/sluice.sys|permit" "gate|$images/sluice.sys|gate")
else
  say "there is no $images/sluice.sys: only the floor and the peers are measured"
fi

: >"$work/figures"
for round in $(seq "$rounds"); do
  say "round $round of $rounds"
  for input in big many; do
    capture=$work/$input.pcap
    measure "memcpy-$input" "$bench/peer_memcpy" "$capture"
    payload=$(value "memcpy-$input" payload)
    flows=$(value "memcpy-$input" flows)
    [ -x "$bench/peer_nids" ] && measure "libnids-$input" "$bench/peer_nids" "$capture"
    command -v ngrep >/dev/null && measure_ngrep "ngrep-$input" "$capture" "$payload" "$flows"
    for driver in "${drivers[@]}"; do
      IFS='|' read -r name image mode <<<"$driver"
      for checks in on off; do
        measure "$name-$checks-$input" "$bench/bench_replay" --driver "$image" \
          ${mode:+--mode "$mode"} --checks "$checks" "$capture"
      done
      [ "$round" -eq 1 ] && measure "$name-special-$input" "$bench/bench_replay" \
        --driver "$image" ${mode:+--mode "$mode"} --special-pool on "$capture"
    done
  done
done
say "idle flows"
for driver in "${drivers[@]}"; do
  IFS='|' read -r name image mode <<<"$driver"
  [ -n "$mode" ] && measure "$name-idle" "$bench/bench_flows" --driver "$image" --mode "$mode"
done
awk -f "$(dirname "${BASH_SOURCE[0]}")/table.awk" "$work/figures"
