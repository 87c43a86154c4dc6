/* SPDX-License-Identifier: MIT */
/* The relay's command line. */
#pragma once

#include "recorder.h"
#include "schedule.h"

struct options {
    const char *end[2];  /* NETNS:TAP, by the direction that the host there sends */
    const char *view[2]; /* capture file of the host's view, or NULL */
    struct schedule schedule;
    uint64_t mtu;             /* 0: carry packets whole */
    struct recorder recorder; /* the settings of both views */
};

/* Fills `options`. False after a line on standard error that says what is wrong. */
bool options_parse(struct options *options, int argc, char **argv);

/* What the relay is for and can be asked for, as text. */
extern const char options_usage[];
