/* SPDX-License-Identifier: MIT */
/* What the matcher is measured with: generated literals and texts, the same in every run (those
 * made of this machine's files as far as its files are). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CORPUS_LITERAL_MAX 96u

struct corpus_literal {
    uint8_t bytes[CORPUS_LITERAL_MAX];
    uint32_t length;
    bool nocase;
};

/* Literals as rules have them: 35 % URIs, 20 % user agents, 25 % words of malware, 20 % byte
 * strings; a third of the texts nocase; 5 bytes or more. No two are equal. */
void corpus_literals(struct corpus_literal *literals, uint32_t count);

enum corpus_kind {
    CORPUS_HTTP,     /* generated requests and responses */
    CORPUS_HTML,     /* pages below /usr/share/doc; generated ones where there are none */
    CORPUS_BINARY,   /* shared objects below /usr/lib */
    CORPUS_HEADERS,  /* C headers below /usr/include */
    CORPUS_CAPTURES, /* payload of the TCP segments of the captures below $SLUICE_CAPTURES */
    CORPUS_RANDOM,
    CORPUS_BUT_LAST,  /* all literals without their last byte */
    CORPUS_BUT_FIRST, /* all literals without their first byte */
    CORPUS_LONGEST,   /* the longest literal without its last byte, again and again */
    CORPUS_TAIL,      /* the end that most literals share, again and again */
    CORPUS_KINDS,
};

const char *corpus_name(enum corpus_kind kind);
/* Fills `text`. False: nothing to make it of on this machine. */
bool corpus_fill(enum corpus_kind kind, const struct corpus_literal *literals, uint32_t count,
                 uint8_t *text, size_t length);
