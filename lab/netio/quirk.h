/* SPDX-License-Identifier: MIT */
/* Quirks: defects that a Windows is reported to have (or to have had), as switches. How Windows
 * comes by them is nowhere documented: each row says what is reported and what the lab does, which
 * is a hypothesis. It acts on what the driver under test does. Off unless named, but for the chain
 * cut, which is a profile's default (its model: netio_switches.model). */
#pragma once

#include "netio/kfd.h"
#include "netio/netio.h"

enum netio_quirk {
    QUIRK_CHAIN_CUT,
    QUIRK_BLOCK_TAIL,
    QUIRK_IRQL_LEAK,
    QUIRK_DISC_NULL,
    QUIRK_EOS_NULL,
    QUIRK_NOTIFY_LOST,
    QUIRK_BFE_FLAKY,
    QUIRK_LATE_ACK,
    QUIRK_IMITATED, /* how many of them the lab has; the rows behind these are told only */
};

struct netio_quirk_row {
    const char *name;     /* "q-block-tail" */
    const char *title;    /* what is reported */
    const char *windows;  /* as reported */
    const char *profiles; /* those of them that the lab has, blanks between; "" none */
    const char *source;
    const char *how; /* what the lab does: a hypothesis. NULL: it does nothing, see absent */
    const char *absent;
    const char *cure; /* what a driver can do; NULL with absent */
};

/* Rows in the order of enum netio_quirk, then those that are not imitated; NULL beyond the last. */
const struct netio_quirk_row *netio_quirk_at(size_t index);

/* By name, with or without "q-". NULL when there is none. */
const struct netio_quirk_row *netio_quirk_find(const char *name);

/* True when the lab imitates it and the profile had it. */
bool netio_quirk_belongs(const struct netio_quirk_row *row, const struct netio_profile *profile);

/* Switches it on. The row must be imitated. */
void netio_quirk_set(struct netio_switches *switches, const struct netio_quirk_row *row);

/* Where it is imitated, for what this callout did (NULL: what no callout did): true when it is on
 * and does not spare the callout; from here on it has acted. */
bool netio_quirk_acts(struct netio *netio, enum netio_quirk quirk,
                      const struct netio_callout *callout);

/* Callouts that this image registers from now on are spared: what a Windows does to them is no
 * business of the driver under test. At most NETIO_SPARED images; the image must outlive the world.
 */
void netio_quirks_spare(struct netio *netio, const struct pe_image *image);

/* True when the code belongs to an image that is spared. */
bool netio_quirks_spared(const struct netio *netio, const void *code);

/* q-bfe-flaky: FwpmFilterDeleteById0 asks; true: this call fails. */
bool netio_quirk_bfe_fails(struct netio *netio);

/* The quirks that acted so far in this world, by name, with what a driver can do; empty when none
 * did. The chain cut is told by its own hooks. */
void netio_quirks_acted(const struct netio *netio, char *text, size_t size);
