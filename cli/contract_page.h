/* SPDX-License-Identifier: MIT */
/* The contract as a page: docs/contract.md. */
#pragma once

#include <stdio.h>

/* Writes it in Markdown, from the tables of rules and specimens. */
void contract_page(FILE *out);
