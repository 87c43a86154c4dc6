/* SPDX-License-Identifier: MIT */
/* Rules that cannot be compiled: what is told, and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "test_compile_world.h"

struct error_case {
    const char *text;
    const char *place; /* what is pointed at, as it stands in the text */
    const char *told;
};

#define ALERT(options) "alert tcp any any -> any any (" options " sid:1;)"
#define DROP(options)  "drop tcp any any -> any any (" options " sid:1;)"

static const struct error_case cases[] = {
    {ALERT("http.uri; content:\"abcd\"; bsize:3;"), "3;",
     "never matches: at most 3 bytes, but the contents need 4"},
    {ALERT("http.uri; content:\"ab\"; content:\"cd\"; distance:2; bsize:<6;"), "<6;",
     "never matches: at most 5 bytes, but the contents need 6"},
    {ALERT("http.uri; content:\"ab\"; startswith; content:\"ac\"; startswith;"), "\"ac\"",
     "never matches: another content must be at the same place"},
    {ALERT("http.uri; bsize:<3; bsize:>5;"), ">5",
     "never matches: two lengths that exclude each other"},
    {ALERT("content:\"ab\"; content:!\"ab\";"), "!\"ab\"; sid",
     "never matches: the same must be there and must not be"},
    {ALERT("content:\"ab\"; endswith; content:\"c\"; distance:0;"), "\"c\"",
     "never matches: the match before it ends where the buffer ends"},
    {ALERT("content:\"ab\"; content:\"c\"; distance:-33;"), "\"c\"",
     "distance -33 looks back further than the 32 bytes that are kept"},
    {ALERT("content:\"a\"; content:\"b\"; distance:-20; content:\"c\"; distance:-20;"), "\"c\"",
     "the distances of these contents look back further than the 32 bytes that are kept"},
    {ALERT("content:\"a\"; byte_test:1,=,1,-33,relative;"), "1,=,1,-33",
     "offset -33 looks back further than the 32 bytes that are kept"},
    {ALERT("file.data; content:\"a\"; tls.sni; content:\"b\";"), "\"b\"",
     "never matches: no tls.sni where the rule's protocol, its direction and its other buffers "
     "look"},
    {"alert smtp any any -> any any (flow:to_client; file.data; content:\"a\"; sid:1;)", "\"a\"",
     "never matches: no file.data where the rule's protocol, its direction and its other buffers "
     "look"},
    {ALERT("flowbits:isset,a; flowbits:isnotset,a; content:\"x\";"), "a; content",
     "never matches: flowbit \"a\" must be set and must not be"},
    {ALERT("content:\"a\"; content:\"b\"; replace:\"c\";"), "\"b\"",
     "replace needs all other conditions on the stream to be relative to each other (distance, "
     "within): else its bytes may have left already"},
    {ALERT("content:\"a\"; replace:\"x\"; content:\"b\"; distance:0;"), "\"a\"",
     "replace behind a gap without a bound: its bytes may have left already; give the contents "
     "that follow it a within"},
    {ALERT("content:\"a\"; content:!\"b\"; distance:0; endswith;"), "!\"b\"",
     "endswith of a negated content that is relative to another match"},
    {ALERT("byte_jump:1,0,from_end; content:\"b\"; within:5;"), "1,0,from_end",
     "from_end counts from the buffer's end, which a stream does not know yet"},
    {ALERT("content:\"a\"; isdataat:!0,relative;"), "!0",
     "never matches: there are always 0 bytes more"},
    {DROP("pcre:\"/[^a-z]{30}[0-9]/\";"), "[^a-z]{30}", NULL},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct compile_world world;
        bool made = compile_world_make(&world, cases[i].text, NULL);
        unsigned line = 0, column = 0;
        char *text = strchr(world.told, ' ');
        if (made || sscanf(world.told, "%u:%u:", &line, &column) != 2 || text == NULL) {
            fail_msg("%s: compiled, or nothing told: %s", cases[i].text, world.told);
        }
        print_message("%s", world.told);
        assert_int_equal(line, 1);
        if (cases[i].told != NULL) {
            char expected[COMPILE_TOLD_SIZE];
            snprintf(expected, sizeof(expected), " error: %s\n", cases[i].told);
            assert_string_equal(text, expected);
        } else {
            assert_memory_equal(text, " error: ", 8);
        }
        if (column == 0 || column > strlen(cases[i].text) ||
            strncmp(cases[i].text + column - 1, cases[i].place, strlen(cases[i].place)) != 0) {
            fail_msg("%s: points at \"%s\"", cases[i].text, cases[i].text + column - 1);
        }
        assert_null(world.blob);
        assert_int_equal(world.set->errors, 1);
        compile_world_free(&world);
    }
}

static void expect_warning(const char *text, const char *told)
{
    struct compile_world world;
    assert_true(compile_world_make(&world, text, NULL));
    assert_non_null(strstr(world.told, told));
    assert_int_equal(world.set->warnings, 1);
    compile_world_free(&world);
}

static void test_warnings(void **state)
{
    char text[8192] = "", *at = text;
    (void)state;
    expect_warning(DROP("content:\"a\"; pcre:\"/[^a-z]{30}[0-9]/R\";"),
                   "warning: holds all behind the match before it, as where");
    expect_warning(DROP("http.request_body; pcre:\"/[^a-z]{30}[0-9]/\";"),
                   "warning: holds all of the buffer, as where");
    for (int i = 1; i <= 40; i++) {
        at += sprintf(at,
                      "alert tcp any any -> any any (flow:to_server; pcre:\"/[^a]{%d}b/\"; "
                      "sid:%d;)\n",
                      i, i);
    }
    expect_warning(text, "warning: 40 conditions on ");
}

/* Several faults are told in one go, each at its line; one faulty rule is enough for no blob. */
static void test_all_told(void **state)
{
    struct compile_world world;
    (void)state;
    static const char text[] = ALERT(
        "http.uri; content:\"abcd\"; bsize:3;") "\n"
                                                "alert tcp any any -> any any (content:\"ok\"; "
                                                "sid:2;)\n"
                                                "alert tcp any any -> any any (file.data; "
                                                "content:\"a\"; tls.sni; content:\"b\"; sid:3;)\n";
    assert_false(compile_world_make(&world, text, NULL));
    assert_non_null(strstr(world.told, "1:"));
    assert_non_null(strstr(world.told, "\n3:"));
    assert_null(strstr(world.told, "\n2:"));
    assert_null(world.blob);
    assert_int_equal(world.set->errors, 2);
    compile_world_free(&world);
}

/* As many conditions as a scope remembers, and one more. */
static void test_many_conditions(void **state)
{
    (void)state;
    for (int count = 64; count <= 65; count++) {
        struct compile_world world;
        char text[4096] = "alert tcp any any -> any any (flow:to_server; ",
             *at = text + strlen(text);
        for (int i = 0; i < count; i++) {
            at += sprintf(at, "content:\"<%d>\"; ", i);
        }
        sprintf(at, "sid:1;)");
        assert_int_equal(compile_world_make(&world, text, NULL), count == 64);
        assert_int_equal(strstr(world.told, "more than 64 independent conditions") != NULL,
                         count == 65);
        compile_world_free(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_all_told),
        cmocka_unit_test(test_many_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
