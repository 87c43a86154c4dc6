#!/bin/sh
# SPDX-License-Identifier: MIT
# no-cr8.sh IMAGE [ALLOWED]: at most ALLOWED (0) instructions of the image read or write CR8.
set -eu
allowed=${2:-0}
listing=$(llvm-objdump-19 -d "$1")
echo "$listing" | grep -q 'ret' || { echo "$1: no code was disassembled"; exit 1; }
found=$(echo "$listing" | grep -c '%cr8' || true)
echo "$1: $found accesses to CR8, allowed $allowed"
[ "$found" -le "$allowed" ]
