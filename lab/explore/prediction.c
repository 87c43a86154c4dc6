/* SPDX-License-Identifier: MIT */
/* The predictions, from the definitions of the models (SPEC.md, "The leak matrix"). */
#include "explore/prediction.h"

const unsigned prediction_nbls[PREDICTION_ROWS] = {1, 2, 3, 8};

struct grid {
    uint32_t leaked[PREDICTION_ROWS][PREDICTION_COLUMNS];
};

static const struct grid nothing = {{{0}}};

/* Models A, B and C: two or more injects lose all but the first NBL. */
static const struct grid all_but_first = {{
    {0, 0, 0, 0},
    {0, 0, 1, 1},
    {0, 0, 2, 2},
    {0, 0, 7, 7},
}};

/* Model D: each inject cuts one NBL further on. */
static const struct grid one_each = {{
    {0, 0, 0, 0},
    {0, 0, 1, 1},
    {0, 0, 1, 2},
    {0, 0, 1, 2},
}};

static const struct grid one_each_restored = {{
    {0, 0, 0, 0},
    {0, 0, 0, 0},
    {0, 0, 1, 0},
    {0, 0, 1, 2},
}};

static const struct grid *const grids[][PREDICTION_WORKAROUNDS] = {
    [NETIO_MODEL_NONE] = {&nothing, &nothing, &nothing},
    [NETIO_MODEL_A] = {&all_but_first, &nothing, &nothing},
    [NETIO_MODEL_B] = {&all_but_first, &nothing, &nothing},
    [NETIO_MODEL_C] = {&all_but_first, &nothing, &nothing},
    [NETIO_MODEL_D] = {&one_each, &one_each_restored, &nothing},
};

uint32_t prediction_leaked(enum netio_inject_model model, enum prediction_workaround workaround,
                           unsigned row, unsigned column)
{
    return grids[model][workaround]->leaked[row][column];
}

const char *prediction_basis(enum netio_inject_model model, enum prediction_workaround workaround,
                             unsigned row, unsigned column)
{
    /* The report saw 6.1.7601: one NBL or at most one inject never leaks, two of each leak,
     * workaround A cures that. Batching was proposed there, not tested; other systems were not
     * examined. */
    bool seen = model != NETIO_MODEL_NONE && workaround != PREDICTION_BATCH &&
                prediction_nbls[row] <= 2 && column <= 2;
    return seen ? "reported" : "hypothesis";
}

const char *prediction_workaround_name(enum prediction_workaround workaround)
{
    static const char *const names[] = {"none", "guard", "batch"};
    return names[workaround];
}

const char *prediction_model_name(enum netio_inject_model model)
{
    static const char *const names[] = {"none", "A", "B", "C", "D"};
    return names[model];
}
