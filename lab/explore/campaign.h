/* SPDX-License-Identifier: MIT */
/* A campaign: many runs of one driver on one Windows, from one command. Its parts make plans; each
 * plan is a run; what is found is told once, with the plan that shows it. */
#pragma once

#include "explore/run.h"

/* What to try, or-ed. The base run (the seed, nothing provoked) always comes first. */
enum campaign_part {
    CAMPAIGN_READINGS =
        1 << 0, /* each behaviour that documents leave open or that surprises (contract section 9,
                   field reports d2), in turn: explore/readings.c */
    CAMPAIGN_SEEDS =
        1 << 1, /* schedules by seed, every fourth with priorities (PCT): explore/seeds.c */
    CAMPAIGN_EXHAUSTIVE =
        1 << 2, /* all schedules with few preemptions, of a short script: explore/exhaustive.c */
    CAMPAIGN_FAULTS =
        1 << 3, /* each fallible call fails, once per call stack and way: explore/fault_sweep.c */
    CAMPAIGN_NEIGHBOURS = 1 << 4, /* beside each neighbour: explore/neighbour_bench.c */
    CAMPAIGN_UNLOAD = 1 << 5,     /* unloaded before each step: explore/unload_rehearsal.c */
    CAMPAIGN_QUIRKS = 1 << 6, /* each defect that this Windows had, in turn: explore/readings.c */
    CAMPAIGN_LONG_FLOW = 1 << 7, /* counters turn over at 4 GB: explore/long_flow.c */
};

#define CAMPAIGN_SCHEDULES 200000 /* the bounded search stops after so many, unless told */

struct campaign_counts {
    uint64_t runs, classifies;
    uint64_t seeds, schedules, fault_stacks, faults, neighbours, unload_points, readings, quirks;
    uint64_t long_flows;
    uint64_t slowest_unload; /* virtual time, 100 ns */
    bool faults_to_fixpoint; /* no new call stack appeared in the last round */
    /* Of the bounded search: with at most so many preemptions, all schedules were tried, and that
     * is how many there are; counts.schedules: of the last bound that was begun. */
    unsigned preemptions_whole;
    uint64_t schedules_whole; /* 0: not even those without a preemption */
    bool schedules_all;       /* the bounded search was not cut short by its limit */
};

struct campaign;

/* Something new (a rule, function and tag not told before), and the run that shows it. History and
 * others are filled in: the run was done a second time to explain it. */
struct campaign_found {
    const struct check_finding *finding;
    const struct run_config *run; /* its plan and its machine */
    const char *reading; /* what was changed in the machine: "NAME=VALUE" or several with commas,
                            "quirk NAME", or NULL */
    const struct sim_decisions *decisions; /* all choices of the run; NULL: not kept */
    uint64_t trace_hash;
};

/* What the command wants to know. */
struct campaign_listener {
    void *context;
    void (*finding)(void *context, const struct campaign_found *found);
    void (*progress)(void *context, const char *part, uint64_t done,
                     uint64_t all); /* all 0: not known */
    /* A call that the sweep left alone, because it is marked as benign: its name, and where it is
     * made ("driver+0x1234"). Told once for each, when the sweep is over. May be NULL. */
    void (*benign)(void *context, const char *call, const char *where);
    /* The run that shows this finding is worse than every run before it, and will be told to
     * campaign_config.exhibit next. May be NULL. */
    void (*exhibit)(void *context, const struct campaign_found *found);
    /* Asked before each run but the first. True: no more of them. May be NULL. */
    bool (*stop)(void *context);
};

struct campaign_config {
    struct run_config run; /* run.listener: of the base run alone, but for its findings */
    unsigned parts;
    uint64_t seeds;       /* CAMPAIGN_SEEDS: how many, beginning with run.plan.seed */
    unsigned preemptions; /* CAMPAIGN_EXHAUSTIVE: at most, 0..3 */
    uint64_t schedules;   /* CAMPAIGN_EXHAUSTIVE: stop after so many; 0: 200,000 */
    bool every_neighbour; /* CAMPAIGN_NEIGHBOURS: those that break the contract, too */
    bool go_on;           /* do not stop at the first run with an error */
    struct campaign_listener listener;
    struct run_listener exhibit; /* of the first run with an error, until then of the first with a
                                    warning; never of the base run. All NULL: not wanted */
};

struct campaign_result {
    struct run_result last;  /* status and text of the run that ended it, else of the base run */
    uint64_t trace_hash;     /* over all runs */
    size_t errors, warnings; /* told */
    bool stopped;            /* the listener's stop() said so: more was asked for */
    struct campaign_counts counts;
};

/* Runs all of it, in this process. */
void campaign_run(const struct campaign_config *config, struct campaign_result *result);

/* For the parts: one run by this plan, with the base's switches or (reading not NULL) others, whose
 * name is told with what is found. Findings go to the listener, counts are kept. False: the
 * campaign is over (an error and not go_on, no memory, no verdict). result may be NULL. */
bool campaign_try(struct campaign *campaign, const struct run_plan *plan,
                  const struct machine_config *machine, const char *reading,
                  struct run_result *result);
/* The same, and the run's choices are appended to `decisions`. */
bool campaign_try_recorded(struct campaign *campaign, const struct run_plan *plan,
                           const struct machine_config *machine, struct sim_decisions *decisions,
                           struct run_result *result);
const struct campaign_config *campaign_config_of(const struct campaign *campaign);
struct campaign_counts *campaign_counts_of(struct campaign *campaign);
void campaign_progress(struct campaign *campaign, const char *part, uint64_t done, uint64_t all);

/* The plan of the nth seed's run, which follows from the seed alone, and its machine. reading (size
 * bytes): what was changed in it; empty: nothing. */
void campaign_seed_plan(const struct run_config *base, uint64_t seed, struct run_plan *plan,
                        struct machine_config *machine, char *reading, size_t size);

/* How tasks take turns in the run of the plan's seed: part of the above. */
void campaign_seed_schedule(struct run_plan *plan);

/* The parts. False: the campaign is over. */
bool campaign_readings(struct campaign *campaign);
bool campaign_seeds(struct campaign *campaign);
bool campaign_quirks(struct campaign *campaign);
bool campaign_exhaustive(struct campaign *campaign);
bool campaign_faults(struct campaign *campaign);
bool campaign_neighbours(struct campaign *campaign);
bool campaign_unload(struct campaign *campaign);
bool campaign_long_flow(struct campaign *campaign);
