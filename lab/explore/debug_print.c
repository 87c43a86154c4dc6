/* SPDX-License-Identifier: MIT */
/* Keeping DbgPrint's lines. */
#include "explore/debug_print.h"

#include <stdlib.h>
#include <string.h>

struct line {
    uint64_t time;
    unsigned processor;
    char *text;
};

struct debug_print {
    struct machine *machine;
    struct line lines[DEBUG_PRINT_LINES];
    size_t count;
    uint64_t more;
    bool no_memory;
};

static void keep(struct debug_print *print, const char *text, size_t length)
{
    if (print->count == DEBUG_PRINT_LINES) {
        print->more++;
        return;
    }
    struct line *line = &print->lines[print->count];
    line->text = strndup(text, length);
    if (line->text == NULL) {
        print->no_memory = true;
        return;
    }
    line->time = print->machine->sim->now;
    line->processor = sim_task_processor(print->machine->sim);
    print->count++;
}

static void said(void *context, const char *text, size_t length)
{
    struct debug_print *print = context;

    while (length != 0) {
        const char *end = memchr(text, '\n', length);
        const size_t line = end != NULL ? (size_t)(end - text) : length;
        const size_t bare = line != 0 && text[line - 1] == '\r' ? line - 1 : line;
        if (bare != 0)
            keep(print, text, bare);
        text += line + (end != NULL);
        length -= line + (end != NULL);
    }
}

struct debug_print *debug_print_create(struct machine *machine)
{
    struct debug_print *print = calloc(1, sizeof(*print));

    if (print == NULL)
        return NULL;
    print->machine = machine;
    nt_debug_listen(machine->nt, said, print);
    return print;
}

bool debug_print_tell(const struct debug_print *print,
                      void (*told)(void *context, const struct run_debug *line), void *context)
{
    for (size_t i = 0; i < print->count; i++) {
        const struct line *line = &print->lines[i];
        told(context, &(struct run_debug){
                          .time = line->time, .processor = line->processor, .text = line->text});
    }
    if (print->more != 0)
        told(context, &(struct run_debug){
                          .time = print->machine->sim->now, .text = "", .more = print->more});
    return !print->no_memory;
}

void debug_print_destroy(struct debug_print *print)
{
    if (print == NULL)
        return;
    nt_debug_listen(print->machine->nt, NULL, NULL);
    for (size_t i = 0; i < print->count; i++)
        free(print->lines[i].text);
    free(print);
}
