/* SPDX-License-Identifier: MIT */
/* FTP control connections in both directions. */
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
    steps_every_cut(&steps_ftp, 0, text, strlen(text), &steps);
}

static void server(const char *text)
{
    steps_every_cut(&steps_ftp, 1, text, strlen(text), &steps);
}

static void commands(void **state)
{
    (void)state;
    client("USER anonymous\r\nPASS secret\r\nretr a file.txt\r\nPWD\r\n");
    steps_expect(&steps, "5 KNOWN\n16 HEAD\n16 DONE\n29 HEAD\n29 DONE\n46 HEAD\n46 DONE\n"
                         "51 HEAD\n51 DONE\n");
    assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_FTP_COMMAND);
    assert_string_equal(steps.heads[0].body.ftp.argument, "anonymous");
    assert_string_equal(steps.heads[1].body.ftp.command, "PASS");
    assert_string_equal(steps.heads[1].body.ftp.argument, "");
    assert_string_equal(steps.heads[2].body.ftp.command, "RETR");
    assert_string_equal(steps.heads[2].body.ftp.argument, "a file.txt");
}

static void odd_commands(void **state)
{
    static const struct {
        const char *line;
        uint32_t anomalies;
        const char *command, *argument;
    } cases[] = {
        {"PWD\n", INSPECT_ANOMALY_BARE_LF, "PWD", ""},
        {"CWD a\rb\r\n", INSPECT_ANOMALY_BARE_CR, "CWD", "ab"},
        {"\r\n", INSPECT_ANOMALY_START_LINE, "", ""},
        {"P1\r\n", INSPECT_ANOMALY_START_LINE, "P1", ""},
        {"\xff\xf4\xff\xf2"
         "ABOR\r\n",
         0, "ABOR", ""},
        {"\xff\xfb\x01"
         "CWD \xff\xff\r\n",
         0, "CWD", "\xff"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];
        (void)sprintf(text, "USER a\r\n%s", cases[i].line);
        client(text);
        assert_int_equal(steps.heads_count, 2);
        assert_int_equal(steps.heads[1].anomalies, cases[i].anomalies);
        assert_string_equal(steps.heads[1].body.ftp.command, cases[i].command);
        assert_string_equal(steps.heads[1].body.ftp.argument, cases[i].argument);
    }
}

static void long_arguments(void **state)
{
    static char text[8192];
    (void)state;
    for (unsigned longer = 0; longer < 2; longer++) {
        size_t length = (size_t)sprintf(text, "USER a\r\nCWD ");
        memset(text + length, 'x', 511 + longer);
        (void)sprintf(text + length + 511 + longer, "\r\n");
        client(text);
        assert_int_equal(strlen(steps.heads[1].body.ftp.argument), 511);
        assert_int_equal(steps.heads[1].flags, longer != 0 ? INSPECT_EVENT_TRUNCATED : 0);
        memset(text + length, 'x', 4096 - 4 + longer);
        (void)sprintf(text + length + 4096 - 4 + longer, "\r\n");
        client(text);
        assert_int_equal(steps.heads[1].anomalies, longer != 0 ? INSPECT_ANOMALY_LONG_LINE : 0);
    }
}

static void auth_tls(void **state)
{
    (void)state;
    client("AUTH TLS\r\n\x16\x03\x01");
    steps_expect(&steps, "5 KNOWN\n10 HEAD\n10 DONE\n10 SWITCH\n");
    assert_int_equal(steps.heads[0].flags, INSPECT_EVENT_UPGRADE);
    /* A server without TLS: the client goes on. */
    client("AUTH TLS\r\nUSER a\r\n");
    steps_expect(&steps, "5 KNOWN\n10 HEAD\n10 DONE\n18 HEAD\n18 DONE\n");
    assert_int_equal(steps.heads[1].flags, 0);
    assert_int_equal(steps.heads[1].anomalies, 0);
    server("220 FTP\r\n234 go\r\n\x16");
    steps_expect(&steps, "9 KNOWN\n9 HEAD\n9 DONE\n17 HEAD\n17 DONE\n17 SWITCH\n");
}

static void replies(void **state)
{
    (void)state;
    server("220-Welcome to\r\n this FTP server\r\n 220 not yet\r\n220 ready\r\n"
           "211-Features:\r\n MDTM\r\n211 End\r\n226 done\r\n");
    assert_int_equal(steps.heads_count, 3);
    assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_FTP_REPLY);
    assert_int_equal(steps.heads[0].body.ftp.status, 220);
    assert_int_equal(steps.heads[1].body.ftp.status, 211);
    assert_int_equal(steps.heads[2].body.ftp.status, 226);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(steps.heads[i].anomalies & ~(uint32_t)INSPECT_ANOMALY_START_LINE, 0);
    }
    assert_int_equal(steps.heads[1].anomalies, 0);
    server("220 (vsFTPd)\r\nxyz\r\n");
    assert_int_equal(steps.kind, INSPECT_STEP_BROKEN);
    assert_int_equal(steps.consumed, 15);
}

static void not_ftp(void **state)
{
    static const struct {
        const char *text;
        unsigned from_server;
        size_t decided;
    } cases[] = {
        {"EHLO a\r\n", 0, 5},     {"GET /\r\n", 0, 4},    {"USERS\r\n", 0, 7},
        {"220 ready\r\n", 1, 11}, {"2200 FTP\r\n", 1, 4}, {"220-FTP\r\n220 ESMTP\r\n", 1, 20},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        steps_every_cut(&steps_ftp, cases[i].from_server, cases[i].text, strlen(cases[i].text),
                        &steps);
        if (i + 1 == sizeof(cases) / sizeof(cases[0])) { /* it says SMTP last */
            assert_int_equal(steps.kind, INSPECT_STEP_DONE);
            assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_SMTP_REPLY);
        } else {
            assert_int_equal(steps.kind, INSPECT_STEP_NOT_MINE);
        }
        assert_int_equal(steps.consumed, cases[i].decided);
    }
}

/* A server's stream that is known to be FTP by other means. */
static void server_alone(void **state)
{
    static const char text[] = "220 FTP\r\n331 password\r\n";
    struct inspect_ftp ftp;
    struct inspect_event event = {0};
    struct inspect_step step;
    (void)state;
    inspect_ftp_init(&ftp, 1);
    size_t used = inspect_ftp_feed(&ftp, &event, (const uint8_t *)text, sizeof(text) - 1, &step);
    assert_int_equal(step.kind, INSPECT_STEP_KNOWN);
    assert_int_equal(used, 9);
    assert_int_equal(event.body.ftp.status, 220);
}

static void begins(void **state)
{
    static const struct {
        const char *text;
        int answer;
    } cases[] = {
        {"", 1}, {"U", 1}, {"user", 1}, {"USER ", 2}, {"FEAT\r", 2}, {"USERS", 0}, {"GET /", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            inspect_ftp_begins(0, (const uint8_t *)cases[i].text, strlen(cases[i].text)),
            cases[i].answer);
    }
    assert_int_equal(inspect_ftp_begins(1, (const uint8_t *)"220-", 4), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands),       cmocka_unit_test(odd_commands),
        cmocka_unit_test(long_arguments), cmocka_unit_test(auth_tls),
        cmocka_unit_test(replies),        cmocka_unit_test(not_ftp),
        cmocka_unit_test(server_alone),   cmocka_unit_test(begins),
    };
    return cmocka_run_group_tests_name("inspect_ftp", tests, NULL, NULL);
}
