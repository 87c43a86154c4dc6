/* SPDX-License-Identifier: MIT */
/* Community IDs against the published baseline (github.com/corelight/community-id-spec, folder
 * baseline): all its TCP lines, with seed 0 and seed 1. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "report/community_id.h"

struct vector {
    unsigned family;
    const char *source;
    unsigned source_port;
    const char *destination;
    unsigned destination_port;
    unsigned seed;
    const char *id;
};

static const struct vector vectors[] = {
    {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, "2607:f8b0:400c:c03::1a", 25, 0,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
    {6, "2607:f8b0:400c:c03::1a", 25, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, 0,
     "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4="},
    {4, "128.232.110.120", 34855, "66.35.250.204", 80, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {4, "66.35.250.204", 80, "128.232.110.120", 34855, 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
    {6, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, "2607:f8b0:400c:c03::1a", 25, 1,
     "1:eJYTW6AOzFLlSUoESovMjnu7rMw="},
    {6, "2607:f8b0:400c:c03::1a", 25, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943, 1,
     "1:eJYTW6AOzFLlSUoESovMjnu7rMw="},
    {4, "128.232.110.120", 34855, "66.35.250.204", 80, 1, "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
    {4, "66.35.250.204", 80, "128.232.110.120", 34855, 1, "1:3V71V58M3Ksw/yuFALMcW0LAHvc="},
};

static void test_baseline(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const struct vector *vector = &vectors[i];
        uint8_t source[16], destination[16];
        char id[COMMUNITY_ID_SIZE];
        int family = vector->family == 6 ? AF_INET6 : AF_INET;

        assert_int_equal(inet_pton(family, vector->source, source), 1);
        assert_int_equal(inet_pton(family, vector->destination, destination), 1);
        community_id(id, vector->family,
                     &(struct community_end){source, (uint16_t)vector->source_port},
                     &(struct community_end){destination, (uint16_t)vector->destination_port},
                     (uint16_t)vector->seed);
        assert_string_equal(id, vector->id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_baseline)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
