#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs each fuzzer of a build, beginning with the corpus in fuzz/corpus/<name>.
#
# usage: run.sh BUILD SECONDS   for that many seconds each; what is new goes to a temporary folder
#        run.sh BUILD corpus    the corpus, then the same 2,000 inputs made from it every time
# Crashes are kept in BUILD/crashes/<name>. Exit code: 0 none, 1 a crash, 2 usage, 3 no fuzzer in BUILD.
set -uo pipefail

[ $# -eq 2 ] || { sed -n 's/^# usage: /usage: /p' "$0" >&2; exit 2; }
build=$1 span=$2
case $span in
  corpus) limits=(-runs=2000 -seed=1) ;;
  *[!0-9]* | 0 | '') echo "run.sh: '$span' is no number of seconds" >&2; exit 2 ;;
  *) limits=(-max_total_time="$span") ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-allocator_may_return_null=1:detect_stack_use_after_return=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

crashed=0 fuzzers=0
for program in "$build"/fuzz/fuzz_*; do
  [ -x "$program" ] || continue
  fuzzers=$((fuzzers + 1))
  name=${program##*/fuzz_}
  seeds=$here/corpus/$name
  crashes=$build/crashes/$name
  log=$work/$name.log
  mkdir -p "$work/$name" "$crashes"
  [ -d "$seeds" ] || seeds=
  status=0 SECONDS=0
  "$program" "${limits[@]}" -timeout=20 -rss_limit_mb=3072 -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="$crashes/" "$work/$name" ${seeds:+"$seeds"} >"$log" 2>&1 || status=$?
  if [ $status -ne 0 ]; then
    crashed=$((crashed + 1))
    echo "FAILED: fuzz_$name ended with $status"
    grep -nE 'ERROR|SUMMARY|runtime error|^[^ ]+:[0-9]+: |^ +#[0-9] ' "$log" | head -n 24 | sed 's/^/    /'
    kept=$(sed -nE "s/.*Test unit written to (.*)/\1/p" "$log" | tail -n 1)
    [ -n "$kept" ] && echo "    again: $program $kept"
    continue
  fi
  awk -v name="$name" -v seeds="$(find ${seeds:+"$seeds"} -type f 2>/dev/null | wc -l)" \
    -v new="$(find "$work/$name" -type f | wc -l)" -v seconds=$((SECONDS > 0 ? SECONDS : 1)) '
    / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") features = $(i + 1) } }
    /^stat::number_of_executed_units/ { runs = $2 }
    END {
      printf "PASSED: fuzz_%s: %d executions, %d a second, %d edges, %d features, %d seeds, %d inputs new\n",
             name, runs, runs / seconds, cov, features, seeds, new
      exit runs == 0
    }' "$log" || { crashed=$((crashed + 1)); echo "FAILED: fuzz_$name executed nothing"; tail -n 5 "$log"; }
done

[ $fuzzers -gt 0 ] || { echo "run.sh: $build/fuzz holds no fuzzer" >&2; exit 3; }
if [ $crashed -gt 0 ]; then
  echo "$fuzzers fuzzers, $crashed failed; inputs are kept in $build/crashes"
  exit 1
fi
rm -rf "$build/crashes"
echo "$fuzzers fuzzers, no crash"
