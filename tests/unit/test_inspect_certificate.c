/* SPDX-License-Identifier: MIT */
/* Certificates: built ones of every shape, and fresh ones against what openssl reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "inspect/certificate.h"

/* A growing byte string. */
struct bytes {
    size_t length;
    uint8_t at[4096];
};

static void put(struct bytes *b, const void *data, size_t length)
{
    assert_in_range(b->length + length, 0, sizeof(b->at));
    memcpy(b->at + b->length, data, length);
    b->length += length;
}

static void put8(struct bytes *b, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(b, &byte, 1);
}

/* An element in DER. */
static void element(struct bytes *b, unsigned tag, const void *data, size_t length)
{
    put8(b, tag);
    if (length >= 256) {
        put8(b, 0x82);
        put8(b, (unsigned)length >> 8);
    } else if (length >= 128) {
        put8(b, 0x81);
    }
    put8(b, (unsigned)length);
    put(b, data, length);
}

/* An attribute: its identifier in hexadecimal, and a value. */
struct attribute {
    const char *oid; /* NULL: a relative name without an attribute */
    unsigned tag;
    const char *value; /* NULL: none behind the identifier */
    size_t length;     /* 0: a string's */
    bool same;         /* in one relative name with the one before */
};

static void put_hex(struct bytes *b, const char *hex)
{
    for (; hex[0] != '\0'; hex += 2) {
        char pair[3] = {hex[0], hex[1], '\0'};
        put8(b, (unsigned)strtoul(pair, NULL, 16));
    }
}

static void put_name(struct bytes *b, const struct attribute *attributes, size_t count)
{
    struct bytes name = {0};
    for (size_t i = 0; i < count;) {
        struct bytes relative = {0};
        do {
            const struct attribute *a = &attributes[i];
            struct bytes oid = {0};
            struct bytes pair = {0};
            i++;
            if (a->oid == NULL) {
                continue;
            }
            put_hex(&oid, a->oid);
            element(&pair, 0x06, oid.at, oid.length);
            if (a->value != NULL) {
                element(&pair, a->tag, a->value, a->length != 0 ? a->length : strlen(a->value));
            }
            element(&relative, 0x30, pair.at, pair.length);
        } while (i < count && attributes[i].same);
        element(&name, 0x31, relative.at, relative.length);
    }
    element(b, 0x30, name.at, name.length);
}

/* What a certificate is built of. */
struct parts {
    bool version;
    const char *serial; /* hexadecimal */
    bool long_length;   /* the serial's length in two bytes */
    const struct attribute *issuer;
    size_t issuer_count;
    unsigned time_tag;
    const char *not_before, *not_after;
    const struct attribute *subject;
    size_t subject_count;
};

static const struct attribute plain[] = {
    {"550406", 0x13, "US", 0, false},
    {"55040a", 0x0c, "Example, Inc.", 0, false},
    {"550403", 0x0c, "example.org", 0, false},
};

static const struct parts usual = {
    .version = true,
    .serial = "01ab",
    .issuer = plain,
    .issuer_count = 3,
    .time_tag = 0x17,
    .not_before = "250102030405Z",
    .not_after = "351231235959Z",
    .subject = plain,
    .subject_count = 3,
};

static void build(struct bytes *b, const struct parts *parts)
{
    struct bytes tbs = {0};
    struct bytes all = {0};
    struct bytes serial = {0};
    struct bytes times = {0};
    if (parts->version) {
        element(&tbs, 0xa0, "\x02\x01\x02", 3);
    }
    put_hex(&serial, parts->serial);
    if (parts->long_length) {
        put(&tbs, "\x02\x81", 2);
        put8(&tbs, (unsigned)serial.length);
        put(&tbs, serial.at, serial.length);
    } else {
        element(&tbs, 0x02, serial.at, serial.length);
    }
    element(&tbs, 0x30, "\x06\x03\x55\x04\x03", 5);
    put_name(&tbs, parts->issuer, parts->issuer_count);
    element(&times, parts->time_tag, parts->not_before, strlen(parts->not_before));
    element(&times, parts->time_tag, parts->not_after, strlen(parts->not_after));
    element(&tbs, 0x30, times.at, times.length);
    put_name(&tbs, parts->subject, parts->subject_count);
    element(&tbs, 0x30, "key", 3);
    element(&all, 0x30, tbs.at, tbs.length);
    element(&all, 0x30, "algorithm", 9);
    element(&all, 0x03, "signature", 9);
    b->length = 0;
    element(b, 0x30, all.at, all.length);
}

static void read_cut(const uint8_t *data, size_t length, size_t cut, struct inspect_event *event)
{
    struct inspect_certificate *state = malloc(sizeof(*state));
    uint8_t *first = malloc(cut + 1);
    uint8_t *second = malloc(length - cut + 1);
    if (state == NULL || first == NULL || second == NULL) {
        abort();
    }
    memcpy(first, data, cut);
    memcpy(second, data + cut, length - cut);
    memset(event, 0, sizeof(*event));
    inspect_certificate_init(state);
    inspect_certificate_feed(state, event, first, cut);
    inspect_certificate_feed(state, event, second, length - cut);
    inspect_certificate_end(state, event);
    free(state);
    free(first);
    free(second);
}

/* Reads it whole and in every cut, which must be the same. */
static void read_all(const uint8_t *data, size_t length, struct inspect_event *event)
{
    static struct inspect_event other;
    read_cut(data, length, length, event);
    for (size_t cut = 0; cut < length; cut++) {
        read_cut(data, length, cut, &other);
        assert_memory_equal(event, &other, sizeof(other));
    }
}

static struct bytes certificate;
static struct inspect_event event;

static void read_parts(const struct parts *parts)
{
    build(&certificate, parts);
    read_all(certificate.at, certificate.length, &event);
}

static void a_certificate(void **state)
{
    const struct inspect_event_certificate *told = &event.body.certificate;
    (void)state;
    for (unsigned version = 0; version < 2; version++) {
        struct parts parts = usual;
        parts.version = version != 0;
        read_parts(&parts);
        assert_int_equal(event.anomalies, 0);
        assert_int_equal(event.flags, 0);
        assert_string_equal(told->subject, "C=US, O=Example, Inc., CN=example.org");
        assert_string_equal(told->issuer, "C=US, O=Example, Inc., CN=example.org");
        assert_string_equal(told->serial, "01:AB");
        assert_int_equal(told->not_before, 1735787045);
        assert_int_equal(told->not_after, 2082758399);
    }
}

static void names(void **state)
{
    static const struct {
        struct attribute attributes[3];
        size_t count;
        const char *text;
    } cases[] = {
        {{{0}}, 0, ""},
        {{{"550403", 0x13, "a", 0, false}, {"55040b", 0x13, "b", 0, true}}, 2, "CN=a + OU=b"},
        {{{"550403", 0x13, "a", 0, false},
          {"55040b", 0x13, "b", 0, true},
          {"550406", 0x13, "c", 0, false}},
         3,
         "CN=a + OU=b, C=c"},
        {{{"550403", 0x0c, "", 0, false}}, 1, "CN="},
        {{{"2a864886f70d010901", 0x16, "a@b", 0, false}}, 1, "emailAddress=a@b"},
        {{{"0992268993f22c640119", 0x16, "com", 0, false}}, 1, "DC=com"},
        {{{"2b0601040182373c020103", 0x13, "DE", 0, false}}, 1, "jurisdictionC=DE"},
        {{{"550461", 0x0c, "x", 0, false}}, 1, "2.5.4.97=x"},
        {{{"2a03", 0x0c, "x", 0, false}}, 1, "1.2.3=x"},
        {{{"883703", 0x0c, "x", 0, false}}, 1, "2.999.3=x"},
        {{{"2affffffffffffff7f", 0x0c, "x", 0, false}}, 1, "1.2.4294967295=x"},
        {{{"550403", 0x0c, "a\0b\n\x7f", 5, false}}, 1, "CN=a\\00b\\0A\\7F"},
        {{{"550403", 0x0c, "\xc3\xa4", 0, false}}, 1, "CN=\xc3\xa4"},
        {{{"550403", 0x14, "\xe4", 0, false}}, 1, "CN=\xc3\xa4"},
        {{{"550403", 0x1e, "\0a\0\xe4\x20\xac", 6, false}}, 1, "CN=a\xc3\xa4\xe2\x82\xac"},
        {{{"550403", 0x1c, "\0\1\xf6\0\0\0\0z", 8, false}}, 1, "CN=\xf0\x9f\x98\x80z"},
        {{{"550403", 0x03, "\0\xab", 2, false}}, 1, "CN=#00AB"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parts parts = usual;
        parts.subject = cases[i].attributes;
        parts.subject_count = cases[i].count;
        read_parts(&parts);
        assert_int_equal(event.anomalies, 0);
        assert_string_equal(event.body.certificate.subject, cases[i].text);
        parts.issuer = cases[i].attributes;
        parts.issuer_count = cases[i].count;
        read_parts(&parts);
        assert_string_equal(event.body.certificate.issuer, cases[i].text);
    }
}

/* A text that is cut is cut at a character. */
static void long_texts(void **state)
{
    (void)state;
    for (size_t length = 310; length < 330; length++) {
        char value[700] = {0};
        struct attribute attribute = {"550403", 0x0c, value, 0, false};
        struct parts parts = usual;
        memset(value, 'x', length);
        memcpy(value + length, "\xe2\x82\xac", 3);
        parts.subject = &attribute;
        parts.subject_count = 1;
        read_parts(&parts);
        const char *subject = event.body.certificate.subject;
        size_t whole = 3 + length + 3;
        size_t expected = whole <= 319 ? whole : 3 + length <= 319 ? 3 + length : 319;
        assert_int_equal(strlen(subject), expected);
        assert_int_equal(event.flags, whole <= 319 ? 0 : INSPECT_EVENT_TRUNCATED);
    }
    struct parts parts = usual;
    parts.serial = "000102030405060708090a0b0c0d0e0f1011121314151617";
    read_parts(&parts);
    assert_int_equal(strlen(event.body.certificate.serial), 71);
    assert_string_equal(event.body.certificate.serial + 66, "16:17");
    assert_int_equal(event.flags, 0);
    parts.serial = "000102030405060708090a0b0c0d0e0f101112131415161718";
    read_parts(&parts);
    assert_int_equal(event.flags, INSPECT_EVENT_TRUNCATED);
}

static void times(void **state)
{
    static const struct {
        unsigned tag;
        const char *text;
        bool good;
        int64_t seconds; /* date -u +%s */
    } cases[] = {
        {0x17, "700101000000Z", true, 0},
        {0x17, "491231235959Z", true, 2524607999},
        {0x17, "500101000000Z", true, -631152000},
        {0x17, "000229120000Z", true, 951825600},
        {0x17, "000301000000Z", true, 951868800},
        {0x17, "001231235959Z", true, 978307199},
        {0x18, "20500101000000Z", true, 2524608000},
        {0x18, "99991231235959Z", true, 253402300799},
        {0x18, "19000301000000Z", true, -2203891200},
        {0x18, "19000229000000Z", false, 0},
        {0x17, "230229000000Z", false, 0},
        {0x17, "231301000000Z", false, 0},
        {0x17, "230001000000Z", false, 0},
        {0x17, "230100000000Z", false, 0},
        {0x17, "230132000000Z", false, 0},
        {0x17, "230101240000Z", false, 0},
        {0x17, "230101006000Z", false, 0},
        {0x17, "230101000060Z", false, 0},
        {0x17, "2301010000Z", false, 0},
        {0x17, "230101000000+", false, 0},
        {0x17, "23010100000aZ", false, 0},
        {0x18, "230101000000Z", false, 0},
        {0x17, "20230101000000Z", false, 0},
        {0x17, "", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct parts parts = usual;
        parts.time_tag = cases[i].tag;
        parts.not_before = cases[i].text;
        parts.not_after = cases[i].good ? cases[i].text : "700101000000Z";
        read_parts(&parts);
        assert_int_equal(event.anomalies, cases[i].good ? 0 : INSPECT_ANOMALY_CERTIFICATE);
        assert_int_equal(event.body.certificate.not_before, cases[i].seconds);
        assert_int_equal(event.body.certificate.not_after, cases[i].seconds);
        /* what was read in front of it stays */
        assert_string_equal(event.body.certificate.serial, "01:AB");
    }
}

/* Every bit turned over, and the extremes for every byte: never out of bounds; and every shortened
 * certificate is no certificate. */
static void damage(void **state)
{
    (void)state;
    build(&certificate, &usual);
    size_t refused = 0;
    for (size_t at = 0; at < certificate.length; at++) {
        uint8_t was = certificate.at[at];
        for (unsigned change = 0; change < 10; change++) {
            certificate.at[at] = change < 8    ? (uint8_t)(was ^ 1u << change)
                                 : change == 8 ? 0
                                               : 0xff;
            read_cut(certificate.at, certificate.length, at, &event);
            refused += event.anomalies != 0 ? 1 : 0;
        }
        certificate.at[at] = was;
    }
    assert_in_range(refused, certificate.length, certificate.length * 10);
    /* the subject's last byte is at the end of what must be there: 3 elements follow */
    size_t needed = certificate.length - (2 + 3) - (2 + 9) - (2 + 9);
    for (size_t length = 0; length <= certificate.length; length++) {
        read_cut(certificate.at, length, length / 2, &event);
        assert_int_equal(event.anomalies != 0, length < needed);
    }
}

static void strict_lengths(void **state)
{
    static const char *const cases[] = {
        "3080",             /* indefinite */
        "30820005",         /* not the shortest */
        "308105",           /* nor this */
        "3084000000053003", /* four bytes of length */
        "3100",             /* no sequence */
        "3000",             /* empty */
        "30023000",         /* an empty body */
        "3005300302017f",   /* ends behind the serial */
        "30043002020030",   /* a serial without bytes */
        "30063004a1020500", /* no version there */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes b = {0};
        put_hex(&b, cases[i]);
        read_all(b.at, b.length, &event);
        assert_int_equal(event.anomalies, INSPECT_ANOMALY_CERTIFICATE);
    }
}

/* Certificates that are whole but for one thing. */
static void one_thing_wrong(void **state)
{
    static const struct attribute names[] = {
        {NULL, 0, NULL, 0, false},              /* an empty set */
        {"550403", 0, NULL, 0, false},          /* no value */
        {"550403", 0x1e, "\0ab", 3, false},     /* half a character */
        {"550403", 0x1c, "\0\0\0ab", 5, false}, /* a quarter of one */
        {"", 0x0c, "x", 0, false},              /* an empty identifier */
    };
    static struct bytes long_length;
    struct parts parts = usual;
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        parts.issuer = &names[i];
        parts.issuer_count = 1;
        read_parts(&parts);
        assert_int_equal(event.anomalies, INSPECT_ANOMALY_CERTIFICATE);
    }
    parts = usual;
    parts.long_length = true;
    read_parts(&parts);
    assert_int_equal(event.anomalies, INSPECT_ANOMALY_CERTIFICATE);
    /* the outermost length with a zero in front */
    build(&certificate, &usual);
    assert_int_equal(certificate.at[1], 0x81);
    long_length.length = 0;
    put(&long_length, "\x30\x82\0", 3);
    put(&long_length, certificate.at + 2, certificate.length - 2);
    read_all(long_length.at, long_length.length, &event);
    assert_int_equal(event.anomalies, INSPECT_ANOMALY_CERTIFICATE);
}

/* One line of a command's output. */
static bool line_of(const char *command, char *line, size_t size)
{
    FILE *pipe = popen(command, "r");
    if (pipe == NULL) {
        return false;
    }
    bool got = fgets(line, (int)size, pipe) != NULL;
    line[strcspn(line, "\n")] = '\0';
    while (fgetc(pipe) != EOF) {
    }
    return pclose(pipe) == 0 && got;
}

/* openssl's "subject=..." in our look. */
static void expect_field(const char *file, const char *option, const char *prefix, const char *ours)
{
    char command[512];
    char line[1024];
    (void)snprintf(command, sizeof(command),
                   "openssl x509 -in %s -inform DER -noout %s -nameopt "
                   "utf8,sep_comma_plus_space 2>/dev/null",
                   file, option);
    assert_true(line_of(command, line, sizeof(line)));
    assert_memory_equal(line, prefix, strlen(prefix));
    assert_string_equal(line + strlen(prefix), ours);
}

static void against_openssl(void **state)
{
    static const struct {
        const char *subject, *options;
    } cases[] = {
        {"/CN=example.org", "-newkey ec -pkeyopt ec_paramgen_curve:P-256"},
        {"/C=US/ST=Some State/L=Town/O=Example Ltd/OU=A/OU=B/CN=www.example.org",
         "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -set_serial 0x00ff0102"},
        {"/DC=org/DC=example/emailAddress=a@example.org/CN=x",
         "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 20000"},
        {"/C=DE/CN=M\xc3\xbcller \xe2\x82\xac", "-utf8 -newkey rsa:2048"},
        {"/O=a+OU=b/CN=c", "-multivalue-rdn -newkey ec -pkeyopt ec_paramgen_curve:P-256"},
    };
    char line[1024];
    (void)state;
    if (!line_of("openssl version 2>/dev/null", line, sizeof(line))) {
        print_message(
            "SKIPPED: openssl is not installed: certificates were not compared with it\n");
        skip();
    }
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char file[] = "/tmp/sluice-certificate-XXXXXX";
        char command[1024];
        uint8_t data[4096];
        int descriptor = mkstemp(file);
        assert_true(descriptor >= 0);
        (void)snprintf(command, sizeof(command),
                       "openssl req -x509 -nodes -keyout /dev/null %s -subj '%s' -outform DER "
                       "-out %s 2>&1; echo",
                       cases[i].options, cases[i].subject, file);
        assert_true(line_of(command, line, sizeof(line)));
        ssize_t length = read(descriptor, data, sizeof(data));
        (void)close(descriptor);
        assert_in_range(length, 1, sizeof(data) - 1);
        read_all(data, (size_t)length, &event);
        const struct inspect_event_certificate *told = &event.body.certificate;
        assert_int_equal(event.anomalies, 0);
        expect_field(file, "-subject", "subject=", told->subject);
        expect_field(file, "-issuer", "issuer=", told->issuer);

        char digits[80] = {0};
        size_t count = 0;
        for (size_t at = 0; told->serial[at] != '\0'; at++) {
            if (told->serial[at] != ':') {
                digits[count++] = told->serial[at];
            }
        }
        /* openssl leaves out the byte that only says that the number is not negative */
        expect_field(file, "-serial",
                     "serial=", strncmp(digits, "00", 2) == 0 ? digits + 2 : digits);
        char upper[64] = {0};
        for (size_t at = 0; told->fingerprint[at] != '\0'; at++) {
            char c = told->fingerprint[at];
            upper[at] = c >= 'a' && c <= 'f' ? (char)(c - 32) : c;
        }
        (void)snprintf(command, sizeof(command),
                       "openssl x509 -in %s -inform DER -noout -fingerprint -sha1 | cut -d= -f2",
                       file);
        assert_true(line_of(command, line, sizeof(line)));
        assert_string_equal(line, upper);
        (void)snprintf(command, sizeof(command),
                       "date -u +%%s -d \"$(openssl x509 -in %s -inform DER -noout -enddate | "
                       "cut -d= -f2)\"",
                       file);
        assert_true(line_of(command, line, sizeof(line)));
        assert_int_equal(told->not_after, strtoll(line, NULL, 10));
        (void)unlink(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate),   cmocka_unit_test(names),
        cmocka_unit_test(long_texts),      cmocka_unit_test(times),
        cmocka_unit_test(damage),          cmocka_unit_test(strict_lengths),
        cmocka_unit_test(one_thing_wrong), cmocka_unit_test(against_openssl),
    };
    return cmocka_run_group_tests_name("inspect_certificate", tests, NULL, NULL);
}
