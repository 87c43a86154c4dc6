/* SPDX-License-Identifier: MIT */
/* The table of neighbours; loading and unloading them. */
#include "explore/neighbour.h"

#include "explore/neighbour_driver.h"
#include "netio/quirk.h"

#include <stdio.h>
#include <string.h>

#define UNLOAD_LIMIT (60 * SIM_SECOND)

#define ENTRY        ((void *)(uintptr_t)NeighbourDriverEntry)
/* Above and below. */
#define ROWS(way, lawful, keeps, title)                                                            \
    {"above-" way, title, true, lawful, keeps, ENTRY},                                             \
    {                                                                                              \
        "below-" way, title, false, lawful, keeps, ENTRY                                           \
    }

static const struct neighbour neighbours[] = {
    ROWS("permit", true, true, "permits all"),
    ROWS("inspect", true, true, "looks on: an inspection callout that answers CONTINUE"),
    ROWS("block", true, false, "blocks every third flow for good"),
    ROWS("gather", true, true, "asks for more until 200 bytes are together"),
    ROWS("reinject", true, true, "blocks, and injects a clone inside the classify"),
    ROWS("worker", true, true, "blocks; its thread injects the clones at once"),
    ROWS("hold", true, true, "blocks; its thread injects the clones 30 ms later"),
    ROWS("late", true, true, "blocks; its thread injects the clones during the disconnect"),
    ROWS("drop-clones", false, false, "blocks, and loses every fifth clone"),
    ROWS("swallow-fin", false, true, "blocks FINs for good"),
    ROWS("rude", false, false, "answers what the contract does not know"),
};

const struct neighbour *neighbour_at(size_t index)
{
    return index < sizeof(neighbours) / sizeof(neighbours[0]) ? &neighbours[index] : NULL;
}

const struct neighbour *neighbour_find(const char *name)
{
    for (size_t i = 0; i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
        if (strcmp(neighbours[i].name, name) == 0)
            return &neighbours[i];
    }
    return NULL;
}

/* Every neighbour keeps the contract. */
static bool plan_lawful(const struct run_plan *plan)
{
    for (size_t i = 0; i < plan->neighbour_count; i++) {
        const struct neighbour *neighbour = neighbour_find(plan->neighbours[i]);
        if (neighbour != NULL && !neighbour->lawful)
            return false;
    }
    return true;
}

bool neighbour_plan_keeps(const struct run_plan *plan)
{
    for (size_t i = 0; i < plan->neighbour_count; i++) {
        const struct neighbour *neighbour = neighbour_find(plan->neighbours[i]);
        if (neighbour != NULL && !neighbour->keeps)
            return false;
    }
    return true;
}

void neighbour_excuse(const struct run_plan *plan, struct check_findings *findings)
{
    static const char *const kept[] = {"CRASH", "HANG", "STACK", "LEAK", "R52", "R53",
                                       "R54",   "R66",  "R68",   "R70",  "R71"};

    if (plan_lawful(plan))
        return;
    for (size_t i = 0; i < findings->count; i++) {
        size_t k = 0;
        while (k < sizeof(kept) / sizeof(kept[0]) &&
               strcmp(kept[k], findings->list[i]->rule->id) != 0)
            k++;
        if (k == sizeof(kept) / sizeof(kept[0]))
            findings->list[i]->folded = true;
    }
}

static bool load(struct neighbour_set *set, const struct neighbour *neighbour, char *text,
                 size_t size)
{
    struct machine *machine = set->machine;
    struct pe_image *image =
        pe_image_resident(machine->pe, neighbour->name, neighbour->entry, __start_neighbour_code,
                          (size_t)(__stop_neighbour_code - __start_neighbour_code));
    NTSTATUS status;

    if (image == NULL) {
        snprintf(text, size, "out of memory");
        return false;
    }
    check_ignore_image(machine->check, image);
    netio_quirks_spare(machine->netio, image);
    struct nt_driver *driver = nt_driver_load(machine->nt, image, &status);
    if (driver == NULL) {
        snprintf(text, size, "out of memory");
        return false;
    }
    set->drivers[set->count++] = driver;
    if (NT_SUCCESS(status))
        return true;
    snprintf(text, size, "the neighbour %s did not load: status 0x%08x", neighbour->name,
             (unsigned)status);
    return false;
}

bool neighbour_set_load(struct neighbour_set *set, struct machine *machine,
                        const struct run_plan *plan, char *text, size_t size)
{
    *set = (struct neighbour_set){.machine = machine};
    for (size_t i = 0; i < plan->neighbour_count; i++) {
        const struct neighbour *neighbour = neighbour_find(plan->neighbours[i]);
        if (neighbour == NULL) {
            snprintf(text, size, "there is no neighbour \"%.40s\"", plan->neighbours[i]);
            return false;
        }
        if (!load(set, neighbour, text, size))
            return false;
    }
    return true;
}

void neighbour_set_unload(struct neighbour_set *set)
{
    while (set->count > 0) {
        struct nt_driver *driver = set->drivers[--set->count];
        if (!set->machine->sim->stopped)
            nt_driver_unload(set->machine->nt, driver, UNLOAD_LIMIT);
    }
}
