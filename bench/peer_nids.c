/* SPDX-License-Identifier: MIT */
/* A peer: libnids reassembles the same capture, checksums off, and counts the bytes. The nearest
 * program to the lab's way from a file to an application, without a driver. */
#include "bench/bench_clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>

#include <nids.h>

static uint64_t bytes, flows;

static void count(struct tcp_stream *stream, void **context)
{
    switch (stream->nids_state) {
    case NIDS_JUST_EST:
        flows++;
        stream->client.collect = 1;
        stream->server.collect = 1;
        break;
    case NIDS_DATA:
        bytes += (uint64_t)stream->client.count_new + (uint64_t)stream->server.count_new;
        break;
    default:
        break;
    }
}

static void silent(void)
{
}

int main(int argc, char **argv)
{
    struct nids_chksum_ctl unchecked = {.action = NIDS_DONT_CHKSUM};
    struct bench_clock clock;
    struct rusage usage;
    double cpu, wall;

    if (argc != 2) {
        fprintf(stderr, "usage: peer_nids CAPTURE\n");
        return 2;
    }
    nids_params.filename = argv[1];
    nids_params.scan_num_hosts = 0;
    nids_params.syslog = silent;
    bench_clock_start(&clock);
    if (!nids_init()) {
        fprintf(stderr, "peer_nids: %s\n", nids_errbuf);
        return 1;
    }
    nids_register_chksum_ctl(&unchecked, 1);
    nids_register_tcp((void(*))count);
    nids_run();
    bench_clock_read(&clock, &cpu, &wall);
    getrusage(RUSAGE_SELF, &usage);
    printf("gbit=%.3f flows_per_second=%.0f cpu=%.3f wall=%.3f rss_mib=%.1f flows=%" PRIu64
           " payload=%" PRIu64 "\n",
           (double)bytes * 8 / 1e9 / cpu, (double)flows / cpu, cpu, wall,
           (double)usage.ru_maxrss / 1024, flows, bytes);
    return 0;
}
