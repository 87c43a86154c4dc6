/* SPDX-License-Identifier: MIT */
/* The relay between two hosts: carries their frames, impairs them by seed, records what they see.
 */
#include "delay.h"
#include "options.h"
#include "recorder.h"
#include "tap.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAGMENTS_MAX    16
#define SECONDS_MAX      60
#define EXIT_USAGE       2
#define EXIT_ENVIRONMENT 3

struct relay {
    struct options options;
    int tap[2]; /* by the direction that is read from it */
    struct delay delay;
    uint64_t index[2];       /* TCP packets so far */
    struct recorder view[2]; /* by the direction that the host sends */
};

static volatile sig_atomic_t stopped;

static void relay_stop(int signal_number)
{
    stopped = 1;
}

static uint64_t relay_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int relay_record(struct relay *relay, enum direction view, enum direction direction,
                        const uint8_t *frame, size_t size)
{
    if (relay->options.view[view] == NULL) {
        return 0;
    }
    return recorder_frame(&relay->view[view], relay_clock(CLOCK_REALTIME), direction, frame, size);
}

static int relay_send(struct relay *relay, enum direction direction, const uint8_t *frame,
                      size_t size)
{
    struct fate fate = {.copies = 1};

    if (packet_parse(frame, size).tcp) {
        fate = schedule_decide(&relay->options.schedule, direction, relay->index[direction]++);
    }
    return fate.lost
               ? 0
               : delay_send(&relay->delay, relay_clock(CLOCK_MONOTONIC), &fate,
                            relay->options.schedule.hold_us * 1000ull, direction, frame, size);
}

/* Takes every frame that waits at one end. */
static int relay_read(struct relay *relay, enum direction direction)
{
    uint8_t frame[PACKET_MAX], pieces[FRAGMENTS_MAX][PACKET_MAX];
    size_t sizes[FRAGMENTS_MAX], count;
    ssize_t size;

    while ((size = read(relay->tap[direction], frame, sizeof frame)) > 0) {
        if (relay_record(relay, direction, direction, frame, (size_t)size) != 0) {
            return -1;
        }
        count = relay->options.mtu == 0 ? 0
                                        : packet_fragment(frame, (size_t)size, relay->options.mtu,
                                                          pieces, sizes, FRAGMENTS_MAX);
        if (count == 0 && relay_send(relay, direction, frame, (size_t)size) != 0) {
            return -1;
        }
        for (size_t i = 0; i < count; i++) {
            if (relay_send(relay, direction, pieces[i], sizes[i]) != 0) {
                return -1;
            }
        }
    }
    return size < 0 && errno != EAGAIN && errno != EINTR ? -1 : 0;
}

static int relay_deliver(struct relay *relay)
{
    struct delay_frame *item;
    int result = 0;

    while (result == 0 &&
           (item = delay_arrive(&relay->delay, relay_clock(CLOCK_MONOTONIC))) != NULL) {
        result = relay_record(relay, !item->direction, item->direction, item->bytes, item->size);
        if (result == 0 &&
            write(relay->tap[!item->direction], item->bytes, item->size) != (ssize_t)item->size) {
            result = -1;
        }
        free(item);
    }
    return result;
}

static int relay_run(struct relay *relay)
{
    uint64_t end = relay_clock(CLOCK_MONOTONIC) + SECONDS_MAX * 1000000000ull;
    struct pollfd ends[2] = {{.fd = relay->tap[0], .events = POLLIN},
                             {.fd = relay->tap[1], .events = POLLIN}};

    while (!stopped) {
        uint64_t now = relay_clock(CLOCK_MONOTONIC), wait = 100000000;
        struct timespec timeout = {0};

        if (now >= end) {
            errno = ETIMEDOUT;
            return -1;
        }
        if (relay->delay.first != NULL) {
            uint64_t due = relay->delay.first->due_ns;

            wait = due <= now ? 0 : due - now < wait ? due - now : wait;
        }
        timeout.tv_nsec = (long)wait;
        if (ppoll(ends, 2, &timeout, NULL) < 0 && errno != EINTR) {
            return -1;
        }
        if (relay_read(relay, DIRECTION_C2S) != 0 || relay_read(relay, DIRECTION_S2C) != 0 ||
            relay_deliver(relay) != 0) {
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct relay relay = {.tap = {-1, -1}};
    struct sigaction action = {.sa_handler = relay_stop};
    int result = EXIT_ENVIRONMENT;

    if (!options_parse(&relay.options, argc, argv)) {
        fputs(options_usage, stderr);
        return EXIT_USAGE;
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    for (int i = 0; i < 2; i++) {
        const char *path = relay.options.view[i];

        relay.tap[i] = tap_attach(relay.options.end[i]);
        if (relay.tap[i] < 0) {
            fprintf(stderr, "relay: %s: %s\n", relay.options.end[i], strerror(errno));
            goto done;
        }
        relay.view[i] = relay.options.recorder;
        relay.view[i].sends = (enum direction)i;
        if (path != NULL && writer_open(&relay.view[i].writer, path) != 0) {
            fprintf(stderr, "relay: %s: %s\n", path, strerror(errno));
            goto done;
        }
    }
    puts("ready");
    fflush(stdout);
    if (relay_run(&relay) != 0) {
        fprintf(stderr, "relay: %s\n", strerror(errno));
        goto done;
    }
    result = 0;
done:
    for (int i = 0; i < 2; i++) {
        if (relay.view[i].writer.file != NULL && writer_close(&relay.view[i].writer) != 0) {
            fprintf(stderr, "relay: %s: %s\n", relay.options.view[i], strerror(errno));
            result = EXIT_ENVIRONMENT;
        }
        if (relay.tap[i] >= 0) {
            close(relay.tap[i]);
        }
    }
    delay_clear(&relay.delay);
    return result;
}
