/* SPDX-License-Identifier: MIT */
/* The clock of the capture drives the world's. */

#include "traffic/replay.h"

#include <stdio.h>
#include <string.h>

#define TOGETHER_FRAMES 64
#define TOGETHER_TIME   100000ull /* nanoseconds */
#define PROGRESS_FRAMES 16384ull
#define DEFAULT_DRAIN   (60 * SIM_SECOND)
#define DEFAULT_GAP     (60 * SIM_SECOND)

struct run {
    const struct traffic_replay *replay;
    struct traffic_batch *batch;
    uint64_t frames, bytes, told;
    uint64_t clock; /* nanoseconds, of the last frame */
    bool clock_set; /* in this capture */
    size_t capture; /* index of this capture */
    bool side_set;
    bool interrupted;
};

static void tell(struct run *run, const struct traffic_capture *capture)
{
    const struct traffic_progress progress = {traffic_capture_name(capture), run->frames,
                                              run->bytes, traffic_capture_progress(capture)};
    run->told = run->frames;
    if (run->replay->progress != NULL)
        run->replay->progress(run->replay->context, &progress);
}

/* Lets virtual time go on to the time stamp. */
static bool advance(struct run *run, uint64_t time)
{
    struct sim *sim = run->replay->sim;
    const uint64_t most = run->replay->most_gap != 0 ? run->replay->most_gap : DEFAULT_GAP;

    if (!run->clock_set) {
        run->clock_set = true;
        run->clock = time;
        return true;
    }
    if (time <= run->clock)
        return true;
    uint64_t step = (time - run->clock) / 100;
    if (step == 0)
        return true;
    /* What is less than a unit of virtual time stays on the account. */
    run->clock += step * 100;
    if (step > most)
        step = most;
    return sim_run_until(sim, sim->now + step);
}

static void tell_arrived(const struct run *run, const struct tcpip_frame *last, uint64_t time)
{
    const struct traffic_clock clock = {.time = time,
                                        .now = run->replay->sim->now,
                                        .packet = last->number,
                                        .capture = run->capture};

    if (run->replay->arrived != NULL)
        run->replay->arrived(run->replay->context, &clock);
}

static bool feed(struct run *run, const struct traffic_capture *capture)
{
    const struct traffic_batch *batch = run->batch;
    const struct traffic_replay *replay = run->replay;
    size_t at = 0;

    while (at < batch->count) {
        size_t together = 1;
        while (together < TOGETHER_FRAMES && at + together < batch->count &&
               batch->times[at + together] < batch->times[at] + TOGETHER_TIME)
            together++;
        if (!advance(run, batch->times[at]))
            return false;
        for (size_t i = 0; i < together; i++)
            run->bytes += batch->frames[at + i].captured;
        tcpip_nic_receive(replay->tcpip, &batch->frames[at], together);
        if (!sim_run(replay->sim))
            return false;
        tcpip_nic_release(replay->tcpip);
        tell_arrived(run, &batch->frames[at + together - 1], batch->times[at + together - 1]);
        at += together;
        run->frames += together;
    }
    if (run->frames - run->told >= PROGRESS_FRAMES)
        tell(run, capture);
    return true;
}

static enum traffic_replay_status replay_one(struct run *run, struct traffic_capture *capture,
                                             char *text, size_t size)
{
    const struct traffic_replay *replay = run->replay;
    enum traffic_read read = TRAFFIC_READ_MORE;

    run->clock_set = false;
    do {
        run->interrupted = replay->stop != NULL && replay->stop(replay->context);
        if (run->interrupted)
            break;
        read = traffic_capture_read(capture, run->batch, text, size);
        if (read == TRAFFIC_READ_ERROR)
            return TRAFFIC_REPLAY_BAD_CAPTURE;
        if (!run->side_set && run->batch->count != 0) {
            traffic_side_apply(replay->tcpip, replay->side, run->batch->frames, run->batch->count);
            run->side_set = true;
        }
        if (!feed(run, capture))
            return TRAFFIC_REPLAY_STOPPED;
    } while (read == TRAFFIC_READ_MORE);
    if (read == TRAFFIC_READ_TRUNCATED && replay->warning != NULL)
        replay->warning(replay->context, text);
    tell(run, capture);
    return TRAFFIC_REPLAY_OK;
}

static bool drain(const struct traffic_replay *replay)
{
    struct sim *sim = replay->sim;
    const uint64_t time = replay->drain != 0 ? replay->drain : DEFAULT_DRAIN;

    tcpip_flush(replay->tcpip);
    if (!sim_run(sim) || !sim_run_idle(sim, sim->now + time))
        return false;
    if (replay->quiet != NULL)
        replay->quiet(replay->context);
    tcpip_finish(replay->tcpip);
    return sim_run(sim) && sim_run_idle(sim, sim->now + time);
}

enum traffic_replay_status traffic_replay_run(const struct traffic_replay *replay, char *text,
                                              size_t size)
{
    struct run run = {.replay = replay, .batch = traffic_batch_create()};
    enum traffic_replay_status status = TRAFFIC_REPLAY_OK;

    if (run.batch == NULL)
        return TRAFFIC_REPLAY_NO_MEMORY;
    for (; run.capture < replay->count && status == TRAFFIC_REPLAY_OK && !run.interrupted;
         run.capture++)
        status = replay_one(&run, replay->captures[run.capture], text, size);
    if (status == TRAFFIC_REPLAY_OK && !drain(replay))
        status = TRAFFIC_REPLAY_STOPPED;
    if (status == TRAFFIC_REPLAY_OK && run.interrupted) {
        status = TRAFFIC_REPLAY_INTERRUPTED;
        snprintf(text, size, "interrupted after %llu frames", (unsigned long long)run.frames);
    }
    traffic_batch_destroy(run.batch);
    return status;
}
