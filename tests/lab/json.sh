#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# JSON lines as SPEC.md promises them: only JSON on standard output, `type` is the first key, every promised key is there
# with its type, `run` is last. And --quiet, --help, --version.
. "$(dirname "$0")/expect.sh"
captures=$SLUICE_SOURCE/tests/captures

# Promised keys: n whole number, s text, b boolean, l list of texts, or the words that are possible.
schema='{
  "flow": {"flow":"n", "client":"address", "server":"address", "protocol":"s", "name":"s", "c2s":"n", "s2c":"n",
    "held_peak":"n", "verdict":"allowed|dropped|aborted|blocked|uninspected", "complete":"b"},
  "ledger": {"direction":"inbound|outbound", "offered":"n", "permitted":"n", "blocked":"n", "injected":"n",
    "delivered":"n", "held_engine":"n", "held_driver":"n", "inserted":"n", "removed":"n", "dropped":"n",
    "discarded":"n", "lost":"n", "duplicate":"n", "gap":"n", "closed":"b"},
  "pool": {"tag":"tag", "kind":"Nonp|Paged", "allocs":"n", "frees":"n", "diff":"n", "bytes":"n"},
  "left": {"ledger":"s", "tag":"s", "count":"n", "bytes":"n", "ended":"n", "flow":"n", "classify":"n", "age":"n", "who":"s"},
  "finding": {"rule":"s", "severity":"error|warning", "confidence":"outcome|documented|reported|inferred",
    "title":"s", "tag":"s", "flow":"n", "classify":"n", "inject":"n", "nbls":"n", "bytes":"n", "stack":"l",
    "consequences":"l", "advice":"s", "rerun":"s", "why":"s", "source":"s", "function":"s", "detail":"s", "count":"n",
    "direction":"outbound|inbound|", "time":"n", "object":"n", "reading":"s"},
  "cell": {"profile":"s", "model":"A|B|C|D|none", "workaround":"none|guard|batch", "nbls":"n", "injects":"n",
    "injects_made":"n", "leaked_nbls":"n", "leaked_bytes":"n", "predicted_nbls":"n", "equal":"b",
    "basis":"reported|hypothesis"},
  "prediction": {"id":"P1|P2", "profile":"s", "model":"A|B|C|D|none", "expected":"s", "observed":"s", "equal":"b",
    "basis":"reported|hypothesis"},
  "rule": {"rule":"s", "severity":"error|warning", "confidence":"outcome|documented|reported|inferred", "title":"s",
    "why":"s", "source":"s", "advice":"s", "checked":"b"},
  "text": {"text":"s"},
  "run": {"version":"s", "command":"s", "profile":"s", "mode":"s", "seed":"n", "trace_hash":"hash", "checks":"on|off",
    "findings":"n", "warnings":"n", "verdict":"clean|findings|no-verdict"}
}'
# Prints what is wrong.
program='
  def is(kind):
    if kind == "n" then type == "number" and . == floor and . >= 0
    elif kind == "s" then type == "string"
    elif kind == "b" then type == "boolean"
    elif kind == "l" then type == "array" and all(.[]; type == "string")
    elif kind == "tag" then type == "string" and length == 4
    elif kind == "hash" then type == "string" and test("^[0-9a-f]{16}$")
    elif kind == "address" then type == "string" and test("^([0-9.]+|\\[[0-9a-f:.]+\\]):[0-9]+$")
    else type == "string" and (. as $value | kind | split("|") | index($value)) != null
    end;
  . as $all |
  ($all[] | select(type != "object" or (keys_unsorted[0] != "type")) | "the first key is not type: \(tojson)"),
  ($all[] | select($schema[.type] == null) | "no such type is promised: \(tojson)"),
  ($all[] | . as $record | ($schema[.type] // {}) | to_entries[] |
    select(.key as $key | ($record | has($key) | not)) | "\($record.type) lacks \(.key)"),
  ($all[] | . as $record | ($schema[.type] // {}) | to_entries[] | .value as $kind | .key as $key |
    select($record | has($key)) | select($record[$key] | is($kind) | not) |
    "\($record.type).\(.key) is \($record[$key] | tojson), not \($kind)"),
  (if $all | length == 0 then "no record" else empty end),
  (if $all[-1].type != "run" then "the last record is \($all[-1].type)" else empty end),
  ($all[] | select(.type == "run" and .verdict == "no-verdict" and (.reason | type) != "string") | "no reason")'

# lines CODE TYPES NAME COMMAND...: the records are as promised, and those types are all there.
lines() {
  local code=$1 types=$2 name=$3
  shift 3
  expect_exit "$code" "$name" timeout 60 "$@" || return
  if ! jq -c . "$work/out" >/dev/null 2>"$work/jq"; then
    failed "$name: standard output is not JSON: $(head -n 1 "$work/jq")"
    return
  fi
  if [ "$(wc -l <"$work/out")" -ne "$(jq -c . "$work/out" | wc -l)" ]; then
    failed "$name: not one object a line"
  fi
  local wrong type
  wrong=$(jq -rs --argjson schema "$schema" "$program" "$work/out" | sort | uniq -c | head -n 5)
  for type in $types; do
    jq -es --arg type "$type" 'any(.[]; .type == $type)' "$work/out" >/dev/null || wrong+="no record of type $type"
  done
  [ -z "$wrong" ] && passed "$name: $(jq -r .type "$work/out" | sort | uniq -c | awk '{ printf "%s%d %s", (NR > 1 ? ", " : ""), $1, $2 }')" ||
    failed "$name: $wrong"
}

lines 0 'flow ledger pool run' "replay, gate" "$sluice" replay "$captures/parallel.pcap" --json
lines 0 'flow ledger pool run' "replay, IPv6, monitor" "$sluice" replay "$captures/http6.pcap" --mode monitor --json --quiet
lines 2 'run' "replay of no capture" "$sluice" replay "$captures/PROVENANCE.md" --json
lines 0 'ledger pool finding run' "check with warnings" "$sluice" check "$images/nbuf-leak-guarded.sys" --profile 7sp1 --json
lines 1 'ledger pool finding run' "check with an error" "$sluice" check "$images/nbuf-leak-bad.sys" --profile 7sp1 --json
lines 0 'run' "check on every Windows" "$sluice" check "$images/nbuf-leak-batched.sys" --profile all --json
lines 4 'run' "check without a verdict" "$sluice" check "$images/sluice.sys" --profile 7sp1 --json
lines 0 'cell prediction run' "matrix" "$sluice" matrix --profile 7sp1 --model A --json
lines 0 'finding text run' "explain" "$sluice" explain --json
lines 0 'rule run' "contract" "$sluice" contract --json
lines 0 'rule run' "contract R42" "$sluice" contract R42 --json

# The keys that this script asks for are those of SPEC.md.
missing=$(jq -rn --argjson schema "$schema" '$schema | to_entries[] | .key as $type | .value | keys[] | "\($type) \(.)"' |
  while read -r type key; do
    grep -E "^\| \`$type\`(, last)? \|" "$SLUICE_SOURCE/SPEC.md" | grep -qw -- "$key" || echo "$type.$key"
  done | paste -sd ' ')
[ -z "$missing" ] && passed "SPEC.md promises every key" || failed "SPEC.md does not name $missing"

# --- for people ---
if expect_exit 0 "--quiet" "$sluice" replay "$captures/http.pcap" --quiet; then
  [ "$(wc -l <"$work/out")" -eq 1 ] && [ ! -s "$work/err" ] && grep -q '^replay on 10: clean' "$work/out" &&
    passed "--quiet leaves the verdict" || failed "--quiet says: $(cat "$work/out" "$work/err")"
fi
if expect_exit 1 "--quiet" "$sluice" check "$images/nbuf-leak-bad.sys" --profile 7sp1 --quiet; then
  grep -q R42 "$work/out" && ! grep -q 'Byte ledger' "$work/out" && passed "--quiet leaves the findings" ||
    failed "--quiet hides findings"
fi
expect_exit 0 "--version" "$sluice" --version && grep -qE '^sluice [0-9]+\.[0-9]+\.[0-9]+$' "$work/out" &&
  passed "--version: $(cat "$work/out")" || failed "--version: $(cat "$work/out")"
expect_exit 0 "--help" "$sluice" --help && [ ! -s "$work/err" ] || failed "--help: $(cat "$work/err")"
commands=$(awk '/^  [a-z]/ { print $1 }' "$work/out")
[ "$(wc -w <<<"$commands")" -ge 6 ] && passed "--help lists" $commands || failed "--help lists $commands"
for command in $commands; do
  if expect_exit 0 "$command --help" "$sluice" "$command" --help; then
    [ ! -s "$work/err" ] && grep -qE "^(usage: )?sluice $command" "$work/out" && grep -q -- '--help' "$work/out" &&
      passed "$command --help" || failed "$command --help: $(head -n 2 "$work/out")"
  fi
  # every option that it tells is understood: one that needs a value says so
  for option in $(awk '/^  -[-A-Za-z]* [^ ]/ { print $1 }' "$work/out"); do
    [ "$option" = -W ] && continue # is a word of its own: -Wextra
    words=$command
    [ "$command" = rules ] && words="rules compile" # the word of it that takes them all
    # shellcheck disable=SC2086 # two words
    expect_exit 2 "$command $option" "$sluice" $words "$option" && expect_line "$option needs" "$command $option"
  done
done
expect_exit 2 "no command" "$sluice" && expect_line 'usage: sluice' "no command" && passed "no command: usage"
finish
