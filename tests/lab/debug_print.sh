#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a driver says with DbgPrint, with --debug-print: each line, harmless on a terminal, and not too many.
. "$(dirname "$0")/expect.sh"
export LC_ALL=C SLUICE_WDK=$SLUICE_SOURCE/wdk
expect_exit 0 "build" "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/say.c" -o "$work/say.sys" -W no-unused-variable -Werror
expect_exit 4 "without the option" "$sluice" check "$work/say.sys" &&
  if grep -q DbgPrint "$work/out" "$work/err"; then failed "DbgPrint is shown unasked"; else passed "nothing is shown unasked"; fi
expect_exit 4 "as text" "$sluice" check "$work/say.sys" --debug-print
said() { # line pattern
  if sed -n "$1p" "$work/err" | grep -qxE "$2"; then passed "line $1: $2"; else
    failed "line $1 is $(sed -n "$1p" "$work/err" | cut -c 1-100), not $2"
  fi
}
said 1 'DbgPrint: path \\Registry\\Machine\\.*\\say'
said 2 'DbgPrint: two'
said 3 'DbgPrint: lines'
said 4 'DbgPrint: \\x1b\[31mred \\xff no newline'
said 1001 'DbgPrint: \(204 more lines\)'
if awk 'length > 530 { bad = 1 } END { exit bad }' "$work/err"; then passed "a call's text is bounded"; else
  failed "a line is longer than DbgPrint's 512 bytes"
fi
if grep -q DbgPrint "$work/out"; then failed "DbgPrint is among the tables"; else passed "the tables are as they were"; fi
expect_exit 4 "as JSON" "$sluice" check "$work/say.sys" --debug-print --json &&
  jq -e -s 'map(select(.type == "debug")) | length == 1001 and .[1].text == "two" and .[1].processor == 1
    and .[1000].more == 204' "$work/out" >/dev/null && passed "1,000 records and what was left out" ||
  failed "the records: $(grep -c '"debug"' "$work/out")"
finish
