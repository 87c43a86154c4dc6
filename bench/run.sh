#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The benchmark: bench/run.sh BUILD [match|replay|path|check] [ROUNDS].
#   (nothing)  captures are generated and replayed through the drivers and the peers, one after the
#              other and round after round; medians beside each other
#   match      scanning beside Hyperscan: literals, and rules with regular expressions
#   replay     the same captures with 1,000 rules, beside the peers; driver memory per flow
#   path       the whole way of a stream through the driver beside the scan alone
#   check      what checking costs: rules on beside off in replay, 1,000 schedules, the fault sweep; each beside its limit
# Nothing is asserted: figures are for people.
set -euo pipefail
usage="usage: bench/run.sh BUILD-FOLDER [match|replay|path|check] [ROUNDS]"
build=${1:?$usage}
what=all
case ${2:-} in
match | replay | path | check) what=$2 && shift ;;
'' | [1-9]*) ;;
*) printf '%s\n' "$usage" >&2 && exit 2 ;;
esac
rounds=${2:-5}
here=$(dirname "${BASH_SOURCE[0]}")
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

# A program that says nothing of its time; the shell does.
measure_tool() { # label payload flows, then the program
  local label=$1 payload=$2 flows=$3 times
  shift 3
  times=$(
    TIMEFORMAT='%U %S %R'
    { time { "${pin[@]}" "$@" >/dev/null 2>&1 || true; }; } 2>&1
  )
  awk -v label="$label" -v payload="$payload" -v flows="$flows" '{
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

make_captures() {
  say "makes the captures"
  "$bench/make_captures" "$work"
  cat "$work"/*.pcap >/dev/null # in the page cache, if they are on a disk
}

# What stands beside the drivers. Sets payload and flows, of the capture.
measure_peers() { # input
  local capture=$work/$1.pcap
  measure "memcpy-$1" "$bench/peer_memcpy" "$capture"
  payload=$(value "memcpy-$1" payload)
  flows=$(value "memcpy-$1" flows)
  [ ! -x "$bench/peer_nids" ] || measure "libnids-$1" "$bench/peer_nids" "$capture"
  ! command -v ngrep >/dev/null ||
    measure_tool "ngrep-$1" "$payload" "$flows" ngrep -q -I "$capture" 'no such words in it'
}

tables() { # awk program
  awk -f "$here/figures.awk" -f "$here/$1" "$work/figures"
}

bench_all() {
  local drivers=("any|$images/bench-permit.sys|") round input driver name image mode checks
  make_captures
  if [ -f "$images/sluice.sys" ]; then
    drivers+=("permit|$images/sluice.sys|permit" "gate|$images/sluice.sys|gate")
  else
    say "there is no $images/sluice.sys: only the floor and the peers are measured"
  fi
  for round in $(seq "$rounds"); do
    say "round $round of $rounds"
    for input in big many; do
      measure_peers "$input"
      for driver in "${drivers[@]}"; do
        IFS='|' read -r name image mode <<<"$driver"
        for checks in on off; do
          measure "$name-$checks-$input" "$bench/bench_replay" --driver "$image" \
            ${mode:+--mode "$mode"} --checks "$checks" "$work/$input.pcap"
        done
        [ "$round" -ne 1 ] || measure "$name-special-$input" "$bench/bench_replay" \
          --driver "$image" ${mode:+--mode "$mode"} --special-pool on "$work/$input.pcap"
      done
    done
  done
  say "idle flows"
  for driver in "${drivers[@]}"; do
    IFS='|' read -r name image mode <<<"$driver"
    [ -z "$mode" ] || measure "$name-idle" "$bench/bench_flows" --driver "$image" --mode "$mode"
  done
  tables table.awk
}

bench_match() {
  "${pin[@]}" "$bench/bench_match"
  if [ -x "$bench/bench_rules" ]; then
    printf '\n'
    "${pin[@]}" "$bench/bench_rules"
  fi
}

# Peers that only this table has: what they do is beside their names there.
measure_more_peers() { # input
  local capture=$work/$1.pcap
  if command -v tcpflow >/dev/null; then
    measure_tool "tcpflow-$1" "$payload" "$flows" tcpflow -q -r "$capture" -o "$work/streams"
    rm -rf "$work/streams"
  fi
  ! command -v ndpiReader >/dev/null ||
    measure_tool "ndpi-$1" "$payload" "$flows" ndpiReader -q -i "$capture"
}

bench_replay() {
  local sys=$images/sluice.sys round input mode replay
  make_captures
  "$bench/make_rules" 1000 >"$work/1000.rules"
  printf 'rules count=1000\n' >>"$work/figures"
  replay=("$bench/bench_replay" --driver "$sys" --checks off)
  for round in $(seq "$rounds"); do
    say "round $round of $rounds"
    for input in big many; do
      measure_peers "$input"
      measure_more_peers "$input"
      for mode in permit gate; do
        measure "$mode-$input" "${replay[@]}" --mode "$mode" --rules "$work/1000.rules" \
          "$work/$input.pcap"
      done
      measure "chains-$input" "${replay[@]}" --mode permit --rules "$work/1000.rules" --batch 45 \
        "$work/$input.pcap"
      measure "bare-$input" "${replay[@]}" --mode permit "$work/$input.pcap"
    done
  done
  say "memory of flows"
  for mode in permit gate; do
    measure "$mode-flows" "$bench/bench_flows" --driver "$sys" --mode "$mode" --checks off \
      --rules "$work/1000.rules"
  done
  tables table_replay.awk
}

# Seconds that a run of the command takes.
measure_seconds() { # label, then the program
  local label=$1 status=0 TIMEFORMAT=%R seconds
  shift
  seconds=$({ time "${pin[@]}" "$@" >"$work/out" 2>&1; } 2>&1) || status=$?
  if [ "$status" -eq 0 ]; then
    printf '%s seconds=%s\n' "$label" "$seconds" >>"$work/figures"
  else
    printf '%s failed=yes\n' "$label" >>"$work/figures"
    say "$label failed: $*"
  fi
}

bench_check() {
  local round input mode checks
  make_captures
  # The reported case: two NBLs in a chain, two injects in one classify. The image that mends its links lives to see
  # the next schedule.
  printf '%s\n' 'connect a v4 in' 'receive a 2920 segment 1460' 'run' 'fin a in' 'fin a out' 'wait 100ms' \
    >"$work/chain-cut.script"
  for round in $(seq "$rounds"); do
    say "round $round of $rounds"
    for input in big many; do
      for checks in on off; do
        measure "bench-permit-$checks-$input" "$bench/bench_replay" --driver "$images/bench-permit.sys" \
          --checks $checks "$work/$input.pcap"
      done
      for mode in permit gate; do
        for checks in on off; do
          measure "$mode-$checks-$input" "$bench/bench_replay" --driver "$images/sluice.sys" --mode $mode \
            --checks $checks "$work/$input.pcap"
        done
      done
    done
    measure_seconds schedules "$build/sluice" check "$images/nbuf-leak-guarded.sys" --profile 7sp1 --quiet \
      --script "$work/chain-cut.script" --explore 1000
    measure_seconds sweep "$build/sluice" check "$images/sluice.sys" --quiet --faults
  done
  tables table_check.awk
}

bench_path() {
  "${pin[@]}" "$bench/bench_path" --driver "$images/sluice.sys" --mode permit --checks off
}

: >"$work/figures"
"bench_$what"
