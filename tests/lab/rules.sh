#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command `sluice rules`: good rules, bad ones and files that are none; the promised exit codes, one clear message
# for each fault, JSON lines, and nothing half written.
. "$(dirname "$0")/expect.sh"

bounded() { timeout 200 "$@"; }
rule='drop tcp any any -> any 80 (msg:"m"; content:"abc"; sid:1;)'

# refused PATTERN NAME COMMAND...: exit code 2, one message on standard error, and it matches.
refused() {
  local pattern=$1 name=$2
  shift 2
  expect_exit 2 "$name" bounded "$@" || return
  if ! grep -qE -- "$pattern" "$work/err"; then
    failed "$name: said: $(head -n 1 "$work/err")"
  elif [ "$(grep -cE ': error: |^sluice' "$work/err")" -ne 1 ]; then
    failed "$name: $(grep -cE ': error: |^sluice' "$work/err") messages instead of one"
  else
    passed "$name: $(head -n 1 "$work/err" | cut -c -150)"
  fi
}

good() {
  printf '%s\n' "$rule" 'pass tcp any any -> any any (sid:2;)' 'alert tcp any any -> any any (content:"x"; replace:"yy"; sid:3;)' \
    >"$work/good.rules"
  expect_exit 0 "check" bounded "$sluice" rules check "$work/good.rules" &&
    [ "$(cat "$work/out")" = '3 rules: 1 alert, 1 pass, 1 drop, 0 reject (1 of the alerts replace); 0 errors, 0 warnings' ] &&
    [ ! -s "$work/err" ] && passed "check: $(cat "$work/out")" || failed "check said: $(cat "$work/out" "$work/err")"
  expect_exit 0 "check of standard input" bounded "$sluice" rules check - <"$work/good.rules" &&
    passed "check reads standard input"
  expect_exit 0 "compile" bounded "$sluice" rules compile "$work/good.rules" -o "$work/a.rset" &&
    expect_exit 0 "compile again" bounded "$sluice" rules compile "$work/good.rules" -o "$work/b.rset" --quiet &&
    cmp "$work/a.rset" "$work/b.rset" && [ "$(head -c 4 "$work/a.rset")" = RSET ] && [ ! -s "$work/out" ] &&
    passed "the same rules give the same $(stat -c %s "$work/a.rset") bytes" || failed "compile"
  expect_exit 0 "explain" bounded "$sluice" rules explain "$work/good.rules" &&
    expect_line '^1:1  m  \(.*good.rules:1\)$' explain && expect_line 'the stream contains "abc"' explain &&
    expect_line 'class +full: no byte of a match' explain && expect_line 'class +none: holds nothing' explain &&
    expect_line 'which becomes "yy"' explain && passed "explain says it in words"
  expect_exit 0 "stats" bounded "$sluice" rules stats "$work/good.rules" && expect_line 'blocking rules +2$' stats &&
    expect_line 'literals +[1-9]' stats && passed "stats counts"
  expect_exit 0 "keywords" bounded "$sluice" rules keywords && expect_line '^content +bytes to be found' keywords &&
    passed "keywords lists $(wc -l <"$work/out")"
}

json() {
  expect_exit 0 "explain --json" bounded "$sluice" rules explain --json "$work/good.rules" &&
    jq -se 'map(.type) == ["rule", "rule", "rule", "rules"] and .[0].class == "full" and .[0].sid == 1
      and .[0].conditions[0].span == 3 and .[3].rules == 3 and .[3].verdict == "good"' "$work/out" >/dev/null &&
    passed "explain --json" || failed "explain --json: $(cat "$work/out")"
  expect_exit 0 "stats --json" bounded "$sluice" rules stats --json "$work/good.rules" &&
    jq -se 'length == 1 and .[0].type == "rules" and .[0].full == 2 and .[0].bytes > 0' "$work/out" >/dev/null &&
    passed "stats --json" || failed "stats --json: $(cat "$work/out")"
  printf 'alert tcp any any -> any any (contnet:"x"; sid:1;)\nrejectsrc tcp any any -> any any (sid:2;)\n' >"$work/bad.rules"
  expect_exit 2 "check --json" bounded "$sluice" rules check --json "$work/bad.rules" &&
    jq -se 'length == 3 and .[0] == {type: "diagnostic", severity: "error", file: .[0].file, line: 1, column: 31,
        text: "unknown keyword \"contnet\"; did you mean \"content\"?", source: .[0].source}
      and .[1].severity == "warning" and .[2].errors == 1 and .[2].warnings == 1 and .[2].verdict == "bad"' \
      "$work/out" >/dev/null && [ ! -s "$work/err" ] && passed "check --json" || failed "check --json: $(cat "$work/out")"
  cp "$work/bad.rules" "$work/b"$'\xe4'"d.rules"
  expect_exit 2 "a path that is not UTF-8" bounded "$sluice" rules check --json "$work/b"$'\xe4'"d.rules" &&
    jq -se 'length == 3' "$work/out" >/dev/null && passed "a path that is not UTF-8"
}

files_that_are_none() {
  : >"$work/empty.rules"
  printf '# nothing\n\n' >"$work/comments.rules"
  printf '\x7fELF\x02\x01\x01\x00' >"$work/binary.rules"
  printf '%s\n' "$rule" | iconv -t UTF-16 >"$work/utf16.rules"
  printf '%s\n' "$rule" | iconv -t UTF-16BE >"$work/utf16be.rules"
  printf '# caf\xe9\n%s\n' "$rule" >"$work/latin.rules"
  printf '%s\nab\0c\n' "$rule" >"$work/nul.rules"
  truncate -s 65M "$work/enormous.rules"
  printf '%s\n' 'alert tcp any any -> any any (content:"abc; sid:1;)' >"$work/quote.rules"
  { printf 'alert tcp any any -> any any (content:"'; yes 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa\' | head -n 4000; } >"$work/endless.rules"
  printf 'var A $B\nvar B $A\nalert tcp $A any -> any any (sid:1;)\n' >"$work/circle.rules"
  printf '%s\n%s\n' "$rule" "$rule" >"$work/twice.rules"
  printf 'alert tcp any any -> any any (content:"a"; pcre:"/a(?=b)/"; sid:1;)\n' >"$work/ahead.rules"
  refused 'empty.rules: error: holds no rules' "an empty file" "$sluice" rules check "$work/empty.rules"
  refused 'comments.rules: error: holds no rules' "comments only" "$sluice" rules check "$work/comments.rules"
  refused 'binary.rules:1:1: error: .*binary' "a binary file" "$sluice" rules check "$work/binary.rules"
  refused 'utf16.rules: error: UTF-16' "UTF-16" "$sluice" rules check "$work/utf16.rules"
  refused 'utf16be.rules: error: UTF-16' "UTF-16 without a mark" "$sluice" rules check "$work/utf16be.rules"
  refused 'latin.rules:1:6: error: byte 0xE9 is not UTF-8' "Latin-1" "$sluice" rules check "$work/latin.rules"
  refused 'nul.rules:2:3: error: byte 0x00' "a NUL byte" "$sluice" rules check "$work/nul.rules"
  refused 'enormous.rules: error: larger than 64 MiB' "an enormous file" "$sluice" rules check "$work/enormous.rules"
  refused 'quote.rules:1:39: error: the closing quote is missing' "an open quote" "$sluice" rules check "$work/quote.rules"
  refused 'endless.rules:1:1: error: a line of 1[0-9]{5} bytes' "a rule that never ends" "$sluice" rules check "$work/endless.rules"
  refused 'defined by itself: \$A -> \$B -> \$A' "recursive variables" "$sluice" rules check "$work/circle.rules"
  refused 'twice.rules:2:1: error: sid 1 is taken: .*twice.rules:1 has it' "a sid twice" "$sluice" rules check "$work/twice.rules"
  refused 'ahead.rules:1:52: error: look-ahead' "look-ahead" "$sluice" rules check "$work/ahead.rules"
  refused "$work: error: Is a directory" "a directory" "$sluice" rules check "$work"
  refused 'nowhere.rules: error: No such file' "a missing file" "$sluice" rules check "$work/nowhere.rules"
  if [ "$(id -u)" -ne 0 ]; then
    cp "$work/good.rules" "$work/locked.rules" && chmod 0 "$work/locked.rules"
    refused 'locked.rules: error: Permission denied' "an unreadable file" "$sluice" rules check "$work/locked.rules"
  fi
}

words() {
  refused 'needs a rule file' "no file" "$sluice" rules check
  refused 'there is no command chek' "an unknown command" "$sluice" rules chek x
  refused 'needs -o OUT.rset' "compile without -o" "$sluice" rules compile "$work/good.rules"
  refused '-o goes with compile' "check with -o" "$sluice" rules check "$work/good.rules" -o x
  refused 'unknown option --frob' "an unknown option" "$sluice" rules check --frob x
  expect_exit 0 "rules --help" bounded "$sluice" rules --help && expect_line 'explain FILE' "rules --help" &&
    expect_exit 0 "rules check --help" bounded "$sluice" rules check --help && passed "help"
  expect_exit 3 "compile to nowhere" bounded "$sluice" rules compile "$work/good.rules" -o "$work/no/where.rset" &&
    expect_line 'where.rset: No such file' "compile to nowhere" && passed "compile to nowhere is the environment's fault"
  # bad rules leave what is there alone
  cp "$work/a.rset" "$work/keep.rset"
  expect_exit 2 "compile of bad rules" bounded "$sluice" rules compile "$work/bad.rules" -o "$work/keep.rset" &&
    cmp "$work/a.rset" "$work/keep.rset" && [ ! -e "$work/keep.rset.part" ] && passed "bad rules leave the old set alone" ||
    failed "compile of bad rules"
}

many() { # 10^5 good rules, 2 * 10^4 bad ones
  awk 'BEGIN { for (i = 1; i <= 100000; i++)
    printf "alert http $HOME_NET any -> $EXTERNAL_NET any (msg:\"%d\"; http.uri; content:\"/a%d.php\"; sid:%d;)\n", i, i * 7919, i }' \
    >"$work/many.rules"
  expect_exit 0 "100,000 rules" bounded "$sluice" rules check "$work/many.rules" && expect_line '^100000 rules' "100,000 rules" &&
    passed "100,000 rules"
  head -n 20000 "$work/many.rules" | sed 's/content/contnet/' >"$work/bad.rules"
  expect_exit 2 "20,000 bad rules" bounded "$sluice" rules check "$work/bad.rules" &&
    [ "$(grep -c ': error: unknown keyword' "$work/err")" -eq 20000 ] && passed "20,000 bad rules, each told"
}

good
json
files_that_are_none
words
many
finish
