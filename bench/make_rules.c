/* SPDX-License-Identifier: MIT */
/* A rule file of COUNT drop rules with one literal each, on standard output. */
#include "bench/rule_corpus.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    const unsigned long count = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;

    if (count == 0 || count > 100000) {
        fprintf(stderr, "usage: make_rules COUNT\n");
        return 2;
    }
    if (!rule_corpus_write(stdout, (uint32_t)count)) {
        fprintf(stderr, "make_rules: cannot write\n");
        return 3;
    }
    return 0;
}
