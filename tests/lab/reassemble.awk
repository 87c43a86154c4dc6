# SPDX-License-Identifier: MIT
# Behind reassemble.sh: judges flows by their segments, writes the streams of the complete ones.
# Input: a line a segment (fields as asked for in reassemble.sh), then tshark's "follow" blocks.

BEGIN {
    for (i = 0; i < 256; i++) byte[sprintf("%02x", i)] = sprintf("%c", i)
    digits = "0123456789abcdef"
}

function number(hex,    i, n) { # "0x0012"
    n = 0
    for (i = 3; i <= length(hex); i++) n = n * 16 + index(digits, substr(hex, i, 1)) - 1
    return n
}
function bit(value, which) { return int(value / which) % 2 }
function past(a, b) { return (a - b + 4294967296) % 4294967296 } # sequence numbers, b before a

# --- segments ------------------------------------------------------------------------------------

!following && NF > 8 {
    stream = $1
    source = $2 $3; target = $5 $6
    flags = number($8)
    syn = bit(flags, 2); ack = bit(flags, 16)
    end = source " " $4
    if (!(stream in first)) {
        order[++flows] = stream
        first[stream] = end
        other[stream] = target " " $7
    }
    if (syn && !(stream in client)) client[stream] = ack ? target " " $7 : end
    side = end == first[stream] ? 0 : 1
    key = stream SUBSEP side
    if (syn) { isn[key] = $9; hassyn[key] = 1 }
    n = ++count[key]
    seq[key, n] = (syn ? ($9 + 1) % 4294967296 : $9)
    len[key, n] = $11
    hex[key, n] = $12
    fin[key, n] = bit(flags, 1)
    if (ack && !bit(flags, 4)) { # a RST may acknowledge anything
        n = ++acks[key]
        acked[key, n] = $10
    }
    if (length($12) < 2 * $11) cut[stream] = 1
    if (bit(flags, 4)) rst[stream] = 1
    else if ($11 > 0 && (stream in rst)) late[stream] = 1
    next
}

# --- streams -------------------------------------------------------------------------------------

/^=====/ { following = 1; next }
/^Filter: tcp.stream eq / { follow = substr($0, 23) + 0; next }
/^Node 0: / { node[follow] = substr($0, 9); gsub(/[][]/, "", node[follow]); next }
/^(Follow|Node 1): / || !following || !length($0) { next }
{
    reply = substr($0, 1, 1) == "\t"
    k = follow SUBSEP reply
    parts[k]++
    part[k, parts[k]] = reply ? substr($0, 2) : $0
}

function join(k,    i, n, m) { # pairwise, so that a long stream is not copied for each part
    n = parts[k] + 0
    while (n > 1) {
        m = 0
        for (i = 1; i <= n; i += 2)
            part[k, ++m] = i < n ? part[k, i] part[k, i + 1] : part[k, i]
        n = m
    }
    return n ? part[k, 1] : ""
}

# --- judgement -----------------------------------------------------------------------------------

# Bytes without a hole from the SYN on; `reach` gets the end of what is known to have been sent.
function contiguous(key, peer,    i, n, next_, from, to, progress, base, a) {
    base = (isn[key] + 1) % 4294967296
    reach = 0; next_ = 0
    n = count[key] + 0
    for (i = 1; i <= n; i++) {
        from = past(seq[key, i], base)
        if (from >= 2147483648) from -= 4294967296 # keep-alive probes lie before the first byte
        start[i] = from
        if (len[key, i] > 0 && from + len[key, i] > reach) reach = from + len[key, i]
    }
    do {
        progress = 0
        for (i = 1; i <= n; i++) {
            to = start[i] + len[key, i]
            if (start[i] <= next_ && to > next_) { next_ = to; progress = 1 }
        }
    } while (progress)
    finish = -1
    for (i = 1; i <= n; i++)
        if (fin[key, i]) {
            if (start[i] + len[key, i] > finish) finish = start[i] + len[key, i]
        }
    if (finish > reach) reach = finish
    for (i = 1; i <= acks[peer]; i++) {
        a = past(acked[peer, i], base)
        if (a >= 2147483648) continue
        if (a > reach && !(finish >= 0 && a == finish + 1)) reach = a
    }
    return next_
}

# Every segment against the stream that follow made of them all.
function agrees(key, text,    i, n, from, skip) {
    n = count[key] + 0
    for (i = 1; i <= n; i++) {
        if (len[key, i] == 0) continue
        from = past(seq[key, i], (isn[key] + 1) % 4294967296)
        skip = 0
        if (from >= 2147483648) { skip = 4294967296 - from; from = 0 }
        if (skip >= len[key, i]) continue
        if (substr(text, 2 * from + 1, 2 * (len[key, i] - skip)) != substr(hex[key, i], 2 * skip + 1))
            return 0
    }
    return 1
}

function judge(s,    a, b) {
    a = s SUBSEP 0; b = s SUBSEP 1
    if (!hassyn[a] || !hassyn[b]) return "no-syn"
    if (s in cut) return "truncated"
    size[0] = contiguous(a, b); if (reach > size[0]) return "gap"
    size[1] = contiguous(b, a); if (reach > size[1]) return "gap"
    if (s in late) return "reset"
    if (length(text[0]) != 2 * size[0] || length(text[1]) != 2 * size[1]) return "follow"
    if (!agrees(a, text[0]) || !agrees(b, text[1])) return "conflict"
    return "complete"
}

function spill(file, text,    i, n, line) {
    printf "" > file
    n = length(text)
    for (i = 1; i <= n; i += 2) {
        line = line byte[substr(text, i, 2)]
        if (i % 512 == 1) { printf "%s", line > file; line = "" }
    }
    printf "%s", line > file
    close(file)
}

function port(end) { return substr(end, index(end, " ") + 1) + 0 }

END {
    table = out "/flows.tsv"
    printf "" > table
    for (f = 1; f <= flows; f++) {
        s = order[f]
        if (!(s in client)) client[s] = port(first[s]) >= port(other[s]) ? first[s] : other[s]
        swap = client[s] != first[s]
        name = swap ? other[s] "-" first[s] : first[s] "-" other[s]
        gsub(/ /, "_", name)
        if (++seen[name] > 1) name = name "~" seen[name]

        # follow's node 0 is one of the two ends; text[0] is what first[] sent
        at = first[s]; sub(/ /, ":", at)
        turned = node[s] != at
        text[turned ? 1 : 0] = join(s SUBSEP 0)
        text[turned ? 0 : 1] = join(s SUBSEP 1)

        state = judge(s)
        if (state == "complete") {
            spill(out "/" name ".c2s", text[swap ? 1 : 0])
            spill(out "/" name ".s2c", text[swap ? 0 : 1])
        }
        print name "\t" state "\t" int(length(text[swap ? 1 : 0]) / 2) "\t" \
            int(length(text[swap ? 0 : 1]) / 2) > table
    }
    close(table)
}
