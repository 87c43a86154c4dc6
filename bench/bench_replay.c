/* SPDX-License-Identifier: MIT */
/* One capture replayed through a driver in this process: a line of key=value pairs. The clock runs
 * from the first byte read from the capture to the last connection closed; loading the driver and
 * looking for leaks are outside. Every delivered byte is compared with the one sent, as in `sluice
 * replay`. */
#include "bench/bench_clock.h"
#include "bench/bench_machine.h"
#include "traffic/replay.h"
#include "traffic/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

struct totals {
    uint64_t offered, delivered, lost, classifies, injects;
};

static void read_totals(const struct machine *machine, struct totals *totals)
{
    memset(totals, 0, sizeof(*totals));
    for (int direction = NETIO_OUTBOUND; direction <= NETIO_INBOUND; direction++) {
        struct netio_ledger ledger;
        netio_total_ledger(machine->netio, direction, &ledger);
        totals->offered += ledger.offered;
        totals->delivered += ledger.delivered;
        totals->lost += ledger.lost;
        totals->classifies += ledger.classifies;
        totals->injects += ledger.injects;
    }
}

static void progress(void *context, const struct traffic_progress *now)
{
    struct bench_machine *bench = context;

    if (bench->client != NULL)
        sluice_client_poll(bench->client);
}

static int report(struct bench_machine *bench, const struct bench_options *options, double cpu,
                  double wall, uint64_t pool_calls, const struct traffic_sink_totals *sink)
{
    const uint64_t flows = tcpip_totals(bench->machine.tcpip)->connections;
    struct rusage usage;
    struct sluice_statistics statistics = {0};
    struct totals totals;
    size_t errors;
    char checks[1024];

    if (bench->client != NULL)
        sluice_client_statistics(bench->client, &statistics);
    if (!bench_machine_unload(bench, &errors))
        return 1;
    read_totals(&bench->machine, &totals);
    getrusage(RUSAGE_SELF, &usage);
    bench_checks_text(options, checks, sizeof(checks));
    bool right = errors == 0 && totals.lost == 0 && totals.delivered == totals.offered &&
                 sink->different == 0 && sink->extra == 0;
    printf("gbit=%.3f flows_per_second=%.0f cpu=%.3f wall=%.3f rss_mib=%.1f flows=%" PRIu64
           " payload=%" PRIu64 " delivered=%" PRIu64 " classifies=%" PRIu64 " injects=%" PRIu64
           " pool_calls=%" PRIu64 " scanned=%" PRIu64 " matches=%" PRIu64 " overflows=%" PRIu64
           " errors=%zu right=%s checks=%s\n",
           (double)totals.offered * 8 / 1e9 / cpu, (double)flows / cpu, cpu, wall,
           (double)usage.ru_maxrss / 1024, flows, totals.offered, totals.delivered,
           totals.classifies, totals.injects, pool_calls, statistics.scanned, statistics.matches,
           statistics.overflows, errors, right ? "yes" : "no", checks);
    return right ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct bench_options options;
    struct bench_machine bench;
    struct traffic_sink *sink = NULL;
    struct traffic_sink_totals sink_totals;
    struct traffic_capture *capture = NULL;
    struct bench_clock clock;
    double cpu, wall;
    char text[512];
    int code = 1;

    if (!bench_options_parse(&options, argc, argv) || options.input == NULL) {
        fprintf(stderr, "usage: bench_replay --driver X.sys [--profile P] [--mode gate|permit] "
                        "[--checks on|off] [--special-pool on|off] [--rules FILE] [--batch N] "
                        "CAPTURE\n");
        return 2;
    }
    FILE *file = fopen(options.input, "rb");
    if (file == NULL) {
        fprintf(stderr, "bench_replay: %s: %s\n", options.input, strerror(errno));
        return 2;
    }
    capture = traffic_capture_open(file, options.input, text, sizeof(text));
    if (capture == NULL) {
        fprintf(stderr, "bench_replay: %s\n", text);
        return 2;
    }
    if (!bench_machine_open(&bench, &options)) {
        traffic_capture_close(capture);
        return 1;
    }
    sink = traffic_sink_create(bench.machine.tcpip, &(struct traffic_sink_config){0});
    if (sink == NULL) {
        fprintf(stderr, "bench_replay: out of memory\n");
        goto done;
    }
    const struct traffic_replay replay = {
        .sim = bench.machine.sim,
        .tcpip = bench.machine.tcpip,
        .captures = &capture,
        .count = 1,
        .side = TRAFFIC_SIDE_SERVER,
        .context = &bench,
        .progress = progress,
    };
    const uint64_t pool_before = nt_pool_driver_calls(bench.machine.nt);
    bench_clock_start(&clock);
    enum traffic_replay_status status = traffic_replay_run(&replay, text, sizeof(text));
    bench_clock_read(&clock, &cpu, &wall);
    const uint64_t pool_calls = nt_pool_driver_calls(bench.machine.nt) - pool_before;
    if (status != TRAFFIC_REPLAY_OK) {
        fprintf(stderr, "bench_replay: %s: the replay ended early (%d) %s\n", options.input,
                (int)status, status == TRAFFIC_REPLAY_BAD_CAPTURE ? text : "");
        goto done;
    }
    traffic_sink_totals(sink, &sink_totals);
    code = report(&bench, &options, cpu, wall, pool_calls, &sink_totals);

done:
    if (sink != NULL)
        traffic_sink_destroy(sink);
    traffic_capture_close(capture);
    bench_machine_close(&bench);
    return code;
}
