/* SPDX-License-Identifier: MIT */
/* A child process in which driver images run: no privileges, no files, no network, bounded memory
 * and time. What it finds out it sends through a pipe, in frames; the parent reports. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONFINE_MAX_PAYLOAD (64u * 1024 * 1024)

struct confine_options {
    uint64_t memory;      /* bytes of writable memory (RLIMIT_DATA); 0: no limit. Not under
                             AddressSanitizer */
    unsigned cpu_seconds; /* processor time; 0: no limit */
    unsigned wall_ms;     /* time until the child is killed; 0: no limit */
    const int *keep;      /* descriptors that stay open in the child: files to read */
    size_t keep_count;
    void *context;
    /* Parent: one frame of the child's. payload is valid during the call; it comes from where a
     * hostile image may have run, so nothing in it may be trusted. False: nonsense, and the child
     * is killed. */
    bool (*frame)(void *context, uint32_t type, const void *payload, uint32_t length);
    /* Parent: asked now and then, at the latest 0.2 s after a signal. True: the child has stop_ms
     * to end by itself, and is killed then. May be NULL. */
    bool (*stop)(void *context);
    unsigned stop_ms;
};

enum confine_end {
    CONFINE_RETURNED, /* the child's function returned `code` */
    CONFINE_CRASHED, /* a signal ended it: the lab's own defect, or an attempt at a forbidden system
                        call (SIGSYS) */
    CONFINE_TIMEOUT, /* killed: wall or processor time was used up */
    CONFINE_STOPPED, /* killed: stop() said so, and it did not end by itself */
    CONFINE_CUT,     /* it ended, or sent nonsense, without having returned */
};

struct confine_result {
    enum confine_end end;
    int code;
    int signal;
    char text[160]; /* one line about an end other than CONFINE_RETURNED */
};

/* Parent: forks; the child confines itself and runs child(context, out_fd), whose value comes back
 * as code. It ignores SIGINT, SIGTERM and SIGHUP: ending it is the parent's. Memory of the parent
 * is visible to the child as it was at the fork. Returns 0, or an errno value when no child could
 * be made. The caller's process must have one thread. */
int confine_run(const struct confine_options *options, int (*child)(void *context, int out_fd),
                void *context, struct confine_result *result);

/* Child: sends a frame. Types 0xFFFFFF00 and above are reserved. False when the parent is gone. */
bool confine_send(int out_fd, uint32_t type, const void *payload, uint32_t length);

/* Child: write(2) to the pipe; a write to it by any other code traps (SIGSYS). Returns what the
 * system says: bytes, or -errno. Source: seccomp(2), instruction_pointer. */
ssize_t confine_pipe_write(int out_fd, const void *bytes, size_t length);
