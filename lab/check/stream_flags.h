/* SPDX-License-Identifier: MIT */
/* R41: injected bytes keep PUSH, NODELAY and EXPEDITED of the indication they come from. Judged
 * when that is certain: clones of one indication, up to its last byte. */
#pragma once

#include "check/place.h"

void check_stream_flags(struct check *check, const struct netio_inject *inject);
