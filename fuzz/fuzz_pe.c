/* SPDX-License-Identifier: MIT */
/* The PE loader on any bytes: parse, map, relocate, bind, patch, protect; then the unwinder over
 * its tables. Nothing of the image is executed. */
#include "pe/pe.h"
#include "pe/seh.h"
#include "pe/unwind.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct pe_export LATER[] = {
    {"DrillFromLater", (void *)(uintptr_t)LLVMFuzzerTestOneInput, 0x06020000, 0,
     PE_EXPORT_FUNCTION},
};

/* From the middle of each function, over a made-up stack. */
static void unwind_all(struct pe_image *image)
{
    static uint64_t stack[512];
    const uintptr_t base = (uintptr_t)pe_image_base(image);
    const struct pe_stack_range range = {(uintptr_t)stack, (uintptr_t)(stack + 512)};
    const struct pe_function *last = NULL;
    for (size_t offset = 0; offset < pe_image_size(image) && offset < 0x10000; offset += 3) {
        const struct pe_function *function = pe_function_of(image, base + offset);
        struct pe_context context = {
            .rip = base + offset, .rsp = range.limit + 256, .rbp = range.limit + 1024};
        uint64_t establisher;
        void *handler;
        const void *handler_data;
        if (function == NULL || function == last)
            continue;
        last = function;
        pe_unwind_frame(image, function, PE_HANDLER_EXCEPTION, &range, &context, &establisher,
                        &handler, &handler_data);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct pe_module kernel = {"ntoskrnl.exe", pe_seh_exports, pe_seh_export_count, false};
    const struct pe_module later = {"later.sys", LATER, 1, true};
    const struct pe_module *modules[] = {&kernel, &later};
    struct sim *sim = sim_create(&(struct sim_config){.seed = 1, .arena_bytes = 1ull << 30});
    if (sim == NULL)
        abort();
    struct sim *previous = sim_enter(sim);
    struct pe *pe = pe_create(sim);
    struct pe_image *image;
    struct pe_error error;
    if (pe == NULL)
        abort();
    const enum pe_status status =
        pe_image_load(pe, "fuzz", data, size, modules, 2, 0x06030000, &image, &error);
    if ((status == PE_OK) != (image != NULL) || (status != PE_OK && error.text[0] == '\0'))
        abort();
    if (image != NULL) {
        unwind_all(image);
        pe_image_discard_init(image);
        pe_image_unload(image);
    }
    pe_destroy(pe);
    sim_leave(previous);
    sim_destroy(sim);
    return 0;
}
