# SPDX-License-Identifier: MIT
# The captures that record.sh makes: name, view, what is run, programs, what it exercises, relay.
far="--delay 10000 --hold 15000"

record http.pcap client http_small "nginx, curl" "Ethernet with padded frames, IPv4, keep-alive, POST; in-order path" --pad
record http6.pcap client http_six "nginx, curl" "IPv6 with neighbour discovery, keep-alive, POST" --delay 1000
record tls13.pcap client tls13 "nginx, curl" "TLS 1.3 with SNI; nanosecond timestamps" --format pcap-ns
record tls12.pcap server tls12 "nginx, curl" "TLS 1.2 with SNI, the server's view"
record openssl.pcap client tls_openssl "openssl s_server, s_client" "TLS with SNI and ALPN"
record smtp.pcap server mail "smtp-sink, curl, smtp-source" "line protocol, the server speaks first; dot stuffing" --delay 500
record ftp.pcap client ftp "vsftpd, curl" "control and data connections, passive; active: the server host connects to the client host" --delay 500
record parallel.pcap client http_parallel "nginx, curl" "six connections at a time, interleaved" --delay 2000 --jitter 3000 --seed 2

record loss.pcap both http_large "nginx, curl" "one transfer as both hosts see it: loss, reordering, retransmission, SACK; holes filled" $far --seed 11 --loss 30 --reorder 40
record reorder.pcap client http_middle "nginx, curl" "out of order only" $far --seed 12 --reorder 200
record duplicate.pcap client http_middle "nginx, curl" "duplicates of data, SYN, ACK and FIN, at once and late" --delay 1000 --hold 3000 --seed 13 --duplicate 400
record upload-loss.pcap server one_way_up "socat" "loss towards the recording host" $far --lose c2s:3 --lose c2s:6-7 --lose c2s:12
record small-writes.pcap server small_writes "socat, perl" "no SACK: retransmissions with other boundaries overlap what came" $far --seed 15 --loss 150 --reorder 50
record handshake-loss.pcap client http_one "nginx, curl" "SYN, SYN-ACK and the first data lost and sent again" --lose c2s:0 --lose s2c:0 --lose s2c:4
record fin-early.pcap client one_way_down "socat" "data lost before the FIN: the FIN is out of order" $far --lose s2c:15
record fin-loss.pcap client one_way_down "socat" "the FIN of either side lost and sent again" $far --lose s2c:16 --lose c2s:17-18
record conflict.pcap client http_middle "nginx, curl" "EDITED: forged segments that overlap old and coming data with other bytes" $far --seed 17 --loss 40 --conflict 5

record refused.pcap client http_refused "nginx, curl" "a SYN answered by RST; then a whole connection" --delay 500
record reset.pcap client http_abort "nginx, curl, head" "the client gives up with data unread: RST" --delay 5000
record half-close.pcap client half_close "socat, sort" "client's FIN first, then all of the server's data" --delay 1000
record data-with-fin.pcap server one_way_up "socat" "the last data and the FIN in one segment" $far
record urgent.pcap server urgent "perl, socat, sort" "urgent data" --delay 500
record zero-window.pcap client http_slow_reader "nginx, curl" "a slow reader: the window shuts and opens" --delay 500
record keepalive.pcap server idle "socat, sort" "keep-alive probes, one byte behind the window" --delay 500
record fastopen.pcap client http_fastopen "nginx, curl" "TCP Fast Open: data with the SYN" --delay 1000
record same-port.pcap client http_same_port "nginx, curl" "two connections with the same addresses and ports"
record both-connect.pcap client both_connect "socat" "simultaneous open: two SYNs cross" --delay 300000

record fragments.pcap server without_df "socat, nginx, curl" "IPv4 fragments from the relay as a router of MTU 576 (Path MTU Discovery off, DF clear)" --mtu 576 --delay 1000
record fragments-loss.pcap client without_df "socat, nginx, curl" "fragments lost, out of order, twice" $far --mtu 300 --seed 19 --loss 5 --reorder 100 --duplicate 50

record vlan.pcap client http_one "nginx, curl" "EDITED: 802.1Q tag" --vlan 77 --pad
record qinq.pcap client http_both "nginx, curl" "EDITED: 802.1ad and 802.1Q tags, IPv4 and IPv6" --vlan 100 --vlan 200
record sll.pcap client http_both "nginx, curl" "EDITED: Linux cooked header in place of Ethernet's" --link sll
record sll2.pcap client http_both "nginx, curl" "EDITED: Linux cooked header, version 2" --link sll2
record raw.pcap client http_both "nginx, curl" "EDITED: no link header, IPv4 and IPv6" --link raw
record null.pcap client http_both "nginx, curl" "EDITED: BSD loopback header" --link null
record null-be.pcap client http_both "nginx, curl" "EDITED: BSD loopback header, written big-endian" --link null --format pcap-be
record loop.pcap client http_both "nginx, curl" "EDITED: OpenBSD loopback header" --link loop
record big-endian.pcap client http_one "nginx, curl" "written big-endian" --format pcap-be
record ng.pcapng client http_both "nginx, curl" "pcapng, nanoseconds, direction flags" --format pcapng
record ng-be.pcapng client http_one "nginx, curl" "pcapng written big-endian" --format pcapng-be

record wrap.pcap client http_large "nginx, curl" "EDITED: initial sequence numbers just below 2^32, with loss and SACK" $far --seed 23 --loss 30 --reorder 30 --isn 0xffffffc0,0xffff8000
record wrap6.pcap server http_six "nginx, curl" "EDITED: the sequence number wraps at the SYN and inside the head, IPv6" --isn 0xffffffff,0xffffff80
record midstream.pcap client http_middle "nginx, curl" "EDITED: the recording begins inside the transfer" --delay 5000 --frames 9-100000
record after-handshake.pcap client http_one "nginx, curl" "EDITED: the recording begins after the handshake" --frames 3-100000
record cut.pcap client http_middle "nginx, curl" "EDITED: the recording ends inside the transfer" --delay 5000 --frames 0-14
record gap.pcap client http_middle "nginx, curl" "EDITED: two delivered segments are not in the recording" --delay 5000 --omit s2c:5-6
record half-seen.pcap client http_one "nginx, curl" "EDITED: nothing of the server is in the recording" --omit s2c:0-100000
record snapped.pcap client http_one "nginx, curl" "EDITED: 200 bytes of each packet kept" --snaplen 200

record slow-head.pcap server http_slow_head "nginx, socat" "a request head in three pieces: held over several classifies" --delay 500
record small-segments.pcap client small_segments "nginx, curl" "segments of 120 bytes: a ClientHello and a request head over several of them" --delay 1000
