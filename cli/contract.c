/* SPDX-License-Identifier: MIT */
/* sluice contract [R42]: the rules of the stream layer, or one of them. */
#include "cli/commands.h"

#include "check/rules.h"
#include "check/specimen.h"
#include "cli/contract_page.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/paragraph.h"
#include "cli/quirks.h"
#include "report/record.h"
#include "report/writer.h"

#include <stdio.h>
#include <string.h>

#define TITLE_COLUMN 28
#define TEXT_COLUMN  14

static void print_line(const struct check_rule *rule)
{
    const struct check_specimen *specimen = check_specimen_of(rule, 0);
    char label[48];

    snprintf(label, sizeof(label), "%-8s %-7s %-10s", rule->id,
             check_severity_name(check_rule_severity(rule)),
             check_confidence_name(rule->confidence));
    paragraph_labelled(stdout, label, TITLE_COLUMN, rule->title);
    if (specimen != NULL && specimen->name != NULL)
        printf("%*s%s\n", TITLE_COLUMN, "", specimen->name);
}

static void print_all(void)
{
    const struct check_rule *rule;
    size_t rules, with;

    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++)
        print_line(rule);
    with = check_specimen_rules(&rules);
    printf("%zu of %zu rules have a specimen\n", with, rules);
}

static void print_whole(const struct check_rule *rule)
{
    const struct check_specimen *specimen;

    printf("%s  ", rule->id);
    paragraph_print(stdout, strlen(rule->id) + 2, strlen(rule->id) + 2, rule->title);
    printf("  severity    %s\n", check_severity_name(check_rule_severity(rule)));
    printf("  confidence  %s\n", check_confidence_name(rule->confidence));
    paragraph_labelled(stdout, "  why", TEXT_COLUMN, rule->why);
    paragraph_labelled(stdout, "  source", TEXT_COLUMN, rule->source);
    paragraph_labelled(stdout, "  advice", TEXT_COLUMN, rule->advice);
    if (check_rule_limits(rule) != NULL)
        paragraph_labelled(stdout, "  seen", TEXT_COLUMN, check_rule_limits(rule));
    for (size_t i = 0; (specimen = check_specimen_of(rule, i)) != NULL; i++) {
        printf("  %-*s", TEXT_COLUMN - 2, "specimen");
        size_t column = TEXT_COLUMN;
        if (specimen->name != NULL)
            column += (size_t)printf("specimens/%s/%s.c: ", specimen->folder, specimen->name);
        else
            column += (size_t)printf("none: ");
        paragraph_print(stdout, column, TEXT_COLUMN, specimen->what);
    }
}

static bool write_record(struct report_writer *writer, json_t *record)
{
    const bool written = record != NULL && report_write(writer, record);

    json_decref(record);
    return written;
}

/* All rules, or those asked for, and the closing record. */
static int write_json(const struct options *options)
{
    struct report_writer *writer = report_writer_create(stdout, true, false);
    const struct check_rule *rule;
    bool written = writer != NULL;

    for (size_t i = 0; written && options->file_count == 0 && (rule = check_rule_at(i)); i++)
        written = write_record(writer, report_record_rule(rule));
    for (size_t i = 0; written && i < options->file_count; i++)
        written = write_record(writer, report_record_rule(check_rule_find(options->files[i])));
    written = written &&
              write_record(writer, report_record_run(&(struct report_run){.command = "contract",
                                                                          .profile = "",
                                                                          .mode = "",
                                                                          .seed = options->seed,
                                                                          .checks = "off",
                                                                          .verdict = "clean"})) &&
              report_writer_finish(writer);
    report_writer_destroy(writer);
    return written ? EXIT_CLEAN : EXIT_ENVIRONMENT;
}

/* The outcomes' names come from the table. */
static void no_rule(const char *name)
{
    const struct check_rule *rule;

    fprintf(stderr, "sluice contract: there is no rule %s (R01 to R74", name);
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        if (rule->id[0] != 'R' || rule->id[1] < '0' || rule->id[1] > '9')
            fprintf(stderr, ", %s", rule->id);
    }
    fputs(")\n", stderr);
}

int command_contract(int argc, char **argv)
{
    struct options options;

    if (!options_parse(&options, "contract", OPTION_CONTRACT, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        paragraph_print(
            stdout, 0, 4,
            "sluice contract [RULE]: the rules of the stream layer (R01 to R74) and the outcomes, "
            "or one of them");
        options_help(OPTION_CONTRACT);
        return EXIT_CLEAN;
    }
    if (options.list_quirks)
        return quirks_list();
    for (size_t i = 0; i < options.file_count; i++) {
        if (check_rule_find(options.files[i]) == NULL) {
            no_rule(options.files[i]);
            return EXIT_USAGE;
        }
    }
    if (options.markdown && (options.json || options.file_count != 0)) {
        fputs("sluice contract: --markdown is the whole table, and no JSON\n", stderr);
        return EXIT_USAGE;
    }
    if (options.json)
        return write_json(&options);
    if (options.markdown)
        contract_page(stdout);
    else if (options.file_count == 0)
        print_all();
    for (size_t i = 0; i < options.file_count; i++)
        print_whole(check_rule_find(options.files[i]));
    return ferror(stdout) ? EXIT_ENVIRONMENT : EXIT_CLEAN;
}
