/* SPDX-License-Identifier: MIT */
/* Pool tags of the lab's own components. */
#include "report/pool_tag.h"

#include <stddef.h>
#include <string.h>

/* What the lab's own components keep under their tags. */
static const struct report_pool_tag known[] = {
    {"Cbrb", "nt!ex", "callback objects"},
    {"Devi", "nt!io", "device objects"},
    {"Driv", "nt!io", "driver objects"},
    {"Even", "nt!ke", "events"},
    {"File", "nt!io", "file objects"},
    {"Fwpc", "fwpkclnt.sys", "NBLs of clones"},
    {"Fwpi", "fwpkclnt.sys", "injection handles"},
    {"Fwpp", "fwpkclnt.sys", "NBL pools"},
    {"IoEr", "nt!io", "error log packets"},
    {"IoSB", "nt!io", "system buffers"},
    {"IoWI", "nt!io", "work items"},
    {"Irp ", "nt!io", "IRPs"},
    {"Key ", "nt!cm", "registry keys"},
    {"Mdl ", "nt!mm", "MDLs"},
    {"MmPg", "nt!mm", "pages for MDLs"},
    {"NDnd", "ndis.sys", "NBL pools"},
    {"NDpp", "ndis.sys", "packet pool"},
    {"Nbuf", "netio.sys", "copies of received data: MDL and data in one block"},
    {"RtlQ", "nt!rtl", "registry queries"},
    {"RtlS", "nt!rtl", "strings"},
    {"StBn", "netio.sys", "NBLs of the stream layer"},
    {"TNbl", "tcpip.sys", "sent data"},
    {"Thre", "nt!ps", "threads"},
    {"WfpF", "netio.sys", "flow contexts"},
};

const struct report_pool_tag *report_pool_tag_find(const char *tag)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].tag, tag) == 0)
            return &known[i];
    }
    return NULL;
}
