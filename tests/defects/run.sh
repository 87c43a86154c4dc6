#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Deliberate defects: each patch here is put into a copy of the tree, and the test that its first line names must fail.
# A test that survives its defect proves nothing.
#
# usage: run.sh [PATCH...]     all of them without names
# A patch begins with what the defect is, then "test: NAME" for a test of ctest's or "test: SCRIPT ARGUMENTS..." for a
# script in tests/lab, then "build: TARGET..." for what that needs.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
failures=0
if ! git -C "$source" rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  echo "SKIPPED: defects: the tree is no git clone"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree build=$work/build
mkdir "$tree"
git -C "$source" ls-files -z | (cd "$source" && xargs -0 -I{} sh -c '[ -e "$1" ] && printf "%s\0" "$1"' - {}) >"$work/files"
(cd "$source" && tar --null -T "$work/files" -cf -) | tar -xf - -C "$tree"

patches=("$@")
[ ${#patches[@]} -gt 0 ] || patches=("$here"/*.patch)
field() { sed -n "s/^$1: //p;/^diff /q" "$2"; }
make() { ninja -C "$build" "$@" >"$work/log" 2>&1; }
run_test() { # words of the test line: true when it passes
  case $1 in
    *.sh) (cd "$tree" && SLUICE_BUILD=$build SLUICE_SOURCE=$tree timeout 60 "tests/lab/$1" "${@:2}") >"$work/log" 2>&1 ;;
    *) timeout 60 ctest --test-dir "$build" -R "^$1\$" --no-tests=error --output-on-failure >"$work/log" 2>&1 ;;
  esac
}

if ! cmake -G Ninja -S "$tree" -B "$build" -DCMAKE_BUILD_TYPE=Release -DSLUICE_BENCH=OFF >"$work/log" 2>&1; then
  echo "FAILED: defects: $(tail -n 1 "$work/log")"
  exit 1
fi
targets=$(for patch in "${patches[@]}"; do field build "$patch"; done | tr ' ' '\n' | sort -u)
if ! make $targets; then
  echo "FAILED: defects: the tree does not build: $(grep -m 1 -E 'error|FAILED' "$work/log")"
  exit 1
fi
# Without a defect every one of these tests passes.
for patch in "${patches[@]}"; do field test "$patch"; done | sort -u >"$work/tests"
while read -r words; do
  run_test $words </dev/null || {
    echo "FAILED: $words fails without any defect"
    grep -E 'FAILED|rror' "$work/log" | head -n 3 | sed 's/^/    /'
    failures=$((failures + 1))
  }
done <"$work/tests"

for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  words=$(field test "$patch")
  if ! (cd "$tree" && git apply -C1 "$patch") 2>"$work/log"; then
    echo "FAILED: $name: the patch does not apply: $(head -n 1 "$work/log")"
    failures=$((failures + 1))
    continue
  fi
  if ! make $(field build "$patch"); then
    echo "FAILED: $name: does not build: $(grep -m 1 'error' "$work/log")"
    failures=$((failures + 1))
  elif run_test $words; then
    echo "FAILED: $name: survives $words"
    failures=$((failures + 1))
  else
    echo "PASSED: $name is killed by $words: $(grep -E 'FAILED: |\[   LINE   \]|rror: ' "$work/log" | head -n 1 | sed "s|$work/||g; s/FAILED: //" | cut -c 1-160)"
  fi
  (cd "$tree" && git apply -R -C1 "$patch") || { echo "FAILED: $name: cannot be taken back"; exit 1; }
done
exit $((failures > 0))
