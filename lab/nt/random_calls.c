/* SPDX-License-Identifier: MIT */
/* Random numbers and identifiers: from the caller's seed, or the world's. */
#include "nt/failure.h"
#include "nt/state.h"

#include <string.h>

#define MODULUS 0x7FFFFFFFu

/* Linear congruential, modulo 2^31 - 1: what the pages promise is the range and that the seed is
 * replaced. */
static ULONG next(ULONG *seed)
{
    const uint64_t value = (uint64_t)(*seed % MODULUS) * 0x7FFFFFED + 0x7FFFFFC3;

    *seed = (ULONG)(value % MODULUS);
    return *seed;
}

ULONG NTAPI RtlRandom(PULONG Seed)
{
    return next(Seed);
}

ULONG NTAPI RtlRandomEx(PULONG Seed)
{
    return next(Seed);
}

NTSTATUS NTAPI ExUuidCreate(UUID *Uuid)
{
    NT_EXPORT("ExUuidCreate", PASSIVE_LEVEL);
    const NTSTATUS failure = nt_failure(nt->sim, "ExUuidCreate");
    struct sim_random random;
    uint64_t words[2];
    uint8_t bytes[16];

    if (failure != STATUS_SUCCESS)
        return failure;
    /* Not from the world's own generator: its draws are scheduling choices. */
    sim_random_seed(&random, nt->sim->seed ^ ++nt->uuids << 32);
    words[0] = sim_random_next(&random);
    words[1] = sim_random_next(&random);
    memcpy(bytes, words, sizeof(bytes));
    bytes[7] = (uint8_t)((bytes[7] & 0x0F) | 0x40); /* version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80);
    memcpy(Uuid, bytes, sizeof(bytes));
    return STATUS_SUCCESS;
}
