/* SPDX-License-Identifier: MIT */
/* Memory that Get and Enum calls hand out. */
#include "fwp/memory.h"

#include "fwp/pack.h"
#include "fwp/state.h"

#include <stdlib.h>

#define MEMORY_TAG NT_TAG('F', 'w', 'p', 'p')

/* In front of what the driver sees. */
struct fwp_memory {
    struct fwp_memory *next;
    const char *function;
    const void *caller;
    size_t size;
};

static struct fwp_memory *hand_out(struct fwp *fwp, const char *function, size_t size,
                                   const void *caller)
{
    struct fwp_memory *const memory =
        nt_pool_allocate(fwp->nt, NT_POOL_NONPAGED, sizeof(*memory) + size, MEMORY_TAG, function);

    if (memory == NULL)
        return NULL;
    *memory = (struct fwp_memory){
        .next = fwp->memory, .function = function, .caller = caller, .size = size};
    fwp->memory = memory;
    return memory;
}

NTSTATUS fwp_memory_object(struct fwp *fwp, const char *function, const struct fwp_object *object,
                           const void *caller, void **out)
{
    struct fwp_packer packer = {0};
    struct fwp_memory *memory;

    fwp_pack_definition(&packer, object->kind, object->definition);
    memory = hand_out(fwp, function, packer.used, caller);
    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    packer = (struct fwp_packer){.base = (uint8_t *)(memory + 1)};
    *out = fwp_pack_definition(&packer, object->kind, object->definition);
    return STATUS_SUCCESS;
}

NTSTATUS fwp_memory_array(struct fwp *fwp, const char *function, struct fwp_object *const *objects,
                          size_t count, const void *caller, void ***out)
{
    struct fwp_packer packer = {0};
    struct fwp_memory *memory;
    void **entries;

    fwp_packer_take(&packer, count * sizeof(*entries));
    for (size_t i = 0; i < count; i++)
        fwp_pack_definition(&packer, objects[i]->kind, objects[i]->definition);
    memory = hand_out(fwp, function, packer.used, caller);
    if (memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    packer = (struct fwp_packer){.base = (uint8_t *)(memory + 1)};
    entries = fwp_packer_take(&packer, count * sizeof(*entries));
    for (size_t i = 0; i < count; i++)
        entries[i] = fwp_pack_definition(&packer, objects[i]->kind, objects[i]->definition);
    *out = entries;
    return STATUS_SUCCESS;
}

NTSTATUS fwp_memory_define(struct fwp_object *object, const void *from)
{
    struct fwp_packer packer = {0};

    fwp_pack_definition(&packer, object->kind, from);
    object->memory = malloc(packer.used);
    if (object->memory == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    packer = (struct fwp_packer){.base = object->memory};
    object->definition = fwp_pack_definition(&packer, object->kind, from);
    return STATUS_SUCCESS;
}

VOID NTAPI FwpmFreeMemory0(VOID **p)
{
    static const char name[] = "FwpmFreeMemory0";
    struct fwp *const fwp = fwp_current();
    struct fwp_memory **link = &fwp->memory, *memory;

    FWP_ENTER(fwp, name);
    if (p == NULL || *p == NULL)
        return;
    while (*link != NULL && (void *)(*link + 1) != *p)
        link = &(*link)->next;
    memory = *link;
    if (memory == NULL) {
        sim_breach_text(fwp->sim, "R65", name,
                        "this memory was freed before, or not handed out by the engine");
        return;
    }
    *link = memory->next;
    nt_pool_free(fwp->nt, memory, MEMORY_TAG);
    *p = NULL;
}

void fwp_memory_report_left(struct fwp *fwp)
{
    for (const struct fwp_memory *memory = fwp->memory; memory != NULL; memory = memory->next)
        sim_breach(fwp->sim, &(struct sim_breach){
                                 .rule = "R66",
                                 .function = memory->function,
                                 .detail = "what it returned was never given to FwpmFreeMemory0",
                                 .tag = MEMORY_TAG,
                                 .bytes = memory->size,
                                 .address = memory->caller,
                             });
}

void fwp_memory_free_all(struct fwp *fwp)
{
    while (fwp->memory != NULL) {
        struct fwp_memory *const memory = fwp->memory;

        fwp->memory = memory->next;
        nt_pool_free(fwp->nt, memory, MEMORY_TAG);
    }
}
