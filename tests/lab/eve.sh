#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Rules, EVE lines and annotated captures, end to end: a replay that blocks, what it says, what the application got.
. "$(dirname "$0")/expect.sh"
captures=$SLUICE_SOURCE/tests/captures
keys=$SLUICE_SOURCE/tests/lab/eve-keys.tsv
cat >"$work/test.rules" <<'RULES'
drop http any any -> any any (msg:"no such page"; flow:to_server; http.uri; content:"/"; sid:1; rev:2;)
alert tls any any -> any any (msg:"a server name"; tls.sni; content:"sluice"; nocase; sid:2;)
alert smtp any any -> any any (msg:"a mail"; content:"MAIL FROM"; nocase; sid:3;)
RULES

# replay NAME CAPTURE ARGUMENTS...: EVE lines in $work/NAME.eve
replay() {
  local name=$1 capture=$2
  shift 2
  "$sluice" replay "$captures/$capture" --eve "$work/$name.eve" --quiet "$@" >"$work/out" 2>"$work/err"
}

replay http http.pcap --rules "$work/test.rules" --profile 10 --deliver "$work/http" ||
  failed "a replay with rules: exit code $?: $(cat "$work/err")"
if [ "$(jq -r 'select(.event_type == "alert") | "\(.alert.signature_id) \(.alert.action) \(.alert.rev)"' "$work/http.eve" | sort -u)" = "1 blocked 2" ]; then
  passed "a blocking rule gives alert lines with its numbers"
else
  failed "a blocking rule gives alert lines with its numbers"
fi
if [ "$(cat "$work"/http/*.c2s | wc -c)" -eq 0 ]; then
  passed "no byte of a blocked request reached an application"
else
  failed "no byte of a blocked request reached an application"
fi

# Every line: JSON, and no key that Suricata does not know.
lines=0
for capture in http.pcap tls12.pcap tls13.pcap smtp.pcap ftp.pcap small-segments.pcap http6.pcap reset.pcap gap.pcap; do
  replay all "$capture" --rules "$work/test.rules" --profile 10 --mode monitor || failed "$capture: exit code $?"
  lines=$((lines + $(wc -l <"$work/all.eve")))
  jq -r 'del(.sluice) | del(.alert.metadata) | paths(type != "object" or true) | map(select(type == "string")) | join(".")' \
    "$work/all.eve" | sort -u >"$work/paths" || failed "$capture: a line is no JSON"
  unknown=$(grep -vxFf <(cut -f 1 "$keys") "$work/paths" | grep -v '^$' || true)
  [ -z "$unknown" ] || failed "$capture: keys that the schema does not have: $unknown"
  bad=$(jq -r '.timestamp' "$work/all.eve" | grep -vcE '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{6}\+0000$' || true)
  [ "$bad" -eq 0 ] || failed "$capture: $bad timestamps of another form"
done
[ "$lines" -gt 50 ] && passed "$lines lines of nine captures have the keys of the schema" || failed "only $lines EVE lines"


# The same run says the same.
replay again http.pcap --rules "$work/test.rules" --profile 10
cmp -s "$work/again.eve" "$work/http.eve" && passed "the same run writes the same lines" || failed "the same run writes the same lines"

# The annotated capture: the same packets, comments, nothing for tshark to say.
if ! command -v tshark >/dev/null; then
  skipped "annotated captures: tshark is not installed"
else
  fields='-T fields -e frame.time_epoch -e frame.len -e frame.cap_len -e tcp.seq_raw -e tcp.len'
  for capture in http.pcap slow-head.pcap ng.pcapng loss-client.pcap sll.pcap raw.pcap; do
    "$sluice" replay "$captures/$capture" --rules "$work/test.rules" --annotate "$work/annotated.pcapng" --quiet \
      --profile 10 >"$work/out" 2>"$work/err" || { failed "$capture, annotated: exit code $?: $(cat "$work/err")"; continue; }
    tshark -r "$work/annotated.pcapng" $fields >"$work/annotated" 2>"$work/warnings"
    tshark -r "$captures/$capture" $fields >"$work/original" 2>/dev/null
    grep -v 'Running as user "root"' "$work/warnings" >"$work/said" || true
    if [ -s "$work/said" ]; then failed "$capture: tshark says $(head -n 1 "$work/said")"; continue; fi
    if cmp -s "$work/annotated" "$work/original"; then passed "$capture: the annotated capture has the same packets"
    else failed "$capture: the annotated capture has other packets"; fi
  done
  tshark -r "$work/annotated.pcapng" -T fields -e frame.comment >"$work/comments" 2>/dev/null
  "$sluice" replay "$captures/slow-head.pcap" --rules "$work/test.rules" --annotate "$work/annotated.pcapng" --quiet \
    --profile 10 >/dev/null 2>&1
  tshark -r "$work/annotated.pcapng" -T fields -e frame.comment >"$work/comments" 2>/dev/null
  for word in held matched blocked; do
    if grep -q "sluice: $word" "$work/comments"; then passed "a packet is commented as $word"
    else failed "no packet is commented as $word"; fi
  done
fi

# What cannot be.
echo 'drop tcp any any -> any any (content:"x"; contnet:"y"; sid:1;)' >"$work/bad.rules"
if expect_exit 2 "bad rules stop a replay" "$sluice" replay "$captures/http.pcap" --rules "$work/bad.rules" &&
  expect_line 'bad.rules:1:[0-9]+: error: ' "bad rules are told with their place"; then
  passed "bad rules stop a replay with exit code 2 and their place"
fi
# A compiled set does the same, and says when it is not fit.
"$sluice" rules compile "$work/test.rules" -o "$work/test.rset" --quiet >/dev/null 2>&1
replay compiled http.pcap --rules "$work/test.rset" --profile 10
if cmp -s <(jq -c 'del(.alert.category)' "$work/compiled.eve") <(jq -c 'del(.alert.category)' "$work/http.eve"); then
  passed "a compiled rule set says what its text says"
else
  failed "a compiled rule set says other things than its text"
fi
damage() { # OFFSET PATTERN NAME
  cp "$work/test.rset" "$work/bad.rset"
  printf '\377' | dd of="$work/bad.rset" bs=1 seek="$1" conv=notrunc 2>/dev/null
  if expect_exit 2 "$3" "$sluice" replay "$captures/http.pcap" --rules "$work/bad.rset" && expect_line "$2" "$3"; then
    passed "$3"
  fi
}
damage 600 'bad.rset: a damaged rule set' "a damaged rule set is refused"
damage 4 'bad.rset: compiled by another version' "a rule set of another version is refused"
if expect_exit 3 "an EVE file that cannot be made" "$sluice" replay "$captures/http.pcap" --eve /nonexistent/x; then
  passed "an EVE file that cannot be made: exit code 3"
fi
if expect_exit 2 "rules for another driver" "$sluice" replay "$captures/http.pcap" --rules "$work/test.rules" \
  --driver "$images/nbuf-leak-bad.sys"; then
  passed "rules for another driver: exit code 2"
fi
finish
