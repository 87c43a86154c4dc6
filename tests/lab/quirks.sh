#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Quirks by name: which are refused, where they are on, and that a finding under one names it and how to see it again.
. "$(dirname "$0")/expect.sh"
driver=$images/nbuf-leak-batched.sys

expect_exit 0 "list" "$sluice" contract --quirks &&
  expect_line "^q-block-tail " "list" && expect_line "hypothesis" "list" &&
  expect_line "^q-udp-hold " "list" && passed "contract --quirks lists what is imitated and what is not"
expect_exit 2 "unknown" "$sluice" check "$driver" --quirk q-nothing &&
  expect_line "there is no quirk q-nothing" "unknown" && passed "an unknown quirk is refused"
expect_exit 2 "not imitated" "$sluice" check "$driver" --quirk q-udp-hold &&
  expect_line "does not imitate q-udp-hold: of UDP" "not imitated" && passed "a quirk that is not imitated is refused with the reason"
expect_exit 2 "elsewhere" "$sluice" check "$driver" --profile 10 --quirk q-block-tail &&
  expect_line "of the profiles vista-sp1 7sp1, not of 10" "elsewhere" && passed "a Windows that never had it is refused"
expect_exit 0 "off" "$sluice" check "$driver" --profile 7sp1 --quiet && passed "7sp1 without the quirk: clean"
expect_exit 1 "on" "$sluice" check "$driver" --profile 7sp1 --quirk block-tail --quiet &&
  expect_line "^error LEAK" "on" && expect_line "under q-block-tail" "on" &&
  expect_line "again .*--quirk (q-)?block-tail" "on" && passed "7sp1 with it: the leak, the quirk's name, and the command"
expect_exit 1 "all profiles" "$sluice" check "$driver" --profile all --quirk q-block-tail --quiet &&
  expect_line "^check on 7sp1: findings" "all profiles" && expect_line "^check on 11: clean" "all profiles" &&
  passed "with all profiles it is on where it belongs"

# What a quirk would make of a neighbour's block or inject is not told of the driver beside it.
own=$images/win7/sluice.sys
for neighbour in above-reinject below-worker above-late; do
  wrong=
  for quirk in q-chain-cut q-block-tail q-irql-leak q-disc-null q-late-ack; do
    expect_exit 0 "$quirk beside $neighbour" "$sluice" check "$own" --profile 7sp1 --set Mode=monitor --quirk "$quirk" \
      --neighbour "$neighbour" --json || wrong=1
    [ "$(jq -r 'select(.type == "run") | .warnings' "$work/out")" = 0 ] || wrong=1
  done
  [ -z "$wrong" ] && passed "quirks spare $neighbour" || failed "a driver that only looks on is told of $neighbour"
done
expect_exit 1 "beside a neighbour" "$sluice" check "$driver" --profile 7sp1 --quirk q-block-tail --neighbour above-permit \
  --quiet && expect_line "under q-block-tail" "beside a neighbour" && passed "they do not spare the driver under test"
finish
