/* SPDX-License-Identifier: MIT */
/* Lines of stacks. */
#include "report/frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_frame_parse(const char *text, struct report_frame *frame)
{
    const char *bracket = strstr(text, " [");
    const char *end = bracket != NULL ? strchr(bracket, ']') : NULL;

    memset(frame, 0, sizeof(*frame));
    if (end != NULL) {
        snprintf(frame->name, sizeof(frame->name), "%.*s", (int)(bracket - text), text);
        const char *file = bracket + 2;
        const char *at = strstr(file, " @ ");
        const char *number = at != NULL && at < end ? at + 3 : NULL;
        if (number == NULL) {
            at = end;
            while (at > file && *at != ':')
                at--;
            number = at > file ? at + 1 : NULL;
        }
        if (number != NULL) {
            frame->line = (unsigned)strtoul(number, NULL, 10);
            snprintf(frame->file, sizeof(frame->file), "%.*s", (int)(at - file), file);
        }
        if (frame->line == 0)
            frame->file[0] = '\0';
        return;
    }
    /* A module's name may have blanks in it, what follows an offset or a function is a remark. */
    const char *plus = strstr(text, "+0x");
    const size_t length = plus != NULL
                              ? (size_t)(plus - text) + 3 + strspn(plus + 3, "0123456789abcdef")
                              : strcspn(text, " ");
    snprintf(frame->name, sizeof(frame->name), "%.*s", (int)length, text);
    if (plus != NULL && strchr(frame->name, '!') == NULL)
        frame->offset = (unsigned)strtoul(plus + 1, NULL, 16);
}

bool report_frame_of_driver(const json_t *stack, struct report_frame *frame)
{
    struct report_frame each;
    const json_t *item;
    size_t index;
    bool found = false;

    json_array_foreach(stack, index, item)
    {
        const char *text = json_string_value(item);
        if (text == NULL)
            continue;
        report_frame_parse(text, &each);
        if (each.line != 0) {
            *frame = each;
            return true;
        }
        if (each.offset != 0 && !found) {
            *frame = each;
            found = true;
        }
    }
    return found;
}
