/* SPDX-License-Identifier: MIT */
/*
 * Threads: the chains of rules under way in a scope. A thread is a record in scope->threads: the
 * path element that it stands in, where that began, the state of its matcher, and the side elements
 * that are not decided yet. It goes on until its chain matches or cannot match any more.
 *
 * All threads of a buffer stand at the same place. They are run over a piece one after the other up
 * to the place of the first event (an element matched), whatever the pieces; there the chains go
 * on, in the order of the records. So what is under way after n bytes depends on these bytes alone,
 * and with it whether memory suffices.
 *
 * Private to inspect/rule.
 */
#pragma once

#include "inspect/rule/scope.h"

/* Memory to run threads again from where they stood, or to make one in. */
struct thread_mark {
    uint64_t words[INSPECT_THREAD_BYTES / 8];
};

/* A buffer's threads at work. */
struct thread_pass {
    struct inspect_scope *scope;
    const struct inspect_scope_view *view;
    struct inspect_scope_buffer *buffer;
    unsigned slot; /* the buffer's index in the scope */
    struct thread_mark *mark;
};

/* Any thread of this buffer? */
bool inspect_thread_any(const struct thread_pass *pass);

/* Keeps the threads in pass->mark, and takes them back from there. */
void inspect_thread_save(const struct thread_pass *pass);
void inspect_thread_restore(const struct thread_pass *pass);

/* Runs all threads over the next `length` bytes or up to the first event: gives how far, and then
 * they all stand there. inspect_thread_save was called before. */
size_t inspect_thread_run(const struct thread_pass *pass, const uint8_t *data, size_t length);

/* The bytes up to here belong to the buffer now (buffer->length and history moved on): goes on
 * with the chains whose element matched here. This and what begins or ends chains overwrites
 * pass->mark. */
void inspect_thread_events(const struct thread_pass *pass);

/* A literal that ends here began a chain. */
void inspect_thread_gate(const struct thread_pass *pass, const struct ruleset_gate *gate);

/* Is there anything to begin for this gate, with a literal that begins at `begin`? */
bool inspect_thread_gate_open(const struct thread_pass *pass, const struct ruleset_gate *gate,
                              uint64_t begin);

/* Begins the chain of an anchor: the buffer has its first byte, or ends without one. */
void inspect_thread_anchor(const struct thread_pass *pass, uint32_t element);

/* The buffer ends here: decides all threads, none is left. */
void inspect_thread_end(const struct thread_pass *pass);

/* Removes what is dead, and the threads of predicates that came true. */
void inspect_thread_sweep(const struct thread_pass *pass);

/* The earliest buffer offset that a live thread of a blocking rule needs; UINT64_MAX: none. */
uint64_t inspect_thread_hold(const struct thread_pass *pass);

/* The earliest buffer offset at which a chain under way began its present segment. */
uint64_t inspect_thread_earliest(const struct thread_pass *pass);

/* `element` lies in its chain's last segment. */
bool inspect_thread_last_segment(const struct inspect_ruleset *ruleset, uint32_t element);
