#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Test cases: rules, traffic, and what must come of it. A folder NAME/ has
#   case.toml     what it is about, under which profiles and modes, the traffic (script.h tells its language)
#   test.rules    the rules
#   input.pcap    the capture that make_case makes of the traffic
#   expect.json   by mode: alerts, anomalies, each connection's verdict and what its applications received
#
# usage: run.sh [NAME...]             runs them
#        run.sh --write NAME...       writes input.pcap and expect.json anew: read the difference before you commit it
. "$(dirname "$0")/../lab/expect.sh"
here=$(cd "$(dirname "$0")" && pwd)
make_case=$SLUICE_BUILD/tests/make_case
write=false
if [ "${1:-}" = --write ]; then
  write=true
  shift
fi

# value KEY DEFAULT: what case.toml says; lists without their brackets, quotes and commas.
value() {
  local line
  line=$(sed -n "s/^$1 = //p" "$case/case.toml" | head -n 1)
  if [ -z "$line" ]; then echo "$2"; else tr -d '[]",' <<<"$line"; fi
}

# What was delivered of one stream: length, and the bytes as text where they are few, else their hash.
delivered() {
  local file=$1 length=0
  [ -f "$file" ] && length=$(stat -c %s "$file")
  if [ "$length" -gt 400 ]; then
    printf '{"length": %d, "sha256": "%s"}' "$length" "$(sha256sum "$file" | cut -d ' ' -f 1)"
  else
    printf '{"length": %d, "text": %s}' "$length" "$(tr '\200-\377' '?' <"$file" 2>/dev/null | jq -Rs .)"
  fi
}

# One run, in the shape of expect.json's parts.
observe() { # profile mode
  local out=$work/deliver arguments=()
  local setting
  rm -rf "$out"
  for setting in $(value settings ""); do arguments+=(--set "$setting"); done
  "$sluice" replay "$case/input.pcap" --rules "$case/test.rules" --eve "$work/eve" --deliver "$out" --json \
    --profile "$1" --mode "$2" --side "$(value side server)" "${arguments[@]}" >"$work/out" 2>"$work/err" ||
    { failed "$name ($1, $2): exit code $?"; tail -n 3 "$work/err"; return 1; }
  if jq -e 'select(.type == "ledger" and .closed != true)' "$work/out" >/dev/null; then
    failed "$name ($1, $2): a ledger does not close"
    return 1
  fi
  local flows="" flow client stem
  while read -r flow; do
    client=$(jq -r .client <<<"$flow")
    stem=$(basename "$(find "$out" -name "$(tr -d '[]' <<<"${client%:*}" | tr ':' '*')*_${client##*:}-*.c2s" | head -n 1)" .c2s)
    flows+=$(jq -c --argjson c2s "$(delivered "$out/$stem.c2s")" --argjson s2c "$(delivered "$out/$stem.s2c")" \
      '{client, protocol, verdict, c2s: $c2s, s2c: $s2c}' <<<"$flow")
  done < <(jq -c 'select(.type == "flow")' "$work/out")
  jq -s --argjson flows "[$(sed 's/}{/},{/g' <<<"$flows")]" '{
      alerts: [.[] | select(.event_type == "alert") |
        {sid: .alert.signature_id, action: .alert.action, direction: .sluice.direction, buffer: .sluice.buffer,
         begin: .sluice.begin, end: .sluice.end, passed: .sluice.passed_bytes}],
      drops: [.[] | select(.event_type == "drop") | .drop.reason],
      anomalies: [.[] | select(.event_type == "anomaly") | .anomaly.event],
      flows: $flows}' "$work/eve"
}

run_case() {
  local mode profile first
  if $write; then
    "$make_case" "$case/case.toml" "$case/input.pcap" || { failed "$name: make_case"; return; }
    echo '{}' >"$work/expect.json"
  elif ! "$make_case" "$case/case.toml" "$work/input.pcap" || ! cmp -s "$work/input.pcap" "$case/input.pcap"; then
    failed "$name: input.pcap is not what case.toml says"
    return
  fi
  for mode in $(value modes gate); do
    first=true
    for profile in $(value profiles "7sp1 10"); do
      observe "$profile" "$mode" >"$work/observed" || return
      if $write && $first; then
        jq --slurpfile got "$work/observed" --arg mode "$mode" '. + {($mode): $got[0]}' "$work/expect.json" \
          >"$work/next" && mv "$work/next" "$work/expect.json"
        jq . "$work/expect.json" >"$case/expect.json"
      fi
      first=false
      if ! diff -u <(jq -S --arg mode "$mode" '.[$mode]' "$case/expect.json") <(jq -S . "$work/observed") >"$work/diff"; then
        failed "$name ($profile, $mode): not what expect.json says"
        head -n 30 "$work/diff"
        return
      fi
    done
  done
  passed "$name: $(value about "")"
}

cases=("$@")
if [ ${#cases[@]} -eq 0 ]; then
  for folder in "$here"/*/case.toml; do cases+=("$(basename "$(dirname "$folder")")"); done
fi
for name in "${cases[@]}"; do
  case=$here/$name
  run_case
done
finish
