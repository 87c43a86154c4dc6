/* SPDX-License-Identifier: MIT */
/* Addresses, ports, groups of them, and variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/range.h"
#include "unit/test_rules_told.h"

static void print_address(char *text, size_t size, uint8_t family, const uint8_t *bytes)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < (family == 4 ? 4u : 16u); i++) {
        length += (size_t)snprintf(text + length, size - length, family == 4 ? "%s%u" : "%s%02x",
                                   family == 4 && i > 0 ? "." : "", bytes[i]);
    }
}

/* "10.0.0.0-10.255.255.255 ..." */
static void print_addresses(char *text, size_t size, const struct rule_addresses *addresses)
{
    text[0] = '\0';
    if (addresses->any) {
        snprintf(text, size, "any");
    }
    for (size_t i = 0; i < addresses->count; i++) {
        const struct rule_address_range *range = &addresses->ranges[i];
        strcat(text, i > 0 ? " " : "");
        print_address(text, size, range->family, range->low);
        if (memcmp(range->low, range->high, 16) != 0) {
            strcat(text, "-");
            print_address(text, size, range->family, range->high);
        }
    }
}

static void print_ports(char *text, size_t size, const struct rule_ports *ports)
{
    size_t length = 0;
    text[0] = '\0';
    if (ports->any) {
        snprintf(text, size, "any");
    }
    for (size_t i = 0; i < ports->count; i++) {
        length += (size_t)snprintf(text + length, size - length, "%s%u-%u", i > 0 ? " " : "",
                                   ports->ranges[i].low, ports->ranges[i].high);
    }
}

struct row {
    const char *written, *wanted;
};

static void test_addresses(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"any", "any"},
        {"[any]", "any"},
        {"!!any", "any"},
        {"1.2.3.4", "1.2.3.4"},
        {"1.2.3.4/32", "1.2.3.4"},
        {"1.2.3.4/8", "1.0.0.0-1.255.255.255"},
        {"1.2.3.4/255.255.0.0", "1.2.0.0-1.2.255.255"},
        {"0.0.0.0/0", "0.0.0.0-255.255.255.255"},
        {"1.2.3.4-1.2.3.9", "1.2.3.4-1.2.3.9"},
        {"[1.2.3.4, 1.2.3.5 ,1.2.3.7]", "1.2.3.4-1.2.3.5 1.2.3.7"},
        {"[10.0.0.0/8,!10.1.0.0/16]", "10.0.0.0-10.0.255.255 10.2.0.0-10.255.255.255"},
        {"[10.0.0.0/8,![10.1.0.0/16,!10.1.2.3]]",
         "10.0.0.0-10.0.255.255 10.1.2.3 10.2.0.0-10.255.255.255"},
        {"[[10.0.0.0/8,!10.0.0.0/9],10.0.0.1]", "10.0.0.1 10.128.0.0-10.255.255.255"},
        {"2001:db8::1", "20010db8000000000000000000000001"},
        {"::", "00000000000000000000000000000000"},
        {"::ffff:1.2.3.4", "00000000000000000000ffff01020304"},
        {"1:2:3:4:5:6:7:8", "00010002000300040005000600070008"},
        {"2001:db8::/127", "20010db8000000000000000000000000-20010db8000000000000000000000001"},
        {"fe80::1-fe80::2", "fe800000000000000000000000000001-fe800000000000000000000000000002"},
        {"[2001:DB8::/32,10.0.0.1]",
         "10.0.0.1 20010db8000000000000000000000000-20010db8ffffffffffffffffffffffff"},
        {"![0.0.0.0/0]", "00000000000000000000000000000000-ffffffffffffffffffffffffffffffff"},
        {"!255.255.255.255", "0.0.0.0-255.255.255.254 "
                             "00000000000000000000000000000000-ffffffffffffffffffffffffffffffff"},
        {"[!::/1,!0.0.0.0/1]", "128.0.0.0-255.255.255.255 "
                               "80000000000000000000000000000000-ffffffffffffffffffffffffffffffff"},
        {"$HOME_NET", "any"},
        {"[$HOME_NET,!0.0.0.0/0,!8000::/1]",
         "00000000000000000000000000000000-7fffffffffffffffffffffffffffffff"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        struct told_rules rules;
        snprintf(text, sizeof(text), "alert tcp %s any -> %s any (sid:1;)", rows[i].written,
                 rows[i].written);
        told_parse_good(&rules, text);
        print_addresses(text, sizeof(text), &rules.set->rules[0].source);
        assert_string_equal(text, rows[i].wanted);
        print_addresses(text, sizeof(text), &rules.set->rules[0].destination);
        assert_string_equal(text, rows[i].wanted);
        told_free(&rules);
    }
}

static void test_ports(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"any", "any"},
        {"0:65535", "any"},
        {"80", "80-80"},
        {"80:", "80-65535"},
        {":80", "0-80"},
        {"!80", "0-79 81-65535"},
        {"[80,443,8000:8080]", "80-80 443-443 8000-8080"},
        {"[81, 80, 82:90]", "80-90"},
        {"[80:90,!85]", "80-84 86-90"},
        {"[!80,!443]", "0-79 81-442 444-65535"},
        {"![80,443]", "0-79 81-442 444-65535"},
        {"[1:100,![20:30,!25]]", "1-19 25-25 31-100"},
        {"$HTTP_PORTS", "80-80"},
        {"$FILE_DATA_PORTS", "80-80 110-110 143-143"},
        {"!$HTTP_PORTS", "0-79 81-65535"},
        {"[0,65535]", "0-0 65535-65535"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[512];
        struct told_rules rules;
        snprintf(text, sizeof(text), "alert tcp any %s -> any %s (sid:1;)", rows[i].written,
                 rows[i].written);
        told_parse_good(&rules, text);
        print_ports(text, sizeof(text), &rules.set->rules[0].source_ports);
        assert_string_equal(text, rows[i].wanted);
        print_ports(text, sizeof(text), &rules.set->rules[0].destination_ports);
        assert_string_equal(text, rows[i].wanted);
        told_free(&rules);
    }
}

/* Random sets of ports beside a plain table of 65,536 truth values. */
static void test_ports_randomly(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (unsigned round = 0; round < 300; round++) {
        static bool in[65536];
        static bool out[65536];
        char list[512] = "";
        size_t length = 0;
        bool positive = false;
        memset(in, 0, sizeof(in));
        memset(out, 0, sizeof(out));
        for (unsigned item = 0; item < 1 + round % 9; item++) {
            seed = seed * 1664525u + 1013904223u;
            unsigned low = (seed >> 16) % 64;
            unsigned high = low + (seed >> 8) % 16;
            if (round % 3 == 0) { /* near the end as well */
                low += 65536 - 80;
                high += 65536 - 80;
            }
            bool negated = (seed >> 29) % 3 == 0;
            positive = positive || !negated;
            length += (size_t)snprintf(list + length, sizeof(list) - length, "%s%s%u:%u",
                                       item > 0 ? "," : "", negated ? "!" : "", low, high);
            for (unsigned port = low; port <= high; port++) {
                (negated ? out : in)[port] = true;
            }
        }
        size_t left = 0;
        for (size_t port = 0; port < 65536; port++) {
            in[port] = (in[port] || !positive) && !out[port];
            left += in[port];
        }
        char text[1024];
        struct told_rules rules;
        snprintf(text, sizeof(text), "alert tcp any [%s] -> any any (sid:1;)", list);
        told_parse(&rules, text);
        assert_int_equal(rules.set->count, left > 0);
        if (left > 0) {
            const struct rule_ports *ports = &rules.set->rules[0].source_ports;
            size_t seen = 0;
            for (size_t i = 0; i < ports->count; i++) {
                assert_true(i == 0 || ports->ranges[i].low > ports->ranges[i - 1].high + 1);
                for (size_t port = ports->ranges[i].low; port <= ports->ranges[i].high; port++) {
                    assert_true(in[port]);
                    seen++;
                }
            }
            assert_int_equal(seen, left);
        }
        told_free(&rules);
    }
}

static void test_variables(void **state)
{
    (void)state;
    char text[512];
    struct told_rules rules;
    told_parse_good(&rules, "ipvar NET [10.0.0.0/8, !$DMZ]  \n"
                            "var DMZ 10.1.0.0/16\n"
                            "portvar P [80,$Q]\n"
                            "var Q 81\n"
                            "alert tcp $NET $P -> !$NET !$P (sid:1;)\n"
                            "var Q 90\n"
                            "ipvar DMZ 10.0.0.0/9\n"
                            "alert tcp $NET $P -> any any (sid:2;)\n"
                            "var HOME_NET 192.0.2.1\n"
                            "alert tcp $HOME_NET any -> $EXTERNAL_NET any (sid:3;)\n");
    const struct rule *rule = rules.set->rules;
    print_addresses(text, sizeof(text), &rule[0].source);
    assert_string_equal(text, "10.0.0.0-10.0.255.255 10.2.0.0-10.255.255.255");
    print_ports(text, sizeof(text), &rule[0].source_ports);
    assert_string_equal(text, "80-81");
    print_ports(text, sizeof(text), &rule[0].destination_ports);
    assert_string_equal(text, "0-79 82-65535");
    print_addresses(text, sizeof(text), &rule[1].source);
    assert_string_equal(text, "10.128.0.0-10.255.255.255");
    print_ports(text, sizeof(text), &rule[1].source_ports);
    assert_string_equal(text, "80-80 90-90");
    print_addresses(text, sizeof(text), &rule[2].source);
    assert_string_equal(text, "192.0.2.1");
    assert_true(rule[2].destination.any);
    told_free(&rules);
}

/* Circles are named; a bad variable is told once, where it is defined. */
static void test_bad_variables(void **state)
{
    (void)state;
    struct told_rules rules;
    told_parse(&rules, "var A $B\nvar B [1.2.3.4,$C]\nvar C !$A\n"
                       "alert tcp $B any -> any any (sid:1;)\n"
                       "alert tcp $B any -> any any (sid:2;)\n");
    assert_int_equal(rules.count, 1);
    assert_string_equal(rules.told[0].text, "$B is defined by itself: $B -> $C -> $A -> $B");
    assert_int_equal(rules.told[0].line, 2);
    assert_int_equal(rules.told[0].column, 7);
    assert_int_equal(rules.set->count, 0);
    told_free(&rules);

    told_parse(&rules, "var A [$A,1.2.3.4]\nalert tcp $A any -> any any (sid:1;)\n");
    assert_int_equal(rules.count, 1);
    assert_string_equal(rules.told[0].text, "$A is defined by itself: $A -> $A");
    told_free(&rules);

    told_parse(&rules, "var A [1.2.3.4,300.1.1.1]\nalert tcp $A any -> $A any (sid:1;)\n");
    assert_int_equal(rules.count, 1);
    assert_string_equal(rules.told[0].text, "\"300.1.1.1\" in $A is no address");
    assert_int_equal(rules.told[0].line, 1);
    assert_int_equal(rules.told[0].column, 7);
    assert_int_equal(rules.set->count, 0);
    told_free(&rules);

    told_parse(&rules, "ipvar A 10.0.0.0/8\nalert tcp any $A -> any any (sid:1;)\n"
                       "alert tcp any any -> $B any (sid:2;)\n");
    assert_int_equal(rules.count, 2);
    assert_string_equal(rules.told[0].text, "\"$A\" holds addresses, not ports");
    assert_string_equal(rules.told[1].text,
                        "\"$B\" is not defined: write \"var NAME VALUE\" on a line before");
    told_free(&rules);
}

/* Variables that double each other 30 times are worked out once each; brackets have an end. */
static void test_deep(void **state)
{
    (void)state;
    char text[8192];
    struct told_rules rules;
    size_t length = (size_t)snprintf(text, sizeof(text), "var V0 10.0.0.1\n");
    for (unsigned i = 1; i < 30; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length, "var V%u [$V%u,$V%u]\n", i,
                                   i - 1, i - 1);
    }
    snprintf(text + length, sizeof(text) - length, "alert tcp $V29 any -> any any (sid:1;)\n");
    told_parse(&rules, text);
    assert_int_equal(rules.count, 1); /* 30 variables with their brackets are too deep */
    assert_non_null(strstr(rules.told[0].text, "nested too deep"));
    told_free(&rules);

    length = (size_t)snprintf(text, sizeof(text), "var V0 10.0.0.1\n");
    for (unsigned i = 1; i < 15; i++) {
        length += (size_t)snprintf(text + length, sizeof(text) - length,
                                   "var V%u [$V%u,$V%u,$V%u,$V%u,$V%u]\n", i, i - 1, i - 1, i - 1,
                                   i - 1, i - 1);
    }
    snprintf(text + length, sizeof(text) - length, "alert tcp $V14 any -> any any (sid:1;)\n");
    told_parse_good(&rules, text); /* 5^14 items otherwise */
    print_addresses(text, sizeof(text), &rules.set->rules[0].source);
    assert_string_equal(text, "10.0.0.1");
    told_free(&rules);

    memset(text, '[', 4000);
    snprintf(text + 4000, sizeof(text) - 4000, "1");
    memmove(text + 10, text, 4002);
    memcpy(text, "alert tcp ", 10);
    length = strlen(text);
    memset(text + length, ']', 4000);
    snprintf(text + length + 4000, sizeof(text) - length - 4000, " any -> any any (sid:1;)");
    told_parse(&rules, text);
    assert_int_equal(rules.count, 1);
    assert_non_null(strstr(rules.told[0].text, "nested too deep"));
    told_free(&rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),      cmocka_unit_test(test_ports),
        cmocka_unit_test(test_ports_randomly), cmocka_unit_test(test_variables),
        cmocka_unit_test(test_bad_variables),  cmocka_unit_test(test_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
