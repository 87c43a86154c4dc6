/* SPDX-License-Identifier: MIT */
/* MmGetSystemRoutineAddress: knows what the kernel and the HAL export, nothing else. */
#include "nt/modules.h"
#include "nt/state.h"
#include "nt/trap.h"

#include <string.h>

const struct pe_export *nt_export_find(const struct pe_module *module, const char *name)
{
    size_t low = 0, high = module->count;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = strcmp(name, module->exports[middle].name);

        if (order == 0)
            return &module->exports[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static bool exists(const struct nt *nt, const struct pe_export *row)
{
    return row != NULL && row->since <= nt->config.version &&
           (row->until == 0 || nt->config.version < row->until);
}

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    NT_EXPORT("MmGetSystemRoutineAddress", PASSIVE_LEVEL);
    const struct pe_module *const modules[] = {&nt_module_ntoskrnl, &nt_module_hal};
    const size_t units = SystemRoutineName->Length / sizeof(WCHAR);
    char name[128];

    if (units >= sizeof(name))
        return NULL;
    for (size_t i = 0; i < units; i++)
        name[i] = (char)SystemRoutineName->Buffer[i];
    name[units] = '\0';
    for (size_t i = 0; i < 2; i++) {
        const struct pe_export *row = nt_export_find(modules[i], name);

        if (!exists(nt, row))
            continue;
        /* The routine exists on Windows: to deny it would send the driver down another path. */
        if (row->kind == PE_EXPORT_UNMODELLED)
            nt_unmodelled_stop(nt, modules[i]->name, name, NT_CALLER());
        return row->address;
    }
    return NULL;
}
