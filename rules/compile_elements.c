/* SPDX-License-Identifier: MIT */
/* From chains to elements, gates and anchors. */
#include "rules/compile_elements.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/rule/scope.h"
#include "rules/literals_build.h"

#define CONTEXTS          (2 * INSPECT_BUFFERS)

/* Searches that run from the buffer's begin although their matches begin with some literal of one
 * byte: at most so many in a context, as they take thread memory whether or not such a byte comes.
 */
#define WEAK_SEARCHES_MAX 4u
/* What an anchor takes of it at least, beside its automaton's state. */
#define ANCHOR_BYTES      8u
/* Conditions of a rule that can lie between its two predicates of one expression. */
#define TWINS_MAX         64u

/* A gate before the literals of its context are sorted. */
struct pending_gate {
    uint32_t literal;
    struct ruleset_gate gate;
};

struct context_build {
    struct literals_builder *literals;
    struct blob_table gates;   /* struct pending_gate */
    struct blob_table anchors; /* uint32_t */
    struct blob_table lengths; /* uint32_t */
    struct blob_table places;  /* struct rules_place, of the anchors */
    size_t weak_searches;
};

struct build {
    struct blob *blob;
    const struct chain_teller *teller;
    struct automata_builder *automata;
    struct context_build contexts[CONTEXTS];
    struct blob_table told; /* const struct rule_option *: something was told about it */
    /* The predicate at work. */
    const struct predicate *predicate;
    uint32_t number;
    struct context_build *context;
};

static enum chain_result memory(void *made)
{
    return made != NULL ? CHAIN_OK : CHAIN_NO_MEMORY;
}

static struct ruleset_element *add_element(struct build *build, const struct chain_link *link)
{
    struct ruleset_element *element = blob_table_add(&build->blob->elements, NULL, 1);
    if (element == NULL) {
        return NULL;
    }
    element->kind = link->kind;
    element->flags =
        (uint16_t)((link->negated ? RULESET_NEGATED : 0) | (link->nocase ? RULESET_NOCASE : 0) |
                   (link->unbounded ? RULESET_UNBOUNDED : 0) |
                   (link->segment ? RULESET_SEGMENT : 0) | (link->at_end ? RULESET_AT_END : 0) |
                   (link->absolute ? RULESET_ABSOLUTE : 0) | (link->mark ? RULESET_MARK : 0));
    element->minimum = link->minimum;
    element->maximum = link->unbounded ? link->minimum : link->maximum;
    element->predicate = build->number;
    return element;
}

static uint32_t last_element(const struct build *build)
{
    return (uint32_t)build->blob->elements.count - 1;
}

static enum chain_result add_anchor(struct build *build, const struct chain_link *link)
{
    uint32_t element = last_element(build);
    return blob_table_add(&build->context->places, &link->option->place, 1) != NULL
               ? memory(blob_table_add(&build->context->anchors, &element, 1))
               : CHAIN_NO_MEMORY;
}

/* The head's partial matches must be held: it begins the segment that is withheld. */
static bool head_is_held(const struct build *build)
{
    return (build->predicate->flags & RULESET_PREDICATE_BLOCKING) != 0 &&
           build->predicate->measure.last == 0;
}

/* `literal` begins the last element, from buffer offset `earliest` to `latest` (NONE: anywhere). */
static enum chain_result add_gate(struct build *build, const uint8_t *literal, size_t length,
                                  bool nocase, uint32_t entry, uint32_t earliest, uint32_t latest)
{
    struct context_build *context = build->context;
    if (context->literals == NULL) {
        context->literals = literals_builder_create();
    }
    if (context->literals == NULL) {
        return CHAIN_NO_MEMORY;
    }
    struct pending_gate pending = {
        .literal =
            literals_builder_add(context->literals, literal, length, nocase, head_is_held(build)),
        .gate = {.element = last_element(build),
                 .entry = entry,
                 .length = (uint32_t)length,
                 .earliest = earliest,
                 .latest = latest},
    };
    if (pending.literal == UINT32_MAX) {
        return CHAIN_NO_MEMORY;
    }
    return memory(blob_table_add(&context->gates, &pending, 1));
}

static enum chain_result emit_bytes_of(struct build *build, const struct chain_link *link,
                                       const uint8_t *source, size_t length)
{
    uint8_t *bytes = malloc(length);
    enum chain_result result = memory(bytes);
    if (bytes == NULL) {
        return result;
    }
    for (size_t i = 0; i < length; i++) {
        bytes[i] = link->nocase ? chain_fold(source[i]) : source[i];
    }
    uint32_t data = blob_add_content(build->blob, bytes, length);
    struct ruleset_element *element = data != UINT32_MAX ? add_element(build, link) : NULL;
    result = memory(element);
    if (element != NULL) {
        element->data = data;
        element->length = (uint16_t)length;
        if (link->absolute) {
            result = add_gate(build, bytes, length, link->nocase, 0, (uint32_t)link->minimum,
                              link->unbounded ? INSPECT_NONE : (uint32_t)link->maximum);
        }
    }
    free(bytes);
    return result;
}

static enum chain_result emit_byte(struct build *build, const struct chain_link *link)
{
    const struct rule_byte *byte = &link->option->byte;
    struct ruleset_byte *made = blob_table_add(&build->blob->bytes, NULL, 1);
    struct ruleset_element *element = made != NULL ? add_element(build, link) : NULL;
    if (element == NULL) {
        return CHAIN_NO_MEMORY;
    }
    element->data = (uint32_t)build->blob->bytes.count - 1;
    made->value = byte->value;
    made->bitmask = byte->bitmask;
    made->offset = byte->offset;
    made->post_offset = byte->post_offset;
    made->multiplier = byte->multiplier != 0 ? byte->multiplier : 1;
    made->bytes = (uint8_t)byte->bytes;
    made->base = byte->base;
    made->operator=(uint8_t) byte->operator;
    made->flags = (uint8_t)((byte->negated ? RULESET_BYTE_NEGATED : 0) |
                            (link->absolute ? 0 : RULESET_BYTE_RELATIVE) |
                            (byte->little ? RULESET_BYTE_LITTLE : 0) |
                            (byte->align ? RULESET_BYTE_ALIGN : 0) |
                            (byte->from_beginning ? RULESET_BYTE_FROM_BEGINNING : 0));
    return link->absolute ? add_anchor(build, link) : CHAIN_OK;
}

/* True once for each expression: a rule for both directions has it in two predicates that follow
 * soon after each other. */
static bool tell_first(struct build *build, const struct rule_option *option)
{
    const struct rule_option *const *told = (const void *)build->told.items;
    for (size_t i = build->told.count, steps = 0; i > 0 && steps < TWINS_MAX; i--, steps++) {
        if (told[i - 1] == option) {
            return false;
        }
    }
    return blob_table_add(&build->told, &option, 1) != NULL;
}

static enum chain_result regex_refuse(struct build *build, const struct chain_link *link,
                                      const struct regex_error *error)
{
    const struct rule_pcre *pcre = &link->option->pcre;
    struct rules_place place = pcre->pattern_place;
    if (!tell_first(build, link->option)) {
        return CHAIN_REFUSED;
    }
    if (error->position < pcre->length) {
        place.column += (uint32_t)error->position;
        place.length = 1;
    }
    chain_refuse(build->teller, place, "%s", error->text);
    return CHAIN_REFUSED;
}

/* A run at a known place, or from where one of its prefixes is found. */
static enum chain_result emit_run(struct build *build, const struct chain_link *link,
                                  struct regex_prefix *prefixes, size_t prefix_count)
{
    struct regex_error error = {.position = SIZE_MAX};
    uint32_t automaton;
    if (!regex_compile(build->automata, link->regex, REGEX_RUN, prefixes, prefix_count, &automaton,
                       &error)) {
        return regex_refuse(build, link, &error);
    }
    struct ruleset_element *element = add_element(build, link);
    if (element == NULL) {
        return CHAIN_NO_MEMORY;
    }
    element->data = automaton;
    bool anchored = regex_is_anchored(link->regex);
    enum chain_result result = CHAIN_OK;
    for (size_t i = 0; i < prefix_count && result == CHAIN_OK; i++) {
        result = add_gate(build, prefixes[i].bytes, prefixes[i].length, prefixes[i].nocase != 0,
                          prefixes[i].entry, 0, anchored ? 0 : INSPECT_NONE);
    }
    if (link->absolute && prefix_count == 0 && result == CHAIN_OK) {
        result = add_anchor(build, link);
    }
    return result;
}

/* Where a blocking rule's last segment is a search, it must be known where its partial matches
 * begin. In heads it does not matter: they are held whole. */
static bool link_is_tracked(const struct build *build, const struct chain_link *link)
{
    const struct predicate *predicate = build->predicate;
    return !link->negated && (predicate->flags & RULESET_PREDICATE_BLOCKING) != 0 &&
           inspect_buffer_stage(predicate->chain.buffer) != INSPECT_STAGE_HEAD &&
           link == &predicate->chain.links[predicate->measure.last];
}

static enum chain_result emit_search(struct build *build, const struct chain_link *link,
                                     uint32_t automaton)
{
    struct ruleset_element *element = add_element(build, link);
    if (element == NULL) {
        return CHAIN_NO_MEMORY;
    }
    element->flags |= RULESET_SEARCH;
    element->data = automaton;
    return link->absolute ? add_anchor(build, link) : CHAIN_OK;
}

/* An expression whose matches begin with no literal that could start it. */
static enum chain_result emit_unprefixed(struct build *build, const struct chain_link *link)
{
    struct regex_error error = {.position = SIZE_MAX};
    uint32_t automaton = 0;
    bool tracked = link_is_tracked(build, link);
    bool made = regex_compile(build->automata, link->regex, tracked ? REGEX_TRACKED : REGEX_SEARCH,
                              NULL, 0, &automaton, &error);
    /* On a stream that has no messages all would be held, for ever. */
    bool bounded = !link->absolute || build->predicate->chain.buffer != INSPECT_BUFFER_STREAM;
    if (!made && tracked && bounded) {
        if (tell_first(build, link->option)) {
            rule_set_tell(build->teller->set, RULES_WARNING, link->option->pcre.pattern_place,
                          build->teller->tell, build->teller->context,
                          "holds all %s, as where a match of this expression begins cannot be "
                          "followed (%s)",
                          link->absolute ? "of the buffer" : "behind the match before it",
                          error.text);
        }
        error = (struct regex_error){.position = SIZE_MAX};
        made =
            regex_compile(build->automata, link->regex, REGEX_SEARCH, NULL, 0, &automaton, &error);
    }
    return made ? emit_search(build, link, automaton) : regex_refuse(build, link, &error);
}

/* Bytes that come too often to start an expression at each: one search instead, if it can be had.
 * False: it cannot. */
static bool weak_search(struct build *build, const struct chain_link *link,
                        const struct regex_prefix *prefixes, size_t count, uint32_t *automaton)
{
    struct regex_error error;
    uint8_t shortest = UINT8_MAX;
    for (size_t i = 0; i < count; i++) {
        shortest = prefixes[i].length < shortest ? prefixes[i].length : shortest;
    }
    if (shortest > 1 || build->context->weak_searches == WEAK_SEARCHES_MAX ||
        !regex_compile(build->automata, link->regex,
                       link_is_tracked(build, link) ? REGEX_TRACKED : REGEX_SEARCH, NULL, 0,
                       automaton, &error)) {
        return false;
    }
    build->context->weak_searches++;
    return true;
}

/* The literal that all matches begin with: what the prefixes have in common. Length 0: nothing. */
static struct regex_prefix common_prefix(const struct regex_prefix *prefixes, size_t count)
{
    struct regex_prefix common = {.length = 0};
    if (count != 0) {
        common = prefixes[0];
    }
    for (size_t i = 1; i < count; i++) {
        uint8_t same = 0;
        while (same < common.length && same < prefixes[i].length &&
               common.bytes[same] == prefixes[i].bytes[same]) {
            same++;
        }
        common.length = common.nocase == prefixes[i].nocase ? same : 0;
    }
    return common;
}

/* A relative search whose matches all begin with one literal: the literal as a content, then a run
 * from where it began. */
static enum chain_result emit_search_after(struct build *build, const struct chain_link *link,
                                           const struct regex_prefix *prefix)
{
    struct chain_link content = {.kind = RULESET_CONTENT,
                                 .nocase = prefix->nocase != 0,
                                 .unbounded = true,
                                 .segment = link->segment};
    struct chain_link run = *link;
    run.segment = run.unbounded = false;
    run.minimum = run.maximum = -(int32_t)prefix->length;
    enum chain_result result = emit_bytes_of(build, &content, prefix->bytes, prefix->length);
    return result == CHAIN_OK ? emit_run(build, &run, NULL, 0) : result;
}

static enum chain_result emit_regex(struct build *build, const struct chain_link *link)
{
    struct regex_prefix prefixes[REGEX_PREFIXES_MAX];
    bool anchored = regex_is_anchored(link->regex);
    if (!link->absolute && anchored) {
        return emit_run(build, link, NULL, 0);
    }
    size_t count = regex_prefixes(link->regex, prefixes);
    if (link->absolute && (count != 0 || anchored)) {
        uint32_t automaton;
        return !anchored && weak_search(build, link, prefixes, count, &automaton)
                   ? emit_search(build, link, automaton)
                   : emit_run(build, link, prefixes, count);
    }
    struct regex_prefix common = common_prefix(prefixes, count);
    return !link->absolute && common.length != 0 && link_is_tracked(build, link)
               ? emit_search_after(build, link, &common)
               : emit_unprefixed(build, link);
}

static enum chain_result emit_link(struct build *build, const struct chain_link *link)
{
    switch (link->kind) {
    case RULESET_CONTENT:
        return emit_bytes_of(build, link, link->option->content.bytes,
                             link->option->content.length);
    case RULESET_REGEX:
        return emit_regex(build, link);
    case RULESET_BYTE_TEST:
    case RULESET_BYTE_JUMP:
        return emit_byte(build, link);
    default:
        break;
    }
    if (add_element(build, link) == NULL) {
        return CHAIN_NO_MEMORY;
    }
    if (link->kind == RULESET_LENGTH) {
        uint32_t element = last_element(build);
        return memory(blob_table_add(&build->context->lengths, &element, 1));
    }
    return link->absolute ? add_anchor(build, link) : CHAIN_OK;
}

static enum chain_result emit_predicate(struct build *build, struct predicate *predicate,
                                        uint32_t number)
{
    enum chain_result result = CHAIN_OK;
    build->predicate = predicate;
    build->number = number;
    build->context =
        &build->contexts[predicate->direction * INSPECT_BUFFERS + predicate->chain.buffer];
    predicate->first = (uint32_t)build->blob->elements.count;
    for (size_t i = 0; i < predicate->chain.count; i++) {
        enum chain_result made = emit_link(build, &predicate->chain.links[i]);
        if (made == CHAIN_NO_MEMORY) {
            return made;
        }
        result = made != CHAIN_OK ? made : result;
    }
    predicate->link_count = (uint32_t)build->blob->elements.count - predicate->first;
    if (predicate->link_count != 0) {
        struct ruleset_element *elements = (void *)build->blob->elements.items;
        elements[last_element(build)].flags |= RULESET_FINAL;
    }
    return result;
}

/* Sorts the gates of a context by literal and writes them. */
static bool write_gates(struct blob *blob, const struct context_build *context,
                        struct ruleset_context *written)
{
    size_t count = context->literals != NULL ? literals_builder_count(context->literals) : 0;
    written->literal_gates.first = (uint32_t)blob->gate_ranges.count;
    written->literal_gates.count = (uint32_t)count;
    if (count == 0) {
        return true;
    }
    uint32_t first = (uint32_t)blob->gates.count;
    struct ruleset_range *ranges = blob_table_add(&blob->gate_ranges, NULL, count);
    struct ruleset_gate *gates = blob_table_add(&blob->gates, NULL, context->gates.count);
    if (ranges == NULL || gates == NULL) {
        return false;
    }
    const struct pending_gate *pending = (const void *)context->gates.items;
    for (size_t i = 0; i < context->gates.count; i++) {
        ranges[pending[i].literal].count++;
    }
    for (size_t i = 0; i < count; i++) {
        ranges[i].first = i == 0 ? first : ranges[i - 1].first + ranges[i - 1].count;
    }
    for (size_t i = 0; i < count; i++) {
        ranges[i].count = 0;
    }
    for (size_t i = 0; i < context->gates.count; i++) {
        struct ruleset_range *range = &ranges[pending[i].literal];
        gates[range->first - first + range->count++] = pending[i].gate;
    }
    return true;
}

static bool write_list(struct blob *blob, const struct blob_table *list,
                       struct ruleset_range *written)
{
    written->first = (uint32_t)blob->anchors.count;
    written->count = (uint32_t)list->count;
    return list->count == 0 || blob_table_add(&blob->anchors, list->items, list->count) != NULL;
}

static enum chain_result write_contexts(struct build *build, struct compile_elements_count *count)
{
    struct blob *blob = build->blob;
    for (unsigned i = 0; i < CONTEXTS; i++) {
        unsigned direction = i / INSPECT_BUFFERS, buffer = i % INSPECT_BUFFERS;
        struct context_build *context = &build->contexts[i];
        struct ruleset_context *written = blob_context(blob, direction, buffer);
        struct blob_section *section = &blob->literals[direction][buffer];
        if (!write_gates(blob, context, written) ||
            !write_list(blob, &context->anchors, &written->anchors) ||
            !write_list(blob, &context->lengths, &written->lengths)) {
            return CHAIN_NO_MEMORY;
        }
        if (context->literals != NULL) {
            if (!literals_builder_finish(context->literals, &section->bytes, &section->size)) {
                return CHAIN_NO_MEMORY;
            }
            count->literals += literals_builder_count(context->literals);
            count->literals_bytes += section->size;
        }
    }
    return CHAIN_OK;
}

/* Warns where what begins with a buffer takes more thread memory than there is, always. */
static void check_anchors(const struct build *build)
{
    const struct blob *blob = build->blob;
    const struct ruleset_element *elements = (const void *)blob->elements.items;
    struct inspect_automata automata = {0};
    if (blob->automata.size != 0 &&
        !inspect_automata_verify(blob->automata.bytes, blob->automata.size, &automata)) {
        return;
    }
    for (unsigned i = 0; i < CONTEXTS; i++) {
        const struct context_build *context = &build->contexts[i];
        const uint32_t *anchors = (const void *)context->anchors.items;
        const struct rules_place *places = (const void *)context->places.items;
        size_t used = 0;
        for (size_t j = 0; j < context->anchors.count; j++) {
            const struct ruleset_element *element = &elements[anchors[j]];
            used += ANCHOR_BYTES + (element->kind == RULESET_REGEX
                                        ? inspect_automaton_state_size(&automata, element->data)
                                        : 0);
            if (used > INSPECT_THREAD_BYTES) {
                rule_set_tell(build->teller->set, RULES_WARNING, places[j], build->teller->tell,
                              build->teller->context,
                              "%zu conditions on %s begin with the buffer itself, not with a "
                              "literal: from here on they do not fit into a flow's %u bytes "
                              "(state_overflow)",
                              context->anchors.count, inspect_buffer_name(i % INSPECT_BUFFERS),
                              INSPECT_THREAD_BYTES);
                break;
            }
        }
    }
}

static void count_automata(const struct blob *blob, struct compile_elements_count *count)
{
    const struct ruleset_element *elements = (const void *)blob->elements.items;
    for (size_t i = 0; i < blob->elements.count; i++) {
        if (elements[i].kind == RULESET_REGEX && elements[i].data >= count->automata) {
            count->automata = elements[i].data + 1;
        }
    }
}

enum chain_result compile_elements(struct blob *blob, const struct predicate_table *predicates,
                                   const struct chain_teller *teller,
                                   struct compile_elements_count *count)
{
    struct build build = {
        .blob = blob, .teller = teller, .told.size = sizeof(const struct rule_option *)};
    *count = (struct compile_elements_count){0};
    for (unsigned i = 0; i < CONTEXTS; i++) {
        build.contexts[i].gates.size = sizeof(struct pending_gate);
        build.contexts[i].anchors.size = build.contexts[i].lengths.size = sizeof(uint32_t);
        build.contexts[i].places.size = sizeof(struct rules_place);
    }
    build.automata = automata_builder_create();
    enum chain_result result = memory(build.automata);
    for (uint32_t i = 0; i < predicates->predicates.count && result != CHAIN_NO_MEMORY; i++) {
        struct predicate *predicate = predicate_at(predicates, i);
        if (!predicate->refused) {
            enum chain_result made = emit_predicate(&build, predicate, i);
            result = made != CHAIN_OK ? made : result;
        }
    }
    if (result == CHAIN_OK) {
        result = write_contexts(&build, count);
    }
    if (result == CHAIN_OK) {
        count_automata(blob, count);
        bool any = count->automata != 0;
        if (any &&
            !automata_builder_finish(build.automata, &blob->automata.bytes, &blob->automata.size)) {
            result = CHAIN_NO_MEMORY;
        }
        count->automata_bytes = blob->automata.size;
    }
    if (result == CHAIN_OK) {
        check_anchors(&build);
    }
    automata_builder_destroy(build.automata);
    blob_table_free(&build.told);
    for (unsigned i = 0; i < CONTEXTS; i++) {
        struct context_build *context = &build.contexts[i];
        if (context->literals != NULL) {
            literals_builder_destroy(context->literals);
        }
        blob_table_free(&context->gates);
        blob_table_free(&context->anchors);
        blob_table_free(&context->lengths);
        blob_table_free(&context->places);
    }
    return result;
}
