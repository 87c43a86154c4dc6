#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each specimen pair is judged right: the bad one gets exactly one finding, of its rule and severity, the good one none,
# on any Windows that loads it.
# Arguments: specimens or rules to be tested; none: all.
. "$(dirname "$0")/expect.sh"

pairs=0
told() { # the findings of the last check, one a line: severity, rule, what it said
  jq -r 'select(.type == "finding") | "\(.severity) \(.rule) \(.function): \(.detail)"' "$work/out"
}

check() { # image profile options...: exit code in $code, findings in $work/told
  code=0
  "$sluice" check "$1" --profile "$2" --json "${@:3}" >"$work/out" 2>"$work/err" || code=$?
  told >"$work/told" 2>/dev/null || echo "the output is no JSON" >"$work/told"
}

judge() { # specimen rule severity profile options...
  local specimen=$1 rule=$2 severity=$3 profile=$4 wanted=0 good=1
  shift 4
  [ "$severity" = error ] && wanted=1
  check "$images/$specimen-bad.sys" "$profile" "$@"
  if [ "$code" -ne "$wanted" ] || [ "$(wc -l <"$work/told")" -ne 1 ] ||
    [ "$(cut -d' ' -f1,2 "$work/told")" != "$severity $rule" ]; then
    failed "$specimen-bad.sys on $profile: exit code $code, not one $severity of $rule:"
    sed 's/^/    /' "$work/told"
    tail -n 1 "$work/err" | sed 's/^/    /'
    good=0
  fi
  check "$images/$specimen-good.sys" all "$@"
  if [ "$code" -ne 0 ] || [ -s "$work/told" ]; then
    failed "$specimen-good.sys: exit code $code:"
    sed 's/^/    /' "$work/told"
    tail -n 1 "$work/err" | sed 's/^/    /'
    good=0
  fi
  [ $good -eq 1 ] && passed "$specimen: $rule ($severity)" && pairs=$((pairs + 1))
}

wanted() { # specimen rule: was it asked for?
  [ ${#only[@]} -eq 0 ] && return 0
  local one
  for one in "${only[@]}"; do
    [ "$one" = "$1" ] || [ "$one" = "$2" ] && return 0
  done
  return 1
}

only=("$@")
cat "$SLUICE_SOURCE"/specimens/*/specimens.tsv | grep -v '^#' >"$work/rows"
while IFS=$'\t' read -r specimen rule severity profile _ options _; do
  if [ "$specimen" = - ] || ! wanted "$specimen" "$rule"; then
    continue
  fi
  [ "$options" = - ] && options=
  options=${options//@/$SLUICE_SOURCE/specimens}
  # Options are words without blanks in them.
  # shellcheck disable=SC2086
  judge "$specimen" "$rule" "$severity" "$profile" $options
done <"$work/rows"
cut -f2 "$work/rows" | grep '^R' | sort -u >"$work/all"
awk -F'\t' '$1 != "-" && $2 ~ /^R/ { print $2 }' "$work/rows" | sort -u >"$work/broken"
echo "$pairs pairs judged right; $(wc -l <"$work/broken") of 74 rules have a specimen, $(
  comm -13 "$work/broken" "$work/all" | wc -l) a reason why none"
finish
