/* SPDX-License-Identifier: MIT */
/* Records as JSON objects. */
#include "report/record.h"

#include "check/specimen.h"
#include "report/escape.h"
#include "sluice/version.h"

#include <inttypes.h>
#include <stdio.h>

/* The four characters of a pool tag; others than printable ones as '.'. */
static void tag_text(uint32_t tag, char text[5])
{
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)(tag >> (8 * i));
        text[i] = c >= 0x20 && c < 0x7f ? (char)c : '.';
    }
    text[4] = '\0';
}

static json_int_t number(uint64_t value)
{
    return (json_int_t)value;
}

json_t *report_record_flow(const struct report_flow *flow)
{
    return json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:b, s:I}", "type", "flow",
                     "flow", number(flow->flow), "client", flow->client, "server", flow->server,
                     "protocol", flow->protocol, "name", flow->name, "c2s", number(flow->c2s),
                     "s2c", number(flow->s2c), "held_peak", number(flow->held_peak), "verdict",
                     flow->verdict, "complete", flow->complete, "matches", number(flow->matches));
}

json_t *report_record_ledger(const struct report_ledger *ledger)
{
    return json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
        "type", "ledger", "direction", ledger->direction, "offered", number(ledger->offered),
        "permitted", number(ledger->permitted), "blocked", number(ledger->blocked), "injected",
        number(ledger->injected), "delivered", number(ledger->delivered), "held_engine",
        number(ledger->held_engine), "held_driver", number(ledger->held_driver), "inserted",
        number(ledger->inserted), "removed", number(ledger->removed), "dropped",
        number(ledger->dropped), "discarded", number(ledger->discarded), "lost",
        number(ledger->lost), "duplicate", number(ledger->duplicate), "gap", number(ledger->gap),
        "closed", ledger->closed);
}

json_t *report_record_pool(const struct report_pool *pool)
{
    char tag[5];

    tag_text(pool->tag, tag);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "type", "pool", "tag", tag, "kind",
                     pool->paged ? "Paged" : "Nonp", "allocs", number(pool->allocs), "frees",
                     number(pool->frees), "diff", number(pool->allocs - pool->frees), "bytes",
                     number(pool->bytes));
}

json_t *report_record_left(const struct report_left *left)
{
    char tag[5] = "";

    if (left->tag != 0)
        tag_text(left->tag, tag);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:i, s:I, s:o}", "type", "left", "ledger",
                     left->ledger, "tag", tag, "count", number(left->count), "bytes",
                     number(left->bytes), "ended", number(left->ended), "flow", number(left->flow),
                     "classify", (int)left->classify, "age", number(left->age), "who",
                     report_string(left->who));
}

static const char *frame_at(const struct check_finding *finding, size_t index)
{
    return finding->stack.frames[index];
}

static const char *consequence_at(const struct check_finding *finding, size_t index)
{
    return finding->consequence[index];
}

static json_t *strings(size_t count, const char *(*at)(const struct check_finding *, size_t),
                       const struct check_finding *finding)
{
    json_t *array = json_array();

    for (size_t i = 0; array != NULL && i < count; i++)
        json_array_append_new(array, report_string(at(finding, i)));
    return array;
}

static json_t *events(const struct check_event *list, unsigned count)
{
    json_t *array = json_array();

    for (unsigned i = 0; array != NULL && i < count; i++)
        json_array_append_new(
            array,
            json_pack("{s:I, s:i, s:i, s:I, s:i, s:o, s:o, s:o}", "time",
                      number(list[i].time * 100), "processor", (int)list[i].processor, "irql",
                      (int)list[i].irql, "flow", number(list[i].flow), "classify",
                      (int)list[i].classify, "what", report_string(list[i].what), "where",
                      report_string(list[i].where), "detail", report_string(list[i].detail)));
    return array;
}

static const char *direction_name(uint8_t direction)
{
    static const char *const names[] = {"", "outbound", "inbound"};

    return direction < sizeof(names) / sizeof(names[0]) ? names[direction] : "";
}

json_t *report_record_finding(const struct check_finding *finding, const char *rerun)
{
    char tag[5] = "";

    if (finding->tag != 0)
        tag_text(finding->tag, tag);
    json_t *record = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:i, s:I, s:o, s:o, s:s, s:o, s:s, s:s, "
        "s:o, s:o, s:I}",
        "type", "finding", "rule", finding->rule->id, "severity",
        check_severity_name(finding->severity), "confidence",
        check_confidence_name(finding->confidence), "title", finding->rule->title, "tag", tag,
        "flow", number(finding->flow), "classify", (int)finding->classify, "inject",
        (int)finding->inject, "nbls", (int)finding->nbls, "bytes", number(finding->bytes), "stack",
        strings(finding->stack.count, frame_at, finding), "consequences",
        strings(finding->consequences, consequence_at, finding), "advice", finding->rule->advice,
        "rerun", report_string(rerun), "why", finding->rule->why, "source", finding->rule->source,
        "function", report_string(finding->function), "detail", report_string(finding->detail),
        "count", number(finding->count));
    if (record == NULL)
        return NULL;
    json_object_set_new(record, "direction", json_string(direction_name(finding->direction)));
    json_object_set_new(record, "offset",
                        finding->has_offset ? json_integer(number(finding->offset)) : json_null());
    json_object_set_new(record, "time", json_integer(number(finding->time * 100)));
    json_object_set_new(record, "object", json_integer(number(finding->object)));
    json_object_set_new(record, "history", events(finding->history, finding->history_count));
    json_object_set_new(record, "others", events(finding->others, finding->other_count));
    json_object_set_new(record, "reading", json_string(""));
    return record;
}

json_t *report_record_exhibit(const struct check_finding *finding, uint64_t run, const char *rerun)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "type", "exhibit", "rule", finding->rule->id,
                     "title", finding->rule->title, "severity",
                     check_severity_name(finding->severity), "number", number(run), "rerun",
                     report_string(rerun));
}

json_t *report_record_sample(const struct report_sample *sample)
{
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "type", "sample", "time",
                     number(sample->time), "classifies", number(sample->classifies), "held_driver",
                     number(sample->held_driver), "held_engine", number(sample->held_engine),
                     "tags", sample->tags);
}

json_t *report_record_step(const struct report_step *step)
{
    return json_pack("{s:s, s:I, s:I, s:i, s:i, s:s, s:s, s:i, s:b, s:I, s:i, s:o}", "type", "step",
                     "time", number(step->time), "flow", number(step->flow), "classify",
                     (int)step->classify, "callout", (int)step->callout, "kind", step->kind,
                     "direction", direction_name(step->direction), "processor",
                     (int)step->processor, "bad", step->bad, "bytes", number(step->bytes), "nbls",
                     (int)step->nbls, "text", report_string(step->text));
}

json_t *report_record_nbl(const struct report_nbl *nbl)
{
    char tag[5] = "";

    if (nbl->tag != 0)
        tag_text(nbl->tag, tag);
    return json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:i, s:s, s:s, s:o, s:o, s:i, s:i, s:i}",
                     "type", "nbl", "number", number(nbl->number), "address", number(nbl->address),
                     "first_nb", number(nbl->first_nb), "next", number(nbl->next), "flow",
                     number(nbl->flow), "classify", (int)nbl->classify, "tag", tag, "origin",
                     nbl->origin, "holder", report_string(nbl->holder), "caller",
                     report_string(nbl->caller), "bytes", (int)nbl->bytes, "references",
                     (int)nbl->references, "children", (int)nbl->children);
}

json_t *report_record_cell(const struct report_cell *cell)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:I, s:i, s:b, s:s}", "type", "cell",
                     "profile", cell->profile, "model", cell->model, "workaround", cell->workaround,
                     "nbls", (int)cell->nbls, "injects", (int)cell->injects, "injects_made",
                     (int)cell->injects_made, "leaked_nbls", (int)cell->leaked_nbls, "leaked_bytes",
                     number(cell->leaked_bytes), "predicted_nbls", (int)cell->predicted_nbls,
                     "equal", cell->leaked_nbls == cell->predicted_nbls, "basis", cell->basis);
}

json_t *report_record_prediction(const struct report_prediction *prediction)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "type", "prediction", "id",
                     prediction->id, "profile", prediction->profile, "model", prediction->model,
                     "expected", prediction->expected, "observed", prediction->observed, "equal",
                     prediction->equal, "basis", prediction->basis);
}

json_t *report_record_rule(const struct check_rule *rule)
{
    const struct check_specimen *specimen = check_specimen_of(rule, 0);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s?}", "type", "rule", "rule",
                     rule->id, "severity", check_severity_name(check_rule_severity(rule)),
                     "confidence", check_confidence_name(rule->confidence), "title", rule->title,
                     "why", rule->why, "source", rule->source, "advice", rule->advice, "checked",
                     true, "specimen", specimen != NULL ? specimen->name : NULL);
}

json_t *report_record_debug(const struct report_debug *line)
{
    json_t *record =
        json_pack("{s:s, s:I, s:i, s:o}", "type", "debug", "time", (json_int_t)line->time,
                  "processor", (int)line->processor, "text", report_string(line->text));

    if (record != NULL && line->more != 0)
        json_object_set_new(record, "more", json_integer((json_int_t)line->more));
    return record;
}

json_t *report_record_run(const struct report_run *run)
{
    char hash[17];

    snprintf(hash, sizeof(hash), "%016" PRIx64, run->trace_hash);
    json_t *record = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:s}", "type", "run", "version",
        SLUICE_VERSION_TEXT, "command", run->command, "profile", run->profile, "mode", run->mode,
        "seed", number(run->seed), "trace_hash", hash, "checks", run->checks, "findings",
        number(run->findings), "warnings", number(run->warnings), "verdict", run->verdict);
    if (record != NULL && run->reason != NULL)
        json_object_set_new(record, "reason", json_string(run->reason));
    return record;
}
