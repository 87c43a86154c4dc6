/* SPDX-License-Identifier: MIT */
/* Lists the headers of folders as an overlay that does not look at the case of names. */
#include "cli/header_case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int header_filter(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcasecmp(dot, ".h") == 0;
}

static void write_quoted(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ')
            fprintf(out, "\\u%04x", (unsigned char)*text);
        else
            fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    }
}

static void write_folder(FILE *out, const char *folder, const char *separator)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, header_filter, alphasort);

    fprintf(out, "%s\n{\"type\": \"directory\", \"name\": \"", separator);
    write_quoted(out, folder);
    fputs("\", \"contents\": [", out);
    for (int i = 0; i < count; i++) {
        fprintf(out, "%s\n{\"type\": \"file\", \"name\": \"", i == 0 ? "" : ",");
        write_quoted(out, entries[i]->d_name);
        fputs("\", \"external-contents\": \"", out);
        write_quoted(out, folder);
        fputc('/', out);
        write_quoted(out, entries[i]->d_name);
        fputs("\"}", out);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    fputs("]}", out);
}

bool header_case_write(const char *path, const char *const *folders, size_t count)
{
    FILE *out = fopen(path, "w");
    bool written;

    if (out == NULL)
        return false;
    /* "fallback": first the file as it is named, then this list. */
    fputs("{\"version\": 0, \"case-sensitive\": \"false\", \"redirecting-with\": \"fallback\",\n"
          "\"roots\": [",
          out);
    for (size_t i = 0; i < count; i++)
        write_folder(out, folders[i], i == 0 ? "" : ",");
    fputs("]}\n", out);
    written = ferror(out) == 0;
    return fclose(out) == 0 && written;
}
