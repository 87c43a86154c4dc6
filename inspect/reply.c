/* SPDX-License-Identifier: MIT */
/* See reply.h. */
#include "inspect/reply.h"

#include "inspect/bytes.h"
#include "inspect/event.h"

enum {
    CODE_LENGTH = 3,
    SMTP_LINE_MAX = 510, /* RFC 5321 4.5.3.1.5, without its end */
    FTP_LINE_MAX = 4096, /* RFC 959 has no limit */
    WORD_SMTP = 0x534d5450,
    WORD_FTP = 0x465450,
};

static void reply_begin_line(struct inspect_reply *reply)
{
    reply->line_length = 0;
    reply->window = 0;
    reply->code = 0;
    reply->dash = 0;
    reply->coded = 1;
    reply->cr = 0;
}

void inspect_reply_init(struct inspect_reply *reply, bool every_line)
{
    memset(reply, 0, sizeof(*reply));
    reply->every_line = every_line ? 1 : 0;
    reply_begin_line(reply);
}

static enum inspect_reply_read reply_end_line(struct inspect_reply *reply, uint32_t *anomalies)
{
    bool coded = reply->coded != 0 && reply->line_length >= CODE_LENGTH;
    bool last = false;
    if (reply->status == 0) {
        if (!coded) {
            return INSPECT_REPLY_BAD;
        }
        reply->status = reply->code;
        reply->more = reply->dash;
        last = reply->more == 0;
    } else {
        bool same = coded && reply->code == reply->status;
        last = same && reply->dash == 0;
        if (!same && reply->every_line != 0) {
            *anomalies |= INSPECT_ANOMALY_START_LINE;
        }
    }
    reply_begin_line(reply);
    reply->whole = last ? 1 : 0;
    return last ? INSPECT_REPLY_WHOLE : INSPECT_REPLY_MORE;
}

/* The code and what is behind it; false: there is none. */
static bool reply_code_byte(struct inspect_reply *reply, uint32_t position, uint8_t byte)
{
    if (position == CODE_LENGTH) {
        reply->dash = byte == '-' ? 1 : 0;
        return byte == '-' || byte == ' ';
    }
    reply->code = (uint16_t)(reply->code * 10 + (byte - '0'));
    return byte >= '0' && byte <= '9' && (position > 0 || (byte >= '1' && byte <= '5'));
}

static void reply_text_byte(struct inspect_reply *reply, uint8_t byte)
{
    uint8_t upper = byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - ('a' - 'A')) : byte;
    reply->window = reply->window << 8 | upper;
    if (reply->window == WORD_SMTP) {
        reply->says = INSPECT_REPLY_SAYS_SMTP;
    } else if ((reply->window & 0xffffff) == WORD_FTP) {
        reply->says = INSPECT_REPLY_SAYS_FTP;
    }
}

enum inspect_reply_read inspect_reply_byte(struct inspect_reply *reply, uint8_t byte,
                                           uint32_t *anomalies)
{
    if (reply->whole != 0) {
        reply->whole = 0;
        reply->status = 0;
    }
    if (byte == '\n') {
        *anomalies |= reply->cr == 0 ? INSPECT_ANOMALY_BARE_LF : 0;
        return reply_end_line(reply, anomalies);
    }
    *anomalies |= reply->cr != 0 ? INSPECT_ANOMALY_BARE_CR : 0;
    reply->cr = byte == '\r' ? 1 : 0;
    if (reply->cr != 0) {
        return INSPECT_REPLY_MORE;
    }
    uint32_t position = reply->line_length;
    reply->line_length += position < UINT32_MAX ? 1 : 0;
    *anomalies |= byte == 0 ? INSPECT_ANOMALY_NUL_BYTE : 0;
    if (position == (reply->every_line != 0 ? SMTP_LINE_MAX : FTP_LINE_MAX)) {
        *anomalies |= INSPECT_ANOMALY_LONG_LINE;
    }
    if (position > CODE_LENGTH) {
        reply_text_byte(reply, byte);
    } else if (reply->coded != 0 && !reply_code_byte(reply, position, byte)) {
        reply->coded = 0;
        return reply->status == 0 ? INSPECT_REPLY_BAD : INSPECT_REPLY_MORE;
    }
    return INSPECT_REPLY_MORE;
}
