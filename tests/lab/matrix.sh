#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The leak matrix equals its predictions on every model, and the further predictions hold.
. "$(dirname "$0")/expect.sh"

if expect_exit 0 "matrix" "$sluice" matrix --json; then
  cells=$(jq -c 'select(.type == "cell")' "$work/out" | wc -l)
  equal=$(jq -c 'select(.type == "cell" and .equal)' "$work/out" | wc -l)
  # 4 rows, 4 columns, 3 workarounds, models A to D on 7sp1 and none on 10
  [ "$cells" -eq 240 ] && [ "$equal" -eq 240 ] && passed "240 cells equal their predictions" ||
    failed "cells: $cells, equal: $equal"
  reported=$(jq -c 'select(.type == "cell" and .profile == "7sp1" and .model == "A" and .workaround == "none"
    and .nbls == 2 and .injects == 2) | [.leaked_nbls, .leaked_bytes, .injects_made]' "$work/out")
  [ "$reported" = "[1,1460,2]" ] && passed "the reported cell leaks one NBL of 1,460 bytes" ||
    failed "the reported cell: $reported"
  batch=$(jq -s '[.[] | select(.type == "cell" and .workaround == "batch") | .injects_made] | max' "$work/out")
  [ "$batch" = 1 ] && passed "the batched driver injects at most once" || failed "batched: $batch injects"
  asked=$(jq -c 'select(.type == "cell" and .workaround == "none" and .injects != .injects_made)' "$work/out" |
    wc -l)
  [ "$asked" -eq 0 ] && passed "the bad driver injects as often as asked" || failed "$asked cells inject otherwise"
  for id in P1 P2; do
    count=$(jq -c "select(.type == \"prediction\" and .id == \"$id\")" "$work/out" | wc -l)
    differ=$(jq -c "select(.type == \"prediction\" and .id == \"$id\" and (.equal | not))" "$work/out" | wc -l)
    [ "$count" -eq 5 ] && [ "$differ" -eq 0 ] && passed "prediction $id on every model" ||
      failed "prediction $id: $count made, $differ differ"
  done
  crash=$(jq -r 'select(.type == "finding" and .rule == "CRASH") | [.stack[] | select(startswith("nt!") | not)][0]' "$work/out" | sort -u)
  [ "$crash" = 'NETIO!StreamInvokeCalloutAndNormalizeAction' ] &&
    passed "P2 ends in the NULL read, the lab lives on" || failed "P2's stack begins with $crash"
fi
for profile in 7sp1 10; do
  expect_exit 0 "matrix of $profile" "$sluice" matrix --profile $profile --quiet && passed "matrix --profile $profile"
done
expect_exit 2 "no such model" "$sluice" matrix --model Z && passed "an unknown model is refused"
finish
