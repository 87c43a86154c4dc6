/* SPDX-License-Identifier: MIT */
/* Conversations and rules, by seed. */
#include "test_rules_lab_traffic.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What rules look for, whole and in parts. */
static const char *const pieces[] = {
    "EVIL",   "PATTERN", "EVILPAT", "secret",    "sec",    "ret",   "alpha", "beta",
    "alp",    "omega",   "begin",   "end",       "x123y",  "x9",    "y",     "abab",
    "ab",     "needle",  "needl",   "deadbeef",  "dead",   "\r\n",  " ",     "aaa",
    "a",      "MALWARE", "MALWAR",  "E",         "one",    "two",   "three", "0123456789",
    "Lorem ", "ipsum ",  "dolor ",  "sit amet ", "admin/", "evil/",
};

/* Rules of which a set takes some. Sid: the number of the line. */
static const char *const rules[] = {
    "drop tcp any any -> any any (content:\"EVILPATTERN\"; ",
    "drop tcp any any -> any any (content:\"alpha\"; content:\"beta\"; distance:1; within:12; ",
    "drop tcp any any -> any any (content:\"begin\"; content:\"end\"; distance:3; "
    "content:\"omega\"; distance:0; ",
    "drop tcp any any -> any any (content:\"deadbeef\"; pcre:\"/^(one|two)+three/R\"; ",
    "drop tcp any any -> any any (pcre:\"/x[0-9]{2,5}y[^\\r\\n]{1,6}MALWARE/\"; ",
    "drop http any any -> any any (http.uri; content:\"/evil/\"; ",
    "drop http any any -> any any (file_data; content:\"MALWARE\"; ",
    "reject http any any -> any any (file_data; content:\"needle\"; content:\"secret\"; "
    "distance:0; within:30; ",
    "drop smtp any any -> any any (content:\"RCPT TO\"; nocase; content:\"evil\"; distance:0; "
    "within:20; ",
    "drop smtp any any -> any any (file_data; content:\"alpha\"; content:\"beta\"; distance:0; ",
    "alert tcp any any -> any any (content:\"secret\"; replace:\"public key\"; ",
    "alert tcp any any -> any any (content:\"ababab\"; replace:\"-\"; ",
    "alert tcp any any -> any any (content:\"alpha\"; content:\"beta\"; distance:0; ",
    "alert tcp any any -> any any (content:\"needle\"; content:!\"secret\"; within:10; ",
    "alert tcp any any -> any any (pcre:\"/x[0-9]+y/\"; ",
    "alert tcp any any -> any any (pcre:\"/(one|two){2,4}(three)?end/i\"; ",
    "alert tcp any any -> any any (content:\"a\"; content:\"b\"; distance:0; within:1; "
    "content:\"aaa\"; distance:0; within:40; ",
    "alert http any any -> any any (http.uri; content:\"admin/\"; nocase; ",
    "alert http any any -> any any (http.header; content:\"needle\"; ",
    "alert http any any -> any any (file_data; content:\"begin\"; content:\"end\"; distance:0; ",
    "alert http any any -> any any (http.method; content:\"POST\"; http.request_body; "
    "content:\"one\"; content:\"two\"; distance:0; ",
    "alert http any any -> any any (http.stat_code; content:\"404\"; file_data; "
    "content:\"omega\"; ",
    "alert smtp any any -> any any (content:\"MAIL FROM\"; nocase; ",
    "alert smtp any any -> any any (file_data; content:\"Lorem ipsum\"; ",
    "alert tcp any any -> any any (content:\"one\"; flowbits:set,seen; ",
    "alert tcp any any -> any any (flowbits:isset,seen; content:\"two\"; ",
    "alert tcp any any -> any any (content:\"dead\"; byte_test:1,>,96,0,relative; ",
};

uint32_t conversation_draw(uint64_t *seed, uint32_t below)
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15ull;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return (uint32_t)(z >> 16) % below;
}

static void say(struct conversation *c, unsigned from, const void *bytes, size_t length)
{
    if (length > CONVERSATION_BYTES - c->length[from])
        length = CONVERSATION_BYTES - c->length[from];
    memcpy(c->bytes[from] + c->length[from], bytes, length);
    c->length[from] += length;
}

static void say_text(struct conversation *c, unsigned from, const char *text)
{
    say(c, from, text, strlen(text));
}

/* Ends the turn. */
static void wait(struct conversation *c, unsigned from)
{
    if (c->turn_count < CONVERSATION_TURNS)
        c->turns[c->turn_count++] = (struct conversation_turn){(uint8_t)from, c->length[from]};
}

/* About `length` bytes of pieces; NUL-terminated. */
static size_t babble(uint64_t *seed, char *text, size_t size, size_t length)
{
    size_t used = 0;

    text[0] = '\0';
    while (used < length && used + 16 < size) {
        const char *piece = pieces[conversation_draw(seed, COUNT(pieces))];
        used += (size_t)snprintf(text + used, size - used, "%s", piece);
    }
    return used;
}

/* The same without what would end a line or a word. */
static void babble_word(uint64_t *seed, char *text, size_t size, size_t length)
{
    babble(seed, text, size, length);
    for (; *text != '\0'; text++) {
        if (*text <= ' ')
            *text = '-';
    }
}

static void make_random(struct conversation *c, uint64_t *seed)
{
    static const uint8_t first[] = {1, 2, 0xff, 3};
    char text[1024];

    say(c, 0, first, sizeof(first));
    say(c, 1, first, sizeof(first));
    for (unsigned turn = 2 + conversation_draw(seed, 6); turn > 0; turn--) {
        const unsigned from = turn % 2;
        const size_t length = babble(seed, text, sizeof(text), conversation_draw(seed, 700));
        say(c, from, text, length);
        for (unsigned i = conversation_draw(seed, 40); i > 0; i--) {
            const uint8_t byte = (uint8_t)conversation_draw(seed, 256);
            say(c, from, &byte, 1);
        }
        wait(c, from);
    }
}

static void say_body(struct conversation *c, unsigned from, uint64_t *seed, bool last)
{
    char body[1500], text[64];
    const size_t length = babble(seed, body, sizeof(body), conversation_draw(seed, 900));

    if (last) { /* to the connection's end */
        say_text(c, from, "\r\n");
        say(c, from, body, length);
    } else if (conversation_draw(seed, 2) == 0) {
        snprintf(text, sizeof(text), "Content-Length: %zu\r\n\r\n", length);
        say_text(c, from, text);
        say(c, from, body, length);
    } else {
        say_text(c, from, "Transfer-Encoding: chunked\r\n\r\n");
        for (size_t at = 0, step; at < length; at += step) {
            step = 1 + conversation_draw(seed, 60);
            step = step < length - at ? step : length - at;
            snprintf(text, sizeof(text), "%zx\r\n", step);
            say_text(c, from, text);
            say(c, from, body + at, step);
            say_text(c, from, "\r\n");
        }
        say_text(c, from, "0\r\n\r\n");
    }
}

static void make_http(struct conversation *c, uint64_t *seed)
{
    char text[512], word[96];

    for (unsigned turn = 1 + conversation_draw(seed, 3); turn > 0; turn--) {
        const unsigned pipelined = 1 + conversation_draw(seed, 3);
        for (unsigned i = 0; i < pipelined; i++) {
            const bool post = conversation_draw(seed, 3) == 0;
            babble_word(seed, word, sizeof(word), conversation_draw(seed, 24));
            snprintf(text, sizeof(text), "%s /%s HTTP/1.1\r\nHost: www.sluice.example\r\nX-Word: ",
                     post ? "POST" : "GET", word);
            say_text(c, 0, text);
            babble_word(seed, word, sizeof(word), conversation_draw(seed, 24));
            say_text(c, 0, word);
            say_text(c, 0, "\r\n");
            if (post)
                say_body(c, 0, seed, false);
            else
                say_text(c, 0, "\r\n");
        }
        wait(c, 0);
        for (unsigned i = 0; i < pipelined; i++) {
            const bool last = turn == 1 && i + 1 == pipelined && conversation_draw(seed, 2) == 0;
            babble_word(seed, word, sizeof(word), conversation_draw(seed, 24));
            snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nX-Word: %s\r\n",
                     conversation_draw(seed, 4) == 0 ? "404 Not Found" : "200 OK", word);
            say_text(c, 1, text);
            say_body(c, 1, seed, last);
        }
        wait(c, 1);
    }
}

static void answer(struct conversation *c, const char *text)
{
    wait(c, 0);
    say_text(c, 1, text);
    wait(c, 1);
}

static void make_smtp(struct conversation *c, uint64_t *seed)
{
    char text[512], word[64];

    answer(c, "220 mail.sluice.example ESMTP\r\n");
    say_text(c, 0, "EHLO client.sluice.example\r\n");
    answer(c, "250-mail.sluice.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
    for (unsigned mail = 1 + conversation_draw(seed, 2); mail > 0; mail--) {
        const bool together = conversation_draw(seed, 2) == 0;
        say_text(c, 0, "MAIL FROM:<one@sluice.example>\r\n");
        if (!together)
            answer(c, "250 OK\r\n");
        babble_word(seed, word, sizeof(word), conversation_draw(seed, 20));
        snprintf(text, sizeof(text), "RCPT TO:<%s@sluice.example>\r\n",
                 conversation_draw(seed, 6) == 0 ? "evil" : "good");
        say_text(c, 0, text);
        if (!together)
            answer(c, "250 OK\r\n");
        say_text(c, 0, "DATA\r\n");
        answer(c, together ? "250 OK\r\n250 OK\r\n354 go on\r\n" : "354 go on\r\n");
        snprintf(text, sizeof(text), "Subject: %s\r\n\r\n", word);
        say_text(c, 0, text);
        for (unsigned line = conversation_draw(seed, 12); line > 0; line--) {
            babble_word(seed, word, sizeof(word), conversation_draw(seed, 50));
            snprintf(text, sizeof(text), "%s%s\r\n", conversation_draw(seed, 8) == 0 ? ".." : "",
                     word);
            say_text(c, 0, text);
        }
        say_text(c, 0, ".\r\n");
        answer(c, "250 queued\r\n");
    }
    say_text(c, 0, "QUIT\r\n");
    answer(c, "221 bye\r\n");
}

void conversation_make(struct conversation *conversation, enum conversation_kind kind,
                       uint64_t seed)
{
    memset(conversation, 0, sizeof(*conversation));
    seed = seed * 31 + kind;
    switch (kind) {
    case CONVERSATION_HTTP:
        make_http(conversation, &seed);
        break;
    case CONVERSATION_SMTP:
        make_smtp(conversation, &seed);
        break;
    default:
        make_random(conversation, &seed);
    }
}

void conversation_rules(char text[CONVERSATION_RULES_SIZE], uint64_t seed)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < COUNT(rules); i++) {
        const bool blocks = strncmp(rules[i], "alert", 5) != 0;
        if (conversation_draw(&seed, blocks ? 4 : 2) == 0)
            used += (size_t)snprintf(text + used, CONVERSATION_RULES_SIZE - used, "%ssid:%zu;)\n",
                                     rules[i], i + 1);
    }
    if (used == 0)
        snprintf(text, CONVERSATION_RULES_SIZE, "%ssid:1;)\n", rules[0]);
}
