/* SPDX-License-Identifier: MIT */
/*
 * The portable inspection core: what a stream driver asks before it lets bytes go.
 *
 * The caller feeds each direction of a TCP flow in order, in pieces of any size, and is told after
 * each call how many leading bytes of that direction may leave. The core copies no payload: the
 * caller holds the bytes, the core keeps the parser's state. No OS call, no allocation, no global
 * state; stack below 3.5 KB, of which the matcher takes less than 2; time bounded per byte fed.
 *
 * IRQL: everything here runs at <= DISPATCH_LEVEL with resident memory. Calls for one flow must not
 * overlap (the directions share a verdict and the row of open requests); different flows are
 * independent.
 *
 * What is promised
 * - Protocols are told by their bytes, not by ports: TLS, HTTP/1, SMTP, FTP, SSH, else OTHER. A
 * flow that is parsed is parsed message by message to its end: pipelined and kept-alive requests,
 * chunked and delimited bodies, 100-continue. Behind CONNECT, an upgrade or STARTTLS the protocol
 * is told anew. Encrypted bytes (TLS records behind the handshake, SSH behind the banners) are not
 * looked at.
 * - With a rule set, exactly what its blocking rules need is held (inspect/rule/scope.h). Without
 * one, or with a block list, each first message of a direction is held until it is whole, as a name
 * in it may doom the flow; what stays undecided is released as OTHER after policy.byte_limit bytes,
 * a known message after policy.message_limit.
 * - A name on the block list or a blocking rule gives DROP. No byte of a direction that was not
 * released before a DROP may ever pass; the byte that completes a match never was.
 * - The results depend on the bytes alone, never on the cut: after n bytes of a direction the same
 * verdict, release_to and events have been given, however they were fed. (What an expired deadline
 * had released depends on what had arrived.)
 *
 * Sources: RFC 8446 (4.1.2, 5.1), RFC 5246 (7.4.2), RFC 6066 (3), RFC 7301, RFC 8701, RFC 9112, RFC
 * 9110, RFC 5321, RFC 3030, RFC 3207, RFC 959, RFC 4253 (4.2); draft-ietf-tls-esni (0xfe0d).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/blocklist.h"
#include "inspect/direction.h"
#include "inspect/event.h"
#include "inspect/parser.h"
#include "inspect/rule/scope.h"

enum inspect_verdict {
    INSPECT_HOLD = 0,    /* bytes below release_to may go, those at and above it stay held */
    INSPECT_RELEASE = 1, /* all bytes given may go, and what follows too, until told otherwise */
    INSPECT_DROP = 2, /* the flow is doomed: nothing held or to come passes, in either direction */
};

enum inspect_policy_flag {
    /* A known protocol whose message ends in a deadline, the message limit, a gap, broken framing,
     * an overflow of matching state or for want of scratch memory: drop. Without it: release. */
    INSPECT_POLICY_FAIL_CLOSED = 1u << 0,
    /* A message with any anomaly: drop, instead of reporting it and releasing. */
    INSPECT_POLICY_DROP_ANOMALIES = 1u << 1,
    /* Tell only what rules and the block list decide, no messages. */
    INSPECT_POLICY_NO_MESSAGES = 1u << 2,
};

#define INSPECT_BYTE_LIMIT_DEFAULT    4096u
#define INSPECT_MESSAGE_LIMIT_DEFAULT 65536u

/* How to decide. Read only for the core; may be shared by any number of flows. */
struct inspect_policy {
    uint32_t byte_limit; /* held bytes of a direction whose protocol is unknown; 0: the default */
    uint32_t message_limit; /* held bytes of a known message's head; 0: the default */
    uint32_t flags;         /* enum inspect_policy_flag, or-ed */
    const struct inspect_blocklist *blocklist; /* NULL: nothing is blocked by name */
    const struct inspect_ruleset *ruleset;     /* NULL: no rules */
};

/* One direction's share of a flow. Private to the core. */
struct inspect_half {
    uint64_t offset;        /* bytes fed, gaps included */
    uint64_t released;      /* leading bytes that may leave */
    uint32_t exact, folded; /* of an unparsed stream whose scratch was given back: its matching */
    union {
        uint32_t transaction; /* number of the next message */
        uint32_t begin;       /* of an unparsed stream: low bits of the offset where it began */
    };
    uint8_t state;
    uint8_t protocol;
    uint8_t blocked; /* a name on the block list was read */
    uint8_t flags;
};

/* One flow, to be embedded in the caller's flow context. Plain memory: nothing to free. */
struct inspect_flow {
    const struct inspect_policy *policy;
    struct inspect_half half[2]; /* by enum inspect_direction */
    struct inspect_flowbits flowbits;
    uint32_t requests; /* what the server has yet to answer: 2 bits each, oldest lowest */
    uint8_t request_count;
    uint8_t doomed;
    uint8_t passed; /* a pass rule exempted the flow */
    uint8_t reserved;
};

_Static_assert(sizeof(struct inspect_flow) <= 104, "an idle flow is small");

/* Exchange these bytes of the direction, all still held, for others (keyword replace). */
struct inspect_edit {
    uint64_t begin, end;  /* stream offsets as fed: edits do not move them */
    const uint8_t *bytes; /* lies in the rule set */
    uint32_t length;
};

#define INSPECT_PREFIX_SIZE 48u
/* Bytes of an event that is no message. */
#define INSPECT_TOLD_SIZE   (offsetof(struct inspect_event, body) + sizeof(struct inspect_event_rule))

/* What is under way in a direction. Private to the core. */
struct inspect_work {
    uint64_t begin;  /* stream offset at which the message, or unparsed stream, began */
    uint64_t forced; /* bytes below were released by a deadline or limit */
    uint64_t body;   /* decoded bytes of the message's body so far */
    struct inspect_step step;
    uint32_t raw;      /* bytes that the parser has read and that are not scanned yet */
    uint32_t verbatim; /* the last ones of them are the body's */
    uint32_t open;     /* buffers: bit enum inspect_buffer */
    uint16_t flags;
    uint8_t stage;  /* of the step */
    uint8_t scan;   /* how far the scope is begun */
    uint8_t more;   /* buffer that may have more to tell at this place; INSPECT_BUFFERS: none */
    uint8_t byte;   /* a byte that the stream has had and the body has not */
    uint8_t parser; /* protocol whose parser reads; UNKNOWN: to be chosen */
    uint8_t prefix_length;  /* bytes kept while the protocol is to be proved */
    uint8_t prefix_parsed;  /* of them */
    uint8_t prefix_scanned; /* of them */
    uint8_t prefix[INSPECT_PREFIX_SIZE];
};

/* Memory for one direction with something under way, from the caller's lookaside list. Its contents
 * before the first call do not matter; between calls they must not be touched. */
struct inspect_scratch {
    uint64_t told[(INSPECT_TOLD_SIZE + 7) / 8]; /* an event that is no message */
    struct inspect_event event;
    struct inspect_scope scope;
    union inspect_parser parser;
    struct inspect_edit edit;
    struct inspect_work work;
};

_Static_assert(sizeof(struct inspect_scratch) <= 4096, "a lookaside entry is at most a page");

/* The answer to one call. */
struct inspect_result {
    enum inspect_verdict verdict;
    enum inspect_protocol protocol;
    enum inspect_reason reason; /* why the verdict; NONE while held and on later calls */
    /* Nothing is under way: give the scratch back after reading `event` (inspect_wants_scratch says
     * when one is needed again). After a DROP this holds for both directions. */
    bool finished;
    /* Leading bytes of the direction, counted from its start, that may leave. */
    uint64_t release_to;
    /* Bytes of the piece that were read. Fewer than given: an event stopped it; call again with the
     * rest (with length 0 too while `again`, also behind inspect_deadline and inspect_gap). */
    size_t consumed;
    bool again; /* there may be more to tell at this place: nothing more is released until then */
    /* To emit, or NULL: inspect_event_size bytes. Lies in the scratch: valid until that is used
     * again or freed. */
    const struct inspect_event *event;
    /* To carry out before release_to is obeyed, or NULL; lies as `event` does. */
    const struct inspect_edit *edit;
};

/* Starts a flow. `policy` must stay valid until the flow ends or inspect_flow_set_policy replaced
 * it. */
void inspect_flow_init(struct inspect_flow *flow, const struct inspect_policy *policy);

/* True while both directions stand between messages (or nothing is under way in an unparsed
 * stream): a policy with another rule set may be put in force. Until then a message goes on under
 * the old one, which the caller keeps alive. */
bool inspect_flow_may_swap(const struct inspect_flow *flow);

/* Changes the policy. With the same rule set at any time; with another one only when
 * inspect_flow_may_swap. Names that were already read keep their judgement; an unparsed stream is
 * matched anew from here. */
void inspect_flow_set_policy(struct inspect_flow *flow, const struct inspect_policy *policy);

/* True if the next inspect_data of this direction wants a scratch. A caller allocates one before
 * feeding and passes the same one until result.finished. */
bool inspect_wants_scratch(const struct inspect_flow *flow, enum inspect_direction direction);

/*
 * Feeds the next `length` bytes of a direction. `scratch` may be NULL when inspect_wants_scratch
 * says false; NULL in spite of it means that the caller had no memory: the direction is finished
 * with REASON_NO_SCRATCH, DROP under FAIL_CLOSED and else RELEASE, and no event. `result` is
 * written in full. At most one event and one edit a call; result->consumed says how far it went.
 */
void inspect_data(struct inspect_flow *flow, enum inspect_direction direction,
                  struct inspect_scratch *scratch, const struct inspect_call *call,
                  const void *data, size_t length, struct inspect_result *result);

/* The direction ended (FIN): no partial match can complete, what is undecided is released unless a
 * blocked name was read in it; rules that needed the end are decided. Call until !result->again. A
 * scratch is wanted as for inspect_data: without one, an unparsed stream's rules that wait for its
 * end are not decided. */
void inspect_end(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, const struct inspect_call *call,
                 struct inspect_result *result);

/*
 * The caller's deadline for held bytes expired. Nothing held: no change. A known protocol under
 * FAIL_CLOSED, or a blocked name read already: DROP. Else RELEASE; all matching and parsing state
 * stays, and the byte that completes a blocked match gives DROP. With a
 * rule set, later bytes are held again as its rules need; a first message that was held as such is
 * not.
 */
void inspect_deadline(struct inspect_flow *flow, enum inspect_direction direction,
                      struct inspect_scratch *scratch, const struct inspect_call *call,
                      struct inspect_result *result);

/* `length` bytes of the direction are missing and will never be fed (capture gap, adopted
 * connection). A message that they cut is finished: known protocol under FAIL_CLOSED or blocked
 * name: DROP, else RELEASE. What follows is an unparsed stream, matched anew behind the gap. */
void inspect_gap(struct inspect_flow *flow, enum inspect_direction direction,
                 struct inspect_scratch *scratch, const struct inspect_call *call, uint64_t length,
                 struct inspect_result *result);

/* Names for reports: "tls", "message_complete", "client_hello" ... Never NULL. */
const char *inspect_protocol_name(unsigned protocol);
const char *inspect_reason_name(unsigned reason);
const char *inspect_message_name(unsigned message);
const char *inspect_verdict_name(unsigned verdict);
/* The name of anomaly bit `bit` (0 to 31). */
const char *inspect_anomaly_name(unsigned bit);
