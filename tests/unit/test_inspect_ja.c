/* SPDX-License-Identifier: MIT */
/* JA3, JA3S and JA4 against the examples of their authors and against what tshark 4.0 prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test_inspect_steps.h"
#include "test_inspect_streams.h"

static struct inspect_event event;
static struct inspect_ja3 ja3;
static struct inspect_ja4 ja4;

static void cipher(uint16_t value)
{
    inspect_ja3_cipher(&ja3, &event, value);
}

static void extension(uint16_t value)
{
    inspect_ja3_extension(&ja3, &event, value);
}

static void group(uint16_t value)
{
    inspect_ja3_group(&ja3, value);
}

static void format(uint16_t value)
{
    inspect_ja3_format(&ja3, (uint8_t)value);
}

static void signature(uint16_t value)
{
    inspect_ja4_signature(&ja4, value);
}

/* Gives each number of a list to `take`. */
static void each(const char *list, int base, void (*take)(uint16_t value))
{
    char *end = NULL;
    for (; *list != '\0'; list = *end != '\0' ? end + 1 : end) {
        take((uint16_t)strtoul(list, &end, base));
    }
}

/* The hello of a JA3 text: the text's fields in, the text out. */
static void from_text(const char *text, bool client)
{
    char fields[5][256] = {""};
    size_t field = 0;
    size_t at = 0;
    for (; *text != '\0'; text++) {
        if (*text == ',') {
            field++;
            at = 0;
        } else {
            fields[field][at++] = *text;
            fields[field][at] = '\0';
        }
    }
    memset(&event, 0, sizeof(event));
    memset(&ja3, 0x5a, sizeof(ja3));
    inspect_ja3_begin(&ja3, &event, (uint16_t)atoi(fields[0]));
    each(fields[1], 10, cipher);
    each(fields[3], 10, group);
    each(fields[2], 10, extension);
    each(fields[4], 10, format);
    inspect_ja3_end(&ja3, &event, client);
}

/* github.com/salesforce/ja3, README. */
static void published_ja3(void **state)
{
    static const struct {
        const char *text, *hash;
    } cases[] = {
        {"769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
         "ada70206e40642a3e4461f35503241d5"},
        {"769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        from_text(cases[i].text, true);
        assert_string_equal(event.body.tls.ja3, cases[i].text);
        assert_string_equal(event.body.tls.ja3_hash, cases[i].hash);
        assert_int_equal(event.body.tls.ja3_length, strlen(cases[i].text));
    }
    from_text("769,47,65281", false);
    assert_string_equal(event.body.tls.ja3, "769,47,65281");
    from_text("769,47,", false);
    assert_string_equal(event.body.tls.ja3, "769,47,");
}

static void grease(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned value = 0; value < 65536; value++) {
        count += inspect_grease((uint16_t)value) ? 1 : 0;
    }
    assert_int_equal(count, 16);
    assert_true(inspect_grease(0x0a0a) && inspect_grease(0xfafa) && !inspect_grease(0x1a2a));
    /* 2570 is 0x0a0a, 64250 is 0xfafa */
    from_text("771,2570-4865-64250,64250-0-2570,2570-29,0", true);
    assert_string_equal(event.body.tls.ja3, "771,4865,0,29,0");
}

static void ja4_of(const char *ciphers, const char *extensions, const char *signatures,
                   const char *alpn, uint16_t version)
{
    memset(&event, 0, sizeof(event));
    inspect_ja3_begin(&ja3, &event, 0x0303);
    event.body.tls.version = version;
    inspect_ja4_begin(&ja4);
    each(ciphers, 16, cipher);
    each(extensions, 16, extension);
    each(signatures, 16, signature);
    for (; *alpn != '\0'; alpn++) {
        inspect_ja4_alpn(&ja4, (uint8_t)*alpn);
    }
    inspect_ja3_end(&ja3, &event, true);
    inspect_ja4_end(&ja4, &event);
}

#define CHROME_CIPHERS                                                                             \
    "0a0a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
#define CHROME_EXTENSIONS                                                                          \
    "1a1a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
#define CHROME_SIGNATURES "0403,0804,0401,0503,0805,0501,0806,0601"

/* github.com/FoxIO-LLC/ja4, technical_details/JA4.md. */
static void published_ja4(void **state)
{
    (void)state;
    ja4_of(CHROME_CIPHERS, CHROME_EXTENSIONS, CHROME_SIGNATURES, "h2", 0x0304);
    assert_string_equal(event.body.tls.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

static void ja4_parts(void **state)
{
    static const struct {
        const char *alpn, *text;
    } alpns[] = {
        {"", "00"},
        {"h2", "h2"},
        {"http/1.1", "h1"},
        {"x", "xx"},
        {" ", "20"},
        {"a ", "60"},
        {"\xab", "ab"},
        {"\xab\xcd", "ad"},
        {"\x30\xab", "3b"},
        {"\x30\x31\xab\xcd", "3d"},
        {"\x30\xab\xcd\x31", "01"},
    };
    static const struct {
        uint16_t version;
        const char *text;
    } versions[] = {{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"},
                    {0x0300, "s3"}, {0x7f1c, "00"}, {0, "00"}};
    char expected[40];
    (void)state;
    for (size_t i = 0; i < sizeof(alpns) / sizeof(alpns[0]); i++) {
        ja4_of("1301", "0010", "", alpns[i].alpn, 0x0304);
        (void)snprintf(expected, sizeof(expected), "t13i0101%s_", alpns[i].text);
        assert_memory_equal(event.body.tls.ja4, expected, strlen(expected));
    }
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        ja4_of("1301", "0000", "", "", versions[i].version);
        (void)snprintf(expected, sizeof(expected), "t%sd010100_", versions[i].text);
        assert_memory_equal(event.body.tls.ja4, expected, strlen(expected));
    }
    ja4_of("", "", "", "", 0x0303);
    assert_string_equal(event.body.tls.ja4, "t12i000000_000000000000_000000000000");
    ja4_of("", "0000,0010", "0403", "h2", 0x0303);
    assert_string_equal(event.body.tls.ja4, "t12d0002h2_000000000000_000000000000");
    /* without signature algorithms no underscore: printf 000a,000b | sha256sum */
    ja4_of("0005", "000b,000a", "", "", 0x0303);
    assert_string_equal(event.body.tls.ja4, "t12i010200_1ed8eb363bcd_33a13ba74d1c");
}

/* Lists beyond the limits: no fingerprint rather than a wrong one, and it is said. */
static void limits(void **state)
{
    (void)state;
    for (unsigned longer = 0; longer < 2; longer++) {
        memset(&event, 0, sizeof(event));
        inspect_ja3_begin(&ja3, &event, 771);
        inspect_ja4_begin(&ja4);
        for (unsigned i = 0; i < INSPECT_JA3_GROUPS + longer; i++) {
            inspect_ja3_group(&ja3, 29);
        }
        inspect_ja3_end(&ja3, &event, true);
        assert_int_equal(event.body.tls.ja3_hash[0] == '\0', longer);
        assert_int_equal(event.flags, longer != 0 ? INSPECT_EVENT_TRUNCATED : 0);

        memset(&event, 0, sizeof(event));
        inspect_ja3_begin(&ja3, &event, 771);
        inspect_ja4_begin(&ja4);
        for (unsigned i = 0; i < INSPECT_JA4_SIGNATURES + longer; i++) {
            inspect_ja4_signature(&ja4, 0x0403);
        }
        inspect_ja3_end(&ja3, &event, true);
        inspect_ja4_end(&ja4, &event);
        assert_int_equal(event.body.tls.ja4[0] == '\0', longer);

        memset(&event, 0, sizeof(event));
        inspect_ja3_begin(&ja3, &event, 771);
        inspect_ja4_begin(&ja4);
        for (unsigned i = 0; i < INSPECT_JA4_VALUES + longer; i++) {
            inspect_ja3_cipher(&ja3, &event, 5);
        }
        inspect_ja3_end(&ja3, &event, true);
        inspect_ja4_end(&ja4, &event);
        assert_int_equal(event.body.tls.ja4[0] == '\0', longer);
    }
    /* the hash covers what the text has no room for (reckoned with md5sum) */
    memset(&event, 0, sizeof(event));
    inspect_ja3_begin(&ja3, &event, 771);
    inspect_ja4_begin(&ja4);
    for (unsigned i = 0; i < 400; i++) {
        inspect_ja3_cipher(&ja3, &event, 10000);
    }
    inspect_ja3_end(&ja3, &event, true);
    inspect_ja4_end(&ja4, &event);
    assert_string_equal(event.body.tls.ja3_hash, "8a13fdaba929bae55804f1053b4b65a6");
    assert_int_equal(event.body.tls.ja3_length, 1023);
    assert_int_equal(event.flags, INSPECT_EVENT_TRUNCATED);
    assert_string_equal(event.body.tls.ja4, "");
}

/* Hellos of the captures. JA3: `tshark -e tls.handshake.ja3`; JA4: from tshark's lists of ciphers,
 * extensions, signature algorithms and ALPN, by the rules of JA4.md. */
static void captured(void **state)
{
    static struct steps steps;
    static const struct {
        const uint8_t *bytes;
        size_t length;
        const char *ja3, *hash, *ja4;
    } cases[] = {
        {stream_tls12_client, sizeof(stream_tls12_client),
         "771,49196-49200-159-52393-52392-52394-49195-49199-158-49188-49192-107-49187-49191-103-"
         "49162-49172-57-49161-49171-51-157-156-61-60-53-47-255,0-11-10-16-22-23-13,"
         "29-23-30-25-24,0-1-2",
         "87b9bfc7da97115ed2276737b09f8d74", "t12d2807h2_d943125447b4_a44c6288192a"},
        {stream_tls13_client, sizeof(stream_tls13_client),
         "771,4866-4867-4865-255,0-11-10-16-22-23-49-13-43-45-51-21,"
         "29-23-30-25-24-256-257-258-259-260,0-1-2",
         "89dfc51e72bdcb94e4ba4622588002b1", "t13d0412h2_16476d049b0b_85302d7e289e"},
        {stream_openssl_client, sizeof(stream_openssl_client),
         "771,4866-4867-4865-49196-49200-159-52393-52392-52394-49195-49199-158-49188-49192-107-"
         "49187-49191-103-49162-49172-57-49161-49171-51-157-156-61-60-53-47-255,"
         "0-11-10-35-16-22-23-13-43-45-51,29-23-30-25-24-256-257-258-259-260,0-1-2",
         "5a1edc7f170af1014fc65c994878e63c", "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        steps_every_cut(&steps_tls, 0, cases[i].bytes, cases[i].length, &steps);
        assert_string_equal(steps.heads[0].body.tls.ja3, cases[i].ja3);
        assert_string_equal(steps.heads[0].body.tls.ja3_hash, cases[i].hash);
        assert_string_equal(steps.heads[0].body.tls.ja4, cases[i].ja4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_ja3), cmocka_unit_test(grease), cmocka_unit_test(published_ja4),
        cmocka_unit_test(ja4_parts),     cmocka_unit_test(limits), cmocka_unit_test(captured),
    };
    return cmocka_run_group_tests_name("inspect_ja", tests, NULL, NULL);
}
