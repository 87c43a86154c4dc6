/* SPDX-License-Identifier: MIT */
/* SARIF, JUnit and HTML: of nothing, of hostile text, of much. */
#include "test_report_world.h"

#include "check/rules.h"
#include "report/escape.h"
#include "report/frame.h"
#include "report/html.h"
#include "report/junit.h"
#include "report/sarif.h"

#include <stdlib.h>
#include <string.h>

#define HOSTILE "]]></failure><script>alert(1)</script>\x1b[2J\"'&\xff"

static bool (*const writers[])(FILE *, const struct report_book *) = {report_sarif, report_junit,
                                                                      report_html};

static size_t rules(void)
{
    size_t count = 0;

    while (check_rule_at(count) != NULL)
        count++;
    return count;
}

static json_t *sarif_of(const struct report_book *book)
{
    char *text = world_written(report_sarif, book);
    json_t *log = json_loads(text, 0, NULL);

    assert_non_null(log);
    free(text);
    return log;
}

/* The child died before it said anything. */
static void test_nothing_was_told(void **state)
{
    struct report_book book;

    assert_true(report_book_begin(&book, "a b/x.sys"));
    report_book_end(&book, 4);
    assert_int_equal(json_array_size(book.chapters), 1);
    json_t *log = sarif_of(&book);
    json_t *run = json_array_get(json_object_get(log, "runs"), 0);
    assert_int_equal(json_array_size(json_object_get(run, "results")), 0);
    json_t *invocation = json_array_get(json_object_get(run, "invocations"), 0);
    assert_true(json_is_false(json_object_get(invocation, "executionSuccessful")));
    assert_int_equal(json_integer_value(json_object_get(invocation, "exitCode")), 4);
    assert_int_equal(json_array_size(json_object_get(invocation, "toolExecutionNotifications")), 1);
    json_decref(log);

    char *junit = world_written(report_junit, &book);
    assert_int_equal(world_count(junit, "<error "), 1);
    assert_int_equal(world_count(junit, "<skipped "), rules());
    free(junit);
    char *html = world_written(report_html, &book);
    assert_int_equal(world_count(html, "No verdict"), 1);
    free(html);
    report_book_clear(&book);
}

static void fill_hostile(struct report_book *book)
{
    assert_true(report_book_begin(book, "dir/" HOSTILE ".sys"));
    world_add(book, world_finding("R42", "error", HOSTILE));
    world_add(book, world_finding("R24", "warning", HOSTILE));
    world_add(book, world_pool("<b>\x01", "Nonp", 3, 1, 20));
    for (int i = 0; i < 3; i++)
        world_add(book, json_pack("{s:s, s:i, s:i, s:i, s:i, s:[o]}", "type", "sample", "time",
                                  i * 1000, "classifies", i, "held_driver", i * 5, "held_engine", 0,
                                  "tags", world_pool("<b>\x01", "Nonp", 3, 1, i * 10)));
    world_add(book,
              json_pack("{s:s, s:i, s:i, s:s, s:o, s:b, s:o}", "type", "step", "time", 1,
                        "classify", 1, "kind", "indication", "direction", report_string(HOSTILE),
                        "bad", false, "text", report_string(HOSTILE)));
    world_add(book, json_pack("{s:s, s:i, s:i, s:s, s:s, s:b, s:s}", "type", "step", "time", 1,
                              "classify", 1, "kind", "verdict", "direction", "inbound", "bad", true,
                              "text", "<"));
    world_add(book, world_run("findings", "on"));
    report_book_end(book, 1);
}

static void test_hostile_text_is_text(void **state)
{
    struct report_book book;

    fill_hostile(&book);
    for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
        char *text = world_written(writers[i], &book);
        assert_null(strchr(text, '\x1b'));
        assert_null(strchr(text, '\xff'));
        assert_null(strchr(text, '\x01'));
        if (writers[i] != report_sarif) {
            assert_null(strstr(text, "<script"));
            assert_null(strstr(text, "<b>\\"));
        }
        free(text);
    }
    report_book_clear(&book);
}

static void test_a_page_needs_nothing_from_elsewhere(void **state)
{
    struct report_book book;

    fill_hostile(&book);
    char *html = world_written(report_html, &book);
    assert_null(strstr(html, "://"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "@import"));
    assert_null(strstr(html, "url("));
    assert_int_equal(world_count(html, "<svg "), 7);      /* curves for three widths */
    assert_int_equal(world_count(html, "<polyline "), 9); /* one tag; driver and engine */
    assert_int_equal(world_count(html, "<caption "), world_count(html, "<table>"));
    assert_int_equal(world_count(html, "role=\"img\" aria-labelledby="), 7);
    assert_int_equal(world_count(html, "<article "), 2);
    assert_int_equal(world_count(html, "<table>"), world_count(html, "</table>"));
    free(html);
    report_book_clear(&book);
}

/* Of a campaign one run is shown in the place of the first: the last that was told. */
static void test_an_exhibit_is_shown(void **state)
{
    struct report_book book;

    assert_true(report_book_begin(&book, "x.sys"));
    world_add(&book, world_pool("Base", "Nonp", 1, 0, 7));
    for (int i = 0; i < 2; i++) {
        world_add(&book, json_pack("{s:s, s:s, s:s, s:i, s:s, s:s}", "type", "exhibit", "rule",
                                   i == 0 ? "R24" : "R42", "title", "<script>", "number", 5 + i,
                                   "reading", "a=b", "rerun", "sluice"));
        world_add(&book, world_pool(i == 0 ? "Warn" : "Fail", "Nonp", 1, 0, 7));
        for (int k = 0; k < 2; k++)
            world_add(&book, json_pack("{s:s, s:i, s:[o]}", "type", "sample", "classifies", k,
                                       "tags", world_pool("Fail", "Nonp", 3, 1, k * 10)));
    }
    assert_true(report_book_has_exhibit(&book));
    world_add(&book, world_run("findings", "on"));
    assert_false(report_book_has_exhibit(&book));
    report_book_end(&book, 1);
    char *html = world_written(report_html, &book);
    assert_int_equal(world_count(html, "of run 6, the first that shows <b>R42</b>"), 1);
    assert_non_null(strstr(html, "Fail"));
    assert_null(strstr(html, "Warn"));
    assert_null(strstr(html, "Base"));
    assert_null(strstr(html, "<script"));
    free(html);
    report_book_clear(&book);
}

static void test_sarif_points_to_the_line(void **state)
{
    struct report_book book;

    fill_hostile(&book);
    json_t *log = sarif_of(&book);
    json_t *run = json_array_get(json_object_get(log, "runs"), 0);
    json_t *result = json_array_get(json_object_get(run, "results"), 0);
    const char *uri;
    int line, rule;

    assert_int_equal(json_unpack(result, "{s:i, s:[{s:{s:{s:s}, s:{s:i}}}]}", "ruleIndex", &rule,
                                 "locations", "physicalLocation", "artifactLocation", "uri", &uri,
                                 "region", "startLine", &line),
                     0);
    assert_string_equal(uri, "leaky.c");
    assert_int_equal(line, 34);
    assert_string_equal(check_rule_at((size_t)rule)->id, "R42");
    json_t *driver = json_object_get(json_object_get(run, "tool"), "driver");
    assert_int_equal(json_array_size(json_object_get(driver, "rules")), rules());
    /* The history and what others did: two threads of one flow. */
    json_t *flows = json_array_get(json_object_get(result, "codeFlows"), 0);
    assert_int_equal(json_array_size(json_object_get(flows, "threadFlows")), 2);
    assert_string_equal(
        json_string_value(
            json_object_get(json_object_get(result, "partialFingerprints"), "sluice/v1")) +
            strlen("R42/"),
        "]]></failure><script>alert(1)</script>\\x1b[2J\"'&\\xff/Nbuf/leaky!Inject");
    json_decref(log);
    report_book_clear(&book);
}

static void test_junit_counts(void **state)
{
    struct report_book book;

    fill_hostile(&book);
    char *junit = world_written(report_junit, &book);
    assert_int_equal(world_count(junit, "<testcase "), rules());
    assert_int_equal(world_count(junit, "<failure "), 1);
    assert_int_equal(world_count(junit, "<system-out>"), 1);
    assert_int_equal(world_count(junit, "<skipped "), 0);
    assert_int_equal(world_count(junit, "failures=\"1\" errors=\"0\" skipped=\"0\""), 1);
    assert_int_equal(world_count(junit, "failures=\"1\" errors=\"0\" time=\"0\""), 1);
    free(junit);
    report_book_clear(&book);
}

/* With --checks off only outcomes were looked for. */
static void test_what_was_not_checked_did_not_pass(void **state)
{
    struct report_book book;
    size_t skipped = 0;

    for (size_t i = 0; check_rule_at(i) != NULL; i++)
        skipped += check_rule_at(i)->confidence != CHECK_OUTCOME;
    assert_true(report_book_begin(&book, "x.sys"));
    world_add(&book, world_run("clean", "off"));
    report_book_end(&book, 0);
    char *junit = world_written(report_junit, &book);
    assert_int_equal(world_count(junit, "<skipped message=\"checks were off\"/>"), skipped);
    free(junit);
    report_book_clear(&book);
}

static void test_a_flood_is_counted(void **state)
{
    struct report_book book;
    json_t *finding = world_finding("R42", "error", "again");

    assert_true(report_book_begin(&book, "x.sys"));
    for (int i = 0; i < 10003; i++)
        assert_true(report_book_add(&book, finding));
    json_decref(finding);
    world_add(&book, world_run("findings", "on"));
    report_book_end(&book, 1);
    const json_t *chapter = json_array_get(book.chapters, 0);
    assert_int_equal(json_array_size(report_chapter_records(chapter, "finding")), 10000);
    assert_int_equal(report_chapter_left_out(chapter, "finding"), 3);
    char *html = world_written(report_html, &book);
    assert_non_null(strstr(html, "and 3 more"));
    free(html);
    report_book_clear(&book);
}

static void test_a_chapter_for_each_profile(void **state)
{
    struct report_book book;

    assert_true(report_book_begin(&book, "x.sys"));
    world_add(&book, world_finding("R42", "error", "x"));
    world_add(&book, world_run("findings", "on"));
    world_add(&book, world_run("no-verdict", "on"));
    report_book_end(&book, 1);
    json_t *log = sarif_of(&book);
    assert_int_equal(json_array_size(json_object_get(log, "runs")), 2);
    json_decref(log);
    char *junit = world_written(report_junit, &book);
    assert_int_equal(world_count(junit, "<testsuite "), 2);
    assert_non_null(strstr(junit, "message=\"it &lt;needs&gt; &quot;more&quot; &amp; more\""));
    free(junit);
    char *html = world_written(report_html, &book);
    assert_int_equal(world_count(html, "<section "), 2);
    free(html);
    report_book_clear(&book);
}

/* --profile all: a Windows that the driver was not made for is no failure when others load it. */
static void test_the_sum_of_several_runs(void **state)
{
    struct report_book book;
    json_t *sum = world_run("clean", "on");

    json_object_set_new(sum, "profile", json_string("all"));
    assert_true(report_book_begin(&book, "x.sys"));
    world_add(&book, world_run("no-verdict", "on"));
    world_add(&book, world_run("clean", "on"));
    world_add(&book, sum);
    report_book_end(&book, 0);
    assert_int_equal(json_array_size(book.chapters), 2);
    char *junit = world_written(report_junit, &book);
    assert_int_equal(world_count(junit, "<testsuite "), 2);
    assert_int_equal(world_count(junit, "<error "), 0);
    assert_int_equal(world_count(junit, "<skipped "), rules());
    free(junit);
    json_t *log = sarif_of(&book);
    json_t *run = json_array_get(json_object_get(log, "runs"), 0);
    json_t *invocation = json_array_get(json_object_get(run, "invocations"), 0);
    assert_true(json_is_true(json_object_get(invocation, "executionSuccessful")));
    json_decref(log);
    char *html = world_written(report_html, &book);
    assert_int_equal(world_count(html, "✓ Clean"), 2); /* the sum and the second run */
    free(html);
    report_book_clear(&book);
}

static void test_frames(void **state)
{
    struct report_frame frame;

    report_frame_parse("leaky!Inject+0x12 [C:\\src\\leaky.c @ 34] (classifyFn)", &frame);
    assert_string_equal(frame.name, "leaky!Inject+0x12");
    assert_string_equal(frame.file, "C:\\src\\leaky.c");
    assert_int_equal(frame.line, 34);
    report_frame_parse("leaky!Inject [leaky.c:186]", &frame);
    assert_string_equal(frame.file, "leaky.c");
    assert_int_equal(frame.line, 186);
    report_frame_parse("leaky+0x1a95 (classifyFn)", &frame);
    assert_string_equal(frame.name, "leaky+0x1a95");
    assert_int_equal(frame.offset, 0x1a95);
    report_frame_parse("two words+0x1f (classifyFn)", &frame);
    assert_string_equal(frame.name, "two words+0x1f");
    assert_int_equal(frame.offset, 0x1f);
    report_frame_parse("NETIO!StreamInject", &frame);
    assert_int_equal(frame.offset + frame.line, 0);
    report_frame_parse("x [", &frame);
    report_frame_parse("x []", &frame);
    report_frame_parse("x [:9999999999999999999999]", &frame);
    report_frame_parse("", &frame);
    assert_string_equal(frame.name, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_was_told),
        cmocka_unit_test(test_hostile_text_is_text),
        cmocka_unit_test(test_a_page_needs_nothing_from_elsewhere),
        cmocka_unit_test(test_an_exhibit_is_shown),
        cmocka_unit_test(test_sarif_points_to_the_line),
        cmocka_unit_test(test_junit_counts),
        cmocka_unit_test(test_what_was_not_checked_did_not_pass),
        cmocka_unit_test(test_a_flood_is_counted),
        cmocka_unit_test(test_a_chapter_for_each_profile),
        cmocka_unit_test(test_the_sum_of_several_runs),
        cmocka_unit_test(test_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
