/* SPDX-License-Identifier: MIT */
/* Walking payload over NBLs, NBs and MDLs. */
#include "ndis/ndis.h"

static void enter_net_buffer(struct ndis_cursor *cursor, NET_BUFFER *nb)
{
    cursor->nb = nb;
    cursor->mdl = NET_BUFFER_CURRENT_MDL(nb);
    cursor->mdl_offset = NET_BUFFER_CURRENT_MDL_OFFSET(nb);
    cursor->nb_left = NET_BUFFER_DATA_LENGTH(nb);
}

/* Goes on until the cursor stands at a byte, or at the end. */
static void settle(struct ndis_cursor *cursor)
{
    for (;;) {
        while (cursor->nb_left > 0 && cursor->mdl != NULL) {
            if (cursor->mdl_offset < cursor->mdl->ByteCount)
                return;
            cursor->mdl_offset -= cursor->mdl->ByteCount;
            cursor->mdl = cursor->mdl->Next;
        }
        if (cursor->nb != NULL && NET_BUFFER_NEXT_NB(cursor->nb) != NULL) {
            enter_net_buffer(cursor, NET_BUFFER_NEXT_NB(cursor->nb));
        } else if (NET_BUFFER_LIST_NEXT_NBL(cursor->nbl) != NULL) {
            cursor->nbl = NET_BUFFER_LIST_NEXT_NBL(cursor->nbl);
            cursor->nb = NULL;
            cursor->nb_left = 0;
            if (NET_BUFFER_LIST_FIRST_NB(cursor->nbl) != NULL)
                enter_net_buffer(cursor, NET_BUFFER_LIST_FIRST_NB(cursor->nbl));
        } else {
            cursor->mdl = NULL;
            cursor->mdl_offset = 0;
            cursor->nb_left = 0;
            return;
        }
    }
}

void ndis_cursor_start(struct ndis_cursor *cursor, NET_BUFFER_LIST *nbl)
{
    *cursor = (struct ndis_cursor){.nbl = nbl};
    if (nbl == NULL)
        return;
    if (NET_BUFFER_LIST_FIRST_NB(nbl) != NULL)
        enter_net_buffer(cursor, NET_BUFFER_LIST_FIRST_NB(nbl));
    settle(cursor);
}

const uint8_t *ndis_cursor_bytes(const struct ndis_cursor *cursor, size_t *length)
{
    uint32_t run;

    if (cursor->mdl == NULL) {
        *length = 0;
        return NULL;
    }
    run = cursor->mdl->ByteCount - cursor->mdl_offset;
    *length = run < cursor->nb_left ? run : cursor->nb_left;
    return (const uint8_t *)cursor->mdl->MappedSystemVa + cursor->mdl_offset;
}

size_t ndis_cursor_advance(struct ndis_cursor *cursor, size_t n)
{
    size_t done = 0, run;

    while (done < n) {
        ndis_cursor_bytes(cursor, &run);
        if (run == 0)
            break;
        if (run > n - done)
            run = n - done;
        cursor->mdl_offset += (uint32_t)run;
        cursor->nb_left -= (uint32_t)run;
        done += run;
        settle(cursor);
    }
    return done;
}
