/* SPDX-License-Identifier: MIT */
/* Rule files of any bytes: parsed, every diagnostic shown, what has no error compiled, and the blob
 * accepted by the runtime's own check. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/rule/ruleset.h"
#include "rules/compile.h"
#include "rules/rule.h"

#define COMPILED_MAX 64u /* rules: beyond, compiling them takes longer than it finds */

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
    size_t errors, warnings;
    FILE *out;
};

static void tell(void *context, const struct rules_diagnostic *diagnostic)
{
    struct told *told = context;
    CHECK(diagnostic->text[0] != '\0' && strchr(diagnostic->text, '\n') == NULL);
    CHECK((diagnostic->place.line == 0) == (diagnostic->place.column == 0));
    if (diagnostic->source != NULL) {
        size_t length = strlen(diagnostic->source);
        CHECK(length < 256 && diagnostic->caret <= length && diagnostic->underline >= 1);
        CHECK(diagnostic->caret == length || diagnostic->caret + diagnostic->underline <= length);
    }
    rules_diagnostic_print(told->out, diagnostic);
    told->errors += diagnostic->severity == RULES_ERROR;
    told->warnings += diagnostic->severity == RULES_WARNING;
}

static void check_ports(const struct rule_ports *ports)
{
    CHECK(ports->any == (ports->count == 0));
    for (size_t i = 0; i < ports->count; i++) {
        CHECK(ports->ranges[i].low <= ports->ranges[i].high);
        CHECK(i == 0 || ports->ranges[i - 1].high + 1 < ports->ranges[i].low);
    }
}

static void check_addresses(const struct rule_addresses *addresses)
{
    CHECK(addresses->any == (addresses->count == 0));
    for (size_t i = 0; i < addresses->count; i++) {
        const struct rule_address_range *range = &addresses->ranges[i];
        CHECK(range->family == 4 || range->family == 6);
        CHECK(memcmp(range->low, range->high, 16) <= 0);
        if (i > 0 && range[-1].family == range->family) {
            CHECK(memcmp(range[-1].high, range->low, 16) < 0);
        }
    }
}

static void check_rule(const struct rule_set *set, const struct rule *rule)
{
    CHECK(rule->sid != 0 && rule->message != NULL && rule->text != NULL);
    CHECK(rule->classtype != NULL && rule->category != NULL);
    CHECK(!(rule->to_server && rule->to_client));
    CHECK(rule_set_find(set, rule->gid, rule->sid) == rule);
    check_addresses(&rule->source);
    check_addresses(&rule->destination);
    check_ports(&rule->source_ports);
    check_ports(&rule->destination_ports);
    for (size_t i = 0; i < rule->option_count; i++) {
        const struct rule_option *option = &rule->options[i];
        CHECK(option->buffer < INSPECT_BUFFERS && option->place.line != 0);
        CHECK(option->kind != RULE_CONTENT ||
              (option->content.bytes != NULL && option->content.length > 0));
        CHECK(option->kind != RULE_PCRE || option->pcre.length > 0);
        CHECK(option->kind != RULE_BSIZE || option->bsize.low <= option->bsize.high);
    }
}

static void check_compiled(struct rule_set *set, struct told *told)
{
    struct compile_statistics statistics;
    struct inspect_ruleset ruleset;
    uint8_t *blob = NULL;
    size_t size = 0;
    if (rules_compile(set, NULL, tell, told, &blob, &size, &statistics)) {
        CHECK(inspect_ruleset_verify(blob, size, &ruleset) == INSPECT_RULESET_OK);
        CHECK(set->errors == 0);
    } else {
        CHECK(blob == NULL && set->errors > 0);
    }
    free(blob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told told = {.out = fopen("/dev/null", "w")};
    CHECK(told.out != NULL);
    struct rule_set *set = rule_set_parse_text("fuzz.rules", (const char *)data, size, tell, &told);
    CHECK(set != NULL);
    CHECK(set->errors == told.errors && set->warnings == told.warnings);
    for (size_t i = 0; i < set->count; i++) {
        check_rule(set, &set->rules[i]);
    }
    if (set->errors == 0 && set->count <= COMPILED_MAX) {
        check_compiled(set, &told);
        CHECK(set->errors == told.errors && set->warnings == told.warnings);
    }
    rule_set_free(set);
    fclose(told.out);
    return 0;
}
