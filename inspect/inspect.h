/* SPDX-License-Identifier: MIT */
/*
 * The portable inspection core: what a stream driver asks before it lets bytes go.
 *
 * The caller feeds each direction of a TCP flow in order, in pieces of any size, and is told after
 * each call how many leading bytes of that direction may leave. The core copies no payload: the
 * caller holds the bytes, the core keeps the parser's state. No OS call, no allocation, no global
 * state; stack below 1 KB; time linear in the bytes fed.
 *
 * IRQL: everything here runs at <= DISPATCH_LEVEL with resident memory. Calls for one flow must not
 * overlap (both directions share the verdict "doomed"); different flows are independent.
 *
 * What is promised
 * - A direction is held from its first byte until its protocol is known and its first message is
 * whole: a TLS ClientHello or ServerHello over any number of records and pieces (either side may
 * send the ClientHello), a TLS alert as a server's first record, an HTTP/1 request head (client) or
 * response head (server).
 * - Bytes that can be no prefix of these are OTHER at once. Client: the first byte is neither 0x16
 * nor a token byte nor CR or LF, or a "method" holds a byte that is no token byte (SSH's banner: at
 * its CR), or the first line is whole and neither ends in HTTP/1 and more nor is an HTTP/0.9 GET.
 * Server: the bytes are no prefix of a TLS record or of "HTTP/1.". An SSLv2 hello is OTHER.
 * - What stays undecided is released as OTHER after policy.byte_limit bytes. A method that IANA
 * lists, a TLS record with a hello, and "HTTP/1." from the server make the protocol known: then
 * policy.message_limit applies.
 * - A name on the block list gives DROP. No byte of a direction that was not released before a DROP
 * may ever pass.
 * - The results depend on the bytes alone, never on the cut: after n bytes of a direction the same
 * verdict, release_to and events have been given, however they were fed. (On DROP after an expired
 * deadline, what had been released before depends on what had arrived.)
 * - Only the first message of a direction is read. Later requests of a kept-alive connection,
 * STARTTLS and upgrades are not.
 *
 * Sources: RFC 8446 (4.1.2, 5.1), RFC 6066 (3), RFC 7301, RFC 8701, RFC 9112, RFC 9110;
 * draft-ietf-tls-esni (0xfe0d).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/blocklist.h"
#include "inspect/event.h"
#include "inspect/http.h"
#include "inspect/tls.h"

enum inspect_direction {
    INSPECT_C2S = 0, /* from the side that opened the connection */
    INSPECT_S2C = 1,
};

enum inspect_verdict {
    INSPECT_HOLD = 0,    /* bytes below release_to may go, those at and above it stay held */
    INSPECT_RELEASE = 1, /* all bytes given may go, and what follows too, until told otherwise */
    INSPECT_DROP = 2, /* the flow is doomed: nothing held or to come passes, in either direction */
};

enum inspect_policy_flag {
    /* A known protocol whose first message ends in a deadline, the message limit, a gap, broken
     * framing or for want of scratch memory: drop. Without the flag: release. */
    INSPECT_POLICY_FAIL_CLOSED = 1u << 0,
    /* A first message with any anomaly: drop, instead of reporting it and releasing. */
    INSPECT_POLICY_DROP_ANOMALIES = 1u << 1,
};

#define INSPECT_BYTE_LIMIT_DEFAULT    4096u
#define INSPECT_MESSAGE_LIMIT_DEFAULT 65536u

/* How to decide. Read only for the core; may be shared by any number of flows. */
struct inspect_policy {
    uint32_t byte_limit; /* held bytes of a direction whose protocol is unknown; 0: the default */
    uint32_t message_limit; /* held bytes of a known first message; 0: the default */
    uint32_t flags;         /* enum inspect_policy_flag, or-ed */
    const struct inspect_blocklist *blocklist; /* NULL: nothing is blocked */
};

/* One direction's share of a flow. Private to the core. */
struct inspect_half {
    uint64_t offset;   /* bytes fed, gaps included */
    uint64_t released; /* leading bytes that may leave */
    uint8_t state;
    uint8_t protocol;
    uint8_t blocked; /* a name on the block list was read */
    uint8_t reserved[5];
};

/* One flow, to be embedded in the caller's flow context. Plain memory: nothing to free. */
struct inspect_flow {
    const struct inspect_policy *policy;
    struct inspect_half half[2]; /* by enum inspect_direction */
    uint8_t doomed;
    uint8_t reserved[7];
};

_Static_assert(sizeof(struct inspect_flow) <= 128, "an idle flow is small");

/* Memory for one undecided direction, from the caller's lookaside list. Its contents before the
 * first call do not matter; between calls they must not be touched. */
struct inspect_scratch {
    struct inspect_event event;
    union {
        struct inspect_tls tls;
        struct inspect_http http;
    };
    uint8_t parser;
};

_Static_assert(sizeof(struct inspect_scratch) <= 2048, "a lookaside entry is at most half a page");

/* The answer to one call. */
struct inspect_result {
    enum inspect_verdict verdict;
    enum inspect_protocol protocol;
    enum inspect_reason reason; /* why the verdict; NONE while held and on later calls */
    /* The direction needs no scratch any more: free it after reading `event`. After a DROP this
     * holds for both directions. */
    bool finished;
    /* Leading bytes of the direction, counted from its start, that may leave. */
    uint64_t release_to;
    /* To emit, or NULL. Lies in the scratch: valid until that is used again or freed. */
    const struct inspect_event *event;
};

/* Starts a flow. `policy` must stay valid until the flow ends or inspect_flow_set_policy replaced
 * it. */
void inspect_flow_init(struct inspect_flow *flow, const struct inspect_policy *policy);

/* Changes the policy (a new block list). Messages that are whole later are judged by the new one;
 * names that were already read keep their judgement. */
void inspect_flow_set_policy(struct inspect_flow *flow, const struct inspect_policy *policy);

/* True if the next inspect_data of this direction wants a scratch: nothing was fed yet, or it is
 * undecided. A caller allocates one when the first byte arrives and passes the same one until
 * result.finished. */
bool inspect_wants_scratch(const struct inspect_flow *flow, enum inspect_direction direction);

/*
 * Feeds the next `length` bytes of a direction (0 is allowed and changes nothing). `scratch` may be
 * NULL when inspect_wants_scratch says false; NULL in spite of it means that the caller had no
 * memory: the direction is finished with REASON_NO_SCRATCH, DROP under FAIL_CLOSED and else
 * RELEASE, and no event. `result` is written in full. At most one event per call, at most two per
 * direction (one at an expired deadline, one at the end of its inspection).
 */
void inspect_data(struct inspect_flow *flow, enum inspect_direction direction,
                  struct inspect_scratch *scratch, const void *data, size_t length,
                  struct inspect_result *result);

/* The direction ended (FIN): what is undecided is released (a partial message can no longer become
 * whole), unless a blocked name was read in it. Nothing fed: RELEASE without an event. */
void inspect_end(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, struct inspect_result *result);

/*
 * The caller's deadline for held bytes expired. Nothing held: no change. A known protocol under
 * FAIL_CLOSED, or a blocked name read already: DROP. Else RELEASE, with `finished` false: the
 * parser's state stays, later bytes are released as they are fed, but the byte that completes a
 * blocked name gives DROP.
 */
void inspect_deadline(struct inspect_flow *flow, enum inspect_direction direction,
                      struct inspect_scratch *scratch, struct inspect_result *result);

/* `length` bytes of the direction are missing and will never be fed (capture gap, adopted
 * connection). An undecided direction is finished: known protocol under FAIL_CLOSED or blocked
 * name: DROP, else RELEASE. */
void inspect_gap(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, uint64_t length, struct inspect_result *result);

/* Names for reports: "tls", "message_complete", "client_hello" ... Never NULL. */
const char *inspect_protocol_name(unsigned protocol);
const char *inspect_reason_name(unsigned reason);
const char *inspect_message_name(unsigned message);
const char *inspect_verdict_name(unsigned verdict);
/* The name of anomaly bit `bit` (0 to 31). */
const char *inspect_anomaly_name(unsigned bit);
