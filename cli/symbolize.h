/* SPDX-License-Identifier: MIT */
/* Names for driver code, as a debugger has them: "X+0x1a95" in a finding's stack becomes
 * "X!Inject+0x35 [x.c @ 186]", by llvm-symbolizer and the .pdb beside the image; the line is that
 * of the call, not of where it returns to. */
#pragma once

#include <jansson.h>

/* Replaces addresses of the image called `service` in a finding: in its stack, where inlined
 * functions become frames of their own, marked "(inline)", in its history, in what others did, in
 * its detail and its consequences. Of R70's detail, whose address --benign takes, the address
 * stays, with the name behind it. image: the path of its file. Does nothing when the tool or the
 * symbols are missing: offsets then stay. */
void symbolize_finding(json_t *finding, const char *image, const char *service);

/* The same for records of what is left, an array: who made it. */
void symbolize_left(json_t *records, const char *image, const char *service);
