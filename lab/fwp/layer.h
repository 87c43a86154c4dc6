/* SPDX-License-Identifier: MIT */
/* Layers and the fields that conditions may name there. */
#pragma once

#include "netio/profile.h"

#include <fwpmk.h>

#include <stdbool.h>
#include <stdint.h>

struct fwp_field {
    const GUID *condition;
    uint16_t index;
    FWP_DATA_TYPE type; /* of the value that the layer passes */
    bool address;       /* network masks are allowed */
    uint32_t since;     /* NTDDI, 0: always there */
};

struct fwp_layer {
    const GUID *key;
    uint16_t id; /* FWPS_LAYER_* */
    /* NULL: nothing is classified at this layer here, so no condition is ever evaluated. */
    const struct fwp_field *fields;
    size_t field_count;
    uint32_t since;
};

/* NULL when the profile's Windows has no such layer. */
const struct fwp_layer *fwp_layer_find(const GUID *key, const struct netio_profile *profile);

/* NULL when the layer does not pass such a field on this Windows. */
const struct fwp_field *fwp_layer_field(const struct fwp_layer *layer, const GUID *condition,
                                        const struct netio_profile *profile);
