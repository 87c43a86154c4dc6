/* SPDX-License-Identifier: MIT */
/* The relay's ends: a TAP device inside each of the two network namespaces. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int tap_attach(const char *where)
{
    const char *colon = strchr(where, ':'), *name = colon == NULL ? "" : colon + 1;
    char path[256];
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int space = -1, tap = -1, saved;

    if (colon == NULL || strlen(name) >= sizeof request.ifr_name || colon - where > 100) {
        errno = EINVAL;
        return -1;
    }
    snprintf(path, sizeof path, "/run/netns/%.*s", (int)(colon - where), where);
    strcpy(request.ifr_name, name);
    space = open(path, O_RDONLY | O_CLOEXEC);
    if (space < 0 || setns(space, CLONE_NEWNET) != 0) {
        goto done;
    }
    tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tap >= 0 && ioctl(tap, TUNSETIFF, &request) != 0) {
        saved = errno;
        close(tap);
        errno = saved;
        tap = -1;
    }
done:
    saved = errno;
    if (space >= 0) {
        close(space);
    }
    errno = saved;
    return tap;
}
