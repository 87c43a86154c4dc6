/* SPDX-License-Identifier: MIT */
/* IPv6 addresses as text, by the C library: its headers and the kit's cannot stand in one file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* address: 16 bytes in network order. The text needs 46 bytes. */
void nt_inet6_to_text(const void *address, char *text, size_t size);
bool nt_inet6_from_text(const char *text, void *address);
