/* SPDX-License-Identifier: MIT */
/* Where the used data of a NET_BUFFER begins: keeping its fields consistent, moving the start. */
#pragma once

#include "ndis/nbl.h"

/* Sets CurrentMdl and CurrentMdlOffset from MdlChain and DataOffset. */
void ndis_net_buffer_settle(NET_BUFFER *nb);

/* Frees what NdisRetreatNetBufferDataStart allocated for this NB and no advance gave back. True:
 * there was some. */
bool ndis_retreat_discard(struct ndis *ndis, NET_BUFFER *nb);
