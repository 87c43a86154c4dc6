/* SPDX-License-Identifier: MIT */
/* Source: nf-fwpsk-fwpsstreaminjectasync0, the parameter streamFlags. */
#include "check/stream_flags.h"

#include "check/tell.h"

static const struct {
    uint32_t flag;
    const char *name;
    bool exactly; /* one that was not there may not be added, either: it means other bytes */
} kept[] = {
    {FWPS_STREAM_FLAG_RECEIVE_PUSH, "RECEIVE_PUSH", false},
    {FWPS_STREAM_FLAG_RECEIVE_EXPEDITED, "RECEIVE_EXPEDITED", true},
    {FWPS_STREAM_FLAG_SEND_NODELAY, "SEND_NODELAY", false},
    {FWPS_STREAM_FLAG_SEND_EXPEDITED, "SEND_EXPEDITED", true},
};

void check_stream_flags(struct check *check, const struct netio_inject *inject)
{
    const uint32_t wanted = inject->of_check.flags, given = inject->stream_flags;

    if (!inject->of_check.copy && (!inject->of_check.known || !inject->of_check.whole))
        return;
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (((wanted ^ given) & kept[i].flag) == 0 ||
            ((wanted & kept[i].flag) == 0 && !kept[i].exactly))
            continue;
        check_tell_inject(
            check, "R41", inject, inject->of_check.first, inject->length,
            "the bytes were indicated %s %s and are injected %s it (flags 0x%x, now 0x%x)",
            wanted & kept[i].flag ? "with" : "without", kept[i].name,
            wanted & kept[i].flag ? "without" : "with", wanted, given);
        return;
    }
}
