/* SPDX-License-Identifier: MIT */
/* Good rules: what parsing makes of every keyword, in both styles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/keyword.h"
#include "rules/regex.h"
#include "unit/test_rules_told.h"

static void test_head(void **state)
{
    (void)state;
    static const struct {
        const char *action, *protocol;
        enum rule_action wanted;
        enum rule_protocol wanted_protocol;
        size_t warnings;
    } rows[] = {
        {"alert", "tcp", RULE_ALERT, RULE_PROTOCOL_TCP, 0},
        {"pass", "http", RULE_PASS, RULE_PROTOCOL_HTTP, 0},
        {"drop", "tls", RULE_DROP, RULE_PROTOCOL_TLS, 0},
        {"reject", "smtp", RULE_REJECT, RULE_PROTOCOL_SMTP, 0},
        {"rejectsrc", "ftp", RULE_REJECT, RULE_PROTOCOL_FTP, 1},
        {"rejectdst", "ssh", RULE_REJECT, RULE_PROTOCOL_SSH, 1},
        {"rejectboth", "ip", RULE_REJECT, RULE_PROTOCOL_TCP, 1},
        {"ALERT", "TCP", RULE_ALERT, RULE_PROTOCOL_TCP, 0},
        {"alert", "tcp-stream", RULE_ALERT, RULE_PROTOCOL_TCP, 0},
        {"alert", "tcp-pkt", RULE_ALERT, RULE_PROTOCOL_TCP, 1},
        {"alert", "http1", RULE_ALERT, RULE_PROTOCOL_HTTP, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct told_rules rules;
        snprintf(text, sizeof(text), "%s %s any any %s any any (sid:%zu;)", rows[i].action,
                 rows[i].protocol, i % 2 == 0 ? "->" : "<>", i + 1);
        told_parse(&rules, text);
        assert_int_equal(rules.set->errors, 0);
        assert_int_equal(rules.set->warnings, rows[i].warnings);
        assert_int_equal(rules.set->count, 1);
        const struct rule *rule = &rules.set->rules[0];
        assert_int_equal(rule->action, rows[i].wanted);
        assert_int_equal(rule->protocol, rows[i].wanted_protocol);
        assert_int_equal(rule->bidirectional, i % 2);
        assert_true(rule->source.any && rule->destination.any);
        assert_true(rule->source_ports.any && rule->destination_ports.any);
        assert_string_equal(rule->text, text);
        told_free(&rules);
    }
}

static void test_meta(void **state)
{
    (void)state;
    struct told_rules rules;
    const struct rule *rule = told_options(
        &rules, "msg:\"a \\\"b\\\"\\; c\\\\d\\:\"; gid:3; rev:0x10; classtype:misc-attack;"
                "reference:url,example.com/a,b; reference: cve , 2020-1;"
                "metadata: affected_product Windows, solo ; metadata:x y z; target:dest_ip;");
    assert_string_equal(rule->message, "a \"b\"; c\\d:");
    assert_int_equal(rule->gid, 3);
    assert_int_equal(rule->sid, 1);
    assert_int_equal(rule->rev, 16);
    assert_string_equal(rule->classtype, "misc-attack");
    assert_string_equal(rule->category, "Misc Attack");
    assert_int_equal(rule->priority, 2);
    assert_string_equal(rule->target, "dest_ip");
    assert_int_equal(rule->reference_count, 2);
    assert_string_equal(rule->references[0].key, "url");
    assert_string_equal(rule->references[0].value, "example.com/a,b");
    assert_string_equal(rule->references[1].key, "cve");
    assert_string_equal(rule->references[1].value, "2020-1");
    assert_int_equal(rule->metadata_count, 3);
    assert_string_equal(rule->metadata[0].key, "affected_product");
    assert_string_equal(rule->metadata[0].value, "Windows");
    assert_string_equal(rule->metadata[1].key, "solo");
    assert_string_equal(rule->metadata[1].value, "");
    assert_string_equal(rule->metadata[2].value, "y z");
    told_free(&rules);

    rule = told_options(&rules, "priority:9; classtype:misc-attack;");
    assert_int_equal(rule->priority, 9);
    assert_string_equal(rule->message, "");
    told_free(&rules);
    rule = told_options(&rules, "");
    assert_int_equal(rule->priority, 3);
    assert_int_equal(rule->gid, 1);
    assert_string_equal(rule->category, "");
    told_free(&rules);

    told_parse_good(&rules, "config classification: own-kind,Own Kind, 4\n"
                            "config classification: misc-attack,Otherwise,7\n"
                            "alert tcp any any -> any any (classtype:own-kind; sid:1;)\n"
                            "alert tcp any any -> any any (classtype:misc-attack; sid:2;)\n");
    assert_string_equal(rules.set->rules[0].category, "Own Kind");
    assert_int_equal(rules.set->rules[0].priority, 4);
    assert_int_equal(rules.set->rules[1].priority, 7);
    told_free(&rules);
}

static void test_flow(void **state)
{
    (void)state;
    struct told_rules rules;
    const struct rule *rule = told_options(&rules, "flow:established,to_server,only_stream;");
    assert_true(rule->established && rule->to_server && rule->only_stream);
    assert_false(rule->to_client || rule->stateless);
    told_free(&rules);
    rule = told_options(&rules, "flow: stateless , from_server;");
    assert_true(rule->stateless && rule->to_client);
    assert_false(rule->to_server || rule->established);
    told_free(&rules);
    rule = told_options(&rules, "flow:from_client; noalert;");
    assert_true(rule->to_server && rule->noalert);
    told_free(&rules);

    rule = told_options(&rules, "flowbits:set,a.b; flowbits:unset, c ; flowbits:toggle,d;"
                                "flowbits:isset,e|f; flowbits:isnotset, g | h; flowbits:noalert;");
    static const struct {
        enum rule_flowbit_command command;
        const char *name;
    } bits[] = {{RULE_FLOWBIT_SET, "a.b"},
                {RULE_FLOWBIT_UNSET, "c"},
                {RULE_FLOWBIT_TOGGLE, "d"},
                {RULE_FLOWBIT_ISSET, "e|f"},
                {RULE_FLOWBIT_ISNOTSET, "g|h"}};
    assert_true(rule->noalert);
    assert_int_equal(rule->flowbit_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(rule->flowbits[i].command, bits[i].command);
        assert_string_equal(rule->flowbits[i].name, bits[i].name);
    }
    told_free(&rules);

    rule = told_options(&rules, "threshold: type both, track by_dst, count 5, seconds 60;");
    assert_int_equal(rule->threshold.type, RULE_BOTH);
    assert_int_equal(rule->threshold.track, RULE_BY_DST);
    assert_int_equal(rule->threshold.count, 5);
    assert_int_equal(rule->threshold.seconds, 60);
    told_free(&rules);
    rule = told_options(&rules, "threshold:seconds 1,count 2,track by_both,type limit;");
    assert_int_equal(rule->threshold.type, RULE_LIMIT);
    assert_int_equal(rule->threshold.track, RULE_BY_BOTH);
    told_free(&rules);
    rule = told_options(&rules, "threshold:type threshold,track by_rule,count 2,seconds 3;");
    assert_int_equal(rule->threshold.type, RULE_THRESHOLD);
    assert_int_equal(rule->threshold.track, RULE_BY_RULE);
    told_free(&rules);
    assert_int_equal(told_options(&rules, "")->threshold.type, RULE_THRESHOLD_NONE);
    told_free(&rules);
}

static void test_content(void **state)
{
    (void)state;
    struct told_rules rules;
    const struct rule *rule = told_options(
        &rules, "content:\"a\\\"\\;\\:\\\\|0d 0A 7c41|:z\"; nocase; offset:3; depth:20;"
                "fast_pattern:only; rawbytes;"
                "content: ! \"b\"; distance:-4; within:0x10;"
                "content:\"c\"; startswith; endswith;");
    assert_int_equal(rule->option_count, 3);
    const struct rule_option *option = &rule->options[0];
    assert_int_equal(option->kind, RULE_CONTENT);
    assert_int_equal(option->buffer, INSPECT_BUFFER_STREAM);
    assert_false(option->negated);
    assert_int_equal(option->content.length, 11);
    assert_memory_equal(option->content.bytes, "a\";:\\\r\n|A:z", 11);
    assert_true(option->content.nocase && option->content.fast_pattern);
    assert_true(option->content.has_offset && option->content.has_depth);
    assert_int_equal(option->content.offset, 3);
    assert_int_equal(option->content.depth, 20);
    assert_false(option->content.has_distance || option->content.has_within);
    option = &rule->options[1];
    assert_true(option->negated);
    assert_true(option->content.has_distance && option->content.has_within);
    assert_int_equal(option->content.distance, -4);
    assert_int_equal(option->content.within, 16);
    option = &rule->options[2];
    assert_true(option->content.startswith && option->content.endswith);
    assert_false(option->negated || option->content.nocase);
    assert_int_equal(option->place.line, 1);
    assert_int_equal(option->place.length, 3);
    told_free(&rules);

    rule = told_options(&rules, "content:\"abc\"; replace:\"\";");
    assert_true(rule->options[0].content.has_replace);
    assert_int_equal(rule->options[0].content.replace_length, 0);
    told_free(&rules);
    rule = told_options(&rules, "content:\"abc\"; replace:\"x|00|y\";");
    assert_int_equal(rule->options[0].content.replace_length, 3);
    assert_memory_equal(rule->options[0].content.replace, "x\0y", 3);
    told_free(&rules);
}

static const struct rule_option *option_of(struct told_rules *rules, const char *options,
                                           size_t index, size_t count)
{
    const struct rule *rule = told_options(rules, options);
    assert_int_equal(rule->option_count, count);
    return &rule->options[index];
}

/* Every buffer keyword, sticky or modifier, leads to its buffer; so do pcre's letters. */
static void test_buffers(void **state)
{
    (void)state;
    const struct rules_keyword *keyword;
    struct told_rules rules;
    char text[256];
    size_t sticky = 0;
    size_t modifiers = 0;
    for (size_t i = 0; (keyword = rules_keyword_at(i)) != NULL; i++) {
        if (keyword->group == RULES_KEYWORD_BUFFER) {
            snprintf(text, sizeof(text), "%s; content:\"1\"; pcre:\"/2/R\"; bsize:>0;",
                     keyword->name);
            if (strcmp(keyword->name, "pkt_data") == 0) {
                continue;
            }
            sticky++;
        } else if (keyword->group == RULES_KEYWORD_MODIFIER) {
            snprintf(text, sizeof(text), "content:\"1\"; %s;", keyword->name);
            modifiers++;
        } else {
            continue;
        }
        const struct rule *rule = told_options(&rules, text);
        for (size_t k = 0; k < rule->option_count; k++) {
            assert_int_equal(rule->options[k].buffer, keyword->argument & 0xff);
        }
        bool only = (keyword->argument & RULES_BUFFER_HTTP_ONLY) != 0;
        assert_int_equal(rule->protocol, only ? RULE_PROTOCOL_HTTP : RULE_PROTOCOL_TCP);
        assert_int_equal(rule->to_server, only && (keyword->argument & RULES_BUFFER_TO_SERVER));
        assert_int_equal(rule->to_client, only && (keyword->argument & RULES_BUFFER_TO_CLIENT));
        told_free(&rules);
    }
    assert_true(sticky >= 26 && modifiers == 11);

    static const struct {
        char letter;
        enum inspect_buffer buffer;
    } letters[] = {
        {'U', INSPECT_BUFFER_HTTP_URI},      {'I', INSPECT_BUFFER_HTTP_URI_RAW},
        {'P', INSPECT_BUFFER_BODY},          {'Q', INSPECT_BUFFER_BODY},
        {'H', INSPECT_BUFFER_HTTP_HEADER},   {'M', INSPECT_BUFFER_HTTP_METHOD},
        {'C', INSPECT_BUFFER_HTTP_COOKIE},   {'S', INSPECT_BUFFER_HTTP_STAT_CODE},
        {'Y', INSPECT_BUFFER_HTTP_STAT_MSG}, {'V', INSPECT_BUFFER_HTTP_USER_AGENT},
        {'W', INSPECT_BUFFER_HTTP_HOST},     {'B', INSPECT_BUFFER_STREAM},
    };
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        snprintf(text, sizeof(text), "pcre:\"/a/i%c\";", letters[i].letter);
        assert_int_equal(option_of(&rules, text, 0, 1)->buffer, letters[i].buffer);
        told_free(&rules);
    }
}

/* Sticky buffers last until the next one, pkt_data leads back; dotprefix chooses the dotted form.
 */
static void test_sticky(void **state)
{
    (void)state;
    struct told_rules rules;
    const struct rule *rule =
        told_options(&rules, "content:\"0\"; tls.sni; content:\"1\"; content:\"2\"; distance:1;"
                             "tls_sni; dotprefix; content:\".3\"; pkt_data; content:\"4\";");
    static const enum inspect_buffer wanted[] = {
        INSPECT_BUFFER_STREAM, INSPECT_BUFFER_TLS_SNI, INSPECT_BUFFER_TLS_SNI,
        INSPECT_BUFFER_TLS_SNI_DOTTED, INSPECT_BUFFER_STREAM};
    assert_int_equal(rule->option_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(rule->options[i].buffer, wanted[i]);
    }
    told_free(&rules);
    assert_int_equal(option_of(&rules, "http.host; dotprefix; bsize:3;", 0, 1)->buffer,
                     INSPECT_BUFFER_HTTP_HOST_DOTTED);
    told_free(&rules);
    /* old style: a relative test goes on in the buffer of the content before it */
    rule = told_options(&rules, "content:\"a\"; http_uri; isdataat:!3,relative; content:\"b\";"
                                "http_uri; distance:1; byte_test:1,>,3,0,relative; content:\"c\";"
                                "byte_jump:2,0,relative;");
    static const enum inspect_buffer old[] = {INSPECT_BUFFER_HTTP_URI, INSPECT_BUFFER_HTTP_URI,
                                              INSPECT_BUFFER_HTTP_URI, INSPECT_BUFFER_HTTP_URI,
                                              INSPECT_BUFFER_STREAM,   INSPECT_BUFFER_STREAM};
    assert_int_equal(rule->option_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(rule->options[i].buffer, old[i]);
    }
    told_free(&rules);
    /* saying a buffer again, or a letter for the sticky one, changes nothing */
    rule = told_options(&rules, "file_data; file.data; content:\"1\"; pcre:\"/2/Q\";");
    assert_int_equal(rule->options[0].buffer, INSPECT_BUFFER_BODY);
    assert_int_equal(rule->options[1].buffer, INSPECT_BUFFER_BODY);
    told_free(&rules);
    /* ja3.hash is lower case, as are hosts: capitals need nocase */
    assert_true(option_of(&rules, "http.host; content:\"A\"; nocase;", 0, 1)->content.nocase);
    told_free(&rules);
}

/* What is relative to nothing counts from the buffer's begin, with a warning. */
static void test_relative_to_nothing(void **state)
{
    (void)state;
    static const char *const options[] = {
        "http.uri; content:\"a\"; distance:2; within:5;",
        "http.uri; pcre:\"/a/R\";",
        "byte_test:1,>,1,2,relative;",
        "byte_jump:1,2,relative;",
        "isdataat:3,relative;",
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        char text[256];
        struct told_rules rules;
        snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)", options[i]);
        told_parse(&rules, text);
        assert_int_equal(rules.count, 1);
        assert_int_equal(rules.told[0].severity, RULES_WARNING);
        assert_string_equal(rules.told[0].text, "nothing before it in this buffer: it counts from "
                                                "the buffer's begin");
        assert_int_equal(rules.set->count, 1);
        const struct rule_option *option = &rules.set->rules[0].options[0];
        if (option->kind == RULE_CONTENT) {
            assert_true(option->content.has_offset && option->content.has_depth);
            assert_false(option->content.has_distance || option->content.has_within);
            assert_int_equal(option->content.offset, 2);
            assert_int_equal(option->content.depth, 5);
        } else if (option->kind == RULE_PCRE) {
            assert_false(option->pcre.relative);
        } else if (option->kind == RULE_ISDATAAT) {
            assert_false(option->isdataat.relative);
        } else {
            assert_false(option->byte.relative);
            assert_int_equal(option->byte.offset, 2);
        }
        told_free(&rules);
    }
}

static void test_pcre(void **state)
{
    (void)state;
    static const struct {
        const char *written, *pattern;
        unsigned flags;
        bool relative, negated;
    } rows[] = {
        {"\"/a\\/b/\"", "a\\/b", 0, false, false},
        {"!\"/a\\;\\\"b/i\"", "a\\;\\\"b", REGEX_CASELESS, false, true},
        {"\"/a/ismxA\"", "a",
         REGEX_CASELESS | REGEX_DOTALL | REGEX_MULTILINE | REGEX_EXTENDED | REGEX_ANCHORED, false,
         false},
        {"\"/a/GOR\"", "a", 0, true, false},
        {"\"/[\"']a\"/\"", "[\"']a\"", 0, false, false}, /* quotes need no escape */
        {"\"/a$|[$]\\$|\\Q$\\E$/E\"", "a\\z|[$]\\$|\\Q$\\E\\z", 0, false, false},
        {"\"/[]$]|[[:alpha:]$]$/E\"", "[]$]|[[:alpha:]$]\\z", 0, false, false},
        {"\"/a$/Em\"", "a$", REGEX_MULTILINE, false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct told_rules rules;
        snprintf(text, sizeof(text), "content:\"z\"; pcre:%s;", rows[i].written);
        const struct rule_option *option = option_of(&rules, text, 1, 2);
        assert_int_equal(option->kind, RULE_PCRE);
        assert_int_equal(option->pcre.length, strlen(rows[i].pattern));
        assert_string_equal(option->pcre.pattern, rows[i].pattern);
        assert_int_equal(option->pcre.flags, rows[i].flags);
        assert_int_equal(option->pcre.relative, rows[i].relative);
        assert_int_equal(option->negated, rows[i].negated);
        assert_int_equal(option->pcre.pattern_place.column,
                         strlen("alert tcp any any -> any any (content:\"z\"; pcre:\"/") + 1 +
                             rows[i].negated);
        told_free(&rules);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    struct told_rules rules;
    const struct rule_byte *byte =
        &option_of(&rules,
                   "content:\"a\"; byte_test: 4 , >= , 0x10 , -2 , relative, little, "
                   "bitmask 0xff00;",
                   1, 2)
             ->byte;
    assert_int_equal(byte->bytes, 4);
    assert_int_equal(byte->operator, RULE_GREATER_EQUAL);
    assert_int_equal(byte->value, 16);
    assert_int_equal(byte->offset, -2);
    assert_true(byte->relative && byte->little && !byte->negated);
    assert_int_equal(byte->bitmask, 0xff00);
    assert_int_equal(byte->base, 0);
    assert_int_equal(byte->multiplier, 1);
    told_free(&rules);

    static const struct {
        const char *written;
        enum rule_byte_operator operator;
        bool negated;
    } operators[] = {
        {"<", RULE_LESS, false},
        {">", RULE_GREATER, false},
        {"=", RULE_EQUAL, false},
        {"<=", RULE_LESS_EQUAL, false},
        {">=", RULE_GREATER_EQUAL, false},
        {"&", RULE_AND, false},
        {"^", RULE_OR, false},
        {"!=", RULE_EQUAL, true},
        {"!", RULE_EQUAL, true},
        {"!<", RULE_LESS, true},
        {"!&", RULE_AND, true},
        {"! >", RULE_GREATER, true},
    };
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        char text[128];
        snprintf(text, sizeof(text), "byte_test:2,%s,18446744073709551615,0,big;",
                 operators[i].written);
        byte = &option_of(&rules, text, 0, 1)->byte;
        assert_int_equal(byte->operator, operators[i].operator);
        assert_int_equal(byte->negated, operators[i].negated);
        assert_true(byte->value == UINT64_MAX);
        assert_false(byte->little);
        told_free(&rules);
    }
    byte = &option_of(&rules, "byte_test:20,=,5,3,string,dec;", 0, 1)->byte;
    assert_int_equal(byte->base, 10);
    assert_int_equal(byte->bytes, 20);
    told_free(&rules);

    const struct rule_option *option = option_of(
        &rules,
        "content:\"a\"; byte_jump:2,1,relative,multiplier 4,align,from_end,post_offset -6,"
        "string,hex,bitmask 3;",
        1, 2);
    byte = &option->byte;
    assert_int_equal(option->kind, RULE_BYTE_JUMP);
    assert_int_equal(byte->multiplier, 4);
    assert_true(byte->align && byte->from_end && !byte->from_beginning);
    assert_int_equal(byte->post_offset, -6);
    assert_int_equal(byte->base, 16);
    assert_int_equal(byte->bitmask, 3);
    told_free(&rules);
    assert_true(option_of(&rules, "byte_jump:2,1,from_beginning;", 0, 1)->byte.from_beginning);
    told_free(&rules);

    option = option_of(&rules, "content:\"a\"; isdataat:!10,relative,rawbytes;", 1, 2);
    assert_int_equal(option->kind, RULE_ISDATAAT);
    assert_int_equal(option->isdataat.at, 10);
    assert_true(option->isdataat.relative && option->negated);
    told_free(&rules);
    assert_false(option_of(&rules, "isdataat:0;", 0, 1)->isdataat.relative);
    told_free(&rules);
}

static void test_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *written;
        uint32_t low, high;
        enum inspect_buffer buffer;
    } rows[] = {
        {"http.method; bsize:3;", 3, 3, INSPECT_BUFFER_HTTP_METHOD},
        {"http.method; bsize:<3;", 0, 2, INSPECT_BUFFER_HTTP_METHOD},
        {"http.method; bsize:> 3;", 4, UINT32_MAX, INSPECT_BUFFER_HTTP_METHOD},
        {"http.method; bsize:<=3;", 0, 3, INSPECT_BUFFER_HTTP_METHOD},
        {"http.method; bsize:>=3;", 3, UINT32_MAX, INSPECT_BUFFER_HTTP_METHOD},
        {"http.method; bsize:3<>9;", 4, 8, INSPECT_BUFFER_HTTP_METHOD},
        {"http.method; bsize: 3 <> 9;", 4, 8, INSPECT_BUFFER_HTTP_METHOD},
        {"urilen:0;", 0, 0, INSPECT_BUFFER_HTTP_URI},
        {"urilen:5<>7,norm;", 6, 6, INSPECT_BUFFER_HTTP_URI},
        {"urilen:>5,raw;", 6, UINT32_MAX, INSPECT_BUFFER_HTTP_URI_RAW},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct told_rules rules;
        const struct rule_option *option = option_of(&rules, rows[i].written, 0, 1);
        assert_int_equal(option->kind, RULE_BSIZE);
        assert_int_equal(option->buffer, rows[i].buffer);
        assert_int_equal(option->bsize.low, rows[i].low);
        assert_int_equal(option->bsize.high, rows[i].high);
        told_free(&rules);
    }
}

/* The table: no name twice, no name that is refused as well, rows that come once within 64. */
static void test_table(void **state)
{
    (void)state;
    const struct rules_keyword *keyword;
    size_t count = 0;
    for (; (keyword = rules_keyword_at(count)) != NULL; count++) {
        struct rules_span name = {keyword->name, strlen(keyword->name)};
        assert_ptr_equal(rules_keyword_find(name), keyword);
        assert_true(!keyword->once || count < 64);
        assert_true(keyword->help[0] != '\0');
        assert_int_equal(keyword->syntax[0] == '\0', keyword->value == RULES_VALUE_NONE);
    }
    /* the keywords that nineteen of twenty public TCP rules get along with */
    static const char *const needed[] = {
        "content",
        "flow",
        "fast_pattern",
        "distance",
        "startswith",
        "nocase",
        "http.uri",
        "pcre",
        "http.method",
        "http.request_body",
        "depth",
        "http.user_agent",
        "endswith",
        "tls.sni",
        "bsize",
        "file_data",
        "within",
        "tls.certs",
        "file.data",
        "flowbits",
        "http.stat_code",
        "http.header",
        "http.host",
        "threshold",
        "offset",
        "byte_test",
        "byte_jump",
        "isdataat",
        "http.header_names",
        "http.content_type",
        "dotprefix",
        "urilen",
        "http.response_body",
        "http.cookie",
        "http.request_line",
        "ja3_hash",
        "http.referer",
    };
    assert_int_equal(sizeof(needed) / sizeof(needed[0]), 37);
    for (size_t i = 0; i < 37; i++) {
        assert_non_null(rules_keyword_find((struct rules_span){needed[i], strlen(needed[i])}));
    }
    assert_int_equal(rules_keyword_distance((struct rules_span){"contnet", 7}, "content", 3), 1);
    assert_int_equal(rules_keyword_distance((struct rules_span){"cont", 4}, "content", 3), 3);
    assert_int_equal(rules_keyword_distance((struct rules_span){"cont", 4}, "content", 2), 3);
    assert_int_equal(rules_keyword_distance((struct rules_span){"SID", 3}, "sid", 2), 0);
    assert_int_equal(rules_keyword_distance((struct rules_span){"kitten", 6}, "sitting", 9), 3);
}

/* docs/rules.md has the table's words for every keyword. */
static void test_documented(void **state)
{
    (void)state;
    const char *root = getenv("SLUICE_SOURCE");
    const struct rules_keyword *keyword;
    char path[4096];
    if (root == NULL) {
        skip();
    }
    snprintf(path, sizeof(path), "%s/docs/rules.md", root);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    for (size_t i = 0; (keyword = rules_keyword_at(i)) != NULL; i++) {
        char line[1024];
        snprintf(line, sizeof(line), "\n- `%s%s%s`: %s\n", keyword->name,
                 keyword->syntax[0] != '\0' ? ":" : "", keyword->syntax, keyword->help);
        if (strstr(text, line) == NULL) {
            fail_msg("docs/rules.md lacks the line:%s", line);
        }
    }
    for (size_t i = 0;; i++) {
        enum rules_variable_kind kind;
        const char *value;
        char line[256];
        const char *name = rules_variable_predefined(i, &kind, &value);
        if (name == NULL) {
            break;
        }
        snprintf(line, sizeof(line), "`$%s` %s", name, value);
        if (strstr(text, line) == NULL) {
            fail_msg("docs/rules.md lacks: %s", line);
        }
    }
    const struct rules_classification *item;
    for (size_t i = 0; (item = rules_classification_built_in(i)) != NULL; i++) {
        char line[256];
        snprintf(line, sizeof(line), "`%s` %u", item->name, item->priority);
        if (strstr(text, line) == NULL) {
            fail_msg("docs/rules.md lacks: %s", line);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_meta),
        cmocka_unit_test(test_flow),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_buffers),
        cmocka_unit_test(test_sticky),
        cmocka_unit_test(test_relative_to_nothing),
        cmocka_unit_test(test_pcre),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
