/* SPDX-License-Identifier: MIT */
/* Files that are no rule files, and those that are but look odd: one clear message each, or none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/line.h"
#include "rules/source.h"
#include "unit/test_rules_told.h"

#define RULE "alert tcp any any -> any any (content:\"x\"; sid:1;)"

struct row {
    const char *bytes;
    size_t length;
    uint32_t line, column;
    const char *text;
};

#define ROW(bytes, line, column, text) {bytes, sizeof(bytes) - 1, line, column, text}

static void test_bad(void **state)
{
    (void)state;
    static const struct row rows[] = {
        ROW("", 0, 0, "holds no rules"),
        ROW("\n\n# nothing\n  # here\n", 0, 0, "holds no rules"),
        ROW("\xef\xbb\xbf", 0, 0, "holds no rules"),
        ROW("\xff\xfe"
            "a\0l\0",
            0, 0, "UTF-16, or binary: rule files are UTF-8; save it as that"),
        ROW("\xfe\xff\0a\0l", 0, 0, "UTF-16, or binary: rule files are UTF-8; save it as that"),
        ROW("a\0l\0e\0", 0, 0, "UTF-16, or binary: rule files are UTF-8; save it as that"),
        ROW("# x\n" RULE "\nab\0c\n", 3, 3,
            "byte 0x00: the file is binary, not text; bytes of a content are written as |00|"),
        ROW("\x7f"
            "ELF\x02\x01\x01",
            1, 1,
            "byte 0x7F: the file is binary, not text; bytes of a content are written as |7F|"),
        ROW("# caf\xe9\n" RULE "\n", 1, 6,
            "byte 0xE9 is not UTF-8: save the file as that, and write bytes in a content as |E9|"),
        ROW("#\n#\xc0\xaf\n", 2, 2,
            "byte 0xC0 is not UTF-8: save the file as that, and write bytes in a content as |C0|"),
        ROW("\xed\xa0\x80", 1, 1,
            "byte 0xED is not UTF-8: save the file as that, and write bytes in a content as |ED|"),
        ROW("#\xf0\x9f\x98", 1, 2,
            "byte 0xF0 is not UTF-8: save the file as that, and write bytes in a content as |F0|"),
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct told_rules rules;
        told_parse_bytes(&rules, rows[i].bytes, rows[i].length);
        assert_int_equal(rules.count, 1);
        assert_int_equal(rules.set->errors, 1);
        assert_string_equal(rules.told[0].text, rows[i].text);
        assert_string_equal(rules.told[0].path, "x.rules");
        assert_int_equal(rules.told[0].line, rows[i].line);
        assert_int_equal(rules.told[0].column, rows[i].column);
        assert_int_equal(rules.set->count, 0);
        told_free(&rules);
    }
}

static void test_odd(void **state)
{
    (void)state;
    static const char *const texts[] = {
        RULE,
        RULE "\n",
        "\xef\xbb\xbf" RULE "\n",
        "\xef\xbb\xbf# caf\xc3\xa9 \xf0\x9f\x98\x80\n" RULE "\r\n\r\n",
        "# a comment does not go on \\\n" RULE,
        "   \t" RULE "  \t \n",
        "alert tcp any any -> any any \\\n (content:\"x\"; \\\r\n\tsid:1;)\n",
        "alert tcp any any -> any any (con\\\ntent:\"x\"; sid:1;)\n",
        "alert tcp any any -> any any(content : \"x\" ; sid :1 ; ) ",
        "alert\ttcp\tany\tany\t->\tany\tany\t(\tcontent:\"x\";\tsid:1;\t)",
        RULE "\\",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct told_rules rules;
        told_parse_good(&rules, texts[i]);
        assert_int_equal(rules.set->count, 1);
        assert_int_equal(rules.set->rules[0].sid, 1);
        assert_int_equal(rules.set->rules[0].option_count, 1);
        assert_null(strchr(rules.set->rules[0].text, '\n'));
        told_free(&rules);
    }
    struct told_rules rules; /* definitions alone are no mistake: another file uses them */
    told_parse_good(&rules, "var A 1.2.3.4\n");
    assert_int_equal(rules.set->count, 0);
    told_free(&rules);
}

/* Rules that never end. */
static void test_endless(void **state)
{
    (void)state;
    struct told_rules rules;
    size_t size = 300000;
    char *text = malloc(size + 1);
    assert_non_null(text);
    for (size_t i = 0; i < size; i += 2) {
        memcpy(text + i, "\\\n", 2);
    }
    memcpy(text, "alert tcp any any -> any any (content:\"", 39);
    told_parse_bytes(&rules, text, size);
    assert_int_equal(rules.count, 1);
    assert_string_equal(rules.told[0].text,
                        "the closing quote is missing (a ; between quotes is written \\;)");
    assert_int_equal(rules.told[0].column, 39);
    told_free(&rules);

    memset(text, 'a', size);
    memcpy(text, "alert tcp any any -> any any (content:\"", 39);
    told_parse_bytes(&rules, text, size);
    assert_int_equal(rules.count, 1);
    assert_string_equal(rules.told[0].text,
                        "a line of 300000 bytes (with those it goes on in): at most 65536");
    told_free(&rules);

    memset(text, '(', size);
    told_parse_bytes(&rules, text, 60000);
    assert_int_equal(rules.count, 1);
    told_free(&rules);
    free(text);
}

/* Files: several make one set, and those that cannot be read are told like compilers do. */
static void test_files(void **state)
{
    (void)state;
    char folder[] = "/tmp/sluice-rules-XXXXXX";
    char good[64];
    char more[64];
    char missing[64];
    struct told_rules rules = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(good, sizeof(good), "%s/good.rules", folder);
    snprintf(more, sizeof(more), "%s/more.rules", folder);
    snprintf(missing, sizeof(missing), "%s/missing.rules", folder);
    FILE *file = fopen(good, "wb");
    assert_non_null(file);
    fputs("var NET 10.0.0.0/8\n" RULE "\n", file);
    fclose(file);
    file = fopen(more, "wb");
    assert_non_null(file);
    fputs("alert tcp $NET any -> any any (sid:2;)\n" RULE "\n", file);
    fclose(file);
    const char *paths[] = {good, missing, folder, more};
    rules.set = rule_set_parse(paths, 4, told_collect, &rules);
    assert_non_null(rules.set);
    assert_int_equal(rules.count, 3);
    assert_string_equal(rules.told[0].path, missing);
    assert_string_equal(rules.told[0].text, "No such file or directory");
    assert_string_equal(rules.told[1].path, folder);
    assert_string_equal(rules.told[1].text, "Is a directory");
    assert_string_equal(rules.told[2].path, more);
    assert_non_null(strstr(rules.told[2].text, "sid 1 is taken: "));
    assert_non_null(strstr(rules.told[2].text, "good.rules:2 has it"));
    assert_int_equal(rules.set->count, 2);
    assert_int_equal(rules.set->path_count, 4);
    assert_int_equal(rules.set->rules[1].place.file, 3);
    assert_int_equal(rules.set->rules[1].source.count, 1);
    told_free(&rules);
    unlink(good);
    unlink(more);
    rmdir(folder);
}

/* Later stages tell about places of the set. */
static void test_tell(void **state)
{
    (void)state;
    struct told_rules rules;
    told_parse_good(&rules, "#\n" RULE "\n");
    rule_set_tell(rules.set, RULES_WARNING, rules.set->rules[0].options[0].place, told_collect,
                  &rules, "%s of %d", "word", 3);
    assert_int_equal(rules.set->warnings, 1);
    assert_string_equal(rules.told[0].text, "word of 3");
    assert_string_equal(rules.told[0].source, RULE);
    assert_memory_equal(rules.told[0].source + rules.told[0].caret, "\"x\"", 3);
    assert_int_equal(rules.told[0].underline, 3);
    assert_int_equal(rules.told[0].line, 2);
    told_free(&rules);
}

/* 100,000 rules: no step takes longer the more rules there are. */
static void test_many(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct told_rules rules;
    char *text = malloc((size_t)COUNT * 160);
    assert_non_null(text);
    size_t length = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        length += (size_t)sprintf(text + length,
                                  "alert http $HOME_NET any -> [10.0.0.0/8,!10.1.0.0/16] 80 "
                                  "(msg:\"%u\"; http.uri; content:\"/%u\"; nocase; sid:%u;)\n",
                                  i, i, i + 1);
    }
    clock_t begin = clock();
    told_parse_bytes(&rules, text, length);
    double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    assert_int_equal(rules.count, 0);
    assert_int_equal(rules.set->count, COUNT);
    for (unsigned i = 0; i < COUNT; i++) {
        assert_ptr_equal(rule_set_find(rules.set, 1, i + 1), &rules.set->rules[i]);
    }
    told_free(&rules);
    free(text);
    print_message("100,000 rules in %.2f s of CPU\n", seconds);
    assert_true(seconds < 20); /* 0.5 s without sanitizers; far more if a step were quadratic */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),   cmocka_unit_test(test_odd),  cmocka_unit_test(test_endless),
        cmocka_unit_test(test_files), cmocka_unit_test(test_tell), cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
