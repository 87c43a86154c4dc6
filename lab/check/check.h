/* SPDX-License-Identifier: MIT */
/* The checker of one world: listens to what the floors of the lab tell, and makes findings of it.
 */
#pragma once

#include "check/finding.h"

#include "fwp/fwp.h"
#include "netio/listener.h"

struct check;

/* Listens to sim's breaches and, with `contract` set, to the engine's hooks too: without it only
 * outcomes (crash, leak, hang) are noticed. One for each world. NULL when memory is short. */
struct check *check_create(struct sim *sim, struct pe *pe, struct ndis *ndis, struct netio *netio,
                           bool contract);
void check_destroy(struct check *check);

/* Traffic has ended and nothing is left to be done, but the connections are still there: what waits
 * now waits for ever (R16, R40). */
void check_quiet(struct check *check);

/* After the driver was unloaded, or when it cannot be: NBLs of the stack that nobody will ever
 * release become findings. */
void check_finish(struct check *check);

/* From here on nothing is noted that code of this image did (a neighbour's), but for a crash. Four
 * images at most. */
void check_ignore_image(struct check *check, const struct pe_image *image);

/* From now on histories are kept, and findings get them (history.h): for a run that is explained.
 * Before any driver is loaded. False when memory is short. */
bool check_explain(struct check *check);

struct check_findings *check_findings(struct check *check);

/* NBLs of the stack's own copies (tag Nbuf) that are still referenced, and the payload in them. */
struct check_leak {
    uint32_t nbls;
    uint64_t bytes;
};
struct check_leak check_leaked(const struct check *check);

/* The names of the functions that are running, innermost first; driver code as "image+0x1234". */
void check_stack_capture(struct pe *pe, struct check_stack *stack);

/* Whether driver code is among the functions that are running. */
bool check_stack_has_driver(void);

/* Whether the innermost call into driver code is one of this role ("flowDeleteFn"). */
bool check_stack_in_role(const char *role);

/* Puts driver code in front that is answerable but has returned, with its role when that is known
 * ("classifyFn"). */
void check_stack_put(struct pe *pe, struct check_stack *stack, const void *address,
                     const char *role);

/* What was noticed of chain cuts: for the explanation of a cell. NULL when there was none. */
struct check_cut {
    uint64_t flow;
    uint32_t classify, inject;
    uint64_t nbl, next_nbl;
    uint32_t nbls;
    uint64_t bytes;
    bool rejoined;
};
size_t check_cuts(const struct check *check, const struct check_cut **cuts);
