#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every capture, in every mode, on Windows 7 and 10: the ledgers close, pool comes back, nothing is found, and what the
# applications received is, byte for byte, what tshark reassembles.
#
# usage: replay.sh            all captures of the repository, and of SLUICE_CAPTURES
#        replay.sh CAPTURE... these, one after the other
# The table of what is to be compared is expected.tsv beside the repository's captures, expected-public.tsv for others.
. "$(dirname "$0")/expect.sh"
export LC_ALL=C
lab=$(cd "$(dirname "$0")" && pwd)
own=$(cd "$lab/../captures" && pwd)
modes='gate permit monitor'
profiles='7sp1 10'

table_of() { if [ "$(cd "$(dirname "$1")" && pwd)" = "$own" ]; then echo "$own/expected.tsv"; else echo "$lab/expected-public.tsv"; fi; }

# What one run must have told; prints what it did not.
judge='
  def say(condition; text): if condition then empty else text end;
  [.[] | select(.type == "ledger")] as $ledgers | [.[] | select(.type == "pool")] as $pools |
  say($ledgers | length == 2; "\($ledgers | length) ledgers"),
  ($ledgers[] | say(.closed == true and .lost == 0; "ledger \(.direction) is not closed: \(tojson)")),
  say($pools | length > 0; "no pool"),
  ($pools[] | say(.diff == 0 and .allocs == .frees; "pool \(.tag): difference \(.diff)")),
  (.[] | select(.type == "finding" and .severity == "error") | "finding \(.rule): \(.title) (\(.detail))"),
  say(.[-1] | .type == "run" and .verdict == "clean"; "verdict \(.[-1].verdict) \(.[-1].reason // "")"),
  say([.[] | select(.type == "flow") | .c2s + .s2c] | add // 0 | . == $delivered;
    "the flows tell another number of bytes than the \($delivered) in the files")'

one_run() { # capture mode profile
  local capture=$1 mode=$2 profile=$3 got=0 bytes
  rm -rf "$work/got"
  mkdir "$work/got"
  timeout 60 "$sluice" replay "$capture" --mode "$mode" --profile "$profile" --deliver "$work/got" --json \
    >"$work/out" 2>"$work/err" || got=$?
  bytes=$(find "$work/got" -type f -exec stat -c %s {} + | awk '{ n += $1 } END { printf "%d", n }')
  jq -rs --argjson delivered "$bytes" "$judge" "$work/out" 2>&1
  [ "$got" -eq 0 ] || echo "exit code $got: $(tail -n 1 "$work/err")"
  [ -s "$work/sums" ] || return
  (cd "$work/got" && sha256sum --check --quiet "$work/sums" 2>/dev/null) | sed -n 's/: FAILED.*//p' | while read -r name; do
    cmp "$work/want/$name" "$work/got/$name" 2>&1 | sed "s|$work/||g" | head -n 1
  done
}

one_capture() { # prints its PASSED or FAILED lines
  local capture=$1 name=${1##*/} table expected counted compared wrong=0
  table=$(table_of "$capture")
  rm -rf "$work/want"
  if ! "$lab/reassemble.sh" "$capture" "$work/want" 2>"$work/err"; then
    failed "$name: tshark: $(tail -n 1 "$work/err")"
    return
  fi
  (cd "$work/want" && find . -name '*.c2s' -o -name '*.s2c' | sort | xargs -r -d '\n' sha256sum --) >"$work/sums"
  counted=$("$lab/expected.sh" --counted "$work/want/flows.tsv" "$name")
  compared=$(cut -f 3 <<<"$counted")
  expected=$(awk -F '\t' -v name="$name" '$1 == name' "$table")
  if [ -z "$expected" ]; then
    skipped "$name: no counts are known of it (found: ${counted//$'\t'/ })"
  elif [ "$expected" != "$counted" ]; then
    failed "$name: counted ${counted//$'\t'/ }, expected ${expected//$'\t'/ }"
  fi
  if [ "$(wc -l <"$work/sums")" -ne $((2 * compared)) ]; then
    failed "$name: $compared complete flows, but $(wc -l <"$work/sums") streams"
  fi
  for profile in $profiles; do
    for mode in $modes; do
      one_run "$capture" "$mode" "$profile" >"$work/wrong"
      [ -s "$work/wrong" ] || continue
      wrong=1
      failed "$name, $mode on $profile: $(head -n 1 "$work/wrong")"
      sed -n '2,6s/^/    /p' "$work/wrong"
    done
  done
  [ $wrong -ne 0 ] || passed "$name: $compared flows compared, $(cut -f 4 <<<"$counted") excluded ($(cut -f 5 <<<"$counted"))"
}

if [ $# -gt 0 ]; then
  for capture in "$@"; do one_capture "$capture"; done
  finish
fi

command -v tshark >/dev/null || { skipped "tshark is not installed"; exit 0; }
captures=("$own"/*.pcap "$own"/*.pcapng)
if [ -n "${SLUICE_CAPTURES:-}" ]; then
  public=$(cd "$SLUICE_CAPTURES" && pwd)
  while read -r file; do captures+=("$file"); done < <(find "$public" -maxdepth 1 \( -name '*.pcap' -o -name '*.pcapng' \) | sort)
else
  skipped "public captures: SLUICE_CAPTURES is not set"
fi
printf '%s\0' "${captures[@]}" | xargs -0 -P 2 -n 3 "$0" >"$work/all" 2>&1 || failures=1
sort "$work/all"
compared=$(awk '/^PASSED: .* flows compared/ { for (i = 1; i < NF; i++) if ($(i + 1) == "flows") n += $i } END { print n + 0 }' "$work/all")
echo "$compared flows compared, each in 3 modes on 2 versions of Windows"
[ "$compared" -gt 0 ] || failed "no flow was compared"
# Every capture that the tables know is there. (Through a file: grep -q ends a pipe before its writer does.)
printf '%s\n' "${captures[@]##*/}" >"$work/names"
tables=("$own/expected.tsv")
[ -z "${SLUICE_CAPTURES:-}" ] || tables+=("$lab/expected-public.tsv")
for table in "${tables[@]}"; do
  while IFS=$'\t' read -r name _; do
    case $name in '#'*) continue ;; esac
    grep -qxF -- "$name" "$work/names" || failed "$name: is in ${table##*/}, but there is no such capture"
  done <"$table"
done
finish
