/* SPDX-License-Identifier: MIT */
/* Pool tags of the lab's own components. */
#pragma once

struct report_pool_tag {
    const char *tag, *binary, *text; /* "TNbl", "tcpip.sys", "sent data" */
};

/* NULL: a driver's own, or unknown. */
const struct report_pool_tag *report_pool_tag_find(const char *tag);
