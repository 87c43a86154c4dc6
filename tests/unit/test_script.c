/* SPDX-License-Identifier: MIT */
/* traffic: the language of scripts. */
#include "traffic/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct traffic_script *parse(const char *text)
{
    char error[160];
    struct traffic_script *script = traffic_script_parse(text, strlen(text), error, sizeof(error));

    if (script == NULL)
        print_message("%s\n", error);
    assert_non_null(script);
    return script;
}

static void refused(const char *text, const char *start)
{
    char error[160];

    assert_null(traffic_script_parse(text, strlen(text), error, sizeof(error)));
    if (strncmp(error, start, strlen(start)) != 0)
        fail_msg("\"%s\" instead of \"%s\"", error, start);
}

static void test_steps(void **state)
{
    struct traffic_script *script =
        parse("# nothing\n\nconnect a 4 in out v4 v6 # four\r\n\treceive a.2 any 1460 nic\n"
              "send * text \"a\\r\\n\\x7f\\\"\\\\\" segment 2\nfin a in out\nwait 200ms\n"
              "capture 3 loss 1000 v6 reset\nbfe start\nunload\nreset a out silent\n"
              "receive a 4M segment 65536 times 1026");
    const struct traffic_step *step = traffic_script_step(script, 0);

    assert_int_equal(traffic_script_steps(script), 10);
    assert_string_equal(traffic_script_text(script, 0), "connect a 4 in out v4 v6 # four");
    assert_int_equal(step->kind, TRAFFIC_STEP_CONNECT);
    assert_int_equal(step->line, 3);
    assert_int_equal(step->count, 4);
    assert_int_equal(step->directions, TRAFFIC_WORD_IN | TRAFFIC_WORD_OUT);
    assert_true(step->v4 && step->v6 && !step->loopback);
    step = traffic_script_step(script, 1);
    assert_string_equal(step->flow, "a.2");
    assert_int_equal(step->content, TRAFFIC_CONTENT_ANY);
    assert_int_equal(step->bytes, 1460);
    assert_true(step->nic);
    step = traffic_script_step(script, 2);
    assert_int_equal(step->bytes, 6);
    assert_memory_equal(step->text, "a\r\n\x7f\"\\", 6);
    assert_int_equal(step->segment, 2);
    assert_int_equal(traffic_script_step(script, 4)->time, 2000000);
    assert_int_equal(traffic_script_step(script, 5)->loss, 1000);
    assert_true(traffic_script_step(script, 6)->begins);
    step = traffic_script_step(script, 8);
    assert_int_equal(step->directions, TRAFFIC_WORD_OUT);
    assert_true(step->silent && !step->shown);
    assert_int_equal(traffic_script_step(script, 9)->times, 1026);
    traffic_script_free(script);
}

static void test_empty(void **state)
{
    struct traffic_script *script = parse("");
    assert_int_equal(traffic_script_steps(script), 0);
    traffic_script_free(script);
    script = parse("# only this");
    assert_int_equal(traffic_script_steps(script), 0);
    traffic_script_free(script);
}

static void test_errors(void **state)
{
    refused("fly a\n", "1:1: there is no step \"fly\"");
    refused("run\nconnect\n", "2:8: the name of a connection is missing");
    refused("connect a!b\n", "1:9: \"a!b\" is no name");
    refused("connect a 0\n", "1:11: 0 is not in 1 to 1000");
    refused("connect *\n", "1:9: \"*\" is no name");
    refused("connect a sideways\n", "1:11: \"sideways\" has no place here");
    refused("receive a\n", "1:10: what is said is missing");
    refused("receive a 10 segment\n", "1:21: segment wants a number");
    refused("receive a 10 segment big\n", "1:22: a number is wanted here");
    refused("receive a 99999999999999999999\n", "1:11: ");
    refused("receive a 17M\n", "1:11: 17825792 is not in");
    refused("receive a 10x\n", "1:11: \"10x\" is no number");
    refused("receive a text\n", "1:15: text wants");
    refused("receive a text \"open\n", "1:16: text wants");
    refused("receive a text \"\"\n", "1:16: the text is empty");
    refused("receive a text \"\\xg0\"\n", "1:16: \\x wants two hexadecimal digits");
    refused("receive a 5 nodelay\n", "1:13: \"nodelay\" has no place here");
    refused("wait\n", "1:5: wait wants a time");
    refused("wait 5 s\n", "1:6: \"5\" is no time");
    refused("wait 99999999s\n", "1:6: a day");
    refused("bfe pause\n", "1:5: stop or start is wanted here");
    refused("run fast\n", "1:5: \"fast\" has no place here");
    refused("fin a\n", "1:6: fin wants in, out or both");
}

static void test_nul(void **state)
{
    char error[160];

    assert_null(traffic_script_parse("run\0 run\nrun\n", 13, error, sizeof(error)));
    assert_string_equal(error, "1:1: a NUL in the text");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
