/* SPDX-License-Identifier: MIT */
/* Consequences beneath their cause: what is folded, what is not, and what becomes of the cause. */
#include "check/cause.h"
#include "check/specimen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TAG 0x63657053

static struct check_finding *add(struct check_findings *findings, const char *rule,
                                 const char *function, uint32_t tag)
{
    const struct check_rule *known = check_rule_find(rule);
    bool is_new;

    assert_non_null(known);
    struct check_finding *finding = check_findings_get(findings, known, function, tag, &is_new);
    assert_non_null(finding);
    finding->count++;
    return finding;
}

static void at(struct check_finding *finding, uint64_t time, const char *place)
{
    finding->time = time;
    finding->stack.count = 2;
    snprintf(finding->stack.frames[0], CHECK_FRAME_TEXT, "nt!KeWaitForSingleObject");
    snprintf(finding->stack.frames[1], CHECK_FRAME_TEXT, "%s", place);
}

static void test_same_tag(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *leak = add(&findings, "R66", "DriverUnload", TAG);
    struct check_finding *cause = add(&findings, "R47", "flowDeleteFn", TAG);

    snprintf(leak->detail, sizeof(leak->detail), "12 blocks, 3072 bytes are left");
    check_fold(&findings);
    assert_true(leak->folded);
    assert_false(cause->folded);
    assert_int_equal(cause->consequences, 1);
    assert_string_equal(cause->consequence[0], "R66: 12 blocks, 3072 bytes are left");
    assert_int_equal(check_findings_of(&findings, CHECK_ERROR), 1);
    check_findings_clear(&findings);
}

static void test_other_tag(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *leak = add(&findings, "R66", "DriverUnload", TAG + 1);

    add(&findings, "R47", "flowDeleteFn", TAG);
    check_fold(&findings);
    assert_false(leak->folded);
    assert_int_equal(check_findings_of(&findings, CHECK_ERROR), 2);
    check_findings_clear(&findings);
}

/* What both do not tell they do not share. */
static void test_no_tag(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *leak = add(&findings, "R66", "DriverUnload", 0);

    add(&findings, "R47", "flowDeleteFn", 0);
    check_fold(&findings);
    assert_false(leak->folded);
    check_findings_clear(&findings);
}

static void test_same_call(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *crash, *cause, *elsewhere;

    cause = add(&findings, "R65", "ExFreePoolWithTag", TAG);
    at(cause, 100, "x+0x1000 (classifyFn)");
    elsewhere = add(&findings, "R65", "ExFreePool", TAG);
    at(elsewhere, 100, "x+0x2000 (classifyFn)");
    crash = add(&findings, "CRASH", "BAD_POOL_CALLER", 0);
    at(crash, 100, "x+0x1000 (classifyFn)");
    check_fold(&findings);
    assert_true(crash->folded);
    assert_int_equal(cause->consequences, 1);
    assert_int_equal(elsewhere->consequences, 0);
    check_findings_clear(&findings);
}

static void test_same_place_later(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *crash;

    at(add(&findings, "R65", "ExFreePoolWithTag", TAG), 100, "x+0x1000 (classifyFn)");
    crash = add(&findings, "CRASH", "BAD_POOL_CALLER", 0);
    at(crash, 200, "x+0x1000 (classifyFn)");
    check_fold(&findings);
    assert_false(crash->folded);
    check_findings_clear(&findings);
}

/* Kernel frames alone are no place in the driver. */
static void test_no_driver_frame(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *crash;

    at(add(&findings, "R65", "ExFreePoolWithTag", TAG), 100, "nt!KiSystemStartup");
    crash = add(&findings, "CRASH", "BAD_POOL_CALLER", 0);
    at(crash, 100, "nt!KiSystemStartup");
    check_fold(&findings);
    assert_false(crash->folded);
    check_findings_clear(&findings);
}

static void test_error_makes_error(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *cause = add(&findings, "R06", "classifyFn", 0);
    struct check_finding *crash = add(&findings, "CRASH", "WFP_INVALID_OPERATION", 0);

    assert_int_equal(cause->severity, CHECK_WARNING);
    at(cause, 5, "x+0x1 (classifyFn)");
    at(crash, 5, "x+0x1 (classifyFn)");
    cause->flow = crash->flow = 7;
    check_fold(&findings);
    assert_true(crash->folded);
    assert_int_equal(cause->severity, CHECK_ERROR);
    assert_int_equal(cause->confidence, CHECK_OUTCOME);
    assert_int_equal(check_findings_of(&findings, CHECK_ERROR), 1);
    assert_int_equal(check_findings_of(&findings, CHECK_WARNING), 0);
    check_findings_clear(&findings);
}

/* A wait at DISPATCH_LEVEL that never ends: R69, with R61 and the hang beneath. */
static void test_all_beneath_the_root(void **state)
{
    static const char place[] = "x+0x1000 (classifyFn)";
    struct check_findings findings = {0};
    struct check_finding *hang = add(&findings, "HANG", "KeWaitForSingleObject", 0);
    struct check_finding *high = add(&findings, "R61", "KeWaitForSingleObject", 0);
    struct check_finding *wait = add(&findings, "R69", "KeWaitForSingleObject", 0);

    at(hang, 9, place);
    at(high, 9, place);
    at(wait, 9, place);
    high->count = 3;
    check_finding_consequence(hang, "two streams stand still");
    check_fold(&findings);
    assert_true(hang->folded && high->folded && !wait->folded);
    assert_int_equal(wait->consequences, 3);
    assert_string_equal(wait->consequence[1], "two streams stand still");
    assert_non_null(strstr(wait->consequence[2], "(3 times)"));
    check_findings_clear(&findings);
}

/* Folded by hand, then by the table: the root tells both. */
static void test_fold_into(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *leak = add(&findings, "R66", "DriverUnload", TAG);
    struct check_finding *context = add(&findings, "R47", "flowDeleteFn", TAG);
    struct check_finding *fault = add(&findings, "R70", "ExAllocatePoolWithTag", TAG);

    check_fold(&findings);
    assert_true(leak->folded);
    check_fold_into(fault, context);
    assert_true(context->folded);
    assert_int_equal(fault->consequences, 2);
    check_fold(&findings);
    assert_int_equal(fault->consequences, 2);
    assert_int_equal(check_findings_of(&findings, CHECK_ERROR), 1);
    check_findings_clear(&findings);
}

/* Only when whoever told knew it, and that each time; and never what is a cause itself. */
static void test_told(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *cause = add(&findings, "R62", "classifyFn", 0);
    struct check_finding *effect = add(&findings, "R62", "KeAcquireSpinLock", 0);
    struct check_finding *other = add(&findings, "R62", "KeReleaseSpinLock", 0);
    struct check_finding *wrong = add(&findings, "R40", "classifyFn", 0);

    effect->because = "R62";
    wrong->because = "R44"; /* no row, nor such a finding */
    check_fold(&findings);
    assert_true(effect->folded && effect->cause == cause);
    assert_false(cause->folded || other->folded || wrong->folded);
    check_findings_clear(&findings);
}

static void test_same_site(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *cause = add(&findings, "R61", "ExAllocatePoolWithTag", 0);
    struct check_finding *effect = add(&findings, "R67", "MmBuildMdlForNonPagedPool", 0);
    struct check_finding *other = add(&findings, "R63", "paged pool", 0);
    struct check_finding *mixed = add(&findings, "R63", "pageable code", 0);

    cause->site = effect->site = &findings;
    other->site = &other;
    mixed->site = NULL;
    check_fold(&findings);
    assert_true(effect->folded);
    assert_false(cause->folded || other->folded || mixed->folded);
    check_findings_clear(&findings);
}

static void test_irql_that_was_left(void **state)
{
    struct check_findings findings = {0};
    struct check_finding *left = add(&findings, "R61", "classifyFn", 0);
    struct check_finding *effect = add(&findings, "R61", "ExFreePoolWithTag", 0);
    struct check_finding *lower = add(&findings, "R61", "FwpmEngineOpen0", 0);

    left->left_irql = left->irql = effect->irql = 15;
    lower->irql = 2;
    check_fold(&findings);
    assert_true(effect->folded);
    assert_false(left->folded || lower->folded);
    check_findings_clear(&findings);

    /* At DISPATCH_LEVEL classifyFn may have been called. */
    findings = (struct check_findings){0};
    left = add(&findings, "R61", "classifyFn", 0);
    effect = add(&findings, "R61", "ExFreePoolWithTag", 0);
    left->left_irql = left->irql = effect->irql = 2;
    check_fold(&findings);
    assert_false(effect->folded);
    check_findings_clear(&findings);
}

static void test_specimens(void **state)
{
    const struct check_specimen *specimen = check_specimen_of(check_rule_find("R06"), 0);
    size_t rules;

    assert_non_null(specimen);
    assert_string_equal(specimen->name, "r06-enforced-beyond");
    assert_string_equal(specimen->folder, "classify-output");
    assert_null(check_specimen_of(check_rule_find("R06"), 1));
    assert_true(check_specimen_rules(&rules) > 0);
    assert_int_equal(rules, 74);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_tag),
        cmocka_unit_test(test_other_tag),
        cmocka_unit_test(test_no_tag),
        cmocka_unit_test(test_same_call),
        cmocka_unit_test(test_same_place_later),
        cmocka_unit_test(test_no_driver_frame),
        cmocka_unit_test(test_error_makes_error),
        cmocka_unit_test(test_all_beneath_the_root),
        cmocka_unit_test(test_fold_into),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_same_site),
        cmocka_unit_test(test_irql_that_was_left),
        cmocka_unit_test(test_specimens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
