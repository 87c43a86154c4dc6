/* SPDX-License-Identifier: MIT */
/* Literals as rules, and rules as blobs. */
#include "bench/rule_corpus.h"

#include "bench/match_corpus.h"
#include "rules/compile.h"

#include <stdlib.h>

bool rule_corpus_write(FILE *file, uint32_t count)
{
    struct corpus_literal *literals = calloc(count, sizeof(*literals));

    if (literals == NULL)
        return false;
    corpus_literals(literals, count);
    for (uint32_t i = 0; i < count; i++) {
        fprintf(file, "drop tcp any any -> any any (msg:\"literal %u\"; content:\"|", i + 1);
        for (uint32_t j = 0; j < literals[i].length; j++)
            fprintf(file, j == 0 ? "%02x" : " %02x", literals[i].bytes[j]);
        fprintf(file, "|\"; %ssid:%u;)\n", literals[i].nocase ? "nocase; " : "", i + 1);
    }
    free(literals);
    return fflush(file) == 0 && !ferror(file);
}

static void told(void *context, const struct rules_diagnostic *diagnostic)
{
    (void)context;
    rules_diagnostic_print(stderr, diagnostic);
}

static bool compile(struct rule_set *set, uint8_t **blob, size_t *size)
{
    const struct compile_options options = {0};
    struct compile_statistics statistics;
    bool done = false;

    if (set == NULL)
        fprintf(stderr, "bench: rules: out of memory\n");
    else
        done =
            set->errors == 0 && rules_compile(set, &options, told, NULL, blob, size, &statistics);
    if (set != NULL)
        rule_set_free(set);
    return done;
}

bool rule_corpus_compile_file(const char *path, uint8_t **blob, size_t *size)
{
    return compile(rule_set_parse(&path, 1, told, NULL), blob, size);
}

bool rule_corpus_compile(uint32_t count, uint8_t **blob, size_t *size)
{
    char *text = NULL;
    size_t length = 0;
    FILE *file = open_memstream(&text, &length);
    bool done = false;

    if (file == NULL)
        return false;
    const bool written = rule_corpus_write(file, count);
    if (fclose(file) == 0 && written)
        done = compile(rule_set_parse_text("corpus.rules", text, length, told, NULL), blob, size);
    free(text);
    return done;
}
