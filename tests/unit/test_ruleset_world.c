/* SPDX-License-Identifier: MIT */
/* A rule set with something of everything and traffic for it. */
#include "test_ruleset_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/event.h"
#include "rules/compile.h"

#define OUTCOMES_MOST 100000u

static const char rules_text[] =
    "alert tcp any any -> any any (msg:\"one\"; flow:to_server; content:\"abc\"; sid:1;)\n"
    "drop tcp 10.0.0.0/8 any -> any [80,8000:8080] (flow:to_server; content:\"GET\"; nocase; "
    "content:\"x\"; "
    "distance:1; within:5; sid:2;)\n"
    "drop tcp any any -> any any (flow:to_server; content:\"aa\"; content:\"b\"; distance:-1; "
    "content:!\"c\"; within:3; content:\"d\"; distance:0; endswith; sid:3;)\n"
    "alert http any any -> any any (http.uri; content:\"/a\"; startswith; bsize:2<>9; "
    "http.method; content:\"GET\"; flowbits:set,seen; sid:4;)\n"
    "drop http any any -> any any (flow:to_server; file.data; content:\"MZ\"; depth:2; "
    "byte_test:2,>,100,2,relative; flowbits:isset,seen; sid:5;)\n"
    "alert tcp any any -> any any (flow:to_server; content:\"len\"; byte_jump:1,0,relative; "
    "content:\"z\"; distance:0; sid:6;)\n"
    "reject tcp any any <> any any (flow:to_server; pcre:\"/a[0-9]{2,4}b/\"; sid:7;)\n"
    "drop tcp any any -> any any (flow:to_client; pcre:\"/[ab]cd/\"; sid:8;)\n"
    "alert tcp any any -> any any (flow:to_server; content:\"q\"; pcre:\"/^r+s/R\"; threshold:type "
    "limit, track "
    "by_src, count 1, seconds 60; sid:9;)\n"
    "alert tcp any any -> any any (flow:to_server; content:\"ab\"; replace:\"XY\"; sid:10;)\n"
    "pass tcp 192.168.0.0/16 any -> any any (flow:to_server; content:\"pass\"; sid:11;)\n"
    "alert tls any any -> any any (tls.sni; dotprefix; content:\".evil\"; endswith; sid:12;)\n"
    "alert tcp any any -> any any (flow:to_server; content:\"n\"; isdataat:!2,relative; sid:13;)\n"
    "alert tcp any any -> any 25 (flow:to_server; flowbits:toggle,mail; noalert; sid:14;)\n"
    "alert tcp any any -> any any (flow:to_server; content:!\"never\"; sid:15;)\n"
    "drop tcp any any -> any any (flow:to_server; content:\"w\"; pcre:!\"/x.y/R\"; sid:16;)\n";

static void tell(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    fprintf(stderr, "%u:%u: %s\n", diagnostic->place.line, diagnostic->place.column,
            diagnostic->text);
}

/* Rule number `which`, from 1, or all of them. */
static size_t choose_rules(unsigned which, const char **begin)
{
    *begin = rules_text;
    if (which == 0)
        return sizeof rules_text - 1;
    while (--which != 0)
        *begin = strchr(*begin, '\n') + 1;
    return (size_t)(strchr(*begin, '\n') + 1 - *begin);
}

uint8_t *ruleset_world_make(unsigned which, size_t *size)
{
    const char *begin;
    const size_t length = choose_rules(which, &begin);
    struct rule_set *set = rule_set_parse_text("world.rules", begin, length, tell, NULL);
    uint8_t *blob = NULL;
    if (set == NULL || set->errors != 0 || !rules_compile(set, NULL, tell, NULL, &blob, size, NULL))
        blob = NULL;
    rule_set_free(set);
    return blob;
}

void ruleset_world_repair(uint8_t *blob, size_t size)
{
    struct ruleset_header_block header;
    memcpy(&header, blob, sizeof header);
    header.checksum = inspect_ruleset_checksum(blob, size);
    memcpy(blob, &header, sizeof header);
}

/* One message: a buffer of the head, then BODY and STREAM beside each other. */
struct message {
    struct inspect_scope scope;
    struct inspect_scope_view view;
    size_t outcomes;
};

static bool count(struct message *message, const struct inspect_outcome *outcome)
{
    if (outcome->kind == INSPECT_OUTCOME_NONE)
        return false;
    if (outcome->kind == INSPECT_OUTCOME_RULE &&
        outcome->rule >= message->view.ruleset->header->rules.count)
        abort();
    if (outcome->replacement_length != 0) {
        volatile uint8_t last = outcome->replacement[outcome->replacement_length - 1];
        (void)last;
    }
    if (++message->outcomes > OUTCOMES_MOST)
        abort(); /* told again and again */
    return true;
}

static void feed(struct message *message, enum inspect_buffer buffer, uint64_t stream,
                 const uint8_t *bytes, size_t length)
{
    struct inspect_outcome outcome;
    size_t used = 0;
    do {
        const size_t more =
            inspect_scope_feed(&message->scope, &message->view, buffer, stream + used, bytes + used,
                               length - used, &outcome);
        if (more > length - used)
            abort();
        used += more;
        (void)inspect_scope_hold(&message->scope, &message->view);
    } while (count(message, &outcome));
    if (used != length)
        abort();
}

static void run_buffer(struct message *message, enum inspect_buffer buffer, const uint8_t *bytes,
                       size_t length, size_t piece)
{
    struct inspect_outcome outcome;
    if (!inspect_scope_wants(&message->view, buffer))
        return;
    inspect_scope_open(&message->scope, &message->view, buffer);
    for (size_t at = 0; at < length; at += piece) {
        const size_t part = piece < length - at ? piece : length - at;
        feed(message, buffer, 1000 + at * 2, bytes + at, part);
    }
    do
        inspect_scope_close(&message->scope, &message->view, buffer, &outcome);
    while (count(message, &outcome));
}

size_t ruleset_world_run(const struct inspect_ruleset *ruleset, const uint8_t *bytes, size_t length)
{
    static const uint8_t client[16] = {10, 1, 2, 3}, server[16] = {192, 168, 1, 1};
    static uint64_t memory[256];
    const struct inspect_call call = {
        client, server, 1234, 80, 4, 1000, inspect_thresholds_init(memory, 16)};
    struct inspect_flowbits flowbits = {0};
    size_t outcomes = 0;
    for (unsigned direction = 0; direction < 2; direction++) {
        struct message message = {
            .view = {ruleset, &call, &flowbits, (uint8_t)direction, INSPECT_PROTOCOL_HTTP}};
        struct inspect_outcome outcome;
        inspect_scope_begin(&message.scope, 1000);
        do
            inspect_scope_bare(&message.scope, &message.view, 1000, &outcome);
        while (count(&message, &outcome));
        (void)inspect_scope_holds_head(&message.view, INSPECT_PROTOCOL_HTTP);
        for (unsigned buffer = 2; buffer < INSPECT_BUFFERS; buffer++)
            run_buffer(&message, (enum inspect_buffer)buffer, bytes, length, 7);
        do
            inspect_scope_head_end(&message.scope, &message.view, 1000 + length, &outcome);
        while (count(&message, &outcome));
        run_buffer(&message, INSPECT_BUFFER_BODY, bytes, length, 5);
        run_buffer(&message, INSPECT_BUFFER_STREAM, bytes, length, 1);
        outcomes += message.outcomes;
    }
    return outcomes;
}
