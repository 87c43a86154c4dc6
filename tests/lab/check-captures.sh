#!/bin/bash
# SPDX-License-Identifier: MIT
# The captures of the repository show what they claim to tshark, and expected.tsv is true of them.
#
# usage: check-captures.sh   from anywhere; 0 good, 1 not, 77 skipped (tshark is missing)
set -euo pipefail

command -v tshark > /dev/null || { echo "SKIPPED: tshark is not installed"; exit 77; }
lab=$(cd "$(dirname "$0")" && pwd)
captures=$(cd "$lab/../captures" && pwd)
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $1"; failed=1; }

bad='tcp.checksum.status == "Bad" || ip.checksum.status == "Bad"'
for capture in "$captures"/*.pcap "$captures"/*.pcapng; do
    file=${capture##*/}
    mapfile -t filters < <(awk -F '\t' -v file="$file" '$1 == file { print $2 }' "$captures/paths.tsv")
    mapfile -t least < <(awk -F '\t' -v file="$file" '$1 == file { print $3 }' "$captures/paths.tsv")
    [ ${#filters[@]} -gt 0 ] || fail "$file has no line in paths.tsv"
    grep -q "^| $file |" "$captures/PROVENANCE.md" || fail "$file has no line in PROVENANCE.md"
    [ "$(stat -c %s "$capture")" -lt 400000 ] || fail "$file is larger than 400 kB"

    # One row of numbers: frames and bytes for each filter; a filter may hold no comma.
    columns=$(printf ',%s' "$bad" "${filters[@]}")
    row=$(tshark -n -r "$capture" -q -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
        -z "io,stat,0$columns" 2> "$work/errors" | grep '<>') || row=
    got=($(awk -F '|' '{ for (i = 3; i < NF; i += 2) print $i + 0 }' <<< "$row"))
    [ ${#got[@]} -gt ${#filters[@]} ] || { fail "$file: $(tail -1 "$work/errors")"; continue; }
    [ "${got[0]}" = 0 ] || fail "$file: ${got[0]} bad checksums"
    for i in "${!filters[@]}"; do
        [ "${got[$((i + 1))]}" -ge "${least[$i]}" ] || fail \
            "$file: ${got[$((i + 1))]} packets with '${filters[$i]}', at least ${least[$i]} expected"
    done
done

"$lab/expected.sh" "$captures"/*.pcap "$captures"/*.pcapng > "$work/expected.tsv"
diff -u "$captures/expected.tsv" "$work/expected.tsv" || fail "expected.tsv differs"
[ $failed = 0 ] && echo "$(($(wc -l < "$work/expected.tsv") - 2)) captures are what they claim to be"
exit $failed
