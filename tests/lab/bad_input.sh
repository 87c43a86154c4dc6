#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bad input, bad words and bad drivers: one clear line or one finding, the promised exit code, in bounded time, nothing
# half done, and the lab lives on.
. "$(dirname "$0")/expect.sh"
export LC_ALL=C SLUICE_WDK=$SLUICE_SOURCE/wdk
lab=$(cd "$(dirname "$0")" && pwd)
captures=$SLUICE_SOURCE/tests/captures
limit=30 # seconds that a command may take at most
bounded() { timeout "$limit" "$@"; }

# refused CODE PATTERN NAME COMMAND...: this exit code, and one line on standard error that matches.
refused() {
  local code=$1 pattern=$2 name=$3
  shift 3
  expect_exit "$code" "$name" bounded "$@" || return
  if [ "$(wc -l <"$work/err")" -ne 1 ]; then
    failed "$name: $(wc -l <"$work/err") lines on standard error instead of one"
    sed 's/^/    /' "$work/err" | head -n 4
    return
  fi
  expect_line "$pattern" "$name" && passed "$name: $(sed "s|$work/||g" "$work/err" | cut -c 1-150)"
}

# --- damaged files ---
u32() { od -An -tu4 -j "$2" -N 4 "$1" | tr -d ' '; }
u16() { od -An -tu2 -j "$2" -N 2 "$1" | tr -d ' '; }
put() { # file offset bytes (as 00 11 22)
  local escaped
  escaped=$(printf '\\x%s' $3)
  printf "$escaped" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
damaged() { # name offset bytes: a copy of the good image with these bytes in it
  cp "$good" "$work/$1.sys"
  put "$work/$1.sys" "$2" "$3"
}
good=$images/nbuf-leak-batched.sys
pe=$(u32 "$good" 60)
optional=$((pe + 24))
sections=$((optional + $(u16 "$good" $((pe + 20)))))
file_offset() { # rva -> offset in the file
  local i at
  for ((i = 0; i < $(u16 "$good" $((pe + 6))); i++)); do
    at=$((sections + 40 * i))
    if [ "$1" -ge "$(u32 "$good" $((at + 12)))" ] &&
      [ "$1" -lt $(($(u32 "$good" $((at + 12))) + $(u32 "$good" $((at + 16))))) ]; then
      echo $(($1 - $(u32 "$good" $((at + 12))) + $(u32 "$good" $((at + 20)))))
      return
    fi
  done
}
imports=$(file_offset "$(u32 "$good" $((optional + 112 + 8)))")
relocations=$(file_offset "$(u32 "$good" $((optional + 112 + 40)))")

images_that_are_none() {
  : >"$work/empty.sys"
  echo 'this is text' >"$work/text.sys"
  head -c 4096 /dev/zero >"$work/zeroes.sys"
  mkdir "$work/folder.sys"
  refused 2 'missing.sys: No such file' "image: missing" "$sluice" check "$work/missing.sys"
  refused 2 'empty.sys.*: .*(MZ|PE)' "image: empty" "$sluice" check "$work/empty.sys"
  refused 2 'text.sys.*no MZ header' "image: text" "$sluice" check "$work/text.sys"
  refused 2 'zeroes.sys.*no MZ header' "image: zeroes" "$sluice" check "$work/zeroes.sys"
  refused 2 'folder.sys: ' "image: a folder" "$sluice" check "$work/folder.sys"
  refused 2 '/dev/null: ' "image: a device" "$sluice" check /dev/null
  refused 2 '/usr/bin/env|/bin/sh' "image: a program of Linux" "$sluice" check /bin/sh

  damaged machine32 $((pe + 4)) '4c 01'
  refused 2 'machine32.sys.*32-bit x86' "image: 32-bit" "$sluice" check "$work/machine32.sys"
  damaged arm64 $((pe + 4)) '64 aa'
  refused 2 'arm64.sys.*ARM64' "image: ARM64" "$sluice" check "$work/arm64.sys"
  damaged unknown $((pe + 4)) '34 12'
  refused 2 'unknown.sys.*0x1234' "image: unknown machine" "$sluice" check "$work/unknown.sys"
  damaged lfanew 60 'f0 ff ff 7f'
  refused 2 'lfanew.sys.*PE header' "image: PE header beyond the file" "$sluice" check "$work/lfanew.sys"
  damaged magic "$optional" '0b 01'
  refused 2 'magic.sys.*0x10b' "image: 32-bit optional header" "$sluice" check "$work/magic.sys"
  damaged user $((optional + 68)) '03 00'
  refused 2 'user.sys.*subsystem 3' "image: user mode" "$sluice" check "$work/user.sys"
  damaged huge $((optional + 56)) 'ff ff ff 7f'
  refused 2 'huge.sys.*SizeOfImage' "image: absurd SizeOfImage" "$sluice" check "$work/huge.sys"
  damaged count $((pe + 6)) 'ff ff'
  refused 2 'count.sys.*65535 sections' "image: 65535 sections" "$sluice" check "$work/count.sys"
  damaged none $((pe + 6)) '00 00'
  refused 2 'none.sys.*0 sections' "image: no section" "$sluice" check "$work/none.sys"
  damaged entry $((optional + 16)) 'ff ff ff 0f'
  refused 2 'entry.sys.*entry point' "image: entry point outside" "$sluice" check "$work/entry.sys"
  damaged section $((sections + 12)) '00 00 ff 7f'
  refused 2 'section.sys.*section .text' "image: section outside" "$sluice" check "$work/section.sys"
  damaged raw $((sections + 20)) '00 00 ff 7f'
  refused 2 'raw.sys.*section .text' "image: section's bytes outside" "$sluice" check "$work/raw.sys"
  damaged relocdir $((optional + 112 + 40)) '00 00 ff 00'
  refused 2 'relocdir.sys.*directory 5' "image: relocations outside" "$sluice" check "$work/relocdir.sys"
  damaged reloc "$relocations" '00 f0 ff 7f'
  refused 2 'reloc.sys.*[Rr]eloc' "image: a relocation outside" "$sluice" check "$work/reloc.sys"
  damaged relocsize $((relocations + 4)) 'ff ff ff ff'
  refused 2 'relocsize.sys.*[Rr]eloc' "image: absurd relocation block" "$sluice" check "$work/relocsize.sys"
  damaged importdir $((optional + 112 + 8)) '00 00 ff 00'
  refused 2 'importdir.sys.*directory 1' "image: imports outside" "$sluice" check "$work/importdir.sys"
  damaged importname $((imports + 12)) 'f0 ff ff 7f'
  refused 2 'importname.sys.*(module|import)' "image: name of an import outside" "$sluice" check "$work/importname.sys"
  damaged importlist "$imports" 'f0 ff ff 7f'
  refused 2 'importlist.sys.*import' "image: list of imports outside" "$sluice" check "$work/importlist.sys"

  local size wrong=0 got offset
  size=$(stat -c %s "$good")
  for offset in 1 2 63 64 $((pe)) $((pe + 3)) $((pe + 23)) $((optional + 10)) $((sections + 39)) \
    $(seq $((sections + 100)) $((size / 24)) $((size - 1))) $((size - 1)); do
    head -c "$offset" "$good" >"$work/short.sys"
    got=0
    bounded "$sluice" check "$work/short.sys" >"$work/out" 2>"$work/err" || got=$?
    if [ $got -ne 2 ] || [ "$(wc -l <"$work/err")" -ne 1 ] || ! grep -q 'short.sys' "$work/err"; then
      failed "image cut at $offset of $size bytes: exit code $got: $(head -n 1 "$work/err")"
      wrong=1
    fi
  done
  [ $wrong -eq 0 ] && passed "image cut anywhere: refused"
}

# --- captures ---
captures_that_are_none() {
  : >"$work/empty.pcap"
  echo 'this is text, and long enough for any header' >"$work/text.pcap"
  mkdir "$work/folder.pcap" "$work/deliver"
  refused 2 'missing.pcap: No such file' "capture: missing" "$sluice" replay "$work/missing.pcap"
  refused 2 'empty.pcap: not a capture' "capture: empty" "$sluice" replay "$work/empty.pcap" --deliver "$work/deliver"
  refused 2 'text.pcap: not a capture' "capture: text" "$sluice" replay "$work/text.pcap" --deliver "$work/deliver"
  refused 2 'folder.pcap: ' "capture: a folder" "$sluice" replay "$work/folder.pcap"
  refused 2 'text.pcap: not a capture' "capture: the second of two" "$sluice" replay "$captures/http.pcap" \
    "$work/text.pcap" --deliver "$work/deliver"
  [ -z "$(ls -A "$work/deliver")" ] && passed "nothing was delivered of them" || failed "files of refused captures"

  cp "$captures/http.pcap" "$work/link.pcap"
  put "$work/link.pcap" 20 '93 00 00 00'
  refused 2 'link.pcap: link type 147' "capture: unknown link type" "$sluice" replay "$work/link.pcap"
  cp "$captures/http.pcap" "$work/length.pcap"
  put "$work/length.pcap" 32 'ff ff ff 7f'
  refused 2 'length.pcap: packet 1: ' "capture: absurd length of a packet" "$sluice" replay "$work/length.pcap"
  cp "$captures/ng.pcapng" "$work/block.pcapng"
  put "$work/block.pcapng" 4 'ff ff ff 7f'
  refused 2 'block.pcapng: ' "capture: absurd length of a block" "$sluice" replay "$work/block.pcapng"
  cp "$captures/http.pcap" "$work/snap.pcap"
  put "$work/snap.pcap" 16 'ff ff ff 7f'
  expect_exit 0 "capture: absurd snap length" bounded "$sluice" replay "$work/snap.pcap" --quiet &&
    passed "capture: absurd snap length is no harm"
  cp "$captures/http.pcap" "$work/time.pcap"
  put "$work/time.pcap" 24 'ff ff ff ff ff ff ff ff'
  expect_exit 0 "capture: absurd time" bounded "$sluice" replay "$work/time.pcap" --quiet &&
    passed "capture: absurd time is no harm"
  # the header's 24 bytes, then all records say 96 bytes of noise
  head -c 24 "$captures/http.pcap" >"$work/noise.pcap"
  local i
  for ((i = 0; i < 40; i++)); do
    printf '\0\0\0\0\0\0\0\0\x60\0\0\0\x60\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x08\0\x45\0\0\x52\0\0\0\0\x40\x06' >>"$work/noise.pcap"
    awk -v seed="$i" 'BEGIN { srand(seed); for (j = 0; j < 72; j++) printf "%c", 1 + int(rand() * 126) }' >>"$work/noise.pcap"
  done
  expect_exit 0 "capture: noise" bounded "$sluice" replay "$work/noise.pcap" --quiet && passed "capture: noise is no harm"

  local size wrong=0 got offset capture
  for capture in http.pcap ng.pcapng; do
    size=$(stat -c %s "$captures/$capture")
    for offset in 1 4 12 23 24 25 39 40 41 $(seq 100 $((size / 12)) $((size - 1))) $((size - 1)); do
      head -c "$offset" "$captures/$capture" >"$work/short"
      got=0
      bounded "$sluice" replay "$work/short" --json >"$work/out" 2>"$work/err" || got=$?
      # what came before the cut counts; a header that is cut is no capture
      if { [ $got -ne 0 ] && [ $got -ne 2 ]; } || [ "$(wc -l <"$work/err")" -gt 1 ] ||
        { [ $got -eq 2 ] && ! grep -q 'short: ' "$work/err"; } ||
        ! tail -n 1 "$work/out" | jq -e '.type == "run"' >/dev/null ||
        ! jq -se '[.[] | select(.type == "ledger") | .closed] | all' "$work/out" >/dev/null; then
        failed "$capture cut at $offset of $size bytes: exit code $got: $(head -n 1 "$work/err")"
        wrong=1
      fi
    done
    head -c $((size - 1)) "$captures/$capture" >"$work/short"
    expect_exit 0 "$capture without its last byte" bounded "$sluice" replay "$work/short" --quiet &&
      expect_line 'warning: .*short: packet [0-9]+: truncated' "$capture without its last byte" || wrong=1
    [ $wrong -eq 0 ] && passed "$capture cut anywhere: a warning, or refused"
  done
}

# --- words ---
words() {
  refused 2 'no command fly' "an unknown command" "$sluice" fly
  refused 2 'unknown option --fast' "an unknown option" "$sluice" check "$good" --fast
  refused 2 'unknown option --deliver' "an option of another command" "$sluice" check "$good" --deliver "$work"
  refused 2 'seed needs N' "an option without its value" "$sluice" check "$good" --seed
  refused 2 'seed takes a whole number, not "x1"' "a number that is none" "$sluice" check "$good" --seed x1
  refused 2 'seed takes a whole number, not "-1"' "a negative number" "$sluice" check "$good" --seed -1
  refused 2 'seed takes a whole number' "a number too large" "$sluice" check "$good" --seed 99999999999999999999
  refused 2 'checks takes on or off, not "maybe"' "--checks maybe" "$sluice" check "$good" --checks maybe
  refused 2 'no profile xp; there are vista-sp1 7sp1 8.1 10 11' "--profile xp" "$sluice" check "$good" --profile xp
  refused 2 'switch takes NAME=VALUE' "--switch without a value" "$sluice" check "$good" --switch completion
  refused 2 'no switch nonsense' "--switch nonsense=1" "$sluice" check "$good" --switch nonsense=1
  refused 2 'no switch completion with the value never' "--switch completion=never" "$sluice" check "$good" \
    --switch completion=never
  refused 2 'set takes NAME=VALUE' "--set without a value" "$sluice" check "$good" --set Injects
  refused 2 'mode takes gate, permit or monitor, not "fast"' "--mode fast" "$sluice" replay "$captures/http.pcap" \
    --mode fast
  refused 2 'mode is for sluice.sys only' "--mode of another driver" "$sluice" replay "$captures/http.pcap" \
    --driver "$good" --mode gate
  refused 2 'side takes client, server or auto' "--side both" "$sluice" replay "$captures/http.pcap" --side both
  refused 2 'midstream takes adopt or old' "--midstream new" "$sluice" replay "$captures/http.pcap" --midstream new
  refused 2 'needs a capture' "replay of nothing" "$sluice" replay
  refused 2 'needs one driver image' "check of nothing" "$sluice" check
  refused 2 'needs one driver image' "check of two" "$sluice" check "$good" "$good"
  refused 2 'no model Z' "--model Z" "$sluice" matrix --model Z
  refused 2 'no rule R99' "contract R99" "$sluice" contract R99
  refused 2 'R74, LEAK, .*, ABI' "contract R99 names every outcome" "$sluice" contract R99
  refused 2 'two reports cannot go into one file' "--sarif and --junit into one file" "$sluice" check "$good" \
    --sarif "$work/one" --junit "$work/one"
  ln -sf "$work/two" "$work/link"
  : >"$work/two"
  refused 2 'two reports cannot go into one file' "--html and --junit by two names" "$sluice" check "$good" \
    --html "$work/two" --junit "$work/link"
  refused 2 'needs source files' "build of nothing" "$sluice" build
  refused 2 'W needs FLAG' "-W without a word" "$sluice" build x.c -W -DA
  refused 2 'matrix' "matrix of a file" "$sluice" matrix "$good"
  refused 2 'explain' "explain of a file" "$sluice" explain "$good"

  printf 'ok.example\nexa mple.com\n' >"$work/space.txt"
  refused 2 'space.txt:2:[0-9]+: ' "block list: a space" "$sluice" replay "$captures/http.pcap" --block "$work/space.txt"
  printf 'http://example.com/\n' >"$work/scheme.txt"
  refused 2 'scheme.txt:1:[0-9]+: ' "block list: a scheme" "$sluice" replay "$captures/http.pcap" --block "$work/scheme.txt"
  printf 'a.example\n\n# c\n*.*.example\n' >"$work/stars.txt"
  refused 2 'stars.txt:4:[0-9]+: ' "block list: two stars" "$sluice" replay "$captures/http.pcap" --block "$work/stars.txt"
  printf '%0300d.example\n' 7 >"$work/long.txt"
  refused 2 'long.txt:1:[0-9]+: ' "block list: a label too long" "$sluice" replay "$captures/http.pcap" \
    --block "$work/long.txt"
  refused 2 'none.txt: No such file' "block list: missing" "$sluice" replay "$captures/http.pcap" --block "$work/none.txt"
  refused 2 'block is for sluice.sys only' "block list of another driver" "$sluice" replay "$captures/http.pcap" \
    --driver "$good" --block "$work/space.txt"
}

# A recorded run elsewhere than its image, and where the smaller one goes.
recordings() {
  mkdir "$work/here" "$work/there"
  cp "$images/nbuf-leak-bad.sys" "$work/here/leak.sys"
  (cd "$work/here" && bounded "$sluice" check leak.sys --profile 7sp1 --record . >/dev/null 2>&1)
  local file
  file=$(basename "$(find "$work/here" -name '*.sluice' | sort | head -n 1)")
  expect_exit 1 "rerun: the image is beside the file" bounded "$sluice" rerun "$work/here/$file" &&
    passed "rerun: the image is looked for beside the file, too"
  mv "$work/here/$file" "$work/there/"
  refused 2 'leak.sys: no such image here, nor beside .*X.sys' "rerun: no image" "$sluice" rerun "$work/there/$file"
  cp "$good" "$work/there/leak.sys"
  refused 2 'not the image that was recorded' "rerun: another image beside it" "$sluice" rerun "$work/there/$file"
  refused 2 'o is for --shrink' "rerun -o alone" "$sluice" rerun "$work/there/$file" "$work/here/leak.sys" \
    -o "$work/x.sluice"
  refused 3 'nowhere: No such file' "rerun -o into no folder" "$sluice" rerun "$work/there/$file" \
    "$work/here/leak.sys" --shrink -o "$work/nowhere/x.sluice"
  [ ! -e "$work/nowhere" ] && passed "rerun -o makes no folder" || failed "rerun -o makes a folder"
  refused 3 'nowhere/y: No such file' "check --record into no folder" "$sluice" check "$good" --record "$work/nowhere/y"
  expect_exit 1 "rerun --shrink" bounded "$sluice" rerun "$work/there/$file" "$work/here/leak.sys" --shrink &&
    expect_line 'smaller run is .*/there/.*-small.sluice' "rerun --shrink" &&
    [ -s "$work/there/${file%.sluice}-small.sluice" ] && passed "rerun --shrink says where the smaller run is"
}

environment() {
  refused 3 'no image .*sluice.sys' "no images" env SLUICE_IMAGES="$work/nowhere" "$sluice" replay "$captures/http.pcap"
  expect_exit 0 "--deliver to a new folder" bounded "$sluice" replay "$captures/http.pcap" --quiet \
    --deliver "$work/new" && [ "$(find "$work/new" -type f | wc -l)" -eq 4 ] && passed "--deliver makes its folder"
  refused 3 'nowhere/there: No such file' "--deliver to nowhere" "$sluice" replay "$captures/http.pcap" --quiet \
    --deliver "$work/nowhere/there"
  refused 3 'text.pcap: Not a directory' "--deliver to a file" "$sluice" replay "$captures/http.pcap" --quiet \
    --deliver "$work/text.pcap"
  if [ -w /dev/full ]; then
    refused 3 'could not be written' "a full disk" bash -c '"$@" > /dev/full' - "$sluice" replay \
      "$captures/http.pcap" --json
  fi
}

# --- drivers ---
# driver FAULT PLACE: a driver with this fault, in $work/FAULT.sys
driver() {
  bounded "$sluice" build "$lab/drivers/fault.c" -o "$work/$1.sys" --target win7 -D FAULT="$1" -D PLACE="$2" \
    >"$work/log" 2>&1 || failed "$1 does not build: $(head -n 1 "$work/log")"
}
# convicted RULE PATTERN FAULT PLACE [OPTION...]: one error of this rule, whose text matches; the lab tells it and ends.
convicted() {
  local rule=$1 pattern=$2 fault=$3 place=$4 name="$3 $4"
  shift 4
  driver "$fault" "$place"
  expect_exit 1 "$name" bounded "$sluice" check "$work/$fault.sys" --profile 7sp1 --json "$@" || return
  local text rules
  rules=$(jq -r 'select(.type == "finding" and .severity == "error") | .rule' "$work/out" | uniq | paste -sd ' ')
  text=$(jq -r 'select(.type == "finding" and .severity == "error") | [.detail, .function, .stack[]] | join(" ")' "$work/out" | head -n 1)
  if ! grep -qxE "$rule" <<<"$rules"; then
    failed "$name: found '$rules' instead of '$rule': $text"
  elif ! grep -qE "$pattern" <<<"$text"; then
    failed "$name: $text does not match $pattern"
  elif grep -qv 'ASan is ignoring' "$work/err"; then # it does not know the stacks of tasks
    failed "$name: standard error: $(grep -vm 1 'ASan is ignoring' "$work/err")"
  elif ! tail -n 1 "$work/out" | jq -e '.type == "run" and .verdict == "findings"' >/dev/null; then
    failed "$name: the run record: $(tail -n 1 "$work/out")"
  else
    passed "$name: $rule, ${text:0:120}"
  fi
}
drivers() {
  bounded "$sluice" build "$lab/drivers/permit.c" -o "$work/permit.sys" -Wall -Wextra -Werror >"$work/log" 2>&1 ||
    failed "permit.c does not build: $(head -n 1 "$work/log")"
  expect_exit 0 "a clean driver" bounded "$sluice" check "$work/permit.sys" --profile all --json &&
    jq -se '[.[] | select(.type == "finding")] | length == 0' "$work/out" >/dev/null && passed "a clean driver is clean"

  convicted CRASH 'spins at SPIN' SPIN IN_ENTRY
  convicted CRASH 'spins at SPIN' SPIN IN_CLASSIFY
  convicted CRASH 'spins at SPIN' SPIN IN_UNLOAD
  convicted HANG 'DriverEntry did not return' WAIT_FOREVER IN_ENTRY
  convicted HANG 'DriverUnload did not return' WAIT_FOREVER IN_UNLOAD
  convicted CRASH 'kernel stack overflow in classifyFn' RECURSE IN_CLASSIFY
  convicted CRASH 'address' JUMP_TO_NULL IN_CLASSIFY
  convicted CRASH 'address' JUMP_TO_NULL IN_ENTRY
  convicted CRASH 'address' READ_NULL IN_UNLOAD
  convicted CRASH 'address' WILD_WRITE IN_CLASSIFY
  convicted CRASH '0xc0000022' RAISE IN_CLASSIFY
  convicted CRASH 'fast fail 2' FAST_FAIL IN_CLASSIFY
  convicted CRASH '0xDEADDEAD' BUG_CHECK IN_ENTRY
  convicted CRASH 'instruction' BAD_INSTRUCTION IN_CLASSIFY
  convicted CRASH 'divi' DIVIDE_BY_ZERO IN_CLASSIFY
  convicted CRASH 'breakpoint' BREAK IN_CLASSIFY
  convicted R65 'memory behind the block' OVERRUN IN_CLASSIFY
  convicted 'R65.*' 'memory behind the block' OVERRUN_FAR IN_CLASSIFY
  convicted R65 'memory before the block' UNDERRUN IN_CLASSIFY
  convicted R65 'freed a second time' DOUBLE_FREE IN_CLASSIFY
  convicted R65 "Test" USE_AFTER_FREE IN_CLASSIFY --special-pool
  convicted R65 "Test" OVERRUN IN_ENTRY --special-pool
  convicted R66 "of tag 'Test'" LEAK_POOL IN_ENTRY
  convicted R71 'never gave' LEAK_CLONE IN_CLASSIFY
  convicted 'R68 R52 R53' 'device object' LEAVE_CALLOUTS IN_CLASSIFY

  driver ENTRY_REFUSES IN_ENTRY
  refused 4 'ENTRY_REFUSES.sys on 10: DriverEntry refused with status 0xC00000BB' "DriverEntry refuses" \
    "$sluice" check "$work/ENTRY_REFUSES.sys"
  expect_exit 4 "DriverEntry refuses everywhere" bounded "$sluice" check "$work/ENTRY_REFUSES.sys" --profile all --quiet &&
    passed "a driver that loads on no Windows gets no verdict"
  printf '%s\n' '#include <ntddk.h>' 'DRIVER_INITIALIZE DriverEntry;' \
    'NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Key)' \
    '{ (void)Driver; (void)Key; return STATUS_SUCCESS; }' >"$work/idle one.c"
  bounded "$sluice" build "$work/idle one.c" -o "$work/idle one.sys" >"$work/log" 2>&1 || failed "idle one.c does not build"
  refused 4 'idle one.sys on 10: no callout .* nothing was checked' "a driver without callouts" \
    "$sluice" check "$work/idle one.sys"
  cp "$work/LEAK_POOL.sys" "$work/leak 'it.sys"
  expect_exit 1 "a name with a blank and a quote" bounded "$sluice" check "$work/leak 'it.sys" --json &&
    (eval "set -- $(jq -r 'select(.type == "finding") | .rerun' "$work/out" | head -n 1)" && [ "$3" = "$work/leak 'it.sys" ]) &&
    passed "the command that repeats a run can be pasted into a shell" || failed "rerun: $(grep -o '"rerun":[^,]*' "$work/out")"
  driver UNMODELLED IN_CLASSIFY
  refused 4 'UNMODELLED.sys on 10: .*MmMapIoSpace.*UNMODELLED\+0x' "an import that is not modelled" \
    "$sluice" check "$work/UNMODELLED.sys"
  driver NO_UNLOAD IN_CLASSIFY
  expect_exit 0 "a driver without unload" bounded "$sluice" check "$work/NO_UNLOAD.sys" --quiet &&
    passed "a driver without unload is not unloaded"
  bounded "$sluice" build "$SLUICE_SOURCE/tests/image/too_new.c" -o "$work/new.sys" >"$work/log" 2>&1
  refused 4 'new.sys on 7sp1: .*FwpsFlowAbort0 came with Windows 8' "an export that Windows 7 lacks" \
    "$sluice" check "$work/new.sys" --profile 7sp1
}

images_that_are_none
captures_that_are_none
words
recordings
environment
drivers
finish
