#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Test cases: rules, traffic, and what must come of it. A folder NAME/ has
#   case.toml     what must come of it (about), the traffic (script.h tells its language) or the name of a capture of
#                 tests/captures, and where they differ from the default: modes ["gate"], profiles ["10", "7sp1"],
#                 side "server", midstream, settings []; cut_matters: what comes of it depends on the segments also in
#                 mode gate, so that the native test does not cut it anew
#   test.rules    the rules
#   input.pcap    the capture that make_case makes of the traffic
#   expect.json   by mode: alerts, drops, anomalies, each connection's verdict and what its applications received;
#                 "gate 7sp1" where that profile differs: Windows 7 cannot end a connection outside classify, so that
#                 of the offer which completes a match nothing passes
#
# usage: run.sh [NAME...]             runs them, two at a time
#        run.sh --write NAME...       writes input.pcap and expect.json anew: read the difference before you commit it
. "$(dirname "$0")/../lab/expect.sh"
export LC_ALL=C
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

about() { sed -n 's/^about = "\(.*\)"$/\1/p' "$case/case.toml" | sed 's/\\\(.\)/\1/g'; }

# One run, in the shape of expect.json's parts, and on a second line what it should be. Long streams are told by their hash, bytes that are no ASCII as "?".
observed='
  ([.[] | select(.type == "ledger" and .closed != true)] | if length > 0 then error("a ledger does not close") else empty end),
  {
    alerts: [.[] | select(.event_type == "alert") |
      {sid: .alert.signature_id, action: .alert.action, direction: .sluice.direction, buffer: .sluice.buffer,
       begin: .sluice.begin, end: .sluice.end, passed: .sluice.passed_bytes}],
    drops: [.[] | select(.event_type == "drop") | .drop.reason],
    anomalies: [.[] | select(.event_type == "anomaly") | .anomaly.event],
    flows: [.[] | select(.type == "flow") | . as $flow |
      ($flow.client | sub("^.*:"; "_") + "-") as $mark |
      def stream($ending):
        ([$ARGS.named | to_entries[] | select(.key | contains($mark) and endswith($ending))][0] // {key: "?", value: ""}) as $file |
        if $flow[$ending] <= 400 then {length: $flow[$ending], text: $file.value}
        else {length: $flow[$ending], sha256: ($sums | split("\n") | map(select(endswith("/" + $file.key)))[0][:64])} end;
      {client, protocol, verdict, c2s: stream("c2s"), s2c: stream("s2c")}]
  },
  ($expected[0] | .["\($mode) \($profile)"] // .[$mode])'
observe() { # profile mode
  local out=$work/deliver arguments=() texts=() setting file
  rm -rf "$out"
  for setting in $(value settings ""); do arguments+=(--set "$setting"); done
  setting=$(value midstream "")
  [ -z "$setting" ] || arguments+=(--midstream "$setting")
  "$sluice" replay "$input" --rules "$case/test.rules" --eve "$work/eve" --deliver "$out" --json \
    --profile "$1" --mode "$2" --side "$(value side server)" "${arguments[@]}" >"$work/out" 2>"$work/err" ||
    { failed "$name ($1, $2): exit code $?"; tail -n 3 "$work/err"; return 1; }
  for file in "$out"/*; do
    tr '\200-\377' '?' <"$file" >"$file.text"
    texts+=(--rawfile "${file##*/}" "$file.text")
  done
  jq -Scs --slurpfile expected "$case/expect.json" --arg mode "$2" --arg profile "$1" --arg sums "$(sha256sum "$out"/*.?2?)" "${texts[@]}" "$observed" "$work/out" "$work/eve" 2>"$work/err" ||
    { failed "$name ($1, $2): $(tail -n 1 "$work/err")"; return 1; }
}

run_case() { # in a shell of its own
  local name=$1 case=$here/$1 work=$work/$1 input mode profile got want key
  mkdir "$work"
  input=$case/input.pcap
  if [ -n "$(value capture "")" ]; then
    input=$here/../captures/$(value capture "")
  elif $write; then
    "$make_case" "$case/case.toml" "$input" || { failed "$name: make_case"; return; }
  elif ! "$make_case" "$case/case.toml" "$work/input.pcap" || ! cmp -s "$work/input.pcap" "$input"; then
    failed "$name: input.pcap is not what case.toml says"
    return
  fi
  if $write; then echo '{}' >"$case/expect.json"; fi
  for mode in $(value modes gate); do
    for profile in $(value profiles "10 7sp1"); do
      observe "$profile" "$mode" >"$work/observed" || { cat "$work/observed"; return; }
      { read -r got; read -r want; } <"$work/observed"
      if $write && [ "$got" != "$want" ]; then
        key=$mode
        [ "$want" = null ] || key="$mode $profile"
        jq --argjson got "$got" --arg key "$key" '.[$key] = $got' "$case/expect.json" >"$work/next" && cp "$work/next" "$case/expect.json"
      elif [ "$got" != "$want" ]; then
        failed "$name ($profile, $mode): not what expect.json says"
        diff -u <(jq . <<<"$want") <(jq . <<<"$got") | head -n 30
        return
      fi
    done
  done
  passed "$name: $(about)"
}

cases=("$@")
if [ ${#cases[@]} -eq 0 ]; then
  for folder in "$here"/*/case.toml; do cases+=("$(basename "$(dirname "$folder")")"); done
fi
count=${#cases[@]}
lane() { for ((i = $1; i < count; i += 2)); do run_case "${cases[i]}" >"$work/said.$i" 2>&1; done; }
lane 0 &
lane 1 &
wait
for ((i = 0; i < count; i++)); do
  cat "$work/said.$i"
  if grep -q '^FAILED' "$work/said.$i"; then failures=$((failures + 1)); fi
done
finish
