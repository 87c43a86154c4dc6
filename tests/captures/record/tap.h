/* SPDX-License-Identifier: MIT */
/* The relay's ends: a TAP device inside each of the two network namespaces. */
#pragma once

/* Attaches to a TAP device; `where` is NETNS:TAP, the names as in ip-netns(8) and ip-tuntap(8).
 * The calling thread stays in that namespace. Returns a descriptor that reads and writes Ethernet
 * frames without blocking; -1 with errno. Source: tun/tap documentation of the kernel
 * (Documentation/networking/tuntap.rst), setns(2). */
int tap_attach(const char *where);
