/* SPDX-License-Identifier: MIT */
/* The world that tests of the management calls stand on. */
#pragma once

#include "fwp/fwp.h"
#include "netio/kfd.h"
#include "test_ndis_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fwpm_world {
    struct world *world;
    struct netio *netio;
    struct fwp *fwp;
    HANDLE engine; /* a dynamic session */
    UINT32 callout_id;
};

/* What the registered callout was told. */
struct fwpm_told {
    unsigned added, deleted;
    NTSTATUS answer;           /* to ADD_FILTER */
    unsigned without_provider; /* breaches of R57, which count nowhere else */
};
extern struct fwpm_told fwpm_told;

extern const GUID fwpm_callout_key, fwpm_sublayer_key, fwpm_provider_key, fwpm_other_key;

struct fwpm_world *fwpm_world_create(const char *profile);

/* Asserts that everything was cleaned up and nothing reported, then ends the world. */
void fwpm_world_destroy(struct fwpm_world *world);

/* For cmocka: on Windows 10. */
int fwpm_setup(void **state);
int fwpm_teardown(void **state);

/* The registered callout, a sublayer and the callout object in the world's session. */
void fwpm_add_basics(struct fwpm_world *world);

/* Definitions that the engine accepts as they are. */
FWPM_PROVIDER0 fwpm_provider(void);
FWPM_SUBLAYER0 fwpm_sublayer(void);
FWPM_CALLOUT0 fwpm_callout(void);
FWPM_FILTER0 fwpm_filter(void);

HANDLE fwpm_open(UINT32 flags);

extern const struct CMUnitTest fwpm_filter_tests[], fwpm_service_tests[];
extern const size_t fwpm_filter_test_count, fwpm_service_test_count;
