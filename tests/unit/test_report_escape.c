/* SPDX-License-Identifier: MIT */
/* Text that drivers had a hand in is harmless in each report. */
#include "test_report_world.h"

#include "report/escape.h"

#include <stdlib.h>
#include <string.h>

static void expect_text(const char *text, const char *expected)
{
    json_t *string = report_string(text);

    assert_non_null(string);
    assert_string_equal(json_string_value(string), expected);
    json_decref(string);
}

static void expect_plain(const char *text, const char *expected)
{
    json_t *string = report_string(text);
    json_t *plain = report_plain(string);

    assert_non_null(plain);
    assert_string_equal(json_string_value(plain), expected);
    json_decref(plain);
    json_decref(string);
}

static void test_bytes_that_are_no_text(void **state)
{
    expect_text("", "");
    expect_text("a\xff\xfe"
                "b",
                "a\\xff\\xfeb");
    expect_text("\xc3\xa9", "\xc3\xa9");
    expect_text("\xc3", "\\xc3");                            /* cut short */
    expect_text("\xc0\xaf", "\\xc0\\xaf");                   /* overlong */
    expect_text("\xed\xa0\x80", "\\xed\\xa0\\x80");          /* a surrogate */
    expect_text("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond Unicode */
    expect_text("\x1b[31m", "\x1b[31m"); /* valid text: JSON escapes it itself */
}

static void test_what_steers_a_terminal(void **state)
{
    expect_plain("plain \xe2\x82\xac\n\ttext", "plain \xe2\x82\xac\n\ttext");
    expect_plain("\x1b]0;x\x07\x7f\r", "\\x1b]0;x\\x07\\x7f\\x0d");
    expect_plain("\xc2\x9b"
                 "31m",
                 "\\x9b31m"); /* CSI as one C1 character */
    expect_plain("a\xe2\x80\xae"
                 "b",
                 "a\\u202eb"); /* right-to-left override */
    expect_plain("\xe2\x81\xa6\xef\xbb\xbf", "\\u2066\\ufeff");
    expect_plain("\xf3\xa0\x81\x81", "\\u...."); /* a tag character */
}

static void test_all_texts_of_a_record(void **state)
{
    json_t *record = json_pack("{s:s, s:[s, {s:s}], s:i, s:n}", "a", "\x01", "b", "\x02", "c",
                               "\x03", "d", 4, "e");
    json_t *plain = report_plain(record);
    char *text = json_dumps(plain, JSON_COMPACT | JSON_SORT_KEYS);

    assert_string_equal(
        text, "{\"a\":\"\\\\x01\",\"b\":[\"\\\\x02\",{\"c\":\"\\\\x03\"}],\"d\":4,\"e\":null}");
    free(text);
    json_decref(plain);
    json_decref(record);
}

static void test_markup(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    report_markup(out, "<a href=\"x\">'&'\x1b\xff</a>");
    report_markup_n(out, "cut here", 3);
    fclose(out);
    assert_string_equal(text, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\\x1b\\xff&lt;/a&gt;cut");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_what_steers_a_terminal),
        cmocka_unit_test(test_all_texts_of_a_record),
        cmocka_unit_test(test_markup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
