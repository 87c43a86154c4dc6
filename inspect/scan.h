/* SPDX-License-Identifier: MIT */
/*
 * Two buffers over the same bytes: the stream of a message and its body. What rules say must come
 * in the order of the places, and a rule may look into both; so neither buffer may run ahead of the
 * other past a byte at which a condition comes true.
 */
#pragma once

#include "inspect/rule/scope.h"

/*
 * Feeds bytes to STREAM and BODY, both open, as far as nothing comes true in either; gives how
 * many. `stream` is the stream offset of data[0]. Fewer than `length`: the next byte is to be fed
 * to STREAM, then to BODY, alone. Costs two scans where nothing happens.
 */
size_t inspect_scan_quietly(struct inspect_scope *scope, const struct inspect_scope_view *view,
                            uint64_t stream, const uint8_t *data, size_t length);
