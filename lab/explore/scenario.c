/* SPDX-License-Identifier: MIT */
/* The traffic of `sluice check`, as a script. */
#include "explore/scenario.h"

#include "explore/run.h"

/* Longer than ISO C asks compilers to take; those that build the lab take it. */
#pragma GCC diagnostic ignored "-Woverlength-strings"

/* Connections of both families, begun by either end: a first message, then data in chains of 1, 2,
 * 3 and 8 NBLs as NETIO copies, the NIC's own buffers, and what this host sends. The silent ones
 * say the first part of their message only. Then all ways to end. */
#define ROUND(silent)                                                                              \
    "connect local 4 in out v4 v6\n"                                                               \
    "connect remote 4 in out v4 v6\n"                                                              \
    "connect reset 4 in out v4 v6\n"                                                               \
    "connect open 4 in out v4 v6\n"                                                                \
    "opening local\n"                                                                              \
    "opening remote\n"                                                                             \
    "opening reset\n" silent TALK("local") TALK("remote")                                          \
        TALK("reset") "fin local out\n"                                                            \
                      "receive local text \"the last words, after the other side's FIN\\r\\n\" "   \
                      "segment 11 fin\n"                                                           \
                      "fin remote in\n"                                                            \
                      "send remote text \"the last words, after the other side's FIN\\r\\n\" "     \
                      "segment 11 fin\n"                                                           \
                      "reset reset\n"                                                              \
                      "wait 200ms\n"

#define TALK(who)                                                                                  \
    "receive " who " response segment 20\n"                                                        \
    "receive " who " 1460 segment 1460\n"                                                          \
    "receive " who " any 1460 nic\n"                                                               \
    "send " who " 1460 segment 1460\n"                                                             \
    "receive " who " 2920 segment 1460\n"                                                          \
    "send " who " 2920 segment 1460\n"                                                             \
    "receive " who " 4380 segment 1460\n"                                                          \
    "receive " who " any 1460 nic\n"                                                               \
    "send " who " 4380 segment 1460\n"                                                             \
    "receive " who " 11680 segment 1460\n"                                                         \
    "send " who " 11680 segment 1460\n"

#define TALKATIVE "opening open\n" TALK("open")
#define SILENT    "opening open part\n"

/* The shapes that break drivers in the field (docs/provoking.md): 64 NBLs; NET_BUFFERs and MDLs in
 * each; data that begins at an odd place, or behind an MDL of no length; one NBL of 64 KB, as
 * coalescing NICs make it; urgent data; a FIN with data and a FIN alone. */
#define SHAPES                                                                                     \
    "connect shape 4 in out v4 v6\n"                                                               \
    "opening shape\n"                                                                              \
    "receive shape 64 segment 1\n"                                                                 \
    "receive shape 8192 segment 128 nbs 2 mdls 3\n"                                                \
    "receive shape 4380 segment 1460 offset 13 mdls 3\n"                                           \
    "receive shape 2920 segment 1460 empty-head\n"                                                 \
    "receive shape 64K nic\n"                                                                      \
    "receive shape 64K mdls 16\n"                                                                  \
    "receive shape 1 expedited\n"                                                                  \
    "receive shape 100 nopush\n"                                                                   \
    "send shape 64 segment 1\n"                                                                    \
    "send shape 8192 segment 128 nbs 2 mdls 3\n"                                                   \
    "send shape 4380 segment 1460 offset 13 mdls 3\n"                                              \
    "send shape 2920 segment 1460 empty-head\n"                                                    \
    "send shape 64K mdls 16\n"                                                                     \
    "send shape 1 expedited\n"                                                                     \
    "send shape 100 nodelay\n"                                                                     \
    "receive shape 700 segment 350 fin\n"                                                          \
    "fin shape out\n"                                                                              \
    "wait 200ms\n"

/* An RST from either end, with and without a classify, while data is under way. */
#define RST(how)                                                                                   \
    "connect rst 4 in out v4 v6\n"                                                                 \
    "opening rst\n"                                                                                \
    "receive rst 2920 segment 1460\n"                                                              \
    "send rst 2920 segment 1460\n"                                                                 \
    "reset rst " how "\n"                                                                          \
    "wait 200ms\n"

/* This host talks to itself: two flows. The second pair ends by an RST of its own. */
#define LOOPBACK                                                                                   \
    "connect loop 2 loopback v4 v6\n"                                                              \
    "connect broken 2 loopback v4 v6\n"                                                            \
    "send loop request\n"                                                                          \
    "send broken request\n"                                                                        \
    "run\n"                                                                                        \
    "receive loop response\n"                                                                      \
    "receive broken response\n"                                                                    \
    "receive loop 4380 segment 1460\n"                                                             \
    "send loop 2920 segment 1460\n"                                                                \
    "send broken 2920 segment 1460\n"                                                              \
    "reset broken out\n"                                                                           \
    "fin loop out\n"                                                                               \
    "run\n"                                                                                        \
    "receive loop 100 fin\n"                                                                       \
    "wait 200ms\n"

#define EVERY_SHAPE                                                                                \
    SHAPES RST("in shown") RST("in silent") RST("out shown") RST("out silent") LOOPBACK

/* Connections that are gone before a byte is said. */
#define EARLY                                                                                      \
    "connect early 2 in out v4\n"                                                                  \
    "reset early\n"                                                                                \
    "wait 200ms\n"

/* Whole connections on the wire, with segments lost, overtaken and doubled: holes are filled. */
#define WIRE(words)                                                                                \
    "capture 8 client 4000 server 20000 interleave 4 loss 80000 reorder 80000 duplicate 30000 "    \
    "batch 16" words "\n"

/* Rules go while first messages and data are under way, and come back the same way. */
#define SWAP                                                                                       \
    "connect swap 4 in out v4 v6\n"                                                                \
    "opening swap part\n"                                                                          \
    "rules off\n"                                                                                  \
    "receive swap 2920 segment 1460\n"                                                             \
    "send swap 2920 segment 1460\n"                                                                \
    "run\n"                                                                                        \
    "receive swap 4380 segment 1460\n"                                                             \
    "rules on\n"                                                                                   \
    "send swap 4380 segment 1460\n"                                                                \
    "connect after 4 in out v4 v6\n"                                                               \
    "opening after\n"                                                                              \
    "rules off\n"                                                                                  \
    "rules on\n" TALK("after") "fin swap in out\n"                                                 \
                               "fin after in out\n"                                                \
                               "wait 200ms\n"

#define REST EARLY WIRE("") WIRE(" reset") WIRE(" v6") WIRE(" v6 reset")

const char scenario_script[] =
    ROUND(TALKATIVE) ROUND(SILENT) ROUND(TALKATIVE) ROUND(SILENT) EVERY_SHAPE REST;

const char scenario_swap[] =
    ROUND(TALKATIVE) ROUND(SILENT) SWAP ROUND(TALKATIVE) ROUND(SILENT) SWAP EVERY_SHAPE REST;

const char *scenario_of(const struct run_config *run)
{
    return run->rules != NULL || run->blocklist != NULL ? scenario_swap : scenario_script;
}

const char scenario_four_gigabytes[] = "connect a in v4\n"
                                       "opening a\n"
                                       "receive a 4M segment 65536 times 1026\n"
                                       "send a 4M segment 65536 times 1026\n"
                                       "receive a 1460 fin\n"
                                       "fin a out\n"
                                       "run\n";

/* Each has no more in it than one thing that can meet another: every kernel call is a point where
 * the schedules of it multiply. */
static const struct {
    const char *name, *script;
} short_cases[] = {
    {"start", ""},
    {"one", "connect a in v4\n"
            "receive a 1\n"},
    {"end", "connect a in v4\n"
            "receive a 1\n"
            "fin a in out\n"},
    {"both", "connect a in v4\n"
             "run\n"
             "receive a 1\n"
             "send a 1\n"},
    {"filters", "connect a in v4\n"
                "receive a 1\n"
                "filters delete\n"
                "run\n"},
    {"unload", "connect a in v4\n"
               "receive a 1\n"
               "unload\n"},
    {"chain", "connect a in v4\n"
              "receive a 2 segment 1\n"},
};

const char *scenario_short_at(size_t index, const char **script)
{
    if (index >= sizeof(short_cases) / sizeof(short_cases[0]))
        return NULL;
    *script = short_cases[index].script;
    return short_cases[index].name;
}

const char *scenario_short_name(const char *script)
{
    for (size_t i = 0; i < sizeof(short_cases) / sizeof(short_cases[0]); i++) {
        if (short_cases[i].script == script)
            return short_cases[i].name;
    }
    return NULL;
}
