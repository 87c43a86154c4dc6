#!/bin/bash
# SPDX-License-Identifier: MIT
# Records the captures of this folder anew: real programs in two network namespaces, between them
# the relay (record/), which impairs the traffic by seed and writes what one host sees.
#
# usage: record.sh [NAME...]     all captures, or those named; PROVENANCE.md is written only for all
# Afterwards: tests/lab/expected.sh *.pcap *.pcapng > expected.tsv, then tests/lab/check-captures.sh.
# Needs root (namespaces, TAP devices) and the Debian packages below. Nothing leaves the namespaces.
set -euo pipefail

packages="gcc libc6-dev iproute2 procps nginx-light curl openssl postfix vsftpd socat perl-base"
client=192.0.2.1 server=192.0.2.2 client6=2001:db8::1 server6=2001:db8::2
host=www.sluice.example
here=$(cd "$(dirname "$0")" && pwd)
wanted=" $* "
rows=
servers=()
relay_pid=

die() { echo "record.sh: $1" >&2; exit 3; }

[ "$(id -u)" = 0 ] || die "needs root: it makes network namespaces and TAP devices"
for program in gcc ip ss sysctl nginx curl openssl smtp-sink smtp-source vsftpd socat perl; do
    command -v $program > /dev/null || die "$program is missing; needed packages: $packages"
done

work=$(mktemp -d)
cns=sluice-c-$$ sns=sluice-s-$$

finish() {
    [ -z "$relay_pid" ] || kill "$relay_pid" 2> /dev/null || true
    for pid in "${servers[@]}"; do kill "$pid" 2> /dev/null || true; done
    wait 2> /dev/null || true
    ip netns del $cns 2> /dev/null || true
    ip netns del $sns 2> /dev/null || true
    rm -rf "$work"
}
trap finish EXIT

# --- two hosts -----------------------------------------------------------------------------------

on_client() { timeout 20 ip netns exec $cns "$@"; }
on_server() { timeout 20 ip netns exec $sns "$@"; }
tune() { ip netns exec "$1" sysctl -qw "${@:2}"; }

make_host() { # NETNS TAP MAC IPV4 IPV6
    ip netns add "$1"
    tune "$1" net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.router_solicitations=0 \
        net.ipv6.conf.default.addr_gen_mode=1 net.ipv4.tcp_no_metrics_save=1
    ip -n "$1" link set lo up
    ip -n "$1" tuntap add dev "$2" mode tap
    ip -n "$1" link set "$2" address "$3" up
    ip -n "$1" address add "$4/24" dev "$2"
    ip -n "$1" address add "$5/64" dev "$2" nodad
}

serve() { # PROGRAM...  until the script ends
    ip netns exec $sns "$@" > "$work/log" 2>&1 < /dev/null &
    servers+=($!)
}

make_host $cns tapc 02:00:00:00:00:01 $client $client6
make_host $sns taps 02:00:00:00:00:02 $server $server6
tune $sns net.ipv4.tcp_fastopen=3
tune $cns net.ipv4.tcp_fastopen=1

gcc -std=gnu17 -D_GNU_SOURCE -O2 -o "$work/relay" "$here"/record/*.c

# --- what the server offers ----------------------------------------------------------------------

mkdir -p "$work/www" "$work/tmp" "$work/ftp" "$work/empty"
chmod 755 "$work" "$work/www" "$work/ftp" "$work/empty"
seq -f 'line %06g of the small page' 1 60 > "$work/www/small"
seq -f 'line %06g of the middle page' 1 700 > "$work/www/middle"
seq -f 'line %06g of the large page' 1 5000 > "$work/www/large"
seq -f 'line %06g of an upload' 1 400 > "$work/upload"
cp "$work/www/small" "$work/www/middle" "$work/ftp"
printf 'From: a@%s\nTo: b@%s\nSubject: hello\n\nA line.\n.a line with a dot\n' \
    $host $host > "$work/mail"

openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$host" \
    -addext "subjectAltName=DNS:$host" -keyout "$work/key" -out "$work/cert" 2> /dev/null

cat > "$work/nginx.conf" <<EOF
daemon off; master_process off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.log;
events { worker_connections 64; }
http {
    access_log off; default_type text/plain; sendfile on; tcp_nopush on;
    client_body_temp_path $work/tmp; proxy_temp_path $work/tmp; fastcgi_temp_path $work/tmp;
    uwsgi_temp_path $work/tmp; scgi_temp_path $work/tmp;
    server {
        listen 80 fastopen=16; listen [::]:80; listen 443 ssl; server_name $host; root $work/www;
        ssl_certificate $work/cert; ssl_certificate_key $work/key;
        ssl_protocols TLSv1.2 TLSv1.3;
        location /post { return 200 "thank you\n"; }
    }
}
EOF
cat > "$work/vsftpd.conf" <<EOF
listen=YES
background=NO
anonymous_enable=YES
anon_root=$work/ftp
no_anon_password=YES
secure_chroot_dir=$work/empty
seccomp_sandbox=NO
isolate_network=NO
isolate=NO
connect_from_port_20=YES
EOF
serve nginx -c "$work/nginx.conf" -e "$work/nginx.log"
serve smtp-sink -u nobody "inet:$server:25" 16
serve vsftpd "$work/vsftpd.conf"
serve openssl s_server -accept 4433 -cert "$work/cert" -key "$work/key" -WWW -alpn http/1.1
serve socat TCP-LISTEN:7001,fork,reuseaddr EXEC:sort
serve socat -u TCP-LISTEN:7002,fork,reuseaddr OPEN:/dev/null
serve socat -U TCP-LISTEN:7003,fork,reuseaddr OPEN:"$work/www/middle"
tune $sns net.ipv4.ip_no_pmtu_disc=1 # a listener keeps what holds when it is made: no DF
serve socat -U TCP-LISTEN:7004,fork,reuseaddr OPEN:"$work/www/middle"
sleep 1
tune $sns net.ipv4.ip_no_pmtu_disc=0

# --- one capture ---------------------------------------------------------------------------------

# record FILE.EXT VIEW FUNCTION "PROGRAMS" "WHAT IT EXERCISES" [RELAY OPTION...]
# Runs FUNCTION between relay start and stop. VIEW: client, server, or both (FILE-client, -server).
record() {
    local file=$1 view=$2 run=$3 programs=$4 what=$5
    shift 5
    local options="$*" ends=() files=() recorded
    case $view in
    both) files=("${file%.*}-client.${file##*.}" "${file%.*}-server.${file##*.}")
        ends=(--client-view "$work/${files[0]}" --server-view "$work/${files[1]}") ;;
    *) files=("$file"); ends=("--$view-view" "$work/$file") ;;
    esac
    [ "$wanted" = "  " ] || [[ "$wanted" == *" ${file%.*} "* ]] || return 0
    rm -f "$work/ready"
    mkfifo "$work/ready"
    "$work/relay" --client $cns:tapc --server $sns:taps "${ends[@]}" "$@" > "$work/ready" &
    relay_pid=$!
    read -r -t 5 < "$work/ready" || die "$file: the relay did not start"
    sleep 0.3
    $run > "$work/output" 2>&1 || die "$file: $run failed: $(tail -3 "$work/output")"
    drain
    sleep 0.2
    kill $relay_pid
    wait $relay_pid || die "$file: the relay failed"
    relay_pid=
    for recorded in "${files[@]}"; do
        mv "$work/$recorded" "$here/$recorded"
        chmod 644 "$here/$recorded"
        rows+="| $recorded | $programs | \`${options:-none}\` | $what | $run, line ${BASH_LINENO[0]} |"
        rows+=$'\n'
        echo "$recorded $(stat -c %s "$here/$recorded")"
    done
}

get() { on_client curl -sS --max-time 15 -o "$work/got" "$@"; }
# Waits until every connection has ended on both sides: what is lost is sent again, at most 15 s.
drain() {
    local i
    for i in $(seq 150); do
        [ -n "$(on_client ss -Htn state connected exclude time-wait
            on_server ss -Htn state connected exclude time-wait)" ] || return 0
        sleep 0.1
    done
}
same() { cmp "$work/got" "$work/www/$1"; }

# --- what is run ---------------------------------------------------------------------------------

http_small() {
    get http://$server/small http://$server/middle
    same middle
    get --data-binary @"$work/upload" http://$server/post
}
http_one() { get http://$server/small && same small; }
http_slow_head() { # the head in three pieces, the name cut in two
    (printf 'GET /small HTTP/1.1\r\nHost: www.slu'; sleep 0.2; printf 'ice.example\r\n'; sleep 0.2
        printf 'Connection: close\r\n\r\n'; sleep 0.3) |
        on_client socat -t 2 - TCP:$server:80,nodelay > "$work/got"
}
small_segments() { # a ClientHello over several segments
    ip -n $sns route change 192.0.2.0/24 dev taps src $server advmss 120
    ip -n $cns route change 192.0.2.0/24 dev tapc src $client advmss 120
    tls --tlsv1.3
    get --resolve $host:80:$server http://$host/small && same small
    ip -n $sns route change 192.0.2.0/24 dev taps src $server advmss 0
    ip -n $cns route change 192.0.2.0/24 dev tapc src $client advmss 0
}
http_middle() { get http://$server/middle && same middle; }
http_large() { get http://$server/large && same large; }
http_both() { get http://$server/small && get "http://[$server6]/small"; }
http_six() {
    get "http://[$server6]/small" "http://[$server6]/middle"
    get --data-binary @"$work/upload" "http://[$server6]/post"
}
http_parallel() {
    on_client curl -sS -Z --parallel-immediate --max-time 15 \
        $(for i in 1 2 3 4 5 6; do echo "-o /dev/null http://$server/middle?$i"; done)
}
http_refused() { ! get http://$server:81/ && http_one; }
http_abort() { on_client curl -sS http://$server/large | head -c 2000 > "$work/got" || true; }
http_fastopen() { for i in 1 2 3; do get --tcp-fastopen http://$server/small && same small; done; }
http_same_port() {
    for i in 1 2; do
        get --http1.0 -H 'Connection: close' --local-port 41000 http://$server/small && same small
        sleep 0.2
    done
}
http_slow_reader() {
    tune $cns net.ipv4.tcp_rmem="4096 6000 6000"
    get --limit-rate 12000 http://$server/middle && same middle
    tune $cns net.ipv4.tcp_rmem="4096 131072 6291456"
}
without_df() {
    tune $cns net.ipv4.ip_no_pmtu_disc=1
    on_client socat -u TCP:$server:7004 OPEN:"$work/got",creat,trunc && same middle
    get --data-binary @"$work/upload" http://$server/post
    tune $cns net.ipv4.ip_no_pmtu_disc=0
}
tls() { get --cacert "$work/cert" --resolve $host:443:$server "$@" https://$host/small && same small; }
tls13() { tls --tlsv1.3; }
tls12() { tls --tls-max 1.2; }
tls_openssl() {
    (printf 'GET /www/small HTTP/1.0\r\n\r\n'; sleep 0.5) | on_client openssl s_client -quiet \
        -connect $server:4433 -servername $host -alpn h2,http/1.1 -CAfile "$work/cert" > "$work/got"
}
mail() {
    on_client curl -sS --max-time 15 --url smtp://$server --mail-from a@$host --mail-rcpt b@$host \
        --upload-file "$work/mail"
    on_client smtp-source -s 2 -m 4 -l 3000 -f a@$host -t b@$host $server:25
}
ftp() {
    get ftp://$server/small && same small
    get --ftp-port - ftp://$server/middle && same middle
}
half_close() { on_client socat -t 5 - TCP:$server:7001 < "$work/upload"; }
one_way_up() { on_client socat -u OPEN:"$work/www/middle" TCP:$server:7002; }
one_way_down() { on_client socat -u TCP:$server:7003 OPEN:"$work/got",creat,trunc && same middle; }
small_writes() {
    tune $cns net.ipv4.tcp_sack=0 net.ipv4.tcp_retrans_collapse=1
    seq -f 'a small write, number %g' 1 400 |
        perl -pe 'BEGIN { $| = 1 } select undef, undef, undef, 0.002' |
        on_client socat -u -b 64 - TCP:$server:7002,nodelay
    tune $cns net.ipv4.tcp_sack=1
}
urgent() {
    on_client perl -MSocket -e '
        socket S, PF_INET, SOCK_STREAM, 0 or die;
        connect S, sockaddr_in(7001, inet_aton(shift)) or die;
        for (1 .. 5) {
            send S, "line $_ before\n", 0; select undef, undef, undef, 0.02;
            send S, "!", MSG_OOB; select undef, undef, undef, 0.02;
            send S, "line $_ behind\n", 0;
        }
        shutdown S, 1; 1 while sysread S, $x, 100;' $server
}
idle() {
    (echo one; sleep 3.5; echo two) |
        on_client socat -t 5 - TCP:$server:7001,keepalive,keepidle=1,keepintvl=1
}
both_connect() {
    on_server socat -u - TCP:$client:7010,sourceport=7011,connect-timeout=5 < "$work/upload" &
    local peer=$!
    on_client socat -u TCP:$server:7011,sourceport=7010,connect-timeout=5 OPEN:"$work/got",creat,trunc
    wait $peer
    cmp "$work/got" "$work/upload"
}

# --- the captures --------------------------------------------------------------------------------

. "$here/record/list.sh"
[ "$wanted" = "  " ] || exit 0

version() { dpkg-query -W -f '${Package} ${Version}\n' "$@"; }
{
    sed 's/^# //; s/^#$//' "$here/record/provenance.txt"
    echo
    echo "Recorded $(date -u +%Y-%m-%d) by \`record.sh\`, Linux $(uname -r | sed 's/-.*//')" \
        "($(ip netns exec $sns sysctl -n net.ipv4.tcp_congestion_control)), with:"
    echo
    version nginx-light curl openssl postfix vsftpd socat perl-base coreutils | sed 's/^/- /'
    echo
    echo "| file | programs | relay | what it exercises | made by |"
    echo "|---|---|---|---|---|"
    printf %s "$rows"
} > "$here/PROVENANCE.md"
