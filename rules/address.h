/* SPDX-License-Identifier: MIT */
/* Addresses and ports as rules write them: single ones, prefixes and ranges. */
#pragma once

#include <stdbool.h>

#include "rules/parser.h"
#include "rules/range.h"

/*
 * 192.0.2.1, 192.0.2.0/24, 192.0.2.0/255.255.255.0, 192.0.2.1-192.0.2.9, 2001:db8::1,
 * 2001:db8::/32, 2001:db8::1-2001:db8::9. False: it is none, and `why` says what is wrong.
 */
bool rules_address_parse(struct rules_span text, struct rules_range *range, const char **why);

/* 80, 1024:, :1023, 8000:8080 (bounds belong to it). */
bool rules_port_parse(struct rules_span text, struct rules_range *range, const char **why);
