#!/bin/bash
# SPDX-License-Identifier: MIT
# What applications received, by an independent reassembly: tshark's "follow TCP stream".
#
# usage: reassemble.sh CAPTURE OUTDIR
# Writes OUTDIR/<client>_<cport>-<server>_<sport>.c2s and .s2c for every flow that is complete, and
# OUTDIR/flows.tsv: name, complete or the reason for leaving it out, bytes c2s, bytes s2c.
# The client is who sent the first SYN (without one: who did not send the SYN-ACK, else the higher
# port). A second connection with the same addresses and ports is called <name>~2.
#
# The bytes come from tshark. The reasons come from tshark's fields, one line a segment:
#   no-syn        the SYN of one side, or both, is missing
#   truncated     a segment has fewer bytes in the file than on the wire
#   gap           bytes before the highest one sent, acknowledged or ended by FIN are missing
#   reset         data came behind a RST: follow takes it, no application gets it
#   conflict      two segments carry different bytes for the same place
#   follow        tshark's stream is not as long as the segments (below), so it proves nothing
# Follow errs on data before the SYN-ACK when that is reordered, and writes a note into the stream at
# a hole that is never filled; `follow` and `gap` catch these. A keep-alive probe that carries a byte
# of its own (Windows sends 0) lies on an old byte and counts as a conflict. tcpflow would be quicker,
# but takes Ethernet's padding for data, and knows neither fragments nor SLL2 nor OpenBSD loopback.
set -euo pipefail
export LC_ALL=C

[ $# = 2 ] || { echo "usage: reassemble.sh CAPTURE OUTDIR" >&2; exit 2; }
command -v tshark > /dev/null || { echo "reassemble.sh: tshark is missing" >&2; exit 3; }
capture=$1 out=$2
mkdir -p "$out"
rm -f "$out"/*.c2s "$out"/*.s2c "$out"/flows.tsv
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

taps() { for ((i = $1; i < $2; i++)); do echo "-z follow,tcp,raw,$i"; done; }
read_capture() {
    tshark -n -r "$capture" -o tcp.desegment_tcp_streams:FALSE -o tcp.relative_sequence_numbers:TRUE \
        -o gui.column.format:'"n","%m"' "$@" 2> "$work/errors" || {
        grep -v 'Running as user' "$work/errors" >&2 || true
        exit 2
    }
}

# One pass gives the segments and, behind them, the streams: of the first 40, or a second pass.
guess=40
read_capture -Y 'tcp && !icmp && !icmpv6' -T fields -E occurrence=f \
    -e tcp.stream -e ip.src -e ipv6.src -e tcp.srcport -e ip.dst -e ipv6.dst -e tcp.dstport \
    -e tcp.flags -e tcp.seq_raw -e tcp.ack_raw -e tcp.len -e tcp.payload \
    $(taps 0 $guess) > "$work/all"
streams=$(awk -F '\t' '/^=====/ { exit } $1 + 1 > n { n = $1 + 1 } END { print n + 0 }' "$work/all")
if [ "$streams" -gt $guess ]; then
    read_capture -q $(taps $guess "$streams") >> "$work/all"
fi

awk -F '\t' -v out="$out" -f "${0%/*}/reassemble.awk" "$work/all"
