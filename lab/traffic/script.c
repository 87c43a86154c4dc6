/* SPDX-License-Identifier: MIT */
/* The language of scripts: a line is a verb, what it is about, and words in any order. */
#include "traffic/script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MOST (16u << 20)
#define FLOWS_MOST 1000u
#define SHAPE_MOST 4096u
#define TIMES_MOST 65536u
#define MILLION    1000000u
#define WAIT_MOST  (24ull * 3600 * 10000000) /* a day of virtual time */

struct traffic_script {
    char *copy;  /* lines, each ended by NUL */
    char *texts; /* of text "..." words, unescaped */
    struct traffic_step *steps;
    const char **lines;
    size_t count, capacity;
};

struct parser {
    struct traffic_script *script;
    const char *start, *at; /* of the line; where the next word begins */
    const char *word;       /* the present one */
    size_t length;
    char *text; /* where the next text goes */
    unsigned line;
    char *error;
    size_t error_size;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct parser *parser, const char *format,
                                                       ...)
{
    va_list arguments;
    const int used = snprintf(parser->error, parser->error_size, "%u:%u: ", parser->line,
                              (unsigned)(parser->word - parser->start) + 1);

    va_start(arguments, format);
    if (used > 0 && (size_t)used < parser->error_size)
        vsnprintf(parser->error + used, parser->error_size - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

/* ---- words ---- */

/* The next word of the line; false at its end. */
static bool next(struct parser *parser)
{
    const char *at = parser->at;

    while (*at == ' ' || *at == '\t')
        at++;
    parser->word = at;
    if (*at == '"') {
        at++;
        while (*at != '\0' && *at != '"')
            at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
        at += *at == '"';
    } else if (*at != '#') {
        while (*at != '\0' && *at != ' ' && *at != '\t')
            at++;
    }
    parser->length = (size_t)(at - parser->word);
    parser->at = at;
    return parser->length != 0;
}

static bool is(const struct parser *parser, const char *word)
{
    return strlen(word) == parser->length && memcmp(parser->word, word, parser->length) == 0;
}

static bool is_number(const struct parser *parser)
{
    return parser->length != 0 && parser->word[0] >= '0' && parser->word[0] <= '9';
}

/* The present word as a number in least..most, with a K or M behind it if need be. */
static bool number(struct parser *parser, uint64_t least, uint64_t most, uint64_t *value)
{
    char *end;

    if (!is_number(parser) || parser->length > 20)
        return fail(parser, "a number is wanted here, not \"%.*s\"", (int)parser->length,
                    parser->word);
    *value = strtoull(parser->word, &end, 10);
    if (*end == 'K' && *value <= UINT64_MAX >> 10) {
        *value <<= 10;
        end++;
    } else if (*end == 'M' && *value <= UINT64_MAX >> 20) {
        *value <<= 20;
        end++;
    }
    if (end != parser->word + parser->length)
        return fail(parser, "\"%.*s\" is no number", (int)parser->length, parser->word);
    if (*value < least || *value > most)
        return fail(parser, "%llu is not in %llu to %llu", (unsigned long long)*value,
                    (unsigned long long)least, (unsigned long long)most);
    return true;
}

static bool number32(struct parser *parser, uint32_t least, uint32_t most, uint32_t *value)
{
    uint64_t wide = 0;

    if (!number(parser, least, most, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

/* The number behind the present word. */
static bool value_of(struct parser *parser, uint64_t least, uint64_t most, uint64_t *value)
{
    const char *word = parser->word;
    const size_t length = parser->length;

    if (!next(parser))
        return fail(parser, "%.*s wants a number behind it", (int)length, word);
    return number(parser, least, most, value);
}

static bool name_ok(const struct parser *parser)
{
    if (parser->length >= TRAFFIC_SCRIPT_NAME)
        return false;
    for (size_t i = 0; i < parser->length; i++) {
        const char c = parser->word[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static bool flow_name(struct parser *parser, struct traffic_step *step, bool pattern)
{
    if (!next(parser))
        return fail(parser, "the name of a connection is missing");
    if (!(pattern && is(parser, "*")) && !name_ok(parser))
        return fail(parser, "\"%.*s\" is no name: at most %d letters, digits, dots, - and _%s",
                    (int)parser->length, parser->word, TRAFFIC_SCRIPT_NAME - 1,
                    pattern ? ", or * for all" : "");
    memcpy(step->flow, parser->word, parser->length);
    step->flow[parser->length] = '\0';
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "GET /\r\n": \r \n \t \0 \\ \" and \xHH. */
static bool quoted(struct parser *parser, struct traffic_step *step)
{
    const char *at = parser->word + 1;
    const char *end = parser->word + parser->length - 1;

    if (parser->length < 2 || parser->word[0] != '"' || *end != '"')
        return fail(parser, "text wants \"...\" behind it, ended by a quotation mark");
    step->text = parser->text;
    while (at < end) {
        char c = *at++;
        if (c == '\\') {
            if (at == end)
                return fail(parser, "the text ends within an escape");
            c = *at++;
            if (c == 'x') {
                const int high = at < end ? hex_digit(at[0]) : -1;
                const int low = at + 1 < end ? hex_digit(at[1]) : -1;
                if (high < 0 || low < 0)
                    return fail(parser, "\\x wants two hexadecimal digits");
                c = (char)(high << 4 | low);
                at += 2;
            } else if (c == 'r') {
                c = '\r';
            } else if (c == 'n') {
                c = '\n';
            } else if (c == 't') {
                c = '\t';
            } else if (c == '0') {
                c = '\0';
            } else if (c != '\\' && c != '"') {
                return fail(parser,
                            "there is no escape \\%c; there are \\r \\n \\t \\0 \\\\ \\\" and "
                            "\\xHH",
                            c);
            }
        }
        *parser->text++ = c;
    }
    step->bytes = (uint32_t)(parser->text - step->text);
    step->content = TRAFFIC_CONTENT_TEXT;
    return step->bytes != 0 ? true : fail(parser, "the text is empty");
}

/* ---- words in any order ---- */

enum word_kind { WORD_FLAG, WORD_NUMBER, WORD_DIRECTION };

struct word {
    const char *name;
    enum word_kind kind;
    size_t offset;
    uint32_t least, most; /* WORD_NUMBER; WORD_DIRECTION: least is the bit */
};

#define AT(field)                 offsetof(struct traffic_step, field)
#define FLAG(name, field)         {name, WORD_FLAG, AT(field), 0, 0}
#define NUMBER(name, least, most) {#name, WORD_NUMBER, AT(name), least, most}
#define DIRECTION(name, bit)      {name, WORD_DIRECTION, AT(directions), bit, 0}
#define DIRECTIONS                DIRECTION("in", TRAFFIC_WORD_IN), DIRECTION("out", TRAFFIC_WORD_OUT)
#define END                       {NULL, WORD_FLAG, 0, 0, 0}

static const struct word connect_words[] = {DIRECTIONS,
                                            FLAG("v4", v4),
                                            FLAG("v6", v6),
                                            FLAG("midstream", midstream),
                                            FLAG("loopback", loopback),
                                            END};
static const struct word opening_words[] = {FLAG("part", part), END};
static const struct word receive_words[] = {NUMBER(segment, 1, 65536),
                                            NUMBER(times, 1, TIMES_MOST),
                                            NUMBER(nbs, 1, SHAPE_MOST),
                                            NUMBER(mdls, 1, SHAPE_MOST),
                                            NUMBER(offset, 0, SHAPE_MOST),
                                            FLAG("nic", nic),
                                            FLAG("empty-head", empty_head),
                                            FLAG("fin", fin),
                                            FLAG("nopush", nopush),
                                            FLAG("expedited", expedited),
                                            END};
static const struct word send_words[] = {
    NUMBER(segment, 1, 65536),      NUMBER(nbs, 1, SHAPE_MOST),
    NUMBER(mdls, 1, SHAPE_MOST),    NUMBER(offset, 0, SHAPE_MOST),
    FLAG("empty-head", empty_head), FLAG("fin", fin),
    FLAG("expedited", expedited),   FLAG("nodelay", nodelay),
    NUMBER(times, 1, TIMES_MOST),   END};
static const struct word fin_words[] = {DIRECTIONS, END};
static const struct word reset_words[] = {DIRECTIONS, FLAG("shown", shown), FLAG("silent", silent),
                                          END};
static const struct word capture_words[] = {FLAG("v6", v6),
                                            FLAG("reset", reset),
                                            NUMBER(loss, 0, MILLION),
                                            NUMBER(reorder, 0, MILLION),
                                            NUMBER(duplicate, 0, MILLION),
                                            NUMBER(client, 0, BYTES_MOST),
                                            NUMBER(server, 0, BYTES_MOST),
                                            NUMBER(interleave, 1, FLOWS_MOST),
                                            NUMBER(batch, 1, SHAPE_MOST),
                                            NUMBER(segment, 1, 9000),
                                            END};
static const struct word no_words[] = {END};

/* The present word, by the table. */
static bool take_word(struct parser *parser, const struct word *words, struct traffic_step *step)
{
    for (; words->name != NULL; words++) {
        void *place = (char *)step + words->offset;
        uint64_t value = 0;

        if (!is(parser, words->name))
            continue;
        switch (words->kind) {
        case WORD_FLAG:
            *(bool *)place = true;
            return true;
        case WORD_DIRECTION:
            *(unsigned *)place |= words->least;
            return true;
        case WORD_NUMBER:
            if (!value_of(parser, words->least, words->most, &value))
                return false;
            *(uint32_t *)place = (uint32_t)value;
            return true;
        }
    }
    return fail(parser, "\"%.*s\" has no place here", (int)parser->length, parser->word);
}

static bool take_words(struct parser *parser, const struct word *words, struct traffic_step *step)
{
    while (next(parser)) {
        if (!take_word(parser, words, step))
            return false;
    }
    return true;
}

/* ---- verbs ---- */

static bool parse_connect(struct parser *parser, struct traffic_step *step)
{
    if (!flow_name(parser, step, false))
        return false;
    while (next(parser)) {
        if (is_number(parser) && step->count == 0) {
            if (!number32(parser, 1, FLOWS_MOST, &step->count))
                return false;
        } else if (!take_word(parser, connect_words, step)) {
            return false;
        }
    }
    return true;
}

static bool parse_opening(struct parser *parser, struct traffic_step *step)
{
    return flow_name(parser, step, true) && take_words(parser, opening_words, step);
}

static bool parse_said(struct parser *parser, struct traffic_step *step, const struct word *words)
{
    static const struct {
        const char *name;
        enum traffic_content content;
    } contents[] = {{"request", TRAFFIC_CONTENT_REQUEST},
                    {"response", TRAFFIC_CONTENT_RESPONSE},
                    {"hello", TRAFFIC_CONTENT_HELLO},
                    {"banner", TRAFFIC_CONTENT_BANNER}};
    uint64_t value = 0;

    if (!flow_name(parser, step, true))
        return false;
    if (!next(parser))
        return fail(parser, "what is said is missing: a number of bytes, any N, text \"...\", "
                            "request, response, hello or banner");
    if (is_number(parser)) {
        if (!number32(parser, 1, BYTES_MOST, &step->bytes))
            return false;
    } else if (is(parser, "any")) {
        if (!value_of(parser, 1, BYTES_MOST, &value))
            return false;
        step->content = TRAFFIC_CONTENT_ANY;
        step->bytes = (uint32_t)value;
    } else if (is(parser, "text")) {
        next(parser);
        if (!quoted(parser, step))
            return false;
    } else {
        size_t i = 0;
        while (i < sizeof(contents) / sizeof(contents[0]) && !is(parser, contents[i].name))
            i++;
        if (i == sizeof(contents) / sizeof(contents[0]))
            return fail(parser,
                        "\"%.*s\" cannot be said: a number of bytes, any N, text \"...\", "
                        "request, response, hello or banner can",
                        (int)parser->length, parser->word);
        step->content = contents[i].content;
    }
    return take_words(parser, words, step);
}

static bool parse_receive(struct parser *parser, struct traffic_step *step)
{
    return parse_said(parser, step, receive_words);
}

static bool parse_send(struct parser *parser, struct traffic_step *step)
{
    return parse_said(parser, step, send_words);
}

static bool parse_fin(struct parser *parser, struct traffic_step *step)
{
    if (!flow_name(parser, step, true) || !take_words(parser, fin_words, step))
        return false;
    return step->directions != 0 || fail(parser, "fin wants in, out or both: who closes");
}

static bool parse_reset(struct parser *parser, struct traffic_step *step)
{
    if (!flow_name(parser, step, true) || !take_words(parser, reset_words, step))
        return false;
    if (step->directions == (TRAFFIC_WORD_IN | TRAFFIC_WORD_OUT))
        return fail(parser, "reset wants in or out, not both: who sends the RST");
    return !(step->shown && step->silent) || fail(parser, "reset is either shown or silent");
}

static bool parse_wait(struct parser *parser, struct traffic_step *step)
{
    static const struct {
        const char *unit;
        uint64_t ticks;
    } units[] = {{"us", 10}, {"ms", 10000}, {"s", 10000000}};
    char *end;

    if (!next(parser) || !is_number(parser))
        return fail(parser, "wait wants a time: 200ms, 3s or 50us");
    const uint64_t value = strtoull(parser->word, &end, 10);
    const size_t digits = (size_t)(end - parser->word);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (parser->length - digits != strlen(units[i].unit) ||
            memcmp(end, units[i].unit, strlen(units[i].unit)) != 0)
            continue;
        if (value > WAIT_MOST / units[i].ticks)
            return fail(parser, "a day is the longest time to wait");
        step->time = value * units[i].ticks;
        return take_words(parser, no_words, step);
    }
    return fail(parser, "\"%.*s\" is no time: a number with us, ms or s behind it",
                (int)parser->length, parser->word);
}

static bool parse_capture(struct parser *parser, struct traffic_step *step)
{
    if (!next(parser))
        return fail(parser, "capture wants a number of connections");
    return number32(parser, 1, FLOWS_MOST, &step->count) && take_words(parser, capture_words, step);
}

/* filters add|delete, rules on|off, bfe start|stop */
static bool parse_switch(struct parser *parser, struct traffic_step *step)
{
    static const char *const words[][2] = {
        [TRAFFIC_STEP_FILTERS] = {"delete", "add"},
        [TRAFFIC_STEP_RULES] = {"off", "on"},
        [TRAFFIC_STEP_BFE] = {"stop", "start"},
    };
    const char *const *pair = words[step->kind];

    if (!next(parser) || (!is(parser, pair[0]) && !is(parser, pair[1])))
        return fail(parser, "%s or %s is wanted here", pair[0], pair[1]);
    step->begins = is(parser, pair[1]);
    return take_words(parser, no_words, step);
}

static bool parse_nothing(struct parser *parser, struct traffic_step *step)
{
    return take_words(parser, no_words, step);
}

static const struct verb {
    const char *name;
    enum traffic_step_kind kind;
    bool (*parse)(struct parser *parser, struct traffic_step *step);
} verbs[] = {
    {"connect", TRAFFIC_STEP_CONNECT, parse_connect},
    {"opening", TRAFFIC_STEP_OPENING, parse_opening},
    {"receive", TRAFFIC_STEP_RECEIVE, parse_receive},
    {"send", TRAFFIC_STEP_SEND, parse_send},
    {"fin", TRAFFIC_STEP_FIN, parse_fin},
    {"reset", TRAFFIC_STEP_RESET, parse_reset},
    {"run", TRAFFIC_STEP_RUN, parse_nothing},
    {"wait", TRAFFIC_STEP_WAIT, parse_wait},
    {"capture", TRAFFIC_STEP_CAPTURE, parse_capture},
    {"flush", TRAFFIC_STEP_FLUSH, parse_nothing},
    {"close", TRAFFIC_STEP_CLOSE, parse_nothing},
    {"filters", TRAFFIC_STEP_FILTERS, parse_switch},
    {"rules", TRAFFIC_STEP_RULES, parse_switch},
    {"bfe", TRAFFIC_STEP_BFE, parse_switch},
    {"unload", TRAFFIC_STEP_UNLOAD, parse_nothing},
};

/* ---- the whole ---- */

static bool add(struct parser *parser, const struct traffic_step *step)
{
    struct traffic_script *script = parser->script;

    if (script->count == TRAFFIC_SCRIPT_STEPS)
        return fail(parser, "more than %d steps", TRAFFIC_SCRIPT_STEPS);
    if (script->count == script->capacity) {
        const size_t capacity = script->capacity != 0 ? script->capacity * 2 : 64;
        struct traffic_step *steps = realloc(script->steps, capacity * sizeof(*steps));
        if (steps != NULL)
            script->steps = steps;
        const char **lines =
            steps != NULL ? realloc(script->lines, capacity * sizeof(*lines)) : NULL;
        if (lines == NULL)
            return fail(parser, "out of memory");
        script->lines = lines;
        script->capacity = capacity;
    }
    script->steps[script->count] = *step;
    script->lines[script->count++] = parser->start;
    return true;
}

static bool parse_line(struct parser *parser)
{
    struct traffic_step step = {.line = parser->line};

    parser->at = parser->start;
    if (!next(parser))
        return true;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (!is(parser, verbs[i].name))
            continue;
        step.kind = verbs[i].kind;
        return verbs[i].parse(parser, &step) && add(parser, &step);
    }
    return fail(parser, "there is no step \"%.*s\" (SPEC.md lists them)",
                (int)(parser->length < 40 ? parser->length : 40), parser->word);
}

struct traffic_script *traffic_script_parse(const char *text, size_t length, char *error,
                                            size_t size)
{
    struct traffic_script *script = calloc(1, sizeof(*script));
    struct parser parser = {.script = script, .error = error, .error_size = size};
    bool good = false;

    if (length > TRAFFIC_SCRIPT_SIZE) {
        snprintf(error, size, "1:1: longer than %u bytes", TRAFFIC_SCRIPT_SIZE);
        goto done;
    }
    if (script != NULL) {
        script->copy = malloc(length + 1);
        script->texts = malloc(length + 1);
    }
    if (script == NULL || script->copy == NULL || script->texts == NULL) {
        snprintf(error, size, "1:1: out of memory");
        goto done;
    }
    memcpy(script->copy, text, length);
    script->copy[length] = '\0';
    parser.text = script->texts;
    good = true;
    for (char *at = script->copy; good && at < script->copy + length;) {
        char *end = memchr(at, '\n', (size_t)(script->copy + length - at));
        char *line_end = end != NULL ? end : script->copy + length;
        *line_end = '\0';
        if (line_end > at && line_end[-1] == '\r')
            line_end[-1] = '\0';
        parser.line++;
        parser.start = parser.word = at;
        if (strlen(at) + 1 < (size_t)(line_end - at))
            good = fail(&parser, "a NUL in the text");
        good = good && parse_line(&parser);
        at = line_end + 1;
    }

done:
    if (!good) {
        traffic_script_free(script);
        return NULL;
    }
    return script;
}

void traffic_script_free(struct traffic_script *script)
{
    if (script == NULL)
        return;
    free(script->copy);
    free(script->texts);
    free(script->steps);
    free(script->lines);
    free(script);
}

size_t traffic_script_steps(const struct traffic_script *script)
{
    return script->count;
}

const char *traffic_script_text(const struct traffic_script *script, size_t index)
{
    return script->lines[index];
}

const struct traffic_step *traffic_script_step(const struct traffic_script *script, size_t index)
{
    return &script->steps[index];
}
