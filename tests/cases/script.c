/* SPDX-License-Identifier: MIT */
/* Traffic scripts: lines become segments, segments become frames of a capture. */
#include "script.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS       16
#define TEXT_SIZE   (1u << 20)
#define SEGMENT_MAX 1460u
#define BEGIN       1767225600u /* 2026-01-01 */
#define STEP        1000u       /* microseconds */

#define FLAG_FIN    0x01u
#define FLAG_SYN    0x02u
#define FLAG_RST    0x04u
#define FLAG_PSH    0x08u
#define FLAG_ACK    0x10u
#define FLAG_URG    0x20u

struct flow {
    bool v6;
    uint16_t port;
    uint32_t isn[2];
    uint64_t next[2];                /* stream offsets, by sender: 0 the client */
    uint64_t early[2], early_end[2]; /* bytes that were sent too early */
    bool opened;
};

struct script {
    struct flow flows[FLOWS];
    unsigned flow;
    uint64_t time; /* microseconds since BEGIN */
    uint64_t step; /* microseconds from one segment to the next */
    pcap_dumper_t *out;
    unsigned line;
    uint8_t *text; /* of the present line */
    size_t text_length;
    char *error;
    size_t error_size;
};

static bool wrong(struct script *script, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool wrong(struct script *script, const char *format, ...)
{
    va_list arguments;
    int at = snprintf(script->error, script->error_size, "traffic, line %u: ", script->line);

    va_start(arguments, format);
    if (at > 0 && (size_t)at < script->error_size)
        vsnprintf(script->error + at, script->error_size - (size_t)at, format, arguments);
    va_end(arguments);
    return false;
}

static void put16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value >> 16);
    put16(to + 2, value & 0xffff);
}

static uint32_t sum(const uint8_t *bytes, size_t length, uint32_t so_far)
{
    for (size_t i = 0; i < length; i++)
        so_far += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
    return so_far;
}

static unsigned fold(uint32_t total)
{
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

/* Addresses 192.0.2.1 and .2, 2001:db8::1 and ::2: sender 0 is the client. */
static size_t write_ip(uint8_t *frame, bool v6, unsigned sender, size_t tcp_length)
{
    if (v6) {
        memset(frame, 0, 40);
        frame[0] = 0x60;
        put16(frame + 4, (unsigned)tcp_length);
        frame[6] = 6;
        frame[7] = 64;
        for (unsigned end = 0; end < 2; end++) {
            put32(frame + 8 + 16 * end, 0x20010db8);
            frame[23 + 16 * end] = (uint8_t)(end == 0 ? 1 + sender : 2 - sender);
        }
        return 40;
    }
    memset(frame, 0, 20);
    frame[0] = 0x45;
    put16(frame + 2, (unsigned)(20 + tcp_length));
    frame[6] = 0x40;
    frame[8] = 64;
    frame[9] = 6;
    put32(frame + 12, 0xc0000201 + sender);
    put32(frame + 16, 0xc0000202 - sender);
    put16(frame + 10, fold(sum(frame, 20, 0)));
    return 20;
}

static void write_segment(struct script *script, unsigned sender, unsigned flags, uint64_t offset,
                          const uint8_t *bytes, size_t length, unsigned urgent)
{
    struct flow *flow = &script->flows[script->flow];
    uint8_t frame[14 + 40 + 20 + SEGMENT_MAX] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    unsigned client_port = 40000 + script->flow, server_port = flow->port;
    size_t ip = write_ip(frame + 14, flow->v6, sender, 20 + length);
    uint8_t *tcp = frame + 14 + ip;

    put16(frame + 12, flow->v6 ? 0x86dd : 0x0800);
    memset(tcp, 0, 20);
    put16(tcp, sender == 0 ? client_port : server_port);
    put16(tcp + 2, sender == 0 ? server_port : client_port);
    put32(tcp + 4, flow->isn[sender] + (uint32_t)offset);
    if ((flags & FLAG_ACK) != 0)
        put32(tcp + 8, flow->isn[!sender] + 1 + (uint32_t)flow->next[!sender]);
    tcp[12] = 0x50;
    tcp[13] = (uint8_t)flags;
    put16(tcp + 14, 65535);
    put16(tcp + 18, urgent);
    if (length != 0)
        memcpy(tcp + 20, bytes, length);
    uint32_t total = sum(frame + 14 + (flow->v6 ? 8 : 12), flow->v6 ? 32 : 8, 0);
    total += 6 + (uint32_t)(20 + length);
    put16(tcp + 16, fold(sum(tcp, 20 + length, total)));
    struct pcap_pkthdr header = {
        .ts = {.tv_sec = BEGIN + (time_t)(script->time / 1000000),
               .tv_usec = (suseconds_t)(script->time % 1000000)},
        .caplen = (bpf_u_int32)(14 + ip + 20 + length),
        .len = (bpf_u_int32)(14 + ip + 20 + length),
    };
    pcap_dump((u_char *)script->out, &header, frame);
    script->time += script->step;
}

/* What the stream has without a hole; of bytes that were too early, those of one run are known. */
static void note_sent(struct flow *flow, unsigned sender, uint64_t begin, uint64_t end)
{
    uint64_t *early = &flow->early[sender], *early_end = &flow->early_end[sender];

    if (begin > flow->next[sender]) {
        bool apart = begin > *early_end || end < *early;
        *early = apart || begin < *early ? begin : *early;
        *early_end = apart || end > *early_end ? end : *early_end;
        return;
    }
    if (end > flow->next[sender])
        flow->next[sender] = end;
    if (*early <= flow->next[sender] && *early_end > flow->next[sender])
        flow->next[sender] = *early_end;
}

static void send_data(struct script *script, unsigned sender, uint64_t offset, const uint8_t *bytes,
                      size_t length, unsigned urgent)
{
    struct flow *flow = &script->flows[script->flow];

    write_segment(script, sender, FLAG_PSH | FLAG_ACK | (urgent != 0 ? FLAG_URG : 0), offset + 1,
                  bytes, length, urgent);
    note_sent(flow, sender, offset, offset + length);
    write_segment(script, !sender, FLAG_ACK, flow->next[!sender] + 1, NULL, 0, 0);
}

static void open_flow(struct script *script)
{
    struct flow *flow = &script->flows[script->flow];

    write_segment(script, 0, FLAG_SYN, 0, NULL, 0, 0);
    write_segment(script, 1, FLAG_SYN | FLAG_ACK, 0, NULL, 0, 0);
    write_segment(script, 0, FLAG_ACK, 1, NULL, 0, 0);
    flow->opened = true;
}

static void close_half(struct script *script, unsigned sender)
{
    struct flow *flow = &script->flows[script->flow];

    write_segment(script, sender, FLAG_FIN | FLAG_ACK, flow->next[sender] + 1, NULL, 0, 0);
    flow->next[sender]++; /* the FIN has a number of its own */
    write_segment(script, !sender, FLAG_ACK, flow->next[!sender] + 1, NULL, 0, 0);
}

/* A string with its escapes; gives the place behind it, NULL: it is none. */
static const char *read_string(struct script *script, const char *at)
{
    static const char names[] = "rnt0\"\\", values[] = "\r\n\t\0\"\\";
    size_t begin = script->text_length;

    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        char byte = *at++;
        if (byte == '\0' || byte == '\n' || script->text_length == TEXT_SIZE)
            return NULL;
        if (byte == '\\' && *at == 'x') {
            char digits[3] = {at[1], at[1] != '\0' ? at[2] : '\0', '\0'}, *end;
            byte = (char)strtoul(digits, &end, 16);
            if (end != digits + 2)
                return NULL;
            at += 3;
        } else if (byte == '\\') {
            const char *name = *at != '\0' ? strchr(names, *at++) : NULL;
            if (name == NULL)
                return NULL;
            byte = values[name - names];
        }
        script->text[script->text_length++] = (uint8_t)byte;
    }
    at++;
    if (*at != '*')
        return at;
    char *end;
    unsigned long times = strtoul(at + 1, &end, 10);
    size_t length = script->text_length - begin;
    if (end == at + 1 || times == 0 || length > TEXT_SIZE / times ||
        length * (times - 1) > TEXT_SIZE - script->text_length)
        return NULL;
    for (unsigned long i = 1; i < times; i++) {
        memcpy(script->text + script->text_length, script->text + begin, length);
        script->text_length += length;
    }
    return end;
}

static bool read_text(struct script *script, const char *at)
{
    script->text_length = 0;
    do {
        at = read_string(script, at);
        if (at == NULL)
            return wrong(script, "a string in double quotes is wanted");
        at += strspn(at, " ");
    } while (*at == '"');
    return *at == '\0' || wrong(script, "nothing may follow the text: %s", at);
}

/* "cut N", "at N", "urgent N", "skip N" or nothing, then the text. */
static bool send_line(struct script *script, unsigned sender, const char *at)
{
    struct flow *flow = &script->flows[script->flow];
    char word[8] = "";
    unsigned long number = 0;
    int used = 0;

    if (*at != '"') {
        if (sscanf(at, "%7[a-z] %lu %n", word, &number, &used) != 2)
            return wrong(script, "cut, at, urgent or skip and a number, or a text: %s", at);
        at += used;
    }
    if (strcmp(word, "skip") == 0) {
        flow->next[sender] += number;
        return true;
    }
    if (!read_text(script, at))
        return false;
    if (strcmp(word, "at") == 0 || strcmp(word, "urgent") == 0) {
        if (script->text_length > SEGMENT_MAX)
            return wrong(script, "a segment holds %u bytes", SEGMENT_MAX);
        bool urgent = word[0] == 'u';
        send_data(script, sender, urgent ? flow->next[sender] : number, script->text,
                  script->text_length, urgent ? (unsigned)number : 0);
        return true;
    }
    if (word[0] != '\0' && (strcmp(word, "cut") != 0 || number == 0 || number > SEGMENT_MAX))
        return wrong(script, "there is no \"%s %lu\"", word, number);
    size_t part = word[0] != '\0' ? number : SEGMENT_MAX;
    for (size_t done = 0; done < script->text_length; done += part) {
        size_t left = script->text_length - done;
        send_data(script, sender, flow->next[sender], script->text + done,
                  left < part ? left : part, 0);
    }
    return true;
}

static bool select_flow(struct script *script, const char *at)
{
    unsigned number, port = 0;

    if (sscanf(at, "%u %u", &number, &port) < 1 || number >= FLOWS || port > 65535)
        return wrong(script, "a connection's number below %u, and its port", FLOWS);
    script->flow = number;
    if (port != 0)
        script->flows[number].port = (uint16_t)port;
    return true;
}

static bool run_line(struct script *script, const char *line)
{
    const struct flow *flow = &script->flows[script->flow];
    unsigned long time;
    char end;

    if (*line == '\0' || *line == '#')
        return true;
    if (strncmp(line, "flow ", 5) == 0)
        return select_flow(script, line + 5);
    if (strcmp(line, "v6") == 0) {
        script->flows[script->flow].v6 = true;
        return !flow->opened || wrong(script, "v6 comes before open");
    }
    if (strcmp(line, "open") == 0) {
        open_flow(script);
        return true;
    }
    if (sscanf(line, "wait %lu", &time) == 1) {
        script->time += (uint64_t)time * 1000;
        return true;
    }
    if (sscanf(line, "step %lu", &time) == 1) {
        script->step = time;
        return true;
    }
    if (sscanf(line, "fin %c", &end) == 1 && (end == 'c' || end == 's')) {
        close_half(script, end == 's');
        return true;
    }
    if (sscanf(line, "rst %c", &end) == 1 && (end == 'c' || end == 's')) {
        write_segment(script, end == 's', FLAG_RST | FLAG_ACK, flow->next[end == 's'] + 1, NULL, 0,
                      0);
        return true;
    }
    if ((line[0] == 'c' || line[0] == 's') && line[1] == ' ')
        return send_line(script, line[0] == 's', line + 2);
    return wrong(script, "not understood: %s", line);
}

char *script_find(char *toml)
{
    static const char key[] = "\ntraffic = '''\n";
    char *begin = strstr(toml, key);

    if (begin == NULL)
        return NULL;
    begin += sizeof(key) - 1;
    char *end = strstr(begin, "\n'''");
    if (end == NULL)
        return NULL;
    *end = '\0';
    return begin;
}

bool script_write(const char *text, const char *capture, char *error, size_t size)
{
    struct script script = {
        .error = error, .error_size = size, .step = STEP, .text = malloc(TEXT_SIZE)};
    pcap_t *dead = pcap_open_dead(DLT_EN10MB, 65535);
    char *copy = strdup(text), *rest = copy;
    bool good = script.text != NULL && dead != NULL && copy != NULL;

    for (unsigned i = 0; i < FLOWS; i++) {
        script.flows[i].port = 80;
        script.flows[i].isn[0] = 1000 + i * 100000;
        script.flows[i].isn[1] = 5000000 + i * 100000;
    }
    if (good)
        script.out = pcap_dump_open(dead, capture);
    if (script.out == NULL) {
        snprintf(error, size, "%s: cannot be written", capture);
        good = false;
    }
    while (good && rest != NULL) {
        char *line = strsep(&rest, "\n");
        script.line++;
        line += strspn(line, " \t");
        for (size_t end = strlen(line); end > 0 && isspace((unsigned char)line[end - 1]); end--)
            line[end - 1] = '\0';
        good = run_line(&script, line);
    }
    if (script.out != NULL) {
        good = good && pcap_dump_flush(script.out) == 0;
        pcap_dump_close(script.out);
    }
    if (dead != NULL)
        pcap_close(dead);
    free(script.text);
    free(copy);
    return good;
}
