/* SPDX-License-Identifier: MIT */
/* Captures replayed: frames go to the NIC, virtual time follows their time stamps. */
#pragma once

#include "sim/sim.h"
#include "traffic/capture.h"
#include "traffic/side.h"

struct traffic_progress {
    const char *capture;
    uint64_t frames, bytes; /* so far, over all captures */
    double part;            /* of this capture's file, 0 to 1; -1: not known */
};

/* Where a replay stands: the last frame that arrived. */
struct traffic_clock {
    uint64_t time;   /* of the capture: nanoseconds since 1970 */
    uint64_t now;    /* virtual time at that */
    uint64_t packet; /* number of the frame in its capture */
    size_t capture;  /* index */
};

struct traffic_replay {
    struct sim *sim;
    struct tcpip *tcpip;
    struct traffic_capture *const *captures; /* one after the other */
    size_t count;
    enum traffic_side side;
    uint64_t
        drain; /* virtual time that callouts have for what they hold, at the end; 0: 60 seconds */
    uint64_t most_gap; /* silence between two frames is cut to this; 0: 60 seconds */
    void *context;
    void (*progress)(void *context, const struct traffic_progress *progress); /* may be NULL */
    void (*warning)(void *context, const char *line);                         /* may be NULL */
    /* After each group of frames that arrived together, when all they caused has happened. May be
     * NULL. */
    void (*arrived)(void *context, const struct traffic_clock *clock);
    /* Traffic has ended and the world came to rest; the connections are still there. May be NULL.
     */
    void (*quiet)(void *context);
    /* Asked before each batch of frames. True: the captures end here. May be NULL. */
    bool (*stop)(void *context);
};

enum traffic_replay_status {
    TRAFFIC_REPLAY_OK,
    TRAFFIC_REPLAY_BAD_CAPTURE, /* text says which packet of which file, and why */
    TRAFFIC_REPLAY_INTERRUPTED, /* stop() said so; text says after how many frames */
    TRAFFIC_REPLAY_STOPPED,     /* a bug check ended the world */
    TRAFFIC_REPLAY_NO_MEMORY,
};

/* Replays all captures, gives out what waits, lets callouts drain, closes every connection and runs
 * the world until it is quiet. Host only. Virtual time never goes back: a frame with an earlier
 * time stamp than the one before it comes at the same time; the first frame of a capture comes when
 * the one before it ends. Frames within a tenth of a millisecond arrive together, at most 64. text:
 * size bytes. */
enum traffic_replay_status traffic_replay_run(const struct traffic_replay *replay, char *text,
                                              size_t size);
