/* SPDX-License-Identifier: MIT */
/*
 * Fuzzes the reader of certificates. Oracle: its texts end, and are the same however the
 * certificate is cut. Input: 2 bytes (where to cut), then the certificate.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/certificate.h"

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define TEXT_ENDS(text) CHECK(memchr(text, '\0', sizeof(text)) != NULL)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_certificate(const uint8_t *data, size_t size, size_t piece,
                             struct inspect_event *event)
{
    struct inspect_certificate *state = malloc(sizeof(*state));
    CHECK(state != NULL);
    memset(event, 0, sizeof(*event));
    inspect_certificate_init(state);
    for (size_t at = 0; at < size; at += piece) {
        inspect_certificate_feed(state, event, data + at, size - at < piece ? size - at : piece);
    }
    inspect_certificate_end(state, event);
    free(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct inspect_event whole;
    static struct inspect_event cut;
    if (size < 2 || size > 65536) {
        return 0;
    }
    size_t piece = 1u + data[0] + (size_t)data[1] * 16;
    data += 2;
    size -= 2;
    read_certificate(data, size, size + 1, &whole);
    read_certificate(data, size, piece, &cut);
    CHECK(whole.anomalies == cut.anomalies && whole.flags == cut.flags);
    CHECK(memcmp(&whole.body.certificate, &cut.body.certificate, sizeof(cut.body.certificate)) ==
          0);
    const struct inspect_event_certificate *told = &whole.body.certificate;
    TEXT_ENDS(told->subject);
    TEXT_ENDS(told->issuer);
    TEXT_ENDS(told->serial);
    TEXT_ENDS(told->fingerprint);
    CHECK(strlen(told->fingerprint) == 59);
    CHECK(whole.anomalies == 0 || whole.anomalies == INSPECT_ANOMALY_CERTIFICATE);
    CHECK(whole.anomalies != 0 || told->serial[0] != '\0');
    return 0;
}
