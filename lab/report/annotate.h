/* SPDX-License-Identifier: MIT */
/*
 * Annotated captures: the capture again, with a comment on each packet that was held, released,
 * blocked or matched. Notes are taken while a run goes on, by flow and place in the stream; which
 * packets carried those bytes is found out when the capture is read a second time.
 */
#pragma once

#include "report/pcapng.h"
#include "traffic/capture.h"

struct annotate;

/* NULL: no memory. */
struct annotate *annotate_create(void);
void annotate_destroy(struct annotate *annotate);

/* A flow, in the order in which connections between the same ends were opened. */
void annotate_flow(struct annotate *annotate, uint64_t flow, bool v6,
                   const struct tcpip_endpoint *client, const struct tcpip_endpoint *server);

#define ANNOTATE_TO_END UINT64_MAX

/* Bytes [begin, end) that the client (stream 0) or the server (1) sent; end ANNOTATE_TO_END: all
 * that follows. */
void annotate_note(struct annotate *annotate, uint64_t flow, unsigned stream, uint64_t begin,
                   uint64_t end, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Writes the captures' packets, in order, with their comments. False: memory was short, now or when
 * notes were taken, or a capture cannot be read (text, size bytes, says which). */
bool annotate_write(struct annotate *annotate, struct traffic_capture *const *captures,
                    size_t count, struct pcapng_writer *writer, char *text, size_t size);
