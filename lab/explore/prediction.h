/* SPDX-License-Identifier: MIT */
/* What models A to D of the chain cut predict for each cell of the leak matrix. Only the comparison
 * reads it; nothing of the lab does. */
#pragma once

#include "netio/profile.h"

#include <stdint.h>

#define PREDICTION_ROWS    4 /* NBLs in the chain: 1, 2, 3, 8 */
#define PREDICTION_COLUMNS 4 /* inject calls in one classify: 0, 1, 2, 3 */

enum prediction_workaround {
    PREDICTION_NONE,
    PREDICTION_GUARD,
    PREDICTION_BATCH,
    PREDICTION_WORKAROUNDS
};

extern const unsigned prediction_nbls[PREDICTION_ROWS];

/* NBLs that leak. row and column index the lists above. */
uint32_t prediction_leaked(enum netio_inject_model model, enum prediction_workaround workaround,
                           unsigned row, unsigned column);

/* "reported" where the 2011 report observed it, else "hypothesis". */
const char *prediction_basis(enum netio_inject_model model, enum prediction_workaround workaround,
                             unsigned row, unsigned column);

const char *prediction_workaround_name(enum prediction_workaround workaround);
const char *prediction_model_name(enum netio_inject_model model);
