/* SPDX-License-Identifier: MIT */
/* Scripts: the traffic and the events of a run as text, one step a line. `sluice check` has one of
 * its own; users write others (--script); a recorded run carries its script with it. SPEC.md has
 * the language. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAFFIC_SCRIPT_NAME  24
#define TRAFFIC_SCRIPT_STEPS 20000 /* at most */
#define TRAFFIC_SCRIPT_SIZE  (1u << 20)

enum traffic_step_kind {
    TRAFFIC_STEP_CONNECT,
    TRAFFIC_STEP_OPENING,
    TRAFFIC_STEP_RECEIVE,
    TRAFFIC_STEP_SEND,
    TRAFFIC_STEP_FIN,
    TRAFFIC_STEP_RESET,
    TRAFFIC_STEP_RUN,
    TRAFFIC_STEP_WAIT,
    TRAFFIC_STEP_CAPTURE,
    TRAFFIC_STEP_FLUSH,
    TRAFFIC_STEP_CLOSE,
    TRAFFIC_STEP_FILTERS,
    TRAFFIC_STEP_RULES,
    TRAFFIC_STEP_BFE,
    TRAFFIC_STEP_UNLOAD,
};

enum traffic_direction_word {
    TRAFFIC_WORD_IN = 1 << 0,
    TRAFFIC_WORD_OUT = 1 << 1,
};

/* What is said in a receive or send step. */
enum traffic_content {
    TRAFFIC_CONTENT_PATTERN, /* `bytes` of it; the same everywhere */
    TRAFFIC_CONTENT_ANY,     /* the pattern, 1 to `bytes` of it, as chosen */
    TRAFFIC_CONTENT_TEXT,    /* `text` */
    TRAFFIC_CONTENT_REQUEST, /* an HTTP request, a response, a TLS ClientHello, an SMTP banner */
    TRAFFIC_CONTENT_RESPONSE,
    TRAFFIC_CONTENT_HELLO,
    TRAFFIC_CONTENT_BANNER,
};

/* One step. A word that was not said is 0 or false. */
struct traffic_step {
    enum traffic_step_kind kind;
    unsigned line;                  /* of the text, from 1 */
    char flow[TRAFFIC_SCRIPT_NAME]; /* a connection, a group of them, or "*" */
    uint32_t count;                 /* connect: how many, 0: one without number; capture: flows */
    unsigned directions;            /* enum traffic_direction_word, or-ed */
    bool v4, v6;
    bool midstream, loopback;
    enum traffic_content content;
    uint32_t bytes;
    const char *text;   /* TRAFFIC_CONTENT_TEXT: `bytes` of it, any value */
    uint32_t segment;   /* 0: one NBL */
    uint32_t nbs, mdls; /* of each NBL, 0: one */
    uint32_t offset;    /* unused bytes in front, in the first MDL */
    bool nic;           /* the NIC's own buffers, not NETIO's copies */
    bool empty_head;    /* a zero-length MDL in front */
    bool fin, nopush, expedited, nodelay, part;
    uint32_t times;                    /* receive, send: so often, 0: once */
    bool shown, silent;                /* reset: told to callouts, or not; neither: as switched */
    uint64_t time;                     /* wait: 100 ns */
    uint32_t loss, reorder, duplicate; /* capture: segments of a million */
    uint32_t client, server;           /* capture: bytes */
    uint32_t interleave, batch;
    bool reset, begins; /* capture: flows end by RST; filters add, rules on, bfe start */
};

struct traffic_script;

/* Parses text (copied). NULL after filling `error`: "3:9: connect wants ...", line and column. */
struct traffic_script *traffic_script_parse(const char *text, size_t length, char *error,
                                            size_t size);
void traffic_script_free(struct traffic_script *script);

/* Steps of it: unload can be rehearsed before each, and each can be left out when a run is made
 * smaller. */
size_t traffic_script_steps(const struct traffic_script *script);

/* The text of step `index`, without its end of line. */
const char *traffic_script_text(const struct traffic_script *script, size_t index);

/* What it means. */
const struct traffic_step *traffic_script_step(const struct traffic_script *script, size_t index);
