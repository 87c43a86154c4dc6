#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Recorded runs, shrinking, scripts, readings, seeds, schedules: the command's own part of exploring.
. "$(dirname "$0")/expect.sh"

bad=$images/nbuf-leak-bad.sys
own=$images/sluice.sys
value() { jq -r "select(.type == \"$1\") | $2" "$work/out"; }

# ---- recorded runs ----
expect_exit 1 "record" "$sluice" check "$bad" --profile 7sp1 --record "$work/recorded" --json
hash=$(value run .trace_hash)
file=$(ls "$work"/recorded/nbuf-leak-bad-R42-7sp1-*.sluice 2>/dev/null | head -n 1)
[ -n "$file" ] && [ "$(value finding 'select(.rule == "R42") | .rerun')" = "sluice rerun $file" ] &&
  passed "a finding's run is written, and its finding says how to see it again" ||
  failed "record: $(ls "$work/recorded" 2>&1), $(value finding .rerun)"
size=$(stat -c %s "$file")
[ "$size" -lt 100000 ] && passed "it is small ($size bytes)" || failed "it has $size bytes"
if expect_exit 1 "rerun" "$sluice" rerun "$file" --json; then
  [ "$(value run '[.verdict, .same] | tostring')" = '["findings",true]' ] &&
    [ "$(value finding 'select(.severity == "error") | .rule')" = R42 ] && passed "it is the same run, bit for bit" ||
    failed "rerun: $(value run .)"
fi
recorded=$(head -n 1 "$file" | jq -r .trace_hash)
[ "$(value run .trace_hash)" = "$recorded" ] && passed "with the recorded trace hash ($recorded)" ||
  failed "trace hash $(value run .trace_hash), recorded $recorded, check $hash"
cp "$bad" "$work/copy.sys"
expect_exit 1 "the image at another place" "$sluice" rerun "$file" "$work/copy.sys" &&
  passed "the image may be at another place"

# ---- what cannot be run again ----
refuse() { # name pattern words...
  local name=$1 pattern=$2
  shift 2
  expect_exit 2 "$name" "$sluice" "$@" && expect_line "$pattern" "$name" && passed "$name is refused: exit code 2, $pattern"
}
refuse "another image" "is not the image that was recorded" rerun "$file" "$own"
sed '1s/"version":1/"version":2/' "$file" >"$work/version.sluice"
refuse "another version" "format version 2" rerun "$work/version.sluice"
head -c 300 "$file" >"$work/cut.sluice"
refuse "half a header" "no recorded run" rerun "$work/cut.sluice"
sed '2s/^..../????/' "$file" >"$work/choices.sluice"
refuse "spoilt choices" "choices cannot be read" rerun "$work/choices.sluice"
sed '$d' "$file" >"$work/script.sluice"
refuse "half a script" 'no good "script"' rerun "$work/script.sluice"
refuse "no file" "No such file" rerun "$work/none.sluice"
sed '1s/"path":"[^"]*"/"path":"\/nowhere\/x.sys"/' "$file" >"$work/moved.sluice"
refuse "an image that is gone" "/nowhere/x.sys" rerun "$work/moved.sluice"

# ---- smaller ----
if expect_exit 1 "shrink" "$sluice" rerun "$file" --shrink -o "$work/small.sluice" --json; then
  steps=$(value shrink .steps)
  [ "$(value shrink .steps_before)" -gt 100 ] && [ "$steps" -le 4 ] && [ "$(value shrink .choices)" = 0 ] &&
    passed "$(value shrink .steps_before) steps become $steps" || failed "shrink: $(value shrink .)"
  cp "$work/small.sluice" "$work/first.sluice"
  expect_exit 1 "the smaller run" "$sluice" rerun "$work/small.sluice" --json &&
    [ "$(value run .same)" = true ] && [ "$(value finding 'select(.severity == "error") | .rule')" = R42 ] &&
    passed "the smaller run shows the same" || failed "the smaller run: $(cat "$work/out")"
  expect_exit 1 "shrink again" "$sluice" rerun "$file" --shrink -o "$work/small.sluice" &&
    cmp -s "$work/small.sluice" "$work/first.sluice" && passed "shrinking is deterministic" ||
    failed "shrinking twice gives two runs"
fi

# ---- scripts ----
printf 'connect a in v4\nreceive a 2920 segment 1460\nfin a in out\n' >"$work/good.txt"
expect_exit 0 "a script" "$sluice" check "$own" --script "$work/good.txt" --json && passed "a script of one's own"
bad_script() { # text pattern
  printf '%b' "$1" >"$work/bad.txt"
  refuse "script \"$1\"" "$2" check "$own" --script "$work/bad.txt"
}
bad_script 'connect a\n# fine\nreceive a lots\n' 'bad\.txt:3:11: "lots" cannot be said'
bad_script 'conect a\n' 'bad\.txt:1:1: there is no step "conect"'
bad_script 'connect a\nwait 5\n' 'bad\.txt:2:6: "5" is no time'
bad_script 'connect a\nfin a\n' 'bad\.txt:2:6: fin wants in, out or both'
bad_script 'connect a\nreset a in out\n' 'bad\.txt:2:15: reset wants in or out'
bad_script 'connect a\nreset a shown silent\n' 'bad\.txt:2:21: reset is either shown or silent'
bad_script 'connect a\nreceive a 1 times 0\n' 'bad\.txt:2:19: 0 is not in 1 to 65536'
bad_script 'connect a\nreceive a text "x\\q"\n' 'bad\.txt:2:16: there is no escape'
refuse "a step beyond the script" "is beyond them" check "$own" --script "$work/good.txt" --unload-at 9
for step in 'filters delete\nwait 5ms\nfilters add' 'bfe stop\nwait 5ms\nbfe start' 'rules off\nrun\nrules on' \
  'connect l loopback v4 v6\nsend l 3000\nreceive l 3000\nfin l out in' 'connect m midstream in\nreceive m 3000' \
  'capture 3 client 2000 server 5000 loss 100000' 'reset a out shown' 'reset a out silent' 'reset a shown' 'reset a silent' \
  'receive a 3000 times 4' unload; do
  printf '%b' "connect a 4 in out v4 v6\nopening a\nreceive a 4000 segment 1460\n$step\nsend a 4000\nfin a in out\n" >"$work/step.txt"
  expect_exit 0 "$step" "$sluice" check "$own" --script "$work/step.txt" && passed "sluice.sys through: $step" ||
    sed 's/^/    /' "$work/out"
done

# ---- rules go and come again ----
printf 'drop tcp any any -> any any (msg:"evil"; content:"EVILBYTES"; sid:1;)\n' >"$work/evil.rules"
evil='receive a text "GET /EVILBYTES HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n" segment 11'
swap() { # name dropped steps...
  local name=$1 dropped=$2 got
  shift 2
  { printf 'connect a in v4\n' && printf "$1" && printf "$evil\nrun\nfin a in out\n"; } >"$work/swap.txt"
  expect_exit 0 "$name" "$sluice" check "$own" --rules "$work/evil.rules" --script "$work/swap.txt" \
    --switch completion=late --json || return
  got=$(value ledger 'select(.direction == "inbound") | .dropped > 0')
  [ "$got" = "$dropped" ] && passed "$name: dropped is $dropped" || failed "$name: $(value ledger .)"
}
swap "rules in force" true ''
swap "rules off" false 'rules off\n'
swap "rules off and on" true 'rules off\nrun\nrules on\n'
expect_exit 0 "the scenario with rules" "$sluice" check "$own" --switch completion=late --rules "$work/evil.rules" --json
[ "$(value pool 'select(.tag == "SlRu") | .allocs == .frees and .allocs >= 5')" = true ] &&
  passed "the scenario swaps rules: the driver took a set $(value pool 'select(.tag == "SlRu") | .allocs') times" ||
  failed "the scenario swaps no rules: $(value pool .)"
printf 'example.org\n' >"$work/block.txt"
expect_exit 0 "a block list" "$sluice" check "$own" --block "$work/block.txt" && passed "the scenario with a block list"
# What leaves before a drop waits for memory: the connection must end all the same.
expect_exit 0 "failures while rules change" "$sluice" check "$own" --script "$work/swap.txt" --rules "$work/evil.rules" --faults &&
  passed "calls may fail while rules change"
refuse "rules for another driver" "are for sluice.sys only" check "$bad" --rules "$work/evil.rules"
refuse "rules in a recorded run" "do not go with --record" check "$own" --rules "$work/evil.rules" --record "$work/none"
printf 'drop tcp any\n' >"$work/bad.rules"
refuse "bad rules" "nothing was run" check "$own" --rules "$work/bad.rules"

# ---- marks of what need not be able to fail ----
printf 'connect a in v4\nopening a\nrun\nreceive a 3000\nrun\nfin a in out\n' >"$work/clones.txt"
expect_exit 0 "benign" "$sluice" check "$own" --script "$work/clones.txt" --faults --benign FwpsCloneStreamData0 \
  --benign FwpmEngineOpen0:sluice+0x1 --json
[[ $(value run '.benign | tostring') =~ ^\[\"FwpsCloneStreamData0:sluice\+0x[0-9a-f]+\"\]$ ]] &&
  passed "marks that were met are told: $(value run '.benign | tostring')" || failed "benign: $(value run .)"
expect_exit 0 "benign" "$sluice" check "$own" --script "$work/clones.txt" --faults --benign FwpsCloneStreamData0
expect_line "^  FwpsCloneStreamData0:sluice\+0x" "benign" && passed "in the text, too"

# ---- names of code ----
expect_exit 1 "R70" "$sluice" check "$images/r70-unchecked-bad.sys" --faults --json
[[ $(value finding .detail) =~ \
  ^after\ ExAllocatePoolWithTag\ returned\ NULL\ \(call\ 1,\ at\ r70-unchecked-bad\+0x[0-9a-f]+,\ r70-unchecked-bad\!.*\ \[r70-unchecked\.c\ @\ [0-9]+\]\)$ ]] &&
  passed "R70 tells what was returned, and where: $(value finding .detail)" || failed "R70: $(value finding .detail)"
expect_exit 1 "R66" "$sluice" check "$images/r66-left-bad.sys" --json
[[ $(value finding .detail) =~ "allocated at r66-left-bad!Classify [r66-left.c @ " ]] &&
  passed "a detail names its code" || failed "R66: $(value finding .detail)"
# FwpsCalloutUnregisterById0 waits for a classify that runs: what that injects is lawful.
expect_exit 0 "unregistering" "$sluice" check "$images/unload-in-flight-good.sys" --explore 30 --neighbour below-hold \
  --unload-at 10 && passed "an inject in a classify that the unregistration waits for is no R27"
expect_exit 1 "history" "$sluice" check "$bad" --profile 7sp1 --json
[ "$(value finding 'select(.rule == "R42") | .history | length > 0 and any(.where | test("^nbuf-leak-bad!.* \\[nbuf-leak.c @ ")) and
  (any(.where | test("\\+0x[0-9a-f]+$")) | not)')" = true ] &&
  passed "histories name their code" || failed "history: $(value finding .history)"

# ---- campaigns ----
if expect_exit 0 "readings" "$sluice" check "$own" --json; then
  [ "$(value run .readings)" -ge 20 ] && passed "the command runs $(value run .readings) readings by itself" ||
    failed "readings: $(value run .)"
fi
expect_exit 0 "one run" "$sluice" check "$own" --switch completion=late --json
[ "$(value run .runs)" = 1 ] && passed "a named switch is one run" || failed "one run: $(value run .)"
if expect_exit 1 "seeds" "$sluice" check "$bad" --profile 7sp1 --script "$work/good.txt" --explore 20 --json; then
  again=$(value finding 'select(.severity == "error") | .rerun' | head -n 1)
  rerun=${again#sluice }
  # shellcheck disable=SC2086
  expect_exit 1 "the finding's own command" "$sluice" $rerun && passed "a finding's own command shows it again"
fi
expect_exit 0 "seeds of sluice.sys" "$sluice" check "$own" --explore 24 --json
first=$(value run .trace_hash)
expect_exit 0 "seeds of sluice.sys" "$sluice" check "$own" --explore 24 --json
[ "$(value run .trace_hash)" = "$first" ] && [ "$(value run .seeds)" = 24 ] && passed "24 seeds, twice the same" ||
  failed "seeds: $(value run .)"
printf 'connect a in v4\nreceive a 100\n' >"$work/short.txt"
SECONDS=0
printf 'connect a in v4\nreceive a 2920 segment 1460\n' >"$work/chain.txt"
expect_exit 0 "1,000 schedules" "$sluice" check "$images/nbuf-leak-batched.sys" --profile 7sp1 --script "$work/chain.txt" --explore 1000 --json &&
  [ "$(value run .seeds)" = 1000 ] && passed "1,000 schedules of the chain cut in about $SECONDS s"
if expect_exit 0 "all Windows" "$sluice" check "$own" --profile all --json; then
  [ "$(value run '.profile + ":" + .verdict' | tr '\n' ' ')" = \
    "vista-sp1:no-verdict 7sp1:no-verdict 8.1:clean 10:clean 11:clean all:clean " ] &&
    passed "one line for each Windows; Vista and 7 refuse the image of Windows 8" || failed "all: $(value run .)"
fi
expect_exit 1 "all Windows, leaking" "$sluice" check "$bad" --profile all --json &&
  [ "$(value run 'select(.verdict == "findings") | .profile' | tr '\n' ' ')" = "7sp1 all " ] &&
  passed "only 7 SP1 would hurt the leak specimen" || failed "all: $(value run '.profile + " " + .verdict')"
expect_exit 1 "unloading at rest" "$sluice" check "$images/r56-deferred-bad.sys" --unload --json
again=$(value finding .rerun)
# shellcheck disable=SC2086
expect_exit 1 "its command" "$sluice" ${again#sluice } && [[ $again == *" --unload-at-rest "* ]] &&
  passed "the command of a finding at an unload point shows it again" || failed "not again: $again"
refuse "an unknown neighbour" "there is no neighbour" check "$own" --neighbour nobody
refuse "an unknown fault" "Nothing0" check "$own" --fault Nothing0:1
# ---- all schedules of short cases ----
whole() { # name image profile words...
  local name=$1
  expect_exit 0 "$name" "$sluice" check "$2" --profile "$3" "${@:4}" --json &&
    [ "$(value run .schedules_all)" = true ] && passed "$name: all $(value run .schedules) schedules" ||
    failed "$name: $(value run .)"
}
whole "sluice.sys, one connection, 1 preemption" "$own" 10 --case one --exhaustive 1
whole "the chain cut, 2 preemptions" "$images/nbuf-leak-batched.sys" 7sp1 --case chain --exhaustive 2
expect_exit 0 "a limit" "$sluice" check "$own" --case one --exhaustive 3 --schedules 100 --json
[ "$(value run '[.schedules_all, .preemptions_whole] | tostring')" = '[false,0]' ] &&
  passed "a search that was cut short says how far it came" || failed "limit: $(value run .)"
refuse "no such case" "there is no short case nothing" check "$own" --case nothing
refuse "a bad schedule" 'neither "seed" nor AT=CHOSEN' check "$own" --schedule 3=1,2=1
refuse "too many preemptions" "1 to 3" check "$own" --exhaustive 4
finish
