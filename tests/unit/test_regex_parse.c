/* SPDX-License-Identifier: MIT */
/* What patterns are refused, where and why; what is known of those that are taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/regex.h"

static void test_refusals(void **state)
{
    static const struct {
        const char *pattern;
        size_t position;
        const char *why; /* part of it */
    } cases[] = {
        {"ab(?=c)", 2, "look-ahead"},
        {"ab(?!c)", 2, "look-ahead"},
        {"(?<=a)b", 0, "look-behind"},
        {"x(?<!a)b", 1, "look-behind"},
        {"a(?>b)", 1, "atomic"},
        {"a\\1", 1, "back-reference"},
        {"((((((((((((a))))))))))))\\11", 25, "back-reference"},
        {"(?P<n>a)(?P=n)", 8, "back-reference"},
        {"(a)\\k<n>", 3, "back-reference"},
        {"(a)\\g1", 3, "back-reference"},
        {"a++", 1, "possessive"},
        {"a{2,3}+", 1, "possessive"},
        {"a(?R)", 1, "recursion"},
        {"(a)(?1)", 3, "recursion"},
        {"(a)(?-1)", 3, "recursion"},
        {"(?P>n)", 0, "recursion"},
        {"(?(1)a|b)", 0, "conditional"},
        {"a(?C1)", 1, "callout"},
        {"(*UTF8)a", 0, "verbs"},
        {"a\\Cb", 1, "\\C"},
        {"a\\Kb", 1, "\\K"},
        {"a\\Gb", 1, "\\G"},
        {"\\X", 0, "\\X"},
        {"\\p{Lu}", 0, "Unicode"},
        {"\\R", 0, "atomic"},
        {"a**", 2, "nothing to repeat"},
        {"^*", 0, "nothing to repeat"},
        {"*a", 0, "nothing to repeat"},
        {"a|{2}", 2, "nothing to repeat"},
        {"(?i)*", 0, "nothing to repeat"},
        {"(ab", 0, "')' is missing"},
        {"ab)", 2, "without '('"},
        {"a[b", 1, "']' is missing"},
        {"[z-a]", 2, "range"},
        {"[[:foo:]]", 1, "POSIX"},
        {"[[.a.]]", 1, "collating"},
        {"ab\\", 2, "backslash"},
        {"\\i", 0, "no meaning"},
        {"\\x{100}", 0, "not a byte"},
        {"\\x{}", 0, "digits"},
        {"\\400", 0, "not a byte"},
        {"a{3,2}", 1, "out of order"},
        {"a{70000}", 1, "above 65535"},
        {"a(?#b", 1, "comment"},
        {"(?q)", 0, "does not know"},
        {"(?<1>a)", 0, "name"},
        {"a{3000}", 0, "too large"},
        {"a\\bb", 0, "nothing can ever match"},
        {"[^\\x00-\\xff]", 0, "nothing can ever match"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct regex_error error;
        struct regex *regex = regex_parse(cases[i].pattern, strlen(cases[i].pattern), 0, &error);
        if (regex != NULL || strstr(error.text, cases[i].why) == NULL ||
            error.position != cases[i].position) {
            fprintf(stderr, "%s: %s at %zu\n", cases[i].pattern,
                    regex != NULL ? "taken" : error.text, error.position);
            fail();
        }
        size_t length = strlen(error.text);
        assert_true(length > 0 && error.text[length - 1] != '.');
    }
}

static void test_nesting(void **state)
{
    char pattern[2000];
    struct regex_error error;
    memset(pattern, '(', 1000);
    memset(pattern + 1000, ')', 1000);
    assert_null(regex_parse(pattern, 2000, 0, &error));
    assert_non_null(strstr(error.text, "nested"));
    assert_int_equal(error.position, 250);
    struct regex *regex = regex_parse(pattern + 800, 400, 0, &error);
    assert_non_null(regex);
    regex_destroy(regex);
}

static void test_too_long(void **state)
{
    size_t length = (64u << 10) + 1;
    char *pattern = malloc(length);
    struct regex_error error;
    assert_non_null(pattern);
    memset(pattern, 'a', length);
    assert_null(regex_parse(pattern, length, 0, &error));
    assert_non_null(strstr(error.text, "too large"));
    free(pattern);
}

static void test_facts(void **state)
{
    static const struct {
        const char *pattern;
        unsigned flags;
        size_t minimum, maximum;
        bool anchored, needs_end;
    } cases[] = {
        {"abc", 0, 3, 3, false, false},
        {"", 0, 0, 0, false, false},
        {"a?b+", 0, 1, SIZE_MAX, false, false},
        {"(?:a|bcd){2,3}", 0, 2, 9, false, false},
        {"^a|^b", 0, 1, 1, true, false},
        {"^a|b", 0, 1, 1, false, false},
        {"^a", REGEX_MULTILINE, 1, 1, false, false},
        {"\\Aa", REGEX_MULTILINE, 1, 1, true, false},
        {"a", REGEX_ANCHORED, 1, 1, true, false},
        {"(?:^)?a", 0, 1, 1, false, false},
        {"a$", 0, 1, 1, false, true},
        {"a\\z|b$", 0, 1, 1, false, true},
        {"a$|b", 0, 1, 1, false, false},
        {"a$", REGEX_MULTILINE, 1, 1, false, false},
        {"\\Ba$", 0, 1, 1, false, true},
        {"a{0}", 0, 0, 0, false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct regex_error error;
        struct regex *regex =
            regex_parse(cases[i].pattern, strlen(cases[i].pattern), cases[i].flags, &error);
        assert_non_null(regex);
        if (regex_min_length(regex) != cases[i].minimum ||
            regex_max_length(regex) != cases[i].maximum ||
            regex_is_anchored(regex) != cases[i].anchored ||
            regex_needs_end(regex) != cases[i].needs_end) {
            fprintf(stderr, "%s: %zu to %zu, anchored %d, needs end %d\n", cases[i].pattern,
                    regex_min_length(regex), regex_max_length(regex), regex_is_anchored(regex),
                    regex_needs_end(regex));
            fail();
        }
        regex_destroy(regex);
    }
}

/* The prefixes as text: bytes, "/i" behind folded ones, blanks between. */
static void test_prefixes(void **state)
{
    static const struct {
        const char *pattern;
        unsigned flags;
        const char *prefixes;
    } cases[] = {
        {"abcdef", 0, "abcdef"},
        {"abcdef", REGEX_CASELESS, "abcdef/i"},
        {"abcdefghijklmnopqrst", 0, "abcdefghijklmnop"},
        {"(?:GET|POST) /x", 0, "GET /x POST /x"},
        {"(?i)ab(?-i)c", 0, "ab/i"},
        {"a(?i)b", 0, "aB ab"},
        {"x.*", 0, "x"},
        {"foo$", 0, "foo"},
        {"foo\\b.", 0, "foo"},
        {"foo\\x20?bar", 0, "foo bar foobar"},
        {"[ab]?c", 0, "ac bc c"},
        {"a*", 0, ""},
        {"\\bfoo", 0, ""},
        {"^foo", REGEX_MULTILINE, ""},
        {"^foo", 0, "foo"},
        {"(?:^|x)foo", 0, ""},
        {".foo", REGEX_DOTALL, ""},
        {"ab|a", 0, "a"},
        {"1234(?:a|b)", REGEX_CASELESS, "1234a/i 1234b/i"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct regex_error error;
        struct regex_prefix prefixes[REGEX_PREFIXES_MAX];
        char text[1024] = "";
        struct regex *regex =
            regex_parse(cases[i].pattern, strlen(cases[i].pattern), cases[i].flags, &error);
        assert_non_null(regex);
        size_t count = regex_prefixes(regex, prefixes);
        /* In alphabetical order. */
        for (size_t j = 0; j < count; j++) {
            for (size_t k = j + 1; k < count; k++) {
                if (memcmp(prefixes[k].bytes, prefixes[j].bytes, sizeof(prefixes[k].bytes)) < 0) {
                    struct regex_prefix swap = prefixes[j];
                    prefixes[j] = prefixes[k];
                    prefixes[k] = swap;
                }
            }
            size_t at = strlen(text);
            snprintf(text + at, sizeof(text) - at, "%s%.*s%s", j == 0 ? "" : " ",
                     prefixes[j].length, (const char *)prefixes[j].bytes,
                     prefixes[j].nocase ? "/i" : "");
        }
        if (strcmp(text, cases[i].prefixes) != 0) {
            fprintf(stderr, "%s: <%s>\n", cases[i].pattern, text);
            fail();
        }
        regex_destroy(regex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_nesting),
        cmocka_unit_test(test_too_long), cmocka_unit_test(test_facts),
        cmocka_unit_test(test_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
