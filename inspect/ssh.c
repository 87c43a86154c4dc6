/* SPDX-License-Identifier: MIT */
/* See ssh.h. */
#include "inspect/ssh.h"

#include <stdbool.h>

#include "inspect/bytes.h"

enum {
    MAGIC_LENGTH = 4,
    BANNER_MAX = 253, /* RFC 4253 4.2: 255 with CR LF */
    LINE_MAX = 1024,  /* of the server's other lines, which have no limit */
    LINES_MAX = 32,
};

enum state {
    SSH_MAGIC = 0,
    SSH_LINE, /* one in front of the banner */
    SSH_PROTOCOL,
    SSH_SOFTWARE,
    SSH_COMMENTS,
};

enum pending {
    PENDING_NONE = 0,
    PENDING_HEAD = 1,
    PENDING_OPAQUE = 2,
};

static const char magic[] = "SSH-";

/* The line ended. */
static enum inspect_step_kind ssh_end_line(struct inspect_ssh *ssh, struct inspect_event *event)
{
    bool banner = ssh->state > SSH_LINE;
    event->anomalies |= ssh->cr == 0 ? INSPECT_ANOMALY_BARE_LF : 0;
    ssh->cr = 0;
    ssh->line_length = 0;
    if (banner) {
        event->anomalies |= ssh->state == SSH_PROTOCOL ? INSPECT_ANOMALY_START_LINE : 0;
        event->message = INSPECT_MESSAGE_SSH_BANNER;
        ssh->pending = PENDING_HEAD;
        return INSPECT_STEP_MORE;
    }
    ssh->state = SSH_MAGIC;
    ssh->lines++;
    return ssh->from_server != 0 && ssh->lines < LINES_MAX ? INSPECT_STEP_MORE
                                                           : INSPECT_STEP_NOT_MINE;
}

static void ssh_put(struct inspect_ssh *ssh, struct inspect_event *event, char *text, size_t size,
                    uint8_t byte)
{
    if (ssh->text_length == size - 1) {
        event->flags |= INSPECT_EVENT_TRUNCATED;
    } else if (byte != 0) {
        text[ssh->text_length++] = (char)byte;
    }
}

static enum inspect_step_kind ssh_byte(struct inspect_ssh *ssh, struct inspect_event *event,
                                       uint8_t byte)
{
    struct inspect_event_ssh *told = &event->body.ssh;
    if (byte == '\n') {
        return ssh_end_line(ssh, event);
    }
    bool bare = ssh->cr != 0;
    ssh->cr = byte == '\r' ? 1 : 0;
    event->anomalies |= bare ? INSPECT_ANOMALY_BARE_CR : 0;
    if (ssh->cr != 0) {
        return INSPECT_STEP_MORE;
    }
    uint32_t position = ssh->line_length++;
    switch (ssh->state) {
    case SSH_MAGIC:
        if (byte != (uint8_t)magic[position]) {
            ssh->state = SSH_LINE;
            return ssh->from_server != 0 ? INSPECT_STEP_MORE : INSPECT_STEP_NOT_MINE;
        }
        if (position + 1 == MAGIC_LENGTH) {
            ssh->state = SSH_PROTOCOL;
            return INSPECT_STEP_KNOWN;
        }
        return INSPECT_STEP_MORE;
    case SSH_LINE:
        return ssh->line_length > LINE_MAX ? INSPECT_STEP_NOT_MINE : INSPECT_STEP_MORE;
    case SSH_PROTOCOL:
        if (byte == '-') {
            ssh->state = SSH_SOFTWARE;
            ssh->text_length = 0;
        } else {
            ssh_put(ssh, event, told->protocol, sizeof(told->protocol), byte);
        }
        break;
    case SSH_SOFTWARE:
        if (byte == ' ') {
            ssh->state = SSH_COMMENTS;
        } else {
            ssh_put(ssh, event, told->software, sizeof(told->software), byte);
        }
        break;
    default: /* SSH_COMMENTS */
        break;
    }
    event->anomalies |= byte == 0 ? INSPECT_ANOMALY_NUL_BYTE : 0;
    if (ssh->line_length > BANNER_MAX) {
        event->anomalies |= INSPECT_ANOMALY_LONG_LINE;
        event->message = INSPECT_MESSAGE_SSH_BANNER;
        return INSPECT_STEP_BROKEN;
    }
    return INSPECT_STEP_MORE;
}

int inspect_ssh_begins(const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length && i < MAGIC_LENGTH; i++) {
        if (data[i] != (uint8_t)magic[i]) {
            return 0;
        }
    }
    return length < MAGIC_LENGTH ? 1 : 2;
}

void inspect_ssh_init(struct inspect_ssh *ssh, unsigned from_server)
{
    memset(ssh, 0, sizeof(*ssh));
    ssh->from_server = from_server != 0;
}

size_t inspect_ssh_feed(struct inspect_ssh *ssh, struct inspect_event *event, const uint8_t *data,
                        size_t length, struct inspect_step *step)
{
    size_t used = 0;
    memset(step, 0, sizeof(*step));
    while (step->kind == INSPECT_STEP_MORE) {
        if (ssh->pending == PENDING_HEAD) {
            ssh->pending = PENDING_OPAQUE;
            step->kind = INSPECT_STEP_HEAD;
        } else if (ssh->pending == PENDING_OPAQUE) {
            step->kind = INSPECT_STEP_OPAQUE;
        } else if (used == length) {
            break;
        } else {
            step->kind = (uint8_t)ssh_byte(ssh, event, data[used++]);
        }
    }
    return used;
}
