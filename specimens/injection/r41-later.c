/* SPDX-License-Identifier: MIT */
/* R41: copies are injected from a DPC with the direction (and DISCONNECT) alone: PUSH and NODELAY
   are gone, and the application gets its bytes late. */
#ifdef SPECIMEN_BAD
#define COPY_FLAGS(Flags)                                                                          \
    ((Flags) & (FWPS_STREAM_FLAG_RECEIVE | FWPS_STREAM_FLAG_SEND |                                 \
                FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT))
#endif
#include "copied_later.h"
