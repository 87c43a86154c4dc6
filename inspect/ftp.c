/* SPDX-License-Identifier: MIT */
/* See ftp.h. */
#include "inspect/ftp.h"

#include "inspect/bytes.h"

enum {
    TLS_HANDSHAKE = 0x16,
    TELNET_COMMAND = 255, /* RFC 854: IAC */
    TELNET_OPTION_FIRST = 251,
    TELNET_OPTION_LAST = 254,
    COMMAND_LINE_MAX = 4096, /* RFC 959 has no limit: a path and its verb */
};

enum state {
    FTP_BETWEEN = 0,
    FTP_WORD,
    FTP_ARGUMENT,
    FTP_REPLY,
};

/* Steps that come one after the other at one place. */
enum pending {
    PENDING_NONE = 0,
    PENDING_KNOWN = 1,
    PENDING_HEAD = 2,
    PENDING_DONE = 3,
};

/* With which a client begins: RFC 959 4.1, RFC 2389, RFC 4217, RFC 7151, RFC 1639. SMTP's are not
 * among them. */
static const char first_words[][5] = {"USER", "FEAT", "SYST", "HOST", "OPTS", "CLNT",
                                      "AUTH", "PBSZ", "PASV", "EPSV", "PORT", "LANG",
                                      "ACCT", "PASS", "LIST", "RETR", "STAT", "TYPE"};

static uint8_t upper(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - ('a' - 'A')) : byte;
}

static bool word_is(const struct inspect_ftp *ftp, const char *word)
{
    size_t at = 0;
    while (word[at] != '\0' && word[at] == ftp->word[at]) {
        at++;
    }
    return word[at] == '\0' && at == ftp->word_length;
}

static void ftp_pending_step(struct inspect_ftp *ftp, struct inspect_step *step)
{
    switch (ftp->pending++) {
    case PENDING_KNOWN:
        step->kind = INSPECT_STEP_KNOWN;
        break;
    case PENDING_HEAD:
        step->kind = INSPECT_STEP_HEAD;
        break;
    default:
        step->kind = INSPECT_STEP_DONE;
        ftp->pending = PENDING_NONE;
        break;
    }
}

static void command_begin(struct inspect_ftp *ftp)
{
    ftp->state = FTP_WORD;
    ftp->line_length = 0;
    ftp->word_length = 0;
    ftp->argument_length = 0;
    ftp->secret = 0;
    memset(ftp->word, 0, sizeof(ftp->word));
}

/* The word is whole: NOT_MINE if no FTP client begins so. */
static enum inspect_step_kind command_word_end(struct inspect_ftp *ftp)
{
    bool first = false;
    ftp->state = FTP_ARGUMENT;
    ftp->secret = word_is(ftp, "PASS") || word_is(ftp, "ACCT");
    if (ftp->known != 0) {
        return INSPECT_STEP_MORE;
    }
    for (size_t i = 0; i < sizeof(first_words) / sizeof(first_words[0]); i++) {
        first = first || word_is(ftp, first_words[i]);
    }
    ftp->known = 1;
    return first ? INSPECT_STEP_KNOWN : INSPECT_STEP_NOT_MINE;
}

static enum inspect_step_kind command_word_byte(struct inspect_ftp *ftp,
                                                struct inspect_event *event, uint8_t byte)
{
    bool letter = upper(byte) >= 'A' && upper(byte) <= 'Z';
    if (byte == ' ' || byte == '\t') {
        return command_word_end(ftp);
    }
    if (!letter) {
        if (ftp->known == 0) {
            return INSPECT_STEP_NOT_MINE;
        }
        event->anomalies |= INSPECT_ANOMALY_START_LINE;
    }
    if (ftp->word_length < sizeof(ftp->word) - 1) {
        bool plain = byte > ' ' && byte < 0x7f;
        ftp->word[ftp->word_length++] = plain ? (char)upper(byte) : '?';
    }
    return INSPECT_STEP_MORE;
}

static void command_argument_byte(struct inspect_ftp *ftp, struct inspect_event *event,
                                  uint8_t byte)
{
    struct inspect_event_ftp *told = &event->body.ftp;
    if (ftp->secret != 0 || byte == 0) {
        return;
    }
    if (ftp->argument_length == sizeof(told->argument) - 1) {
        event->flags |= INSPECT_EVENT_TRUNCATED;
        return;
    }
    told->argument[ftp->argument_length++] = (char)byte;
}

/* The line ended. */
static enum inspect_step_kind command_end(struct inspect_ftp *ftp, struct inspect_event *event)
{
    enum inspect_step_kind kind = INSPECT_STEP_MORE;
    if (ftp->state == FTP_WORD) {
        kind = command_word_end(ftp);
    }
    ftp->state = FTP_BETWEEN;
    ftp->auth = word_is(ftp, "AUTH") ? 1 : 0;
    ftp->pending = PENDING_HEAD;
    event->flags |= ftp->auth != 0 ? INSPECT_EVENT_UPGRADE : 0;
    event->anomalies |= ftp->word_length == 0 ? INSPECT_ANOMALY_START_LINE : 0;
    event->message = INSPECT_MESSAGE_FTP_COMMAND;
    memcpy(event->body.ftp.command, ftp->word, sizeof(ftp->word));
    return kind;
}

/* Passes over Telnet commands: true if the byte belongs to one. */
static bool command_telnet(struct inspect_ftp *ftp, uint8_t byte)
{
    if (ftp->telnet == 0) {
        ftp->telnet = byte == TELNET_COMMAND ? 1 : 0;
        return ftp->telnet != 0;
    }
    bool option = ftp->telnet == 1 && byte >= TELNET_OPTION_FIRST && byte <= TELNET_OPTION_LAST;
    bool escaped = ftp->telnet == 1 && byte == TELNET_COMMAND;
    ftp->telnet = option ? 2 : 0;
    return !escaped;
}

static enum inspect_step_kind command_byte(struct inspect_ftp *ftp, struct inspect_event *event,
                                           uint8_t byte)
{
    if (command_telnet(ftp, byte)) {
        return INSPECT_STEP_MORE;
    }
    if (byte == '\n') {
        event->anomalies |= ftp->cr == 0 ? INSPECT_ANOMALY_BARE_LF : 0;
        ftp->cr = 0;
        return command_end(ftp, event);
    }
    event->anomalies |= ftp->cr != 0 ? INSPECT_ANOMALY_BARE_CR : 0;
    ftp->cr = byte == '\r' ? 1 : 0;
    if (ftp->cr != 0) {
        return INSPECT_STEP_MORE;
    }
    event->anomalies |= byte == 0 ? INSPECT_ANOMALY_NUL_BYTE : 0;
    ftp->line_length += ftp->line_length < UINT32_MAX ? 1 : 0;
    if (ftp->line_length > COMMAND_LINE_MAX) {
        event->anomalies |= INSPECT_ANOMALY_LONG_LINE;
    }
    if (ftp->state == FTP_WORD) {
        return command_word_byte(ftp, event, byte);
    }
    command_argument_byte(ftp, event, byte);
    return INSPECT_STEP_MORE;
}

static void reply_tell(struct inspect_ftp *ftp, struct inspect_event *event)
{
    event->message = INSPECT_MESSAGE_FTP_REPLY;
    event->body.ftp.status = ftp->reply.status;
}

static enum inspect_step_kind reply_byte(struct inspect_ftp *ftp, struct inspect_event *event,
                                         uint8_t byte)
{
    switch (inspect_reply_byte(&ftp->reply, byte, &event->anomalies)) {
    case INSPECT_REPLY_WHOLE:
        ftp->state = FTP_BETWEEN;
        if (ftp->known == 0 && ftp->reply.says != INSPECT_REPLY_SAYS_FTP) {
            return INSPECT_STEP_NOT_MINE;
        }
        ftp->pending = ftp->known == 0 ? PENDING_KNOWN : PENDING_HEAD;
        ftp->known = 1;
        reply_tell(ftp, event);
        return INSPECT_STEP_MORE;
    case INSPECT_REPLY_BAD:
        if (ftp->known == 0) {
            return INSPECT_STEP_NOT_MINE;
        }
        event->anomalies |= INSPECT_ANOMALY_START_LINE;
        return INSPECT_STEP_BROKEN;
    default:
        return INSPECT_STEP_MORE;
    }
}

int inspect_ftp_begins(unsigned from_server, const uint8_t *data, size_t length)
{
    int answer = 0;
    if (from_server != 0) {
        return inspect_smtp_begins(from_server, data, length);
    }
    for (size_t i = 0; i < sizeof(first_words) / sizeof(first_words[0]); i++) {
        size_t at = 0;
        while (at < length && at < 4 && upper(data[at]) == (uint8_t)first_words[i][at]) {
            at++;
        }
        if (at == length && at < 5) {
            answer = 1;
        } else if (at == 4 &&
                   (data[4] == ' ' || data[4] == '\t' || data[4] == '\r' || data[4] == '\n')) {
            return 2;
        }
    }
    return answer;
}

void inspect_ftp_init(struct inspect_ftp *ftp, unsigned from_server)
{
    memset(ftp, 0, sizeof(*ftp));
    ftp->from_server = from_server != 0;
    inspect_reply_init(&ftp->reply, false);
}

bool inspect_ftp_adopt(struct inspect_ftp *ftp, const struct inspect_smtp *smtp)
{
    struct inspect_reply reply = smtp->reply;
    bool mine = smtp->from_server != 0 && smtp->known == 0 && reply.whole != 0 &&
                reply.says == INSPECT_REPLY_SAYS_FTP;
    if (mine) {
        inspect_ftp_init(ftp, 1);
        ftp->reply = reply;
        ftp->reply.every_line = 0;
        ftp->known = 1;
        ftp->pending = PENDING_KNOWN;
    }
    return mine;
}

size_t inspect_ftp_feed(struct inspect_ftp *ftp, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step)
{
    size_t used = 0;
    memset(step, 0, sizeof(*step));
    while (step->kind == INSPECT_STEP_MORE) {
        if (ftp->pending != PENDING_NONE) {
            if (ftp->from_server != 0) {
                reply_tell(ftp, event); /* for the first reply of one that was adopted */
            }
            ftp_pending_step(ftp, step);
        } else if (used == length) {
            break;
        } else if (ftp->state == FTP_BETWEEN) {
            bool may_switch = ftp->from_server != 0 ? ftp->known != 0 : ftp->auth != 0;
            if (may_switch && data[used] == TLS_HANDSHAKE) {
                step->kind = INSPECT_STEP_SWITCH;
            } else if (ftp->from_server != 0) {
                ftp->state = FTP_REPLY;
            } else {
                command_begin(ftp);
            }
        } else if (ftp->from_server != 0) {
            step->kind = (uint8_t)reply_byte(ftp, event, data[used++]);
        } else {
            step->kind = (uint8_t)command_byte(ftp, event, data[used++]);
        }
    }
    return used;
}
