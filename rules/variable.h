/* SPDX-License-Identifier: MIT */
/* Variables of rule files ($HOME_NET), and the groups of addresses and ports they are used in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/diagnostic.h"
#include "rules/range.h"

struct rules_parser;

enum rules_group { RULES_GROUP_ADDRESSES, RULES_GROUP_PORTS };

enum rules_variable_kind { RULES_VARIABLE_ANY, RULES_VARIABLE_ADDRESSES, RULES_VARIABLE_PORTS };

struct rules_variable {
    const char *name; /* without $ */
    const char *value;
    enum rules_variable_kind kind;
    struct rules_place place; /* of the value; line 0: predefined */
    /* What it came to when it was last worked out; `known` says for which definitions. */
    struct {
        uint32_t known;
        bool good;
        struct rules_ranges ranges;
    } group[2];
    bool open; /* being worked out */
};

struct rules_variables {
    struct rules_variable *items;
    size_t count, capacity;
    uint32_t generation; /* changes with every definition */
};

/* A predefined variable: for documentation. NULL beyond the last. */
const char *rules_variable_predefined(size_t index, enum rules_variable_kind *kind,
                                      const char **value);

/* Sets the predefined ones. False: no memory. */
bool rules_variables_begin(struct rules_variables *variables);
void rules_variables_end(struct rules_variables *variables);

/* Reads the line "var NAME VALUE" (or ipvar, portvar); faults are told. */
struct rules_span;
void rules_variable_define(struct rules_parser *parser, struct rules_span keyword,
                           struct rules_span rest);

/*
 * Works out a group: any, a single item, a variable, or items in brackets, each negated by a "!".
 * [a,b,!c] is what is in a or b but not in c; with negations only, all but these (Suricata's
 * manual, "Rules Format", source and destination). The ranges live until the next rule or as long
 * as the set. False: a fault was told, or no memory.
 */
bool rules_group_parse(struct rules_parser *parser, enum rules_group group, struct rules_span text,
                       struct rules_ranges *ranges);
