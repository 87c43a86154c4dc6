#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An unload that does not return is explained: the stack that waits, what for, who else waits, what is still to come. And
# an unload before a step that the scenario has not says so.
. "$(dirname "$0")/expect.sh"

told() { # the finding has a line for each of these patterns: name patterns...
  local name=$1 pattern
  shift
  for pattern in "$@"; do
    grep -qE -- "$pattern" "$work/text" && passed "$name: $pattern" || failed "$name does not say '$pattern': $(head -c 600 "$work/text")"
  done
}

hang() { # kind patterns...
  local kind=$1
  shift
  expect_exit 0 "hang.c builds" "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/hang.c" -o "$work/hang-$kind.sys" \
    -I "$SLUICE_SOURCE/specimens" --target win8 -Wall -Wextra -Werror -D "HANG=$kind" || return
  expect_exit 1 "hang $kind" "$sluice" check "$work/hang-$kind.sys" --json || return
  jq -se '[.[] | select(.type == "finding")] | length == 1 and .[0].rule == "HANG"' "$work/out" >/dev/null &&
    passed "hang $kind: one finding" || failed "hang $kind: not one HANG: $(grep '"finding"' "$work/out" | head -c 400)"
  jq -r 'select(.type == "finding") | "what: \(.detail)", "stack: \(.stack[])",
    "history: \(.history[] | "\(.what) | \(.where) | \(.detail)")"' "$work/out" >"$work/text"
  told "hang $kind" "$@"
}

hang EVENT '^what: .*waits in KeWaitForSingleObject for an event in data of hang-EVENT' \
  '^stack: nt!KeWaitForSingleObject' '^stack: hang-EVENT!.*\[hang.c @ [0-9]+\]' \
  '^history: event initialised . hang-EVENT!Start' '^history: event set . hang-EVENT!Start' \
  '^history: event taken by a wait . hang-EVENT!Start' \
  '^history: a thread waits since then . hang-EVENT!ThreadMain.* for an event'
hang THREAD '^what: .*for the thread of hang-THREAD!ThreadMain.*, which does not end' \
  '^history: a thread waits since then . hang-THREAD!ThreadMain.* for an event'
hang COUNT '^what: .*slept [0-9]+ times in a row at one place \(KeDelayExecutionThread\), for 60 s' \
  '^stack: hang-COUNT!WaitForCount' \
  '^history: [0-9]+ injects were accepted .* completionFn was called for [0-9]+ NBLs, 0 are still to be completed'

hang DESTROY '^what: .*it is blocked in FwpsInjectionHandleDestroy0' '^stack: fwpkclnt!FwpsInjectionHandleDestroy0' \
  '^history: .* 1 is still to be completed'

expect_exit 0 "permit.c builds" "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/permit.c" -o "$work/permit.sys" \
  -I "$SLUICE_SOURCE/specimens" --target win8 || finish
for option in --unload-at --unload-at-rest; do
  expect_exit 2 "$option beyond the scenario" "$sluice" check "$work/permit.sys" "$option" 99999 &&
    expect_line 'the scenario has [0-9]+ steps: there is no step 99999 to unload before' "$option beyond the scenario" &&
    passed "$option 99999 is refused"
done
finish
