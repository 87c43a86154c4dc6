/* SPDX-License-Identifier: MIT */
/* A breach: a floor of the lab saw a rule broken or an outcome go wrong. The floors only say so;
 * check/ decides what it means (severity, text, advice) from its table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct sim;

struct sim_breach {
    const char *rule;     /* "R61", or an outcome: "LEAK", "LOST", "CRASH", "HANG", "STACK" */
    const char *function; /* the API or function concerned, literal, or NULL */
    const char *detail;   /* one line for people, or NULL; copied by the receiver */
    uint32_t tag;         /* pool tag, 0 when none */
    uint64_t flow;        /* flow handle, 0 when none */
    uint32_t classify;    /* number of the classify of this flow, from 1; 0 when none */
    uint32_t inject;      /* number of the inject call within that classify, from 1; 0 when none */
    uint32_t nbls;
    uint64_t bytes;
    const void *address; /* of driver code concerned, or NULL */
    uint64_t object;     /* what it is about: number of an NBL, address of a block; 0 when none */
    uint8_t direction;   /* 1 outbound, 2 inbound; 0 when none */
    bool has_offset;
    uint64_t offset;     /* in the direction's stream: the first byte concerned */
    const char *because; /* rule by whose breach this came about, as who tells knows; or NULL */
    const void *site;    /* driver code that made what it is about, or NULL */
    uint8_t left_irql;   /* the IRQL at which a function of the driver returned; 0: as it should */
    bool waits;          /* nothing but traffic to come would have ended it */
};

/* Hands the breach to the observer; the stack is that of the caller. Does nothing when nobody
 * listens. */
void sim_breach(struct sim *sim, const struct sim_breach *breach);

/* The common case: rule, function and a formatted line. */
void sim_breach_text(struct sim *sim, const char *rule, const char *function, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));
