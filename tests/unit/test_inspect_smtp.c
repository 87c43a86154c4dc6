/* SPDX-License-Identifier: MIT */
/* SMTP in both directions: commands, envelopes, bodies, chunks, STARTTLS, and what is odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_inspect_steps.h"

static struct steps steps;

static void client(const char *text)
{
    steps_every_cut(&steps_smtp, 0, text, strlen(text), &steps);
}

static void server(const char *text)
{
    steps_every_cut(&steps_smtp, 1, text, strlen(text), &steps);
}

static void a_session(void **state)
{
    (void)state;
    client("EHLO relay.example\r\n"
           "MAIL FROM:<a@one.example> SIZE=100\r\n"
           "rcpt to: <b@two.example>\r\n"
           "RCPT TO:<\"c > d\"@two.example>\r\n"
           "DATA\r\n"
           "Subject: x\r\n\r\n..dot\r\n.\r\n"
           "QUIT\r\n");
    steps_expect(&steps, "5 KNOWN\n20 HEAD\n20 DONE\n56 HEAD\n56 DONE\n82 HEAD\n82 DONE\n"
                         "113 HEAD\n113 DONE\n119 HEAD\n119 DONE\n"
                         "119 HEAD\n119 OPEN body\n"
                         "143 CLOSE body Subject: x\\0d\\0a\\0d\\0a.dot\\0d\\0a\n143 DONE\n"
                         "149 HEAD\n149 DONE\n");
    const struct inspect_event *mail = &steps.heads[5];
    assert_int_equal(steps.heads_count, 7);
    assert_int_equal(mail->message, INSPECT_MESSAGE_SMTP_MAIL);
    assert_int_equal(mail->flags, INSPECT_EVENT_HAS_BODY);
    assert_int_equal(mail->anomalies, 0);
    assert_string_equal(mail->body.smtp.helo, "relay.example");
    assert_string_equal(mail->body.smtp.sender, "<a@one.example>");
    assert_int_equal(mail->body.smtp.recipients, 2);
    assert_memory_equal(mail->body.smtp.recipient, "<b@two.example>\0<\"c > d\"@two.example>\0",
                        40);
    assert_string_equal(mail->body.smtp.command, "DATA");
    assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_SMTP_COMMAND);
    assert_string_equal(steps.heads[2].body.smtp.command, "RCPT");
    /* The next mail has an envelope of its own, and the same name. */
    assert_string_equal(steps.heads[6].body.smtp.helo, "relay.example");
    assert_string_equal(steps.heads[6].body.smtp.sender, "");
    assert_int_equal(steps.heads[6].body.smtp.recipients, 0);
}

static void envelope_resets(void **state)
{
    (void)state;
    client("HELO a\r\nMAIL FROM:<x@a>\r\nRCPT TO:<y@b>\r\nRSET\r\nNOOP\r\n"
           "MAIL FROM:<>\r\nEHLO b\r\n");
    assert_string_equal(steps.heads[2].body.smtp.recipient, "<y@b>");
    assert_string_equal(steps.heads[4].body.smtp.sender, "");
    assert_string_equal(steps.heads[4].body.smtp.helo, "a");
    assert_string_equal(steps.heads[5].body.smtp.sender, "<>");
    assert_string_equal(steps.heads[6].body.smtp.sender, "");
    assert_string_equal(steps.heads[6].body.smtp.helo, "b");
}

/* What is in the body, and what the end is, for line ends of every kind (the smuggling cases). */
static void ends_of_data(void **state)
{
    static const struct {
        const char *data, *body;
        uint32_t anomalies;
        bool ends;
    } cases[] = {
        {".\r\n", "", 0, true},
        {"a\r\n.\r\n", "a\\0d\\0a", 0, true},
        {"a\r\n..\r\n.\r\n", "a\\0d\\0a.\\0d\\0a", 0, true},
        {"a\r\n.b\r\n.\r\n", "a\\0d\\0ab\\0d\\0a", 0, true},
        {"a\n.\n.\r\n", NULL, INSPECT_ANOMALY_BARE_LF, false},
        {"a\n.\r\n", NULL, INSPECT_ANOMALY_BARE_LF, false},
        {"a\r\n.\n", NULL, INSPECT_ANOMALY_BARE_LF, false},
        {"a\r.\r\n", NULL, INSPECT_ANOMALY_BARE_CR, false},
        {"a\r\n.\rb", NULL, INSPECT_ANOMALY_BARE_CR, false},
        {"a\r\n.\r\r\n", NULL, INSPECT_ANOMALY_BARE_CR, false},
        {"a\n.\r\nb\r\n.\r\n", "a\\0a.\\0d\\0ab\\0d\\0a", INSPECT_ANOMALY_BARE_LF, true},
        {"a\r\n.\nb\r\n.\r\n", "a\\0d\\0a\\0ab\\0d\\0a", INSPECT_ANOMALY_BARE_LF, true},
        {"a\r\n.\r.\r\n\r\n.\r\n", "a\\0d\\0a\\0d.\\0d\\0a\\0d\\0a", INSPECT_ANOMALY_BARE_CR, true},
        {"a\r\r\n.\r\n", "a\\0d\\0d\\0a", INSPECT_ANOMALY_BARE_CR, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[256];
        char expected[256];
        (void)snprintf(text, sizeof(text), "HELO a\r\nDATA\r\n%s", cases[i].data);
        (void)snprintf(expected, sizeof(expected), " CLOSE body %s\n", cases[i].body);
        client(text);
        if ((strstr(steps.text, "CLOSE") != NULL) != cases[i].ends ||
            (cases[i].ends && strstr(steps.text, expected) == NULL) ||
            (cases[i].ends && steps.consumed != strlen(text))) {
            fail_msg("case %zu: %s", i, steps.text);
        }
        if (cases[i].ends) {
            assert_int_equal(steps.last.anomalies, cases[i].anomalies);
        }
    }
}

static void nul_and_long_lines(void **state)
{
    static const char nul[] = "HELO a\r\nDATA\r\na\0b\r\n.\r\n";
    static char text[20000];
    (void)state;
    steps_every_cut(&steps_smtp, 0, nul, sizeof(nul) - 1, &steps);
    assert_int_equal(steps.last.anomalies, INSPECT_ANOMALY_NUL_BYTE);
    for (unsigned longer = 0; longer < 2; longer++) {
        size_t length = (size_t)sprintf(text, "HELO a\r\nDATA\r\n");
        memset(text + length, 'x', 998 + longer);
        length += 998 + longer;
        (void)sprintf(text + length, "\r\n.\r\n");
        client(text);
        assert_int_equal(steps.last.anomalies, longer != 0 ? INSPECT_ANOMALY_LONG_LINE : 0);
        length = (size_t)sprintf(text, "HELO a\r\nMAIL FROM:<");
        memset(text + length, 'x', 2048 - 11 + longer);
        length += 2048 - 11 + longer;
        (void)sprintf(text + length, "\r\n");
        client(text);
        assert_int_equal(steps.heads[1].anomalies, longer != 0 ? INSPECT_ANOMALY_LONG_LINE : 0);
        assert_int_equal(steps.heads[1].flags, INSPECT_EVENT_TRUNCATED);
        assert_int_equal(strlen(steps.heads[1].body.smtp.sender), 319);
    }
}

static void many_recipients(void **state)
{
    static char text[4096];
    size_t length = (size_t)sprintf(text, "HELO a\r\nMAIL FROM:<b@c>\r\n");
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        length += (size_t)sprintf(text + length,
                                  "RCPT TO:<recipient-number-%u@an.example.of.length>\r\n", i);
    }
    client(text);
    const struct inspect_event_smtp *told = &steps.heads[21].body.smtp;
    assert_int_equal(told->recipients, 20);
    assert_true((steps.heads[21].flags & INSPECT_EVENT_TRUNCATED) != 0);
    /* As many as fit, each of them whole. */
    size_t whole = 0;
    const char *at = told->recipient;
    for (; *at != '\0'; at += strlen(at) + 1) {
        char expected[64];
        (void)sprintf(expected, "<recipient-number-%zu@an.example.of.length>", whole);
        assert_string_equal(at, expected);
        whole++;
    }
    assert_int_equal(whole, 14);
}

static void chunks(void **state)
{
    (void)state;
    client("EHLO a\r\nMAIL FROM:<b@c>\r\nRCPT TO:<d@e>\r\n"
           "BDAT 5\r\n.\r\n.\rBDAT 0\r\nbdat 3 last\r\nxyzQUIT\r\n");
    steps_expect(&steps, "5 KNOWN\n8 HEAD\n8 DONE\n25 HEAD\n25 DONE\n40 HEAD\n40 DONE\n"
                         "48 HEAD\n48 DONE\n48 HEAD\n48 OPEN body\n"
                         "77 CLOSE body .\\0d\\0a.\\0dxyz\n77 DONE\n83 HEAD\n83 DONE\n");
    assert_string_equal(steps.heads[4].body.smtp.command, "BDAT");
    assert_string_equal(steps.heads[4].body.smtp.recipient, "<d@e>");
    /* A mail that is given up between its chunks. */
    client("EHLO a\r\nBDAT 2\r\nabRSET\r\n");
    steps_expect(&steps, "5 KNOWN\n8 HEAD\n8 DONE\n16 HEAD\n16 DONE\n16 HEAD\n16 OPEN body\n"
                         "18 CLOSE body ab\n18 DONE\n24 HEAD\n24 DONE\n");
    /* Nothing at all. */
    client("EHLO a\r\nBDAT 0 LAST\r\nNOOP\r\n");
    steps_expect(&steps, "5 KNOWN\n8 HEAD\n8 DONE\n21 HEAD\n21 DONE\n27 HEAD\n27 DONE\n");
}

static void bad_chunks(void **state)
{
    static const char *const lines[] = {
        "BDAT",    "BDAT x",     "BDAT 5 FIRST", "BDAT 5 LAST LAST", "BDAT 99999999999999999999",
        "BDAT -1", "BDAT 5LAST",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[128];
        (void)sprintf(text, "EHLO a\r\n%s\r\nNOOP\r\n", lines[i]);
        client(text);
        assert_int_equal(steps.heads_count, 3);
        assert_int_equal(steps.heads[1].anomalies, INSPECT_ANOMALY_BAD_LENGTH);
        assert_string_equal(steps.heads[2].body.smtp.command, "NOOP");
        /* inside a mail it ends that */
        (void)sprintf(text, "EHLO a\r\nBDAT 1\r\nx%s\r\nNOOP\r\n", lines[i]);
        client(text);
        assert_int_equal(steps.heads_count, 4);
        assert_string_equal(steps.heads[3].body.smtp.command, "NOOP");
    }
}

static void starttls(void **state)
{
    (void)state;
    client("EHLO a\r\nSTARTTLS\r\n\x16\x03\x01");
    steps_expect(&steps, "5 KNOWN\n8 HEAD\n8 DONE\n18 HEAD\n18 DONE\n18 SWITCH\n");
    assert_int_equal(steps.heads[1].flags, INSPECT_EVENT_UPGRADE);
    assert_int_equal(steps.heads[1].anomalies, 0);
    client("EHLO a\r\nSTARTTLS\r\nMAIL FROM:<x@y>\r\nRSET\r\n");
    assert_int_equal(steps.heads[2].anomalies, INSPECT_ANOMALY_STARTTLS_DATA);
    assert_int_equal(steps.heads[3].anomalies, 0);
    server("220 a ESMTP\r\n250-a\r\n250 STARTTLS\r\n220 go\r\n\x16\x03\x03");
    steps_expect(&steps, "13 KNOWN\n13 HEAD\n13 DONE\n34 HEAD\n34 DONE\n42 HEAD\n42 DONE\n"
                         "42 SWITCH\n");
}

/* Answers to AUTH are no commands, and are not told. */
static void auth(void **state)
{
    (void)state;
    client("EHLO a\r\nAUTH LOGIN\r\ndXNlcg==\r\nc2VjcmV0\r\nMAIL FROM:<x@y>\r\nc2VjcmV0\r\n");
    assert_string_equal(steps.heads[1].body.smtp.command, "AUTH");
    assert_string_equal(steps.heads[2].body.smtp.command, "AUTH");
    assert_string_equal(steps.heads[3].body.smtp.command, "AUTH");
    assert_int_equal(steps.heads[2].anomalies, 0);
    assert_string_equal(steps.heads[4].body.smtp.command, "MAIL");
    assert_string_equal(steps.heads[5].body.smtp.command, "C2VJCMV0");
    assert_int_equal(steps.heads[5].anomalies, INSPECT_ANOMALY_START_LINE);
}

static void odd_commands(void **state)
{
    static const struct {
        const char *line;
        uint32_t anomalies;
        const char *command;
    } cases[] = {
        {"NOOP\n", INSPECT_ANOMALY_BARE_LF, "NOOP"},
        {"NO\rOP\r\n", INSPECT_ANOMALY_BARE_CR, "NOOP"},
        {"MAIL TO:<x>\r\n", INSPECT_ANOMALY_START_LINE, "MAIL"},
        {"RCPT\r\n", INSPECT_ANOMALY_START_LINE, "RCPT"},
        {"DATA now\r\n", INSPECT_ANOMALY_START_LINE, "DATA"},
        {"DATA \t\r\n", 0, "DATA"},
        {"X-UNKNOWN\r\n", INSPECT_ANOMALY_START_LINE, "X-UNKNOWN"},
        {"XCLIENT a=b\r\n", 0, "XCLIENT"},
        {"a\x01\x80\r\n", INSPECT_ANOMALY_START_LINE, "A??"},
        {"averyveryverylongword\r\n", 0, "AVERYVERYVERYLO"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[128];
        (void)sprintf(text, "HELO a\r\n%s", cases[i].line);
        client(text);
        assert_int_equal(steps.heads_count, 2);
        assert_int_equal(steps.heads[1].anomalies, cases[i].anomalies);
        assert_string_equal(steps.heads[1].body.smtp.command, cases[i].command);
    }
}

static void not_smtp(void **state)
{
    static const struct {
        const char *text;
        unsigned from_server;
        size_t decided;
    } cases[] = {
        {"GET / HTTP/1.1\r\n", 0, 4}, {"USER x\r\n", 0, 5},
        {"MAIL FROM:<x>\r\n", 0, 5},  {"\x16\x03\x01", 0, 1},
        {"EHLOX a\r\n", 0, 6},        {"HTTP/1.1 200 OK\r\n", 1, 1},
        {"220 vsFTPd\r\n", 1, 12},    {"220 smtp.a FTP ready\r\n", 1, 22},
        {"220 hello\r\n", 1, 11},     {"22x SMTP\r\n", 1, 3},
        {"620 SMTP\r\n", 1, 1},       {"220SMTP\r\n", 1, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        steps_every_cut(&steps_smtp, cases[i].from_server, cases[i].text, strlen(cases[i].text),
                        &steps);
        assert_int_equal(steps.kind, INSPECT_STEP_NOT_MINE);
        assert_int_equal(steps.consumed, cases[i].decided);
    }
}

static void replies(void **state)
{
    (void)state;
    server("220 mail.example ESMTP\r\n250-a\r\n250-b\r\n250 c\r\n354\r\n550 no\n250-x\r\n251 "
           "y\r\n250 z\r\n");
    assert_int_equal(steps.heads_count, 5);
    assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_SMTP_REPLY);
    assert_int_equal(steps.heads[0].body.smtp.status, 220);
    assert_int_equal(steps.heads[1].body.smtp.status, 250);
    assert_int_equal(steps.heads[2].body.smtp.status, 354);
    assert_int_equal(steps.heads[3].body.smtp.status, 550);
    assert_int_equal(steps.heads[3].anomalies, INSPECT_ANOMALY_BARE_LF);
    assert_int_equal(steps.heads[4].anomalies, INSPECT_ANOMALY_START_LINE);
    server("220 x SMTP\r\nnonsense\r\n");
    assert_int_equal(steps.kind, INSPECT_STEP_BROKEN);
    assert_int_equal(steps.consumed, 13);
}

/* The engine's question by which parser a stream is to be read. */
static void begins(void **state)
{
    static const struct {
        const char *text;
        unsigned from_server;
        int answer;
    } cases[] = {
        {"", 0, 1},      {"E", 0, 1},     {"ehlo", 0, 1}, {"EHLO ", 0, 2}, {"HELO\r", 0, 2},
        {"EHLOX", 0, 0}, {"HEAD ", 0, 0}, {"G", 0, 0},    {"2", 1, 1},     {"220 ", 1, 2},
        {"220-x", 1, 2}, {"220x", 1, 0},  {"900", 1, 0},  {"H", 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(inspect_smtp_begins(cases[i].from_server, (const uint8_t *)cases[i].text,
                                             strlen(cases[i].text)),
                         cases[i].answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session),
        cmocka_unit_test(envelope_resets),
        cmocka_unit_test(ends_of_data),
        cmocka_unit_test(nul_and_long_lines),
        cmocka_unit_test(many_recipients),
        cmocka_unit_test(chunks),
        cmocka_unit_test(bad_chunks),
        cmocka_unit_test(starttls),
        cmocka_unit_test(auth),
        cmocka_unit_test(odd_commands),
        cmocka_unit_test(not_smtp),
        cmocka_unit_test(replies),
        cmocka_unit_test(begins),
    };
    return cmocka_run_group_tests_name("inspect_smtp", tests, NULL, NULL);
}
