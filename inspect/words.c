/* SPDX-License-Identifier: MIT */
/* The words in which reports name what the core decided: one table per enumeration. */
#include "inspect/inspect.h"

#define WORDS(table) (sizeof(table) / sizeof((table)[0]))

static const char *const protocol_words[] = {
    [INSPECT_PROTOCOL_UNKNOWN] = "unknown", [INSPECT_PROTOCOL_TLS] = "tls",
    [INSPECT_PROTOCOL_HTTP] = "http",       [INSPECT_PROTOCOL_OTHER] = "other",
    [INSPECT_PROTOCOL_SMTP] = "smtp",       [INSPECT_PROTOCOL_FTP] = "ftp",
    [INSPECT_PROTOCOL_SSH] = "ssh",
};

static const char *const reason_words[] = {
    [INSPECT_REASON_NONE] = "none",
    [INSPECT_REASON_MESSAGE_COMPLETE] = "message_complete",
    [INSPECT_REASON_BYTE_LIMIT] = "byte_limit",
    [INSPECT_REASON_DEADLINE] = "deadline",
    [INSPECT_REASON_NOT_THIS_PROTOCOL] = "not_this_protocol",
    [INSPECT_REASON_END_OF_STREAM] = "end_of_stream",
    [INSPECT_REASON_ANOMALY] = "anomaly",
    [INSPECT_REASON_GAP] = "gap",
    [INSPECT_REASON_NO_SCRATCH] = "no_scratch",
    [INSPECT_REASON_BLOCKED_NAME] = "blocked_name",
    [INSPECT_REASON_RULE] = "rule",
    [INSPECT_REASON_OVERFLOW] = "overflow",
};

static const char *const message_words[] = {
    [INSPECT_MESSAGE_NONE] = "none",
    [INSPECT_MESSAGE_CLIENT_HELLO] = "client_hello",
    [INSPECT_MESSAGE_SERVER_HELLO] = "server_hello",
    [INSPECT_MESSAGE_TLS_ALERT] = "tls_alert",
    [INSPECT_MESSAGE_HTTP_REQUEST] = "http_request",
    [INSPECT_MESSAGE_HTTP_RESPONSE] = "http_response",
    [INSPECT_MESSAGE_CERTIFICATE] = "certificate",
    [INSPECT_MESSAGE_SMTP_COMMAND] = "smtp_command",
    [INSPECT_MESSAGE_SMTP_REPLY] = "smtp_reply",
    [INSPECT_MESSAGE_SMTP_MAIL] = "smtp_mail",
    [INSPECT_MESSAGE_FTP_COMMAND] = "ftp_command",
    [INSPECT_MESSAGE_FTP_REPLY] = "ftp_reply",
    [INSPECT_MESSAGE_SSH_BANNER] = "ssh_banner",
};

static const char *const verdict_words[] = {
    [INSPECT_HOLD] = "hold",
    [INSPECT_RELEASE] = "release",
    [INSPECT_DROP] = "drop",
};

/* By bit, in the order of enum inspect_anomaly. */
static const char *const anomaly_words[] = {
    "bare_lf",      "bare_cr",          "obs_fold",           "duplicate_host", "conflicting_host",
    "no_host",      "nul_byte",         "start_line",         "bad_header",     "http_09",
    "overlong",     "bad_name",         "tls_record",         "tls_malformed",  "duplicate_sni",
    "gap",          "duplicate_length", "length_and_chunked", "bad_length",     "bad_chunk",
    "bad_encoding", "uri_encoding",     "bare_data",          "long_line",      "unmatched_reply",
    "certificate",  "starttls_data",
};

static const char *word_at(const char *const *words, size_t count, unsigned index)
{
    return index < count ? words[index] : "invalid";
}

const char *inspect_protocol_name(unsigned protocol)
{
    return word_at(protocol_words, WORDS(protocol_words), protocol);
}

const char *inspect_reason_name(unsigned reason)
{
    return word_at(reason_words, WORDS(reason_words), reason);
}

const char *inspect_message_name(unsigned message)
{
    return word_at(message_words, WORDS(message_words), message);
}

const char *inspect_verdict_name(unsigned verdict)
{
    return word_at(verdict_words, WORDS(verdict_words), verdict);
}

const char *inspect_anomaly_name(unsigned bit)
{
    return word_at(anomaly_words, WORDS(anomaly_words), bit);
}
