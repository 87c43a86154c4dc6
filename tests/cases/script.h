/* SPDX-License-Identifier: MIT */
/*
 * Traffic of a test case, written down: the lines between ''' of `traffic = '''` in a case.toml.
 *
 *   flow N [PORT]      what follows belongs to connection N (client port 40000 + N); PORT: the
 *                      server's, 80 if never said
 *   v6                 this connection uses IPv6 (before its first segment)
 *   open               SYN, SYN-ACK, ACK
 *   c TEXT, s TEXT     the client (server) sends the next bytes, in one segment; the peer
 *                      acknowledges
 *   c cut N TEXT       the same in segments of N bytes
 *   c at OFFSET TEXT   bytes at that place of the stream: again, too early, or others than before
 *   c urgent N TEXT    the next bytes, with URG and the urgent pointer N
 *   c skip N           N bytes are sent that the capture does not have
 *   fin c, rst s       ends
 *   wait MS            time passes
 *   step US            from here on a segment comes US microseconds after the one before (1000);
 *                      below 100 several arrive together
 *
 * TEXT is a string in double quotes, with \r \n \t \" \\ \xHH, and *N behind it to repeat it;
 * several stand one after the other. # begins a comment line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The lines between traffic = ''' and ''' of a case.toml, which is cut there. NULL: it has none. */
char *script_find(char *toml);

/* Writes the capture. False: `error` (size bytes) says which line is wrong, and why. */
bool script_write(const char *script, const char *capture, char *error, size_t size);
