#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each specimen pair is judged right: the bad one gets exactly one finding, of its rule and severity, the good one none,
# on any Windows that loads it.
# Arguments: specimens or rules to be tested; none: all.
. "$(dirname "$0")/expect.sh"

pairs=0
check() { # image profile options...: exit code in $code, findings in $told: severity, rule, what it said
  code=0
  "$sluice" check "$1" --profile "$2" --json "${@:3}" >"$work/out" 2>"$work/err" || code=$?
  mapfile -t told < <(jq -r 'select(.type == "finding") | "\(.severity) \(.rule) \(.function): \(.detail)"' \
    "$work/out" 2>&1)
}

wrong() { # what
  failed "$1: exit code $code"
  [ ${#told[@]} -eq 0 ] || printf '    %s\n' "${told[@]}"
  tail -n 1 "$work/err" | sed 's/^/    /'
  right=0
}

judge() { # specimen rule severity profile options...
  local specimen=$1 rule=$2 severity=$3 profile=$4 code told right=1 expected=0
  shift 4
  [ "$severity" = error ] && expected=1
  check "$images/$specimen-bad.sys" "$profile" "$@"
  if [ $code -ne $expected ] || [ ${#told[@]} -ne 1 ] || [[ ${told[0]} != "$severity $rule "* ]]; then
    wrong "$specimen-bad.sys on $profile, not one $severity of $rule"
  fi
  check "$images/$specimen-good.sys" all "$@"
  if [ $code -ne 0 ] || [ ${#told[@]} -ne 0 ]; then
    wrong "$specimen-good.sys"
  fi
  if [ $right -eq 1 ]; then
    passed "$specimen: $rule ($severity)"
    pairs=$((pairs + 1))
  fi
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
