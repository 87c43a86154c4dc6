/* SPDX-License-Identifier: MIT */
/* Findings of a run under a quirk name it. */
#include "check/quirk.h"

#include "netio/quirk.h"

#include <stdio.h>
#include <string.h>

void check_quirk_tell(const struct netio *netio, struct check_finding *finding)
{
    const size_t used = strlen(finding->detail);
    char names[160];

    netio_quirks_acted(netio, names, sizeof(names));
    if (names[0] != '\0')
        snprintf(finding->detail + used, sizeof(finding->detail) - used, "%sunder %s",
                 used != 0 ? "; " : "", names);
}
