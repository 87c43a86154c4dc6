/* SPDX-License-Identifier: MIT */
/* docs/contract.md, made from the tables. */
#include "cli/contract_page.h"

#include "check/ledger.h"
#include "check/rules.h"
#include "check/specimen.h"

#include <string.h>

/* The chapters, each from this rule on. */
static const struct {
    const char *first, *title;
} chapters[] = {
    {"R01", "What classifyFn answers"},
    {"R17", "Indicated data is borrowed"},
    {"R25", "Injection"},
    {"R45", "Flow contexts"},
    {"R52", "Set-up, tear-down, unload"},
    {"R61", "Kernel hygiene"},
    {"LEAK", "Outcomes, and what else is seen in a run"},
};

static void write_chapter(FILE *out, const char *rule)
{
    for (size_t i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++) {
        if (strcmp(chapters[i].first, rule) == 0)
            fprintf(out, "\n## %s\n", chapters[i].title);
    }
}

static void write_rule(FILE *out, const struct check_rule *rule)
{
    const struct check_specimen *specimen;

    fprintf(out, "\n### %s: %s\n\n", rule->id, rule->title);
    fprintf(out, "- %s (%s): %s\n", check_severity_name(check_rule_severity(rule)),
            check_confidence_name(rule->confidence), rule->why);
    fprintf(out, "- Source: %s\n", rule->source);
    fprintf(out, "- %s\n", rule->advice);
    if (check_rule_limits(rule) != NULL)
        fprintf(out, "- What is seen: %s\n", check_rule_limits(rule));
    for (size_t i = 0; (specimen = check_specimen_of(rule, i)) != NULL; i++) {
        if (specimen->name != NULL)
            fprintf(out, "- Specimen: [%s](../specimens/%s/%s.c), %s\n", specimen->name,
                    specimen->folder, specimen->name, specimen->what);
        else
            fprintf(out, "- No specimen: %s\n", specimen->what);
    }
}

static void write_ledgers(FILE *out)
{
    const struct check_ledger *ledger;

    fputs(
        "\n## What is given back, and when it is looked at\n\n"
        "A driver may keep stock, caches and timers until it is unloaded: what is open before is "
        "named by `sluice check`\n(records of type `left`) with who made it, in which flow, and "
        "how old it is, and is no finding. A finding about\nsomething that outlived its flow says "
        "when that flow had ended.\n\n"
        "| ledger | at the end of its flow | when all is quiet | at unload | shown by |\n"
        "|---|---|---|---|---|\n",
        out);
    for (size_t i = 0; (ledger = check_ledger_at(i)) != NULL; i++)
        fprintf(out, "| %s | %s | %s | %s | %s |\n", ledger->name, ledger->flow_end, ledger->idle,
                ledger->unload, ledger->proof);
}

void contract_page(FILE *out)
{
    const struct check_rule *rule;
    size_t rules, with = check_specimen_rules(&rules);

    fputs("<!-- SPDX-License-Identifier: MIT -->\n"
          "<!-- Made by `sluice contract --markdown`; not edited by hand. -->\n"
          "# The contract of the stream layer\n\n"
          "What a stream callout driver owes Windows, rule by rule, as `sluice check` holds it to "
          "it. Each rule says\nhow sure it is that Windows asks for it:\n\n"
          "- *documented*: Microsoft's documentation, Driver Verifier, CodeQL's queries, the "
          "hardware lab kit or the\n  headers of the WDK say so. An error.\n"
          "- *reported*: somebody saw it on a real system. A warning.\n"
          "- *inferred*: we conclude it. A warning.\n"
          "- *outcome*: no rule, but what went wrong before our eyes: a leak, lost bytes, a crash, "
          "a hang. An error.\n\n"
          "What follows from a broken rule (pool that is left because a context was not freed) is "
          "told beneath it,\nand makes it an error if the consequence is one.\n\n"
          "A specimen is a pair of small drivers: the bad one breaks this rule and no other, the "
          "good one is its mended\ntwin. The sources are pages of Microsoft's driver documentation "
          "by file name, unless they say otherwise.\n",
          out);
    fprintf(out, "\n%zu of %zu rules have a specimen.\n", with, rules);
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        write_chapter(out, rule->id);
        write_rule(out, rule);
    }
    write_ledgers(out);
}
