/* SPDX-License-Identifier: MIT */
/* The OS profiles (contract section 8). */
#include "netio/profile.h"

#include <string.h>

/* FWP_CALLOUT_FLAG_*: CONDITIONAL_ON_FLOW 1, ALLOW_OFFLOAD 2, ENABLE_COMMIT_ADD_NOTIFY 4,
 * ALLOW_MID_STREAM_INSPECTION 8, ALLOW_RECLASSIFY 0x10, ALLOW_RSC 0x40, ALLOW_L2_BATCH_CLASSIFY
 * 0x80, ALLOW_USO 0x100, ALLOW_URO 0x200. */
#define FLAGS_VISTA 0x003u
#define FLAGS_7     0x01Fu
#define FLAGS_8     0x0DFu
#define FLAGS_USO   0x1DFu
#define FLAGS_URO   0x3DFu

static const struct netio_profile profiles[] = {
    {.name = "vista-sp1",
     .title = "Windows Vista SP1 / Server 2008 (6.0.6001)",
     .ntddi = 0x06000100,
     .major = 6,
     .minor = 0,
     .build = 6001,
     .ndis_version = 0x00060001,
     .metadata_size = 160,
     .stream_fields = 7,
     .established_fields = 16,
     .receive_push = true,
     .model = NETIO_MODEL_NONE,
     .callout_flags = FLAGS_VISTA},
    {.name = "7sp1",
     .title = "Windows 7 SP1 / Server 2008 R2 SP1 (6.1.7601.17514)",
     .ntddi = 0x06010000,
     .major = 6,
     .minor = 1,
     .build = 7601,
     .ndis_version = 0x00060014,
     .metadata_size = 216,
     .stream_fields = 7,
     .established_fields = 17,
     .receive_push = true,
     .abort_indications = true,
     .allow_connection = true,
     .mid_stream = true,
     .model = NETIO_MODEL_A,
     .callout_flags = FLAGS_7},
    {.name = "8.1",
     .title = "Windows 8.1 / Server 2012 R2 (6.3.9600)",
     .ntddi = 0x06030000,
     .major = 6,
     .minor = 3,
     .build = 9600,
     .ndis_version = 0x00060028,
     .metadata_size = 280,
     .stream_fields = 7,
     .established_fields = 18,
     .receive_push = true,
     .abort_indications = true,
     .allow_connection = true,
     .mid_stream = true,
     .model = NETIO_MODEL_NONE,
     .callout_flags = FLAGS_8},
    {.name = "10",
     .title = "Windows 10 22H2 (10.0.19045)",
     .ntddi = 0x0A000008,
     .major = 10,
     .minor = 0,
     .build = 19045,
     .ndis_version = 0x00060053,
     .metadata_size = 280,
     .stream_fields = 8,
     .established_fields = 20,
     .receive_push = true,
     .abort_indications = true,
     .allow_connection = true,
     .mid_stream = true,
     .model = NETIO_MODEL_NONE,
     .callout_flags = FLAGS_USO},
    {.name = "11",
     .title = "Windows 11 24H2 / Server 2025 (10.0.26100)",
     .ntddi = 0x0A000010,
     .major = 10,
     .minor = 0,
     .build = 26100,
     .ndis_version = 0x00060059,
     .metadata_size = 280,
     .stream_fields = 8,
     .established_fields = 20,
     .receive_push = true,
     .abort_indications = true,
     .allow_connection = true,
     .mid_stream = true,
     .model = NETIO_MODEL_NONE,
     .callout_flags = FLAGS_URO},
};

const struct netio_profile *netio_profile_at(size_t index)
{
    return index < sizeof(profiles) / sizeof(profiles[0]) ? &profiles[index] : NULL;
}

const struct netio_profile *netio_profile_find(const char *name)
{
    const struct netio_profile *profile;

    for (size_t i = 0; (profile = netio_profile_at(i)) != NULL; i++)
        if (strcmp(profile->name, name) == 0)
            return profile;
    return NULL;
}
