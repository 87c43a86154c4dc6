#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A finding's own command, whichever part of a campaign found it, is one run that finds the same.
. "$(dirname "$0")/expect.sh"

value() { jq -r "select(.type == \"$1\") | $2" "$work/out"; }

again() { # part, image, words: the first error's command finds the same rule, function and tag in one run
  local part=$1 found command got
  expect_exit 1 "$part" "$sluice" check "$2" --json "${@:3}" || return
  found=$(value finding 'select(.severity == "error") | [.rule, .function, .tag] | tostring' | head -n 1)
  command=$(value finding 'select(.severity == "error") | .rerun' | head -n 1)
  expect_exit 1 "$part: $command" bash -c "\"$sluice\" ${command#sluice } --json" || return
  got=$(value finding 'select(.severity == "error") | [.rule, .function, .tag] | tostring')
  [[ $'\n'$got$'\n' == *$'\n'"$found"$'\n'* ]] && [ "$(value run .runs)" = 1 ] &&
    passed "$part: $found again: ${command#*.sys }" || failed "$part: $found, again: $got in $(value run .runs) runs: $command"
}

few() { # name options...: builds it
  "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/few.c" -o "$work/$1.sys" -I "$SLUICE_SOURCE/specimens" --target win8 "${@:2}" ||
    failed "$1.sys cannot be built"
}
few early -D ENOUGH=6
printf 'connect a in v4\nreceive a 100\nrun\nreceive a 100\nrun\nsend a 100\nrun\nsend a 100\nrun\nfin a in out\n' >"$work/six.txt"

# The seeds' finding is a warning.
if expect_exit 0 "seeds" "$sluice" check "$images/r38-two-dpcs-bad.sys" --explore 40 --json; then
  command=$(value finding .rerun | head -n 1)
  expect_exit 0 "seeds: $command" bash -c "\"$sluice\" ${command#sluice } --json"
  [ "$(value finding .rule)" = R38 ] && [ "$(value run .runs)" = 1 ] && passed "seeds: R38 again: ${command#*.sys }" ||
    failed "seeds: $(value finding .rule) in $(value run .runs) runs: $command"
fi
expect_exit 0 "a race without its schedule" "$sluice" check "$images/r66-race-bad.sys" --case one &&
  passed "the race is not seen without"
again "schedules" "$images/r66-race-bad.sys" --case one --exhaustive 2
again "faults" "$images/r70-unchecked-bad.sys" --faults
again "random faults" "$images/r70-unchecked-bad.sys" --fault random:100000 --seed 4
again "readings" "$images/fin-with-data-bad.sys" --readings
expect_exit 0 "six" "$sluice" check "$work/early.sys" --script "$work/six.txt" && passed "nothing is found alone and at the end"
again "unload" "$work/early.sys" --script "$work/six.txt" --unload
again "unload at rest" "$work/early.sys" --script "$work/six.txt" --unload-at-rest 3
again "neighbours" "$work/early.sys" --script "$work/six.txt" --neighbour all
again "quirks" "$images/blocked-chain-tail-bad.sys" --profile 7sp1 --quirk all

# ---- captures: recorded whole, run again without their files, made smaller ----
cp "$SLUICE_SOURCE/tests/captures/after-handshake.pcap" "$work/some.pcap"
if expect_exit 1 "replay --record" "$sluice" replay "$work/some.pcap" --driver "$images/r66-left-bad.sys" --record "$work/replayed" --json; then
  command=$(value finding .rerun | head -n 1)
  file=${command#sluice rerun }
  rm "$work/some.pcap"
  expect_exit 1 "its own command" "$sluice" rerun "$file" --json && [ "$(value run .same)" = true ] && [ "$(value finding .rule)" = R66 ] &&
    passed "a recorded replay needs its capture no more" || failed "rerun of a replay: $(value run .)"
  expect_exit 1 "shrink" "$sluice" rerun "$file" --shrink -o "$work/one.sluice" --json &&
    [ "$(value shrink .steps)" -le 1 ] && [ "$(value shrink .steps_before)" = 15 ] && passed "15 frames become $(value shrink .steps)" ||
    failed "shrink of a replay: $(value shrink .)"
  expect_exit 1 "the smaller one" "$sluice" rerun "$work/one.sluice" --json && [ "$(value finding .rule)" = R66 ] &&
    passed "the smaller one shows it, too" || failed "the smaller one: $(value run .)"
  head -c -1 "$file" >"$work/cut.sluice"
  expect_exit 2 "cut" "$sluice" rerun "$work/cut.sluice" && expect_line 'no good "captures"' "cut" && passed "a capture cut short is refused"
fi
expect_exit 2 "record and eve" "$sluice" replay "$SLUICE_SOURCE/tests/captures/after-handshake.pcap" --record "$work/x" --eve "$work/e" &&
  passed "--record does not go with --eve"

# ---- just as many preemptions as it takes ----
exactly() { # preemptions: not found with one less
  local n=$1
  expect_exit 0 "race of $n" "$sluice" build "$SLUICE_SOURCE/specimens/kernel/r66-race.c" -o "$work/race$n.sys" \
    -I "$SLUICE_SOURCE/specimens" --target win8 -D SPECIMEN_BAD -D "SPECIMEN_RACE=$n" || return
  expect_exit 0 "race of $n" "$sluice" check "$work/race$n.sys" --case one --exhaustive $((n - 1)) --json || return
  local all
  all=$(value run '[.schedules_all, .preemptions_whole] | tostring')
  expect_exit 1 "race of $n" "$sluice" check "$work/race$n.sys" --case one --exhaustive "$n" --json || return
  [ "$all" = "[true,$((n - 1))]" ] && [ "$(value finding .rule)" = R66 ] &&
    passed "what needs $n preemptions is found with $n and not with $((n - 1)): $(value finding .rerun)" ||
    failed "race of $n: $all, $(value finding .rule)"
}
exactly 2
exactly 3
finish
