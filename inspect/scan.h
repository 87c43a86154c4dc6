/* SPDX-License-Identifier: MIT */
/*
 * Scanning up to the place where something happens, and not past it: what may leave is known before
 * a byte that decides only as long as that byte was not scanned. And a body's bytes are the
 * stream's, too: what rules say must come in the order of the places, and a rule may look into
 * both; so neither buffer may run ahead of the other past a byte at which a condition comes true.
 */
#pragma once

#include "inspect/rule/scope.h"

/*
 * Feeds bytes to the open ones of STREAM and BODY (`buffers`: bit enum inspect_buffer) as far as
 * there is nothing to tell, and with both as far as no condition comes true; gives how many.
 * `stream` is the stream offset of data[0]. Fewer than `length`: the next byte is to be fed alone,
 * to STREAM first.
 */
size_t inspect_scan_quietly(struct inspect_scope *scope, const struct inspect_scope_view *view,
                            uint32_t buffers, uint64_t stream, const uint8_t *data, size_t length);
