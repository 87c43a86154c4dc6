#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a driver has not given back when the connections have ended is named, with who made it and how much of it is of
# flows that are no more; what it gives back until it is unloaded is no finding, and what it does not is told with its flow's end.
. "$(dirname "$0")/expect.sh"
keeper=$work/keeps.sys

expect_exit 0 "keeps.c builds" "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/keeps.c" -o "$keeper" \
  -I "$SLUICE_SOURCE/specimens" --target win8 -Wall -Wextra -Werror || finish

# left LEDGER CONDITION: a record of this ledger, with who made it, for which the condition on it holds.
left() {
  if jq -es --arg ledger "$1" "any(.[]; .type == \"left\" and .ledger == \$ledger and (.who | startswith(\"keeps\")) and ($2))" \
    "$work/out" >/dev/null; then
    passed "$1: named"
  else
    failed "$1: no record for which $2"
    jq -c 'select(.type == "left")' "$work/out" | sed 's/^/    /'
  fi
}
if expect_exit 0 "a driver that keeps things until it is unloaded" "$sluice" check "$keeper" --json; then
  left "pool blocks" '.tag == "Stok" and .count == 1 and .bytes == 100 and .ended == 1 and .flow > 0 and .classify > 0'
  left "pool blocks" '.tag == "Spec" and .count > 50 and .ended == .count and .flow > 0 and .age > 0'
  left "flow contexts" '.count > 50 and .ended == .count'
  left "timers" '.count == 1'
  left "threads" '.count == 1'
  jq -es 'any(.[]; .type == "finding") | not' "$work/out" >/dev/null && passed "and nothing of it is a finding" ||
    failed "findings: $(jq -c 'select(.type == "finding") | [.rule, .detail]' "$work/out")"
fi
expect_exit 0 "under each reading of five seeds" "$sluice" check "$keeper" --explore 5 --quiet && passed "nor under five seeds"

expect_exit 0 "keeps.c with HOLDS builds" "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/keeps.c" -o "$keeper" \
  -I "$SLUICE_SOURCE/specimens" --target win8 -Wall -Wextra -Werror -D HOLDS || finish
if expect_exit 1 "a clone and a reference that are held for long" "$sluice" check "$keeper" --json; then
  left "clones" '.count >= 1 and .flow > 0 and .ended == .count'
  left "references to NBLs" '.count == 1 and .flow > 0'
  jq -es 'map(select(.type == "finding") | .rule) | unique == ["R22"]' "$work/out" >/dev/null &&
    passed "they are R22 when they are given back" || failed "not R22: $(jq -c 'select(.type == "finding") | .rule' "$work/out")"
fi

# Its pool is stock, which it keeps; what it borrowed it has given back.
expect_exit 0 "sluice.sys" "$sluice" check "$images/sluice.sys" --json &&
  if jq -es 'any(.[]; .type == "left" and (.ledger | IN("clones", "NBLs of the driver", "injections", "references to NBLs"))) | not' \
    "$work/out" >/dev/null; then
    passed "sluice.sys: nothing that it borrowed or injected"
  else
    failed "sluice.sys keeps: $(jq -c 'select(.type == "left")' "$work/out")"
  fi
expect_exit 1 "pool left at unload" "$sluice" check "$images/r66-left-bad.sys" --json &&
  jq -es 'any(.[]; .type == "left" and .ledger == "pool blocks" and .ended >= 1)' "$work/out" >/dev/null &&
  passed "a block that is left at unload was named when the connections had ended"
expect_exit 1 "contexts never freed" "$sluice" check "$images/r47-not-freed-bad.sys" --quiet &&
  expect_line "had ended" "contexts never freed" && passed "a context that outlives its flow is told with that flow's end"
finish
