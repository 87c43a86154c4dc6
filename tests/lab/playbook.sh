#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every command of docs/leak-playbook.md finds what the page says it finds.
. "$(dirname "$0")/expect.sh"

page=$SLUICE_SOURCE/docs/leak-playbook.md
count=0
while IFS= read -r line; do
  command=${line%% # *}
  expected=${line##* # }
  words=(${command//build\/images/$images})
  words[0]=$sluice
  "${words[@]}" --json >"$work/out" 2>"$work/err"
  found=$(jq -r 'select(.type == "finding") | .rule' "$work/out" | sort -u | tr '\n' ' ')
  [ "${found:-clean }" = "$expected " ] && passed "$command: $expected" || failed "$command: ${found:-clean} instead of $expected"
  count=$((count + 1))
done < <(sed -nE 's/^    (build\/sluice .* # .*)$/\1/p' "$page")
[ "$count" -ge 20 ] && passed "$count commands" || failed "only $count commands were found in $page"
finish
