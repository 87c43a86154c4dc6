/* SPDX-License-Identifier: MIT */
/* IPv6 text through inet_ntop and inet_pton. */
#include "nt/inet6.h"

#include <arpa/inet.h>

void nt_inet6_to_text(const void *address, char *text, size_t size)
{
    if (inet_ntop(AF_INET6, address, text, (socklen_t)size) == NULL)
        text[0] = '\0';
}

bool nt_inet6_from_text(const char *text, void *address)
{
    return inet_pton(AF_INET6, text, address) == 1;
}
