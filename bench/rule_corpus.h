/* SPDX-License-Identifier: MIT */
/* Rule sets made of the literals of bench/match_corpus.h, one content a rule. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Writes `count` drop rules on TCP streams, sids from 1. False: the file cannot be written. */
bool rule_corpus_write(FILE *file, uint32_t count);

/* Compiles a rule file. The blob is malloc'ed. False after lines on standard error. */
bool rule_corpus_compile_file(const char *path, uint8_t **blob, size_t *size);

/* What rule_corpus_write writes, compiled. */
bool rule_corpus_compile(uint32_t count, uint8_t **blob, size_t *size);
