/* SPDX-License-Identifier: MIT */
/* The table of options: what is taken, what is refused, and that nothing leaks into another field.
 */
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WORDS(...)                                                                                 \
    (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)), (char *[])                            \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static struct options options;

static bool parse(unsigned groups, int count, char **words)
{
    memset(&options, 0xA5, sizeof(options)); /* what was there before has no say */
    return options_parse(&options, "test", groups, count, words);
}

static void test_defaults(void **state)
{
    assert_true(parse(OPTION_RUN | OPTION_REPLAY, 0, NULL));
    assert_int_equal(options.seed, 1);
    assert_true(options.checks);
    assert_int_equal(options.explore, 0);
    assert_null(options.profile);
    assert_null(options.deliver);
    assert_int_equal(options.file_count, 0);
    assert_int_equal(options.setting_count, 0);
    assert_false(options.json || options.quiet || options.special_pool || options.help);
}

static void test_values(void **state)
{
    assert_true(parse(OPTION_RUN | OPTION_REPLAY,
                      WORDS("a.pcap", "--profile", "7sp1", "--seed=0x10", "--mode=gate", "--json",
                            "--set", "A=1", "--set=B=x=y", "--checks", "off", "b.pcap")));
    assert_string_equal(options.profile, "7sp1");
    assert_int_equal(options.seed, 16);
    assert_string_equal(options.mode, "gate");
    assert_true(options.json);
    assert_false(options.checks);
    assert_int_equal(options.setting_count, 2);
    assert_string_equal(options.settings[0], "A=1");
    assert_string_equal(options.settings[1], "B=x=y");
    assert_int_equal(options.switch_count, 0);
    assert_int_equal(options.file_count, 2);
    assert_string_equal(options.files[0], "a.pcap");
    assert_string_equal(options.files[1], "b.pcap");
}

static void test_build_words(void **state)
{
    assert_true(
        parse(OPTION_BUILD, WORDS("x.c", "-ox.sys", "-DA=1", "-D", "B", "-Iinclude", "-Wextra")));
    assert_string_equal(options.out, "x.sys");
    assert_int_equal(options.define_count, 2);
    assert_string_equal(options.defines[0], "A=1");
    assert_string_equal(options.defines[1], "B");
    assert_string_equal(options.includes[0], "include");
    assert_string_equal(options.flags[0], "extra");
    assert_true(parse(OPTION_BUILD, WORDS("x.c", "-W", "no-unused-variable", "-Werror")));
    assert_int_equal(options.flag_count, 2);
    assert_string_equal(options.flags[0], "no-unused-variable");
    assert_string_equal(options.flags[1], "error");
    assert_false(parse(OPTION_BUILD, WORDS("x.c", "-W", "-DA"))); /* the compiler's old -Wextra */
    assert_false(parse(OPTION_BUILD, WORDS("x.c", "-W")));
}

static void test_words_only(void **state)
{
    assert_true(parse(OPTION_RUN, WORDS("--json", "--", "--quiet", "-")));
    assert_true(options.json);
    assert_false(options.quiet);
    assert_int_equal(options.file_count, 2);
    assert_string_equal(options.files[0], "--quiet");
    assert_true(parse(OPTION_RUN, WORDS("-"))); /* a file called so */
    assert_string_equal(options.files[0], "-");
}

static void test_refused(void **state)
{
    assert_false(parse(OPTION_RUN, WORDS("--fast")));
    assert_false(parse(OPTION_RUN, WORDS("--jso")));
    assert_false(parse(OPTION_RUN, WORDS("--jsonx")));
    assert_false(parse(OPTION_RUN, WORDS("--json=1")));       /* a flag takes nothing */
    assert_false(parse(OPTION_RUN, WORDS("--deliver", "d"))); /* of another command */
    assert_false(parse(OPTION_RUN, WORDS("--seed")));
    assert_false(parse(OPTION_RUN, WORDS("--checks", "maybe")));
    assert_false(parse(OPTION_CONTRACT, WORDS("--seed", "1")));
    assert_true(parse(OPTION_CONTRACT, WORDS("--json", "R42")));
}

static void test_numbers(void **state)
{
    static char *const bad[] = {"", " ", "x", "1x", "-1", "1.5", "99999999999999999999", "0x"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(parse(OPTION_RUN, WORDS("--seed", bad[i])));
    assert_true(parse(OPTION_RUN, WORDS("--seed", "18446744073709551615")));
    assert_true(options.seed == UINT64_MAX);
    assert_true(parse(OPTION_RUN, WORDS("--seed", "0")));
    assert_int_equal(options.seed, 0);
}

static void test_limits(void **state)
{
    static char *words[OPTIONS_FILES + 1];

    for (size_t i = 0; i <= OPTIONS_FILES; i++)
        words[i] = "x";
    assert_true(parse(OPTION_RUN, OPTIONS_FILES, words));
    assert_int_equal(options.file_count, OPTIONS_FILES);
    assert_false(parse(OPTION_RUN, OPTIONS_FILES + 1, words));
    for (size_t i = 0; i <= OPTIONS_SETTINGS; i++)
        words[i] = "--set=A=1";
    assert_true(parse(OPTION_RUN, OPTIONS_SETTINGS, words));
    assert_int_equal(options.setting_count, OPTIONS_SETTINGS);
    assert_false(parse(OPTION_RUN, OPTIONS_SETTINGS + 1, words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),    cmocka_unit_test(test_values),
        cmocka_unit_test(test_build_words), cmocka_unit_test(test_words_only),
        cmocka_unit_test(test_refused),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
