#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A signal in the middle: what was done is reported, files are whole or not there, nothing is left running; a full disk
# and a closed output likewise.
. "$(dirname "$0")/expect.sh"
export LC_ALL=C SLUICE_WDK=$SLUICE_SOURCE/wdk
good=$images/nbuf-leak-batched.sys
bad=$images/nbuf-leak-bad.sys

# interrupt SIGNAL COMMAND...: sends it when the command's output ($work/out) or folder shows that runs are made; the
# exit code is in $got. A background job of a script ignores SIGINT: env gives it back.
interrupt() {
  local signal=$1
  shift
  env --default-signal=INT "$@" >"$work/out" 2>"$work/err" &
  local pid=$!
  for _ in $(seq 100); do
    [ -n "$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)" ] && break
    sleep 0.1
  done
  sleep 1
  children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
  kill -s "$signal" "$pid" 2>/dev/null
  got=0
  wait "$pid" || got=$?
}

no_orphan() { # name
  local child left=
  sleep 0.2
  for child in $children; do
    # A zombie has ended: whoever adopted it has not looked yet.
    grep -qsv '^State:.*zombie' <(grep -s '^State' "/proc/$child/status") && left="$left $child"
  done
  if [ -n "$children" ] && [ -z "$left" ]; then
    passed "$1: no process is left"
  else
    failed "$1: children '$children', left '$left'"
  fi
}

parses() { # name command...
  local name=$1
  shift
  if "$@" >/dev/null 2>"$work/why"; then passed "$name"; else
    failed "$name"
    tail -n 2 "$work/why" | sed 's/^/    /'
  fi
}

no_part() { # name folder
  if [ -z "$(find "$2" -name '*.part')" ]; then passed "$1: no half file"; else
    failed "$1: $(find "$2" -name '*.part')"
  fi
}

campaign() {
  local signal
  for signal in INT TERM HUP; do
    mkdir "$work/$signal"
    interrupt "$signal" "$sluice" check "$good" --explore 10000000 --json --sarif "$work/$signal/a.sarif" \
      --junit "$work/$signal/b.xml" --html "$work/$signal/c.html"
    if [ "$got" -eq 4 ]; then passed "check, $signal: exit 4"; else failed "check, $signal: exit $got"; fi
    no_orphan "check, $signal"
    no_part "check, $signal" "$work/$signal"
    parses "check, $signal: every line is JSON; the last says so" python3 - "$work/out" <<'P'
import json, re, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
run = lines[-1]
assert run["type"] == "run" and run["verdict"] == "no-verdict", run
assert re.fullmatch(r"interrupted after [1-9][0-9]* runs?", run["reason"]), run
assert run["runs"] >= 1 and "seeds" in run
P
    parses "check, $signal: the SARIF file is JSON" python3 -c '
import json, sys
log = json.load(open(sys.argv[1]))
assert "interrupted" in json.dumps(log["runs"][0]["invocations"])' "$work/$signal/a.sarif"
    parses "check, $signal: the JUnit file is XML" python3 -c '
import sys, xml.dom.minidom
assert "interrupted" in xml.dom.minidom.parse(sys.argv[1]).toxml()' "$work/$signal/b.xml"
    parses "check, $signal: the HTML page ends" grep -q '</html>' "$work/$signal/c.html"
  done
}

# What was found before counts: --thorough goes on behind a finding.
findings() {
  interrupt TERM "$sluice" check "$bad" --profile 7sp1 --thorough --explore 10000000 --json
  if [ "$got" -eq 1 ]; then passed "check with findings: exit 1"; else failed "check with findings: exit $got"; fi
  parses "check with findings: the verdict and why it is short" python3 - "$work/out" <<'P'
import json, sys
run = [json.loads(line) for line in open(sys.argv[1])][-1]
assert run["verdict"] == "findings" and run["findings"] >= 1 and run["reason"].startswith("interrupted after"), run
P
}

all_profiles() {
  interrupt TERM "$sluice" check "$good" --profile all --explore 10000000 --json
  parses "check --profile all: the closing record is there" python3 - "$work/out" <<'P'
import json, sys
run = [json.loads(line) for line in open(sys.argv[1])][-1]
assert run["profile"] == "all" and run["verdict"] == "no-verdict" and "interrupted" in run["reason"], run
P
}

# A run that does not end is cut off after three seconds; a second signal ends at once, as signals do.
stubborn() {
  mkdir "$work/stubborn"
  interrupt TERM "$sluice" check "$good" --four-gigabytes --explore 1 --switch chain_shape=plain --json
  if [ "$got" -eq 4 ] || [ "$got" -eq 0 ]; then passed "check, long run: exit $got"; else
    failed "check, long run: exit $got"
  fi
  env --default-signal=INT "$sluice" check "$good" --explore 10000000 --sarif "$work/stubborn/a" >/dev/null 2>&1 &
  local pid=$! code=0
  sleep 1
  children=$(cat "/proc/$pid/task/$pid/children")
  kill -s STOP $children
  kill -s TERM "$pid"
  sleep 0.3
  kill -s TERM "$pid"
  wait "$pid" || code=$?
  if [ "$code" -eq 143 ]; then passed "second signal: ends at once"; else failed "second signal: exit $code"; fi
  no_orphan "second signal"
  no_part "second signal" "$work/stubborn"
  if [ ! -e "$work/stubborn/a" ]; then passed "second signal: no file"; else failed "second signal: a file is there"; fi

  env --default-signal=INT "$sluice" check "$good" --explore 10000000 --json >"$work/out" 2>"$work/err" &
  pid=$! code=0
  sleep 1
  children=$(cat "/proc/$pid/task/$pid/children")
  kill -s STOP $children
  kill -s TERM "$pid"
  wait "$pid" || code=$?
  if [ "$code" -eq 4 ]; then passed "a child that does not answer: exit 4"; else
    failed "a child that does not answer: exit $code"
  fi
  no_orphan "a child that does not answer"
  parses "a child that does not answer: the report is closed" python3 - "$work/out" <<'P'
import json, sys
run = [json.loads(line) for line in open(sys.argv[1])][-1]
assert run["type"] == "run" and run["verdict"] == "no-verdict" and run["reason"].startswith("interrupted"), run
P
}

shrinking() {
  local recorded
  mkdir "$work/recorded"
  "$sluice" check "$bad" --profile 7sp1 --record "$work/recorded" >/dev/null 2>&1
  recorded=$(find "$work/recorded" -name '*.sluice' | sort | head -n 1)
  interrupt INT "$sluice" rerun "$recorded" --shrink -o "$work/recorded/small.sluice" --json
  if [ "$got" -eq 1 ]; then passed "rerun --shrink: exit 1"; else failed "rerun --shrink: exit $got"; fi
  # The smallest so far is kept, and is the finding still (a quick machine may have been done).
  expect_exit 1 "rerun --shrink: what was kept" "$sluice" rerun "$work/recorded/small.sluice" &&
    passed "rerun --shrink: what was kept shows the finding"
}

full_disk() {
  expect_exit 3 "full output" sh -c '"$1" check "$2" >/dev/full' - "$sluice" "$bad" &&
    if [ "$(wc -l <"$work/err")" -eq 1 ]; then
      expect_line 'could not be written whole: No space left' "full output" && passed "full output: one line, the reason"
    else failed "full output: $(cat "$work/err")"; fi
  expect_exit 3 "closed output" sh -c '"$1" check "$2" >&-' - "$sluice" "$bad" &&
    if [ "$(wc -l <"$work/err")" -eq 1 ]; then
      expect_line 'could not be written whole: Bad file' "closed output" && passed "closed output: one line, the reason"
    else failed "closed output: $(cat "$work/err")"; fi
  # A file size limit stands for the full disk: what was there stays, nothing half appears.
  mkdir "$work/small"
  echo before >"$work/small/a.sarif"
  (
    trap '' XFSZ
    ulimit -f 1
    "$sluice" check "$bad" --profile 7sp1 --sarif "$work/small/a.sarif" --html "$work/small/c.html" >/dev/null
  ) 2>"$work/err"
  if [ $? -eq 3 ]; then passed "full disk: exit 3"; else failed "full disk: $(cat "$work/err")"; fi
  if [ "$(cat "$work/small/a.sarif")" = before ] && [ ! -e "$work/small/c.html" ]; then
    passed "full disk: the old file stays, no new one"
  else failed "full disk: $(ls -la "$work/small")"; fi
  no_part "full disk" "$work/small"
  mkdir "$work/tiny"
  (
    trap '' XFSZ
    ulimit -f 0
    "$sluice" check "$bad" --profile 7sp1 --record "$work/tiny"
  ) >/dev/null 2>"$work/err"
  if [ $? -eq 3 ] && [ -z "$(ls -A "$work/tiny")" ]; then passed "full disk: no recording, exit 3"; else
    failed "full disk: $(ls -lA "$work/tiny") $(cat "$work/err")"
  fi
}

if ! env --default-signal=INT true 2>/dev/null; then
  skipped "signals: env here has no --default-signal"
else
  campaign
  findings
  all_profiles
  stubborn
  shrinking
fi
full_disk
finish
