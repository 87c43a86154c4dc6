/* SPDX-License-Identifier: MIT */
/* SSH identification strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "test_inspect_steps.h"

static struct steps steps;

static void banners(void **state)
{
    static const struct {
        const char *text;
        unsigned from_server;
        const char *protocol, *software;
        uint32_t anomalies;
        const char *steps;
    } cases[] = {
        {"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\nxyz", 0, "2.0", "OpenSSH_9.2p1", 0,
         "4 KNOWN\n32 HEAD\n32 OPAQUE\n"},
        {"SSH-2.0-x\n\x14", 1, "2.0", "x", INSPECT_ANOMALY_BARE_LF,
         "4 KNOWN\n10 HEAD\n10 OPAQUE\n"},
        {"hello\r\nSSH\r\nSSH-1.99-y-z\r\n", 1, "1.99", "y-z", 0, "16 KNOWN\n26 HEAD\n26 OPAQUE\n"},
        {"SSH-2.0-a\rb\r\n", 0, "2.0", "ab", INSPECT_ANOMALY_BARE_CR,
         "4 KNOWN\n13 HEAD\n13 OPAQUE\n"},
        {"SSH-2.0\r\n", 0, "2.0", "", INSPECT_ANOMALY_START_LINE, "4 KNOWN\n9 HEAD\n9 OPAQUE\n"},
        {"SSH-a very long version here-b\r\n", 0, "a very long ver", "b", 0,
         "4 KNOWN\n32 HEAD\n32 OPAQUE\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        steps_every_cut(&steps_ssh, cases[i].from_server, cases[i].text, strlen(cases[i].text),
                        &steps);
        steps_expect(&steps, cases[i].steps);
        assert_int_equal(steps.heads[0].message, INSPECT_MESSAGE_SSH_BANNER);
        assert_int_equal(steps.heads[0].anomalies, cases[i].anomalies);
        assert_string_equal(steps.heads[0].body.ssh.protocol, cases[i].protocol);
        assert_string_equal(steps.heads[0].body.ssh.software, cases[i].software);
    }
}

static void too_long(void **state)
{
    (void)state;
    for (unsigned longer = 0; longer < 2; longer++) {
        char text[300] = "SSH-2.0-";
        memset(text + 8, 'x', 245 + longer);
        (void)sprintf(text + 253 + longer, "\r\n");
        steps_every_cut(&steps_ssh, 0, text, strlen(text), &steps);
        assert_int_equal(steps.kind, longer != 0 ? INSPECT_STEP_BROKEN : INSPECT_STEP_OPAQUE);
        assert_int_equal(steps.heads[0].anomalies, longer != 0 ? INSPECT_ANOMALY_LONG_LINE : 0);
        assert_int_equal(steps.heads[0].flags, INSPECT_EVENT_TRUNCATED);
        assert_int_equal(strlen(steps.heads[0].body.ssh.software), 239);
    }
}

static void not_ssh(void **state)
{
    static char lines[128];
    static const struct {
        const char *text;
        unsigned from_server;
        size_t decided;
    } cases[] = {{"SSX", 0, 3}, {"hello\r\n", 0, 1}, {"\nSSH-2.0-x\n", 0, 1}, {lines, 1, 64}};
    (void)state;
    for (size_t i = 0; i < 50; i++) {
        memcpy(lines + 2 * i, "x\n", 2);
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        steps_every_cut(&steps_ssh, cases[i].from_server, cases[i].text, strlen(cases[i].text),
                        &steps);
        assert_int_equal(steps.kind, INSPECT_STEP_NOT_MINE);
        assert_int_equal(steps.consumed, cases[i].decided);
    }
    assert_int_equal(inspect_ssh_begins((const uint8_t *)"SSH", 3), 1);
    assert_int_equal(inspect_ssh_begins((const uint8_t *)"SSH-2", 5), 2);
    assert_int_equal(inspect_ssh_begins((const uint8_t *)"SSL-", 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(banners),
        cmocka_unit_test(too_long),
        cmocka_unit_test(not_ssh),
    };
    return cmocka_run_group_tests_name("inspect_ssh", tests, NULL, NULL);
}
