#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What README.md shows is what the commands say.
. "$(dirname "$0")/expect.sh"
here=$(cd "$(dirname "$0")" && pwd)
page=$(realpath "$SLUICE_SOURCE/README.md")
program=$(realpath "$sluice")
mkdir -p "$work/page/build"
ln -s "$(realpath "$images")" "$work/page/build/images"
ln -s "$(realpath "$SLUICE_SOURCE/tests")" "$work/page/tests"
ln -s "$(realpath "$SLUICE_SOURCE/docs")" "$work/page/docs"
# The bad rules: lines 1 and 3 stand in the page, line 2 is a good one.
{
  sed -n '/^bad.rules:1:/{n;p;}' "$page"
  echo 'drop tcp any any -> any any (content:"x"; sid:2;)'
  sed -n '/^bad.rules:3:/{n;p;}' "$page"
} >"$work/page/bad.rules"
# The captures that `./dev run` replays, by its own list.
list=$(sed -nE 's/^.* captures=\(([-a-z0-9_.,{}/]+)\)$/\1/p' "$SLUICE_SOURCE/dev" | head -n 1)
first=$(eval "echo $list") # braces
python3 "$here/readme.py" "$page" "$program" "$work/page" "$first" || failures=1

# The delivered files of the second replay, and the rules' classes behind them.
while read -r size name; do
  got=$(stat -c %s "$work/page/out/$name" 2>/dev/null)
  if [ "$got" = "$size" ]; then passed "$name: $size bytes"; else failed "$name: ${got:-no} bytes instead of $size"; fi
done < <(sed -nE 's/^-rw[-r]* 1 user user +([0-9]+) .* ([^ ]+)$/\1 \2/p' "$page")

# `sluice contract R42` is told of in the page; what it says is in the table.
expect_exit 0 "contract R42" "$sluice" contract R42 && expect_line '^R42 ' "contract R42" && passed "contract R42"
finish
