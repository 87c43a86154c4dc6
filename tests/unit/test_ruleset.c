/* SPDX-License-Identifier: MIT */
/* Rule set blobs: what is accepted, what is refused and why, and that damage is harmless. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_ruleset_world.h"

static const uint8_t traffic[] =
    "GET xabc a123b abd aaabd w qrrs len\2zzMZ\1\1\1\1 pass never.evil xcd ab n/ab";

static size_t blob_size;
static uint8_t *blob;

static int make(void **state)
{
    (void)state;
    blob = ruleset_world_make(0, &blob_size);
    return blob == NULL ? -1 : 0;
}

static int drop(void **state)
{
    (void)state;
    free(blob);
    return 0;
}

static uint8_t *copy_of_blob(void)
{
    uint8_t *copy = malloc(blob_size);
    memcpy(copy, blob, blob_size);
    return copy;
}

static void test_a_compiled_set_is_accepted_and_runs(void **state)
{
    (void)state;
    struct inspect_ruleset ruleset;
    assert_int_equal(inspect_ruleset_verify(blob, blob_size, &ruleset), INSPECT_RULESET_OK);
    assert_true(ruleset_world_run(&ruleset, traffic, sizeof traffic - 1) >= 8);
}

static void test_what_is_no_rule_set_is_told_apart(void **state)
{
    (void)state;
    struct inspect_ruleset ruleset;
    uint8_t *copy = copy_of_blob();
    struct ruleset_header_block *header = (void *)copy;
    assert_int_equal(inspect_ruleset_verify(copy, 0, &ruleset), INSPECT_RULESET_NOT_ONE);
    assert_int_equal(inspect_ruleset_verify(copy, sizeof *header - 1, &ruleset),
                     INSPECT_RULESET_NOT_ONE);
    for (size_t size = sizeof *header; size < blob_size; size += 1 + size / 50)
        assert_int_equal(inspect_ruleset_verify(copy, size, &ruleset), INSPECT_RULESET_DAMAGED);
    header->version++;
    assert_int_equal(inspect_ruleset_verify(copy, blob_size, &ruleset),
                     INSPECT_RULESET_VERSION_BAD);
    header->magic ^= 1;
    assert_int_equal(inspect_ruleset_verify(copy, blob_size, &ruleset), INSPECT_RULESET_NOT_ONE);
    free(copy);
}

static void test_any_flipped_bit_breaks_the_checksum(void **state)
{
    (void)state;
    struct inspect_ruleset ruleset;
    uint8_t *copy = copy_of_blob();
    for (size_t at = 8; at < blob_size; at += 1 + blob_size / 500) {
        copy[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(inspect_ruleset_verify(copy, blob_size, &ruleset),
                         INSPECT_RULESET_DAMAGED);
        copy[at] ^= (uint8_t)(1u << at % 8);
    }
    free(copy);
}

/* Damages the set with the checksum repaired: refused, or traffic runs over it without harm. */
static void test_damage_is_refused_or_harmless(void **state)
{
    (void)state;
    static const uint32_t values[] = {0, 1, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
    unsigned refused = 0, accepted = 0;
    uint64_t random = 1;
    for (unsigned i = 0; i < 2000; i++) {
        struct inspect_ruleset ruleset;
        uint8_t *copy = copy_of_blob();
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        /* Half of them in the header, where the most can go wrong. */
        const size_t limit = i % 2 == 0 ? sizeof(struct ruleset_header_block) : blob_size - 4;
        const size_t at = (random >> 33) % (limit / 4) * 4;
        uint32_t value = 0;
        memcpy(&value, copy + at, 4);
        value = i % 3 == 0 ? value + 1 - 2 * (i & 1) : values[i / 3 % 7];
        memcpy(copy + at, &value, 4);
        ruleset_world_repair(copy, blob_size);
        if (inspect_ruleset_verify(copy, blob_size, &ruleset) == INSPECT_RULESET_OK) {
            accepted++;
            (void)ruleset_world_run(&ruleset, traffic, sizeof traffic - 1);
        } else {
            refused++;
        }
        free(copy);
    }
    print_message("%u refused, %u accepted and harmless\n", refused, accepted);
    assert_true(refused > 300);
    assert_true(accepted > 100);
}

static void test_the_checksum_is_the_usual_crc(void **state)
{
    (void)state;
    /* The check value of CRC-32/ISO-HDLC; all behind the checksum's field counts. */
    assert_int_equal(inspect_ruleset_checksum("0123456789abcdef123456789", 25), 0xcbf43926);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(inspect_action_name(INSPECT_ACTION_REJECT), "reject");
    assert_string_equal(inspect_action_name(99), "unknown");
    assert_string_equal(inspect_rule_class_name(INSPECT_CLASS_TAIL), "tail");
    for (unsigned buffer = 0; buffer < INSPECT_BUFFERS; buffer++)
        assert_string_not_equal(inspect_buffer_name(buffer), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_compiled_set_is_accepted_and_runs),
        cmocka_unit_test(test_what_is_no_rule_set_is_told_apart),
        cmocka_unit_test(test_any_flipped_bit_breaks_the_checksum),
        cmocka_unit_test(test_damage_is_refused_or_harmless),
        cmocka_unit_test(test_the_checksum_is_the_usual_crc),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, make, drop);
}
