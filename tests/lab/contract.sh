#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `sluice contract` tells the truth about which rules the lab checks, and knows all of them.
. "$(dirname "$0")/expect.sh"

expect_exit 0 "contract" "$sluice" contract
count=$(grep -cE '^R[0-9]{2} ' "$work/out")
[ "$count" -eq 74 ] && passed "74 rules" || failed "$count rules instead of 74"
awk '$4 == "checked" { print $1 }' "$work/out" | grep '^R' | sort >"$work/said"
grep -rhoE '"R[0-9]{2}"' "$SLUICE_SOURCE"/lab --include='*.c' --exclude=rules.c | tr -d '"' | sort -u >"$work/done"
if diff "$work/said" "$work/done" >"$work/difference"; then
  passed "$(wc -l <"$work/said") rules are said to be checked, and are reported somewhere in the lab"
else
  failed "rules said (<) and done (>): $(tr '\n' ' ' <"$work/difference")"
fi
expect_exit 0 "one rule" "$sluice" contract r42 && expect_line 'report \(2011\)' "R42's source" && passed "R42 is told"
expect_exit 2 "no such rule" "$sluice" contract R99 && passed "R99 is refused"
finish
