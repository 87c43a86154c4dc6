/* SPDX-License-Identifier: MIT */
/* NDIS as a callout driver sees it: pools, NBLs, NBs, MDLs, generic objects. Exports are declared
 * in wdk/ndis.h. */
#pragma once

#include "ndis/miniport.h"
#include "ndis/nbl.h"

struct ndis *ndis_create(struct sim *sim, struct nt *nt);

/* Live NBLs and pools of a driver are reported by ndis_report_left(); here memory is just given
 * back. The floors above must be gone. */
void ndis_destroy(struct ndis *ndis);

extern const struct pe_module ndis_module; /* "ndis.sys" */

static inline struct ndis *ndis_current(void)
{
    return sim_current->layers[SIM_LAYER_NDIS];
}

struct nt *ndis_nt(const struct ndis *ndis);

/* What happens to NBLs, told while it happens. made: its header is filled in, its parent too.
 * unmade: it is still whole. */
enum ndis_nbl_change { NDIS_NBL_MADE, NDIS_NBL_REFERENCED, NDIS_NBL_DEREFERENCED, NDIS_NBL_UNMADE };
struct ndis_watch {
    void *context;
    void (*nbl)(void *context, enum ndis_nbl_change change, NET_BUFFER_LIST *nbl,
                const struct ndis_nbl_header *header);
};

/* One listener; NULL: nobody. */
void ndis_set_watch(struct ndis *ndis, const struct ndis_watch *watch);

/* After a driver was unloaded: its NBLs and pools that are still there (R71), its references (R21).
 */
void ndis_report_left(struct ndis *ndis);

/* A walk over payload: position within NBL chain, NB, MDL. */
struct ndis_cursor {
    NET_BUFFER_LIST *nbl;
    NET_BUFFER *nb;
    MDL *mdl;
    uint32_t mdl_offset; /* into mdl */
    uint32_t nb_left;    /* data bytes of nb from here on */
};

/* At the first data byte of the chain (skips empty NBs, MDLs). nbl NULL or no data: cursor.mdl is
 * NULL, nbl is the last. */
void ndis_cursor_start(struct ndis_cursor *cursor, NET_BUFFER_LIST *nbl);

/* The run of contiguous bytes here: *length 0 at the end of the chain. */
const uint8_t *ndis_cursor_bytes(const struct ndis_cursor *cursor, size_t *length);

/* Moves on by up to n bytes, over NB and NBL ends to the next byte; returns how many there were. */
size_t ndis_cursor_advance(struct ndis_cursor *cursor, size_t n);
