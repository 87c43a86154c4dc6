/* SPDX-License-Identifier: MIT */
/* See smtp_command.h. */
#include "inspect/smtp_command.h"

#include <stdbool.h>

#include "inspect/bytes.h"

enum {
    /* RFC 5321 4.5.3.1.4 has 512; extensions add to MAIL and RCPT (RFC 3461 4, RFC 4954 5) */
    COMMAND_LINE_MAX = 2048,
    AUTH_LINE_MAX = 12288, /* RFC 4954 4 */
    CHUNK_DIGITS_MAX = 20, /* RFC 3030 2 */
    RECIPIENTS_MAX = 0xffff,
};

enum verb {
    VERB_OTHER = 0,
    VERB_HELO,
    VERB_MAIL,
    VERB_RCPT,
    VERB_DATA,
    VERB_BDAT,
    VERB_RSET,
    VERB_STARTTLS,
    VERB_AUTH,
    VERB_PLAIN, /* known, and nothing follows from it */
};

/* What is being read behind the word. */
enum argument {
    ARGUMENT_SKIP,
    ARGUMENT_NONE,  /* there must be none */
    ARGUMENT_TEXT,  /* up to a space */
    ARGUMENT_MATCH, /* FROM: or TO: */
    ARGUMENT_PATH_START,
    ARGUMENT_PATH,
    ARGUMENT_NUMBER,
    ARGUMENT_LAST,
};

/* RFC 5321 4.1.1, RFC 3030, RFC 3207, RFC 4954, RFC 2033. */
static const struct {
    char word[10];
    uint8_t verb;
    uint8_t argument;
    bool first; /* a client may begin with it */
} verbs[] = {
    {"HELO", VERB_HELO, ARGUMENT_TEXT, true},          {"EHLO", VERB_HELO, ARGUMENT_TEXT, true},
    {"LHLO", VERB_HELO, ARGUMENT_TEXT, true},          {"MAIL", VERB_MAIL, ARGUMENT_MATCH, false},
    {"RCPT", VERB_RCPT, ARGUMENT_MATCH, false},        {"DATA", VERB_DATA, ARGUMENT_NONE, false},
    {"BDAT", VERB_BDAT, ARGUMENT_NUMBER, false},       {"RSET", VERB_RSET, ARGUMENT_SKIP, false},
    {"STARTTLS", VERB_STARTTLS, ARGUMENT_NONE, false}, {"AUTH", VERB_AUTH, ARGUMENT_SKIP, false},
    {"NOOP", VERB_PLAIN, ARGUMENT_SKIP, false},        {"QUIT", VERB_PLAIN, ARGUMENT_SKIP, false},
    {"VRFY", VERB_PLAIN, ARGUMENT_SKIP, false},        {"EXPN", VERB_PLAIN, ARGUMENT_SKIP, false},
    {"HELP", VERB_PLAIN, ARGUMENT_SKIP, false},        {"ETRN", VERB_PLAIN, ARGUMENT_SKIP, false},
};

static uint8_t upper(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - ('a' - 'A')) : byte;
}

static bool is_letter(uint8_t byte)
{
    return upper(byte) >= 'A' && upper(byte) <= 'Z';
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

/* Forgets the mail's envelope, keeps the client's name. */
static void envelope_reset(struct inspect_smtp *smtp)
{
    smtp->sender_end = smtp->helo_end;
    smtp->texts_end = smtp->helo_end;
    smtp->recipients = 0;
    smtp->truncated = 0;
}

static void envelope_begin_text(struct inspect_smtp *smtp)
{
    if (smtp->verb == VERB_HELO) {
        smtp->helo_end = 0;
        envelope_reset(smtp);
    } else if (smtp->verb == VERB_MAIL) {
        envelope_reset(smtp);
    }
    smtp->text_start = smtp->texts_end;
}

/* The longest text that the event has a place for. */
static size_t envelope_text_max(const struct inspect_smtp *smtp)
{
    const struct inspect_event_smtp *told = NULL;
    switch (smtp->verb) {
    case VERB_HELO:
        return sizeof(told->helo) - 1;
    case VERB_MAIL:
        return sizeof(told->sender) - 1;
    default:
        return INSPECT_SMTP_TEXTS;
    }
}

static void envelope_put(struct inspect_smtp *smtp, uint8_t byte)
{
    size_t length = (size_t)smtp->texts_end - smtp->text_start;
    if (length == envelope_text_max(smtp) || smtp->texts_end + 1u >= INSPECT_SMTP_TEXTS) {
        smtp->truncated = 1;
        return;
    }
    smtp->texts[smtp->texts_end++] = (char)byte;
}

/* The line ended: its text, if it had one, is the envelope's. */
static void envelope_end_text(struct inspect_smtp *smtp)
{
    if (smtp->texts_end == smtp->text_start) {
        return;
    }
    if (smtp->verb == VERB_RCPT) {
        smtp->recipients = (uint16_t)(smtp->recipients + (smtp->recipients < RECIPIENTS_MAX));
        if (smtp->texts_end + 1u >= INSPECT_SMTP_TEXTS) {
            /* half an address is none */
            smtp->texts_end = smtp->text_start;
            smtp->truncated = 1;
            return;
        }
    }
    smtp->texts[smtp->texts_end++] = '\0';
    if (smtp->verb == VERB_HELO) {
        smtp->helo_end = smtp->texts_end;
    }
    if (smtp->verb != VERB_RCPT) {
        smtp->sender_end = smtp->texts_end;
    }
}

void inspect_smtp_envelope_tell(const struct inspect_smtp *smtp, struct inspect_event *event)
{
    struct inspect_event_smtp *told = &event->body.smtp;
    size_t sender = (size_t)smtp->sender_end - smtp->helo_end;
    size_t recipients = (size_t)smtp->texts_end - smtp->sender_end;
    memcpy(told->helo, smtp->texts, smtp->helo_end);
    memcpy(told->sender, smtp->texts + smtp->helo_end, sender);
    memcpy(told->recipient, smtp->texts + smtp->sender_end, recipients);
    told->recipients = smtp->recipients;
    event->flags |= smtp->truncated != 0 ? INSPECT_EVENT_TRUNCATED : 0;
}

void inspect_smtp_command_begin(struct inspect_smtp *smtp)
{
    smtp->state = SMTP_WORD;
    smtp->line_length = 0;
    smtp->word_length = 0;
    smtp->verb = VERB_OTHER;
    smtp->argument = ARGUMENT_SKIP;
    smtp->matched = 0;
    smtp->digits = 0;
    smtp->bracket = 0;
    smtp->quoted = 0;
    smtp->odd = 0;
    memset(smtp->word, 0, sizeof(smtp->word));
}

/* The word is whole: NOT_MINE if no SMTP client begins so. */
static enum inspect_step_kind command_word_end(struct inspect_smtp *smtp)
{
    bool first = false;
    smtp->state = SMTP_ARGUMENT;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        size_t at = 0;
        while (verbs[i].word[at] != '\0' && verbs[i].word[at] == smtp->word[at]) {
            at++;
        }
        if (verbs[i].word[at] == '\0' && at == smtp->word_length) {
            smtp->verb = verbs[i].verb;
            smtp->argument = verbs[i].argument;
            first = verbs[i].first;
        }
    }
    if (smtp->verb == VERB_HELO || smtp->verb == VERB_MAIL || smtp->verb == VERB_RCPT) {
        envelope_begin_text(smtp);
    }
    if (smtp->verb == VERB_BDAT) {
        smtp->chunk_left = 0;
        smtp->last = 0;
    }
    if (smtp->known == 0) {
        smtp->known = 1;
        return first ? INSPECT_STEP_KNOWN : INSPECT_STEP_NOT_MINE;
    }
    return INSPECT_STEP_MORE;
}

static enum inspect_step_kind command_word_byte(struct inspect_smtp *smtp, uint8_t byte)
{
    if (is_space(byte)) {
        return command_word_end(smtp);
    }
    if (!is_letter(byte)) {
        if (smtp->known == 0) {
            return INSPECT_STEP_NOT_MINE;
        }
        smtp->odd = 1;
    }
    if (smtp->word_length < sizeof(smtp->word) - 1) {
        bool plain = byte > ' ' && byte < 0x7f;
        smtp->word[smtp->word_length++] = plain ? (char)upper(byte) : '?';
    }
    return INSPECT_STEP_MORE;
}

/* A path: <local@domain>, quoted strings inside it (RFC 5321 4.1.2), or one without brackets. */
static void command_path_byte(struct inspect_smtp *smtp, uint8_t byte)
{
    if (smtp->argument == ARGUMENT_PATH_START) {
        if (is_space(byte)) {
            return;
        }
        smtp->argument = ARGUMENT_PATH;
        smtp->bracket = byte == '<' ? 1 : 0;
    } else if (smtp->bracket == 0 && is_space(byte)) {
        smtp->argument = ARGUMENT_SKIP;
        return;
    }
    envelope_put(smtp, byte);
    if (smtp->quoted == 2) {
        smtp->quoted = 1;
    } else if (smtp->quoted == 1) {
        smtp->quoted = byte == '\\' ? 2 : byte == '"' ? 0 : 1;
    } else if (byte == '"') {
        smtp->quoted = 1;
    } else if (byte == '>' && smtp->bracket != 0) {
        smtp->argument = ARGUMENT_SKIP;
    }
}

static void command_chunk_byte(struct inspect_smtp *smtp, uint8_t byte)
{
    if (is_space(byte)) {
        smtp->argument = smtp->digits > 0 ? ARGUMENT_LAST : ARGUMENT_NUMBER;
        return;
    }
    if (byte < '0' || byte > '9' || smtp->digits == CHUNK_DIGITS_MAX ||
        smtp->chunk_left > (INT64_MAX - 9) / 10) {
        smtp->odd = 1;
        return;
    }
    smtp->digits++;
    smtp->chunk_left = smtp->chunk_left * 10 + (uint64_t)(byte - '0');
}

static void command_argument_byte(struct inspect_smtp *smtp, uint8_t byte)
{
    static const char last[] = "LAST";
    const char *wanted = smtp->verb == VERB_MAIL ? "FROM:" : "TO:";
    switch (smtp->argument) {
    case ARGUMENT_NONE:
        smtp->odd = is_space(byte) ? smtp->odd : 1;
        break;
    case ARGUMENT_TEXT:
        if (!is_space(byte)) {
            envelope_put(smtp, byte);
        } else if (smtp->texts_end != smtp->text_start) {
            smtp->argument = ARGUMENT_SKIP;
        }
        break;
    case ARGUMENT_MATCH:
        if (smtp->matched == 0 && is_space(byte)) {
            break;
        }
        if (upper(byte) != (uint8_t)wanted[smtp->matched]) {
            smtp->odd = 1;
            smtp->argument = ARGUMENT_SKIP;
            break;
        }
        smtp->matched++;
        smtp->argument = wanted[smtp->matched] == '\0' ? ARGUMENT_PATH_START : ARGUMENT_MATCH;
        break;
    case ARGUMENT_PATH_START:
    case ARGUMENT_PATH:
        command_path_byte(smtp, byte);
        break;
    case ARGUMENT_NUMBER:
        command_chunk_byte(smtp, byte);
        break;
    case ARGUMENT_LAST:
        if (is_space(byte) && (smtp->matched == 0 || smtp->matched == sizeof(last) - 1)) {
            break;
        }
        if (smtp->matched < sizeof(last) - 1 && upper(byte) == (uint8_t)last[smtp->matched]) {
            smtp->matched++;
        } else {
            smtp->odd = 1;
        }
        break;
    default:
        break;
    }
}

/* BDAT's line ended. */
static void command_chunk(struct inspect_smtp *smtp, struct inspect_event *event)
{
    bool good = smtp->odd == 0 && smtp->digits > 0 && (smtp->matched == 0 || smtp->matched == 4);
    smtp->last = smtp->matched == 4 ? 1 : 0;
    if (!good) {
        event->anomalies |= INSPECT_ANOMALY_BAD_LENGTH;
        smtp->chunk_left = 0;
        smtp->last = 0;
    }
    if (smtp->mail == MAIL_OPEN) {
        bool end = !good || (smtp->chunk_left == 0 && smtp->last != 0);
        smtp->state = smtp->chunk_left > 0 ? MAIL_CHUNK : MAIL_BETWEEN_CHUNKS;
        if (end) {
            smtp->pending = PENDING_MAIL_END;
        }
    } else {
        smtp->mail = smtp->chunk_left > 0 ? MAIL_CHUNK_NEXT : MAIL_NONE;
    }
}

void inspect_smtp_mail_end(struct inspect_smtp *smtp)
{
    smtp->pending = PENDING_MAIL_END;
    smtp->state = SMTP_BETWEEN;
    smtp->mail = MAIL_NONE;
    envelope_reset(smtp);
}

static void command_tell(struct inspect_smtp *smtp, struct inspect_event *event)
{
    static const char auth[] = "AUTH";
    bool answer = smtp->verb == VERB_OTHER && smtp->auth != 0;
    event->message = INSPECT_MESSAGE_SMTP_COMMAND;
    if (smtp->odd != 0 && !answer && smtp->verb != VERB_BDAT) {
        event->anomalies |= INSPECT_ANOMALY_START_LINE;
    }
    if (smtp->starttls != 0) {
        event->anomalies |= INSPECT_ANOMALY_STARTTLS_DATA;
    }
    if (smtp->verb == VERB_STARTTLS && smtp->odd == 0) {
        event->flags |= INSPECT_EVENT_UPGRADE;
    }
    inspect_smtp_envelope_tell(smtp, event);
    memcpy(event->body.smtp.command, answer ? auth : smtp->word,
           answer ? sizeof(auth) : sizeof(smtp->word));
    smtp->pending = PENDING_HEAD;
}

/* The line ended. */
static enum inspect_step_kind command_end(struct inspect_smtp *smtp, struct inspect_event *event)
{
    enum inspect_step_kind kind = INSPECT_STEP_MORE;
    if (smtp->state == SMTP_WORD) {
        kind = command_word_end(smtp);
    }
    smtp->state = SMTP_BETWEEN;
    switch (smtp->verb) {
    case VERB_HELO:
    case VERB_MAIL:
    case VERB_RCPT:
        smtp->odd |= smtp->argument == ARGUMENT_MATCH ? 1 : 0;
        envelope_end_text(smtp);
        break;
    case VERB_DATA:
        smtp->mail = smtp->odd == 0 ? MAIL_DATA_NEXT : MAIL_NONE;
        break;
    case VERB_BDAT:
        command_chunk(smtp, event);
        break;
    case VERB_RSET:
        envelope_reset(smtp);
        break;
    default:
        break;
    }
    if (smtp->mail == MAIL_OPEN) {
        /* A line between two chunks is the mail's, whatever it is; one that is no BDAT ends it. */
        if (smtp->verb != VERB_BDAT || smtp->pending == PENDING_MAIL_END) {
            inspect_smtp_mail_end(smtp);
        }
        return kind;
    }
    command_tell(smtp, event);
    smtp->starttls = smtp->verb == VERB_STARTTLS && smtp->odd == 0;
    smtp->auth = smtp->verb == VERB_AUTH || (smtp->verb == VERB_OTHER && smtp->auth != 0);
    return kind;
}

enum inspect_step_kind inspect_smtp_command_byte(struct inspect_smtp *smtp,
                                                 struct inspect_event *event, uint8_t byte)
{
    bool auth = smtp->verb == VERB_AUTH || smtp->auth != 0;
    if (byte == '\n') {
        event->anomalies |= smtp->cr == 0 ? INSPECT_ANOMALY_BARE_LF : 0;
        smtp->cr = 0;
        return command_end(smtp, event);
    }
    event->anomalies |= smtp->cr != 0 ? INSPECT_ANOMALY_BARE_CR : 0;
    smtp->cr = byte == '\r' ? 1 : 0;
    if (smtp->cr != 0) {
        return INSPECT_STEP_MORE;
    }
    event->anomalies |= byte == 0 ? INSPECT_ANOMALY_NUL_BYTE : 0;
    smtp->line_length += smtp->line_length < UINT32_MAX ? 1 : 0;
    if (smtp->line_length > (auth ? AUTH_LINE_MAX : COMMAND_LINE_MAX)) {
        event->anomalies |= INSPECT_ANOMALY_LONG_LINE;
    }
    if (smtp->state == SMTP_WORD) {
        return command_word_byte(smtp, byte);
    }
    command_argument_byte(smtp, byte);
    return INSPECT_STEP_MORE;
}
