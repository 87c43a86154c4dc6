/* SPDX-License-Identifier: MIT */
/* EVE alert and drop: what rules and the block list decided. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/inspect.h"
#include "report/eve_line.h"

/* A rule that says so, where what rules say is done. */
static bool is_blocking(const struct eve_flow_state *flow, const struct inspect_event_rule *rule)
{
    return !flow->watched &&
           (rule->action == INSPECT_ACTION_DROP || rule->action == INSPECT_ACTION_REJECT);
}

/* Values of one key become one list, as in Suricata. */
static void set_metadata(json_t *alert, const struct rule *rule)
{
    json_t *metadata = json_object();

    for (size_t i = 0; i < rule->metadata_count; i++) {
        const struct rule_pair *pair = &rule->metadata[i];
        json_t *list = json_object_get(metadata, pair->key);
        if (list == NULL) {
            list = json_array();
            json_object_set_new(metadata, pair->key, list);
        }
        json_array_append_new(list, eve_text(pair->value, strlen(pair->value)));
    }
    if (json_object_size(metadata) != 0)
        json_object_set(alert, "metadata", metadata);
    json_decref(metadata);
}

static json_t *end_object(const struct eve_flow_state *flow, unsigned end)
{
    char text[INET6_ADDRSTRLEN] = "";

    inet_ntop(flow->family == 6 ? AF_INET6 : AF_INET, flow->address[end], text, sizeof(text));
    return json_pack("{s:s, s:i}", "ip", text, "port", (int)flow->port[end]);
}

/* Who attacks whom: keyword target names the end that is attacked. */
static void set_target(json_t *alert, const struct eve_flow_state *flow, const struct rule *rule,
                       unsigned sender)
{
    if (rule->target == NULL)
        return;
    unsigned target = strcmp(rule->target, "src_ip") == 0 ? sender : !sender;
    json_object_set_new(alert, "source", end_object(flow, !target));
    json_object_set_new(alert, "target", end_object(flow, target));
}

/* The rule's msg. */
static const char *message_of(const struct eve *eve, const struct rule *rule,
                              const struct inspect_event_rule *match)
{
    const struct inspect_ruleset *compiled = eve->config.compiled;

    if (rule != NULL)
        return rule->message != NULL ? rule->message : "";
    if (compiled == NULL || match->ruleset != compiled->header->identity ||
        match->rule >= compiled->header->rules.count)
        return "";
    return (const char *)compiled->base + compiled->rules[match->rule].message;
}

static json_t *alert_object(const struct eve *eve, const struct eve_flow_state *flow,
                            const struct inspect_event *event)
{
    const struct inspect_event_rule *match = &event->body.rule;
    const struct rule *rule =
        eve->config.rules != NULL ? rule_set_find(eve->config.rules, match->gid, match->sid) : NULL;
    json_t *alert = json_object();

    eve_set_text(alert, "action", is_blocking(flow, match) ? "blocked" : "allowed");
    eve_set_number(alert, "gid", match->gid);
    eve_set_number(alert, "signature_id", match->sid);
    eve_set_number(alert, "rev", match->rev);
    const char *message = message_of(eve, rule, match);
    json_object_set_new(alert, "signature", eve_text(message, strlen(message)));
    json_object_set_new(alert, "category",
                        rule != NULL && rule->category != NULL
                            ? eve_text(rule->category, strlen(rule->category))
                            : json_string(""));
    eve_set_number(alert, "severity", match->priority);
    if (rule != NULL) {
        set_target(alert, flow, rule, event->direction);
        set_metadata(alert, rule);
    }
    return alert;
}

static json_t *own_object(const struct eve *eve, const struct eve_flow_state *flow,
                          const struct inspect_event *event)
{
    const struct inspect_event_rule *match = &event->body.rule;
    json_t *own = json_object();

    eve_set_text(own, "direction", event->direction == INSPECT_C2S ? "to_server" : "to_client");
    eve_set_text(own, "buffer", inspect_buffer_name(match->buffer));
    eve_set_number(own, "begin", match->begin);
    eve_set_number(own, "end", match->end);
    eve_set_number(own, "held_bytes", match->held);
    eve_set_number(own, "hold_ms", flow->hold_ms);
    eve_set_number(own, "passed_bytes", match->passed);
    eve_set_text(own, "rule_class", inspect_rule_class_name(match->class));
    if (match->action == INSPECT_ACTION_REPLACE)
        json_object_set_new(own, "replaced", json_boolean(flow->edited));
    if (eve->config.profile != NULL)
        eve_set_text(own, "profile", eve->config.profile);
    return own;
}

static void set_verdict(json_t *line, const struct eve_flow_state *flow,
                        const struct inspect_event_rule *match)
{
    json_t *verdict = json_object();

    eve_set_text(verdict, "action", is_blocking(flow, match) ? "drop" : "alert");
    if (match->action == INSPECT_ACTION_REJECT && !flow->watched) {
        eve_set_text(verdict, "reject_target", "to_both");
        json_object_set_new(verdict, "reject", json_pack("[s]", "tcp-reset"));
    }
    json_object_set_new(line, "verdict", verdict);
}

static void tell_drop(struct eve *eve, const struct eve_flow_state *flow,
                      const struct inspect_event *event, uint64_t length, const char *reason,
                      json_t *alert, json_t *own, const struct eve_moment *moment)
{
    json_t *line = eve_line(eve, flow, "drop", event->direction, moment);
    json_t *drop = json_object();

    eve_set_number(drop, "len", length);
    eve_set_text(drop, "reason", reason);
    json_object_set_new(line, "drop", drop);
    if (alert != NULL)
        json_object_set_new(line, "alert", alert);
    if (own != NULL)
        json_object_set_new(line, "sluice", own);
    eve_write(eve, line);
}

void eve_rule(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
              const struct eve_moment *moment)
{
    const struct inspect_event_rule *match = &event->body.rule;

    if (is_blocking(flow, match)) {
        flow->dropped = true;
        tell_drop(eve, flow, event, match->held, "rules", alert_object(eve, flow, event),
                  own_object(eve, flow, event), moment);
    }
    if ((event->flags & INSPECT_EVENT_SILENT) != 0 || match->action == INSPECT_ACTION_PASS)
        return;
    flow->alerted = true;
    json_t *line = eve_line(eve, flow, "alert", event->direction, moment);
    eve_set_number(line, "tx_id", event->transaction);
    json_object_set_new(line, "alert", alert_object(eve, flow, event));
    set_verdict(line, flow, match);
    json_object_set_new(line, "sluice", own_object(eve, flow, event));
    eve_write(eve, line);
}

void eve_dropped(struct eve *eve, struct eve_flow_state *flow, const struct inspect_event *event,
                 const struct eve_moment *moment)
{
    flow->dropped = true;
    tell_drop(eve, flow, event, event->offset - event->begin,
              (event->flags & INSPECT_EVENT_BLOCKED) != 0 ? "block list" : "exception policy", NULL,
              NULL, moment);
}
