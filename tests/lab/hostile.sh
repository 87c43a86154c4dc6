#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Drivers that mean harm, each in bounded time: what the lab finds about it, and that no harm was done. The table is
# specimens/hostile/hostile.tsv; without its act each source is a lawful driver, in which nothing is found.
# With words: only the rows in which one of them occurs.
. "$(dirname "$0")/expect.sh"
export LC_ALL=C SLUICE_WDK=$SLUICE_SOURCE/wdk
folder=$SLUICE_SOURCE/specimens/hostile
limit=${SLUICE_LIMIT:-240} # seconds of the clock for one driver: some end by processor time, on a busy machine

build() { # source act place
  timeout "$limit" "$sluice" build "$folder/$1.c" -o "$work/$1-$2.sys" -I "$SLUICE_SOURCE/specimens" -I "$folder" \
    --target win8 -Wall -Wextra -Werror -D ACT="$2" -D PLACE="$3" >"$work/log" 2>&1 && return
  failed "$1 $2 does not build: $(grep -m 1 error "$work/log")"
  return 1
}

judge() { # source act place exit rule pattern options
  local name="$1 $2 $3" text rules
  build "$1" "$2" "$3" || return
  expect_exit "$4" "$name" timeout -k 5 "$limit" "$sluice" check "$work/$1-$2.sys" --profile 10 --json $7 || return
  case $4 in
  0)
    if [ "$5" != - ]; then
      jq -se --arg rule "$5" --arg text "$6" '[.[] | select(.type == "finding")] | length == 1 and
        (.[0] | .rule == $rule and (.detail | contains($text)))' "$work/out" >/dev/null &&
        passed "$name: a warning, $5" || failed "$name: not one warning of $5: $(grep -m 1 '"finding"' "$work/out")"
      return
    fi
    jq -se '[.[] | select(.type == "finding")] | length == 0' "$work/out" >/dev/null &&
      passed "$name: no harm, nothing found" || failed "$name: found $(grep -m 1 '"finding"' "$work/out")"
    return
    ;;
  4)
    jq -se --arg rule "$5" --arg text "$6" '[.[] | select(.type == "finding")] | length == 1 and
      (.[0] | .rule == $rule and .severity == "warning" and (.detail | test($text)) and
        (.stack[0] | test("!Act.*\\[instructions.c @ [0-9]+\\]")))' "$work/out" >/dev/null &&
      expect_line "executed an instruction that the lab does not model" "$name" &&
      passed "$name: no verdict, $(jq -r 'select(.type == "finding") | .detail' "$work/out" | head -c 110)" ||
      failed "$name: not one warning of $5 with its line: $(grep -m 1 '"finding"' "$work/out" | head -c 400)"
    return
    ;;
  esac
  rules=$(jq -r 'select(.type == "finding" and .severity == "error") | .rule' "$work/out" | head -n 1)
  text=$(jq -r 'select(.type == "finding" and .severity == "error") | [.detail, .function, .stack[]] | join(" ")' \
    "$work/out" | paste -sd ' ')
  if ! grep -qxE "$5" <<<"$rules"; then
    failed "$name: found '$rules' instead of '$5': ${text:0:200}"
  elif [ "$6" != - ] && ! grep -qE "$6" <<<"$text"; then
    failed "$name: ${text:0:200} does not match $6"
  else
    passed "$name: $rules, ${text:0:110}"
  fi
}

# What the system calls would have left behind.
no_harm() {
  [ ! -e /tmp/sluice-hostile-was-here ] && passed "no file was made" || failed "a driver made a file"
  kill -0 $$ && passed "the parent lives"
  [ ! -s "$work/heard" ] && passed "nobody connected" || failed "a driver reached a port"
}

wanted() { # row: one of the words occurs in it, or there are none
  [ $# -eq 1 ] && return
  local row=$1 word
  shift
  for word in "$@"; do
    case $row in *"$word"*) return ;; esac
  done
  return 1
}

rm -f /tmp/sluice-hostile-was-here
: >"$work/heard"
listener=
if command -v python3 >/dev/null; then
  python3 - "$work/heard" 2>/dev/null <<'LISTEN' &
import socket, sys
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 8080))
server.listen()
server.accept()
open(sys.argv[1], "w").write("connected\n")
LISTEN
  listener=$!
else
  skipped "nobody listens on port 8080: no python3"
fi
if [ $# -eq 0 ]; then
  for source in loops instructions traps system-calls memory exhaustion; do
    build $source NO_ACT IN_CLASSIFY &&
      expect_exit 0 "$source without its act" timeout "$limit" "$sluice" check "$work/$source-NO_ACT.sys" --profile all --json &&
      jq -se '[.[] | select(.type == "finding")] | length == 0' "$work/out" >/dev/null &&
      passed "$source without its act: nothing is found"
  done
fi
while IFS=$'\t' read -r source act place code rule pattern options; do
  case $source in '#'* | '') continue ;; esac
  wanted "$source $act $place" "$@" || continue
  [ "$options" = - ] && options=
  judge "$source" "$act" "$place" "$code" "$rule" "$pattern" "$options"
  rm -f "$work"/*.sys "$work"/*.pdb
done <"$folder/hostile.tsv"
no_harm
[ -n "$listener" ] && kill "$listener" 2>/dev/null
finish
