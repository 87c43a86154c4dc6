/* SPDX-License-Identifier: MIT */
/* Conversations in which rules find something, and rules that look for it, by seed. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CONVERSATION_BYTES 16384u
#define CONVERSATION_TURNS 64u

enum conversation_kind {
    CONVERSATION_RANDOM, /* of no known protocol */
    CONVERSATION_HTTP,   /* pipelined requests, bodies with a length, chunked and to the end */
    CONVERSATION_SMTP,   /* mails, commands one by one and together */
    CONVERSATION_KINDS,
};

/* What two ends say to each other. A turn is said when the one before it has arrived. */
struct conversation {
    uint8_t bytes[2][CONVERSATION_BYTES]; /* 0: the client's, 1: the server's */
    size_t length[2];
    unsigned turn_count;
    struct conversation_turn {
        uint8_t from;
        size_t end; /* of what that end has said by then */
    } turns[CONVERSATION_TURNS];
};

/* splitmix64. */
uint32_t conversation_draw(uint64_t *seed, uint32_t below);

void conversation_make(struct conversation *conversation, enum conversation_kind kind,
                       uint64_t seed);

/* A rule set, one rule a line. */
#define CONVERSATION_RULES_SIZE 8192u
void conversation_rules(char text[CONVERSATION_RULES_SIZE], uint64_t seed);
