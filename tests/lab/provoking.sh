#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every row of docs/provoking.md: with its option the offer is shown to a driver that notes it, or the specimen is convicted.
. "$(dirname "$0")/expect.sh"

page=$SLUICE_SOURCE/docs/provoking.md
shapes=$work/shapes.sys
rows=0

expect_exit 0 "shapes.c builds" "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/shapes.c" -o "$shapes" \
  -I "$SLUICE_SOURCE/specimens" --target win8 -Wall -Wextra -Werror || finish
tags() { # options...: what shapes.sys noted
  "$sluice" check "$shapes" "$@" --json 2>"$work/err" | jq -r 'select(.type == "pool" and .allocs > 0) | .tag'
}
tags >"$work/plain"

while IFS='|' read -r what option seen rule; do
  rows=$((rows + 1))
  # Options are words without blanks in them.
  # shellcheck disable=SC2206
  words=($option)
  if [ -z "$rule" ]; then
    if [ ${#words[@]} -eq 0 ]; then cp "$work/plain" "$work/tags"; else tags "${words[@]}" >"$work/tags"; fi
    grep -qxF -- "$seen" "$work/tags" && passed "$what: ${option:-check}" || failed "$what: no driver is shown it by ${option:-check}"
    continue
  fi
  "$sluice" check "$images/$seen-bad.sys" "${words[@]}" --json >"$work/out" 2>"$work/err"
  jq -r 'select(.type == "finding") | .rule' "$work/out" >"$work/rules"
  grep -qx -- "$rule" "$work/rules" && passed "$what: ${option:-check} ($rule)" ||
    failed "$what: ${option:-check} does not convict $seen-bad.sys by $rule: $(tr '\n' ' ' <"$work/rules")$(tail -n 1 "$work/err")"
  [ ${#words[@]} -eq 0 ] && continue
  plain=()
  [ "${words[0]}" = --profile ] && plain=("${words[@]:0:2}")
  "$sluice" check "$images/$seen-bad.sys" "${plain[@]}" --json 2>/dev/null | jq -r 'select(.type == "finding") | .rule' >"$work/rules"
  ! grep -qx -- "$rule" "$work/rules" || failed "$what: $seen-bad.sys breaks $rule without $option, too"
done < <(sed -nE 's/^\| ([^|]*) \| `?([^|`]*)`? ?\| `([^`]+)` ?([A-Z0-9]*) ?\|$/\1|\2|\3|\4/p' "$page")
[ "$rows" -ge 32 ] && passed "$rows rows" || failed "only $rows rows were found in $page"
finish
