#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# `sluice contract` knows all rules, each is looked for in the lab and has a specimen or a reason, and the page in docs/
# is made from the same table.
. "$(dirname "$0")/expect.sh"

expect_exit 0 "contract" "$sluice" contract
count=$(grep -cE '^R[0-9]{2} ' "$work/out")
[ "$count" -eq 74 ] && passed "74 rules" || failed "$count rules instead of 74"
grep -rhoE '"R[0-9]{2}"' "$SLUICE_SOURCE"/lab --include='*.c' --exclude=rules.c --exclude=cause.c |
  tr -d '"' | sort -u >"$work/done"
grep -oE '^R[0-9]{2}' "$work/out" | sort >"$work/said"
if diff "$work/said" "$work/done" >"$work/difference"; then
  passed "each rule is reported somewhere in the lab"
else
  failed "rules in the table (<) that nothing reports: $(tr '\n' ' ' <"$work/difference")"
fi
# A rule with a specimen is broken by it (specimens.sh); one without has a reason.
for rule in $(cat "$work/said"); do
  "$sluice" contract "$rule" | grep -E '^  specimen    ' >"$work/specimen" || echo "$rule" >>"$work/neither"
done
[ -s "$work/neither" ] && failed "neither specimen nor reason: $(tr '\n' ' ' <"$work/neither")" ||
  passed "each rule has a specimen, or a reason why none: $(tail -n 1 "$work/out")"
if "$sluice" contract --markdown | diff - "$SLUICE_SOURCE/docs/contract.md" >"$work/difference"; then
  passed "docs/contract.md is the table"
else
  failed "docs/contract.md is not the table ($(grep -c '^[<>]' "$work/difference") lines differ): " \
    "sluice contract --markdown >docs/contract.md"
fi
expect_exit 0 "as JSON" "$sluice" contract --json R06 &&
  jq -e -s '.[0].specimen == "r06-enforced-beyond"' "$work/out" >/dev/null &&
  passed "the record of a rule names its specimen" || failed "no specimen in the record of R06"
expect_exit 2 "a page of one rule" "$sluice" contract --markdown R42 && passed "--markdown is the whole table"
expect_exit 0 "one rule" "$sluice" contract r42 && expect_line 'report \(2011\)' "R42's source" && passed "R42 is told"
expect_exit 2 "no such rule" "$sluice" contract R99 && passed "R99 is refused"
finish
