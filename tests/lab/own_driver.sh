#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sluice.sys beside its own checker: every behaviour that documents leave open, every failure of every call, each
# neighbour, unloading at each step, and many seeds. Without an argument a short form; with `long [MINUTES]` all of it,
# 10,000 seeds on each of two Windows, and further seeds until the minutes are over.
. "$(dirname "$0")/expect.sh"

form=${1:-short}
minutes=${2:-0}
start=$SECONDS
bound=5000000 # microseconds: DrainBoundMs, how long unloading waits for what is held
totals="$work/totals"
: >"$totals"

image_of() { # profile
  if [ "$1" = 7sp1 ]; then echo "$images/win7/sluice.sys"; else echo "$images/sluice.sys"; fi
}

figure() { # key: of the run record in $work/out
  sed -n 's/.*"type":"run".*"'"$1"'":\([0-9]*\).*/\1/p' "$work/out"
}

# try NAME PROFILE OPTIONS...: clean, without a warning, and its figures are added up.
try() {
  local name=$1 profile=$2 key code=0 began=$SECONDS
  shift 2
  "$sluice" check "$(image_of "$profile")" --profile "$profile" --json "$@" >"$work/out" 2>"$work/err" || code=$?
  if [ "$code" -ne 0 ] || grep -q '"type":"finding"' "$work/out" || ! grep -q '"type":"run"' "$work/out"; then
    failed "sluice.sys, $name on $profile: exit code $code"
    grep '"type":"finding"' "$work/out" | head -n 3 | cut -c1-600 | sed 's/^/    /'
    tail -n 1 "$work/err" | sed 's/^/    /'
    return
  fi
  for key in runs classifies seeds schedules fault_stacks faults neighbours unload_points readings; do
    echo "$key $(figure $key)"
  done >>"$totals"
  local slowest
  slowest=$(figure slowest_unload_us)
  echo "slowest $slowest" >>"$totals"
  if [ "${slowest:-0}" -gt $bound ]; then
    failed "sluice.sys, $name on $profile: unloading took $slowest us of virtual time, more than $bound"
    return
  fi
  passed "sluice.sys, $name on $profile: clean, $(figure runs) runs, $((SECONDS - began)) s"
}

provoke=(--readings --faults --unload --neighbour all)
rules=(--rules "$SLUICE_SOURCE/tests/lab/scenario.rules")

if [ "$form" = short ]; then
  try "all of it" 10 "${provoke[@]}"
  try "faults" 7sp1 --faults
  try "faults, mode permit" 8.1 --faults --set Mode=permit
  try "faults, mode monitor" 11 --faults --set Mode=monitor
  try "rules beside neighbours" 7sp1 "${rules[@]}" --neighbour all
  try "rules, unloading" 10 "${rules[@]}" --unload
  try "rules, failing calls" 10 "${rules[@]}" --faults
  try "200 seeds" 7sp1 --explore 200
  try "200 seeds" 10 --explore 200
else
  for profile in 7sp1 8.1 10 11; do
    for mode in gate permit monitor; do
      try "all of it, mode $mode" $profile "${provoke[@]}" --set Mode=$mode
    done
  done
  for profile in 7sp1 8.1 10 11; do
    for mode in gate permit monitor; do
      try "all of it with rules, mode $mode" $profile "${provoke[@]}" "${rules[@]}" --set Mode=$mode
    done
    try "a flow of 4 GB" $profile --four-gigabytes
  done
  try "all of it under special pool" 10 "${provoke[@]}" --special-pool
  for profile in 10 7sp1; do
    for seed in $(seq 1 1000 9001); do
      try "1,000 seeds from $seed" $profile --seed "$seed" --explore 1000
    done
  done
  seed=10001
  modes=(gate permit monitor)
  while [ $((SECONDS - start)) -lt $((minutes * 60)) ] && [ $failures -eq 0 ]; do
    for profile in 7sp1 8.1 10 11; do
      try "1,000 seeds from $seed, mode ${modes[$((seed / 1000 % 3))]}" $profile --seed $seed --explore 1000 \
        --set Mode="${modes[$((seed / 1000 % 3))]}"
    done
    seed=$((seed + 1000))
  done
fi

# A driver that fails under what is provoked is told: the specimen of R70, if it was built.
if [ -f "$images/r70-unchecked-bad.sys" ]; then
  if expect_exit 1 "a driver that does not expect failures" "$sluice" check "$images/r70-unchecked-bad.sys" --faults; then
    passed "a driver that does not expect failures is convicted by the fault sweep"
  fi
fi

awk -v seconds=$((SECONDS - start)) '
  $1 == "slowest" { if ($2 > slowest) slowest = $2; next }
  { sum[$1] += $2 }
  END { printf "sluice.sys: %d runs, %d classifies; %d readings, %d seeds, %d failures of calls at %d call stacks, " \
               "%d neighbours, %d unload points; slowest unload %.3f s of virtual time (bound 5 s); %d s\n",
               sum["runs"], sum["classifies"], sum["readings"], sum["seeds"], sum["faults"], sum["fault_stacks"],
               sum["neighbours"], sum["unload_points"], slowest / 1e6, seconds }' "$totals"
finish
