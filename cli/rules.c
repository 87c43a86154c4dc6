/* SPDX-License-Identifier: MIT */
/* sluice rules check|compile|explain|stats FILE...: inspection rules. */
#include "cli/commands.h"

#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/paragraph.h"
#include "cli/rules_words.h"
#include "cli/whole_file.h"
#include "inspect/rule/ruleset.h"
#include "rules/compile.h"
#include "rules/keyword.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CONDITIONS_MAX 64
#define WORDS_MAX      1024

/* Rules that were read and, without errors, compiled. */
struct rules_run {
    const struct options *options;
    struct rule_set *set;
    struct compile_options compile;
    struct compile_statistics statistics;
    uint8_t *blob;
    size_t size;
    bool failed; /* output */
};

/* A JSON string of any bytes: what is not UTF-8 becomes '?'. */
static json_t *text_record(const char *text)
{
    json_t *record = json_string(text);

    if (record == NULL) {
        char *copy = strdup(text);
        for (char *at = copy; at != NULL && *at != '\0'; at++)
            *at = (unsigned char)*at < 0x80 ? *at : '?';
        record = copy != NULL ? json_string(copy) : NULL;
        free(copy);
    }
    return record;
}

/* One JSON line; the record is taken. */
static void write_record(struct rules_run *run, json_t *record)
{
    if (record == NULL || json_dumpf(record, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF)
        run->failed = true;
    json_decref(record);
}

static void tell(void *context, const struct rules_diagnostic *diagnostic)
{
    struct rules_run *run = context;

    if (!run->options->json) {
        rules_diagnostic_print(stderr, diagnostic);
        return;
    }
    write_record(run,
                 json_pack("{s:s, s:s, s:o, s:i, s:i, s:o, s:o*}", "type", "diagnostic", "severity",
                           rules_severity_name(diagnostic->severity), "file",
                           text_record(diagnostic->path), "line", (int)diagnostic->place.line,
                           "column", (int)diagnostic->place.column, "text",
                           text_record(diagnostic->text), "source",
                           diagnostic->source != NULL ? text_record(diagnostic->source) : NULL));
}

/* Reads and compiles. False: no memory. */
static bool load(struct rules_run *run)
{
    const struct options *options = run->options;

    run->set = rule_set_parse(options->files, options->file_count, tell, run);
    if (run->set == NULL)
        return false;
    if (run->set->errors != 0)
        return true;
    return rules_compile(run->set, &run->compile, tell, run, &run->blob, &run->size,
                         &run->statistics) ||
           run->set->errors != 0;
}

struct rules_counts {
    size_t actions[4], replacing;
};

static struct rules_counts count_actions(const struct rule_set *set)
{
    struct rules_counts counts = {{0}, 0};

    for (size_t i = 0; i < set->count; i++) {
        const struct rule *rule = &set->rules[i];
        counts.actions[rule->action]++;
        for (size_t k = 0; k < rule->option_count; k++)
            counts.replacing +=
                rule->options[k].kind == RULE_CONTENT && rule->options[k].content.has_replace;
    }
    return counts;
}

static void print_summary(const struct rules_run *run)
{
    const struct rule_set *set = run->set;
    const struct rules_counts counts = count_actions(set);

    printf("%zu rules: %zu alert, %zu pass, %zu drop, %zu reject", set->count, counts.actions[0],
           counts.actions[1], counts.actions[2], counts.actions[3]);
    if (counts.replacing > 0)
        printf(" (%zu of the alerts replace)", counts.replacing);
    printf("; %zu errors, %zu warnings\n", set->errors, set->warnings);
}

/* The closing record, of every subcommand. */
static json_t *summary_record(const struct rules_run *run, const char *command)
{
    const struct rule_set *set = run->set;
    const struct rules_counts counts = count_actions(set);

    return json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s}", "type", "rules", "command",
        command, "rules", (json_int_t)set->count, "errors", (json_int_t)set->errors, "warnings",
        (json_int_t)set->warnings, "alert", (json_int_t)counts.actions[RULE_ALERT], "pass",
        (json_int_t)counts.actions[RULE_PASS], "drop", (json_int_t)counts.actions[RULE_DROP],
        "reject", (json_int_t)counts.actions[RULE_REJECT], "replace", (json_int_t)counts.replacing,
        "verdict", set->errors != 0 ? "bad" : "good");
}

static int check(struct rules_run *run)
{
    if (run->options->json)
        write_record(run, summary_record(run, "check"));
    else if (!run->options->quiet)
        print_summary(run);
    return EXIT_CLEAN;
}

static bool write_file(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = whole_file_open(path);

    if (file == NULL)
        return false;
    fwrite(bytes, 1, size, file);
    return whole_file_close(file, true);
}

static int compile(struct rules_run *run)
{
    if (!write_file(run->options->out, run->blob, run->size)) {
        fprintf(stderr, "sluice rules compile: %s: %s\n", run->options->out, strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    if (run->options->json) {
        json_t *record = summary_record(run, "compile");
        if (record != NULL &&
            (json_object_set_new(record, "out", text_record(run->options->out)) |
             json_object_set_new(record, "bytes", json_integer((json_int_t)run->size))) != 0)
            run->failed = true;
        write_record(run, record);
    } else if (!run->options->quiet) {
        print_summary(run);
        printf("%s: %zu bytes\n", run->options->out, run->size);
    }
    return EXIT_CLEAN;
}

/* The options of a condition: from its first one to the next chain in the same buffer. */
static bool begins_condition(const struct compile_condition *conditions, size_t count,
                             const struct rule_option *option, size_t *which)
{
    for (size_t i = 0; i < count; i++) {
        if (conditions[i].first == option) {
            *which = i;
            return true;
        }
    }
    return false;
}

static void print_rule(const struct rules_run *run, const struct rule *rule,
                       const struct compile_condition *conditions, size_t count)
{
    char words[WORDS_MAX];
    size_t which = 0;
    size_t head = strcspn(rule->text, "(");

    while (head > 0 && rule->text[head - 1] == ' ')
        head--;

    printf("%u:%u  %s  (%s:%u)\n", rule->gid, rule->sid,
           rule->message[0] != '\0' ? rule->message : "no msg", run->set->paths[rule->place.file],
           rule->place.line);
    printf("  applies to  %.*s%s\n", (int)head, rule->text,
           rule->to_server   ? ", what the client sends"
           : rule->to_client ? ", what the server sends"
                             : "");
    for (size_t i = 0; i < rule->option_count; i++) {
        rules_words_option(&rule->options[i], words, sizeof(words));
        printf("  %-11s %s\n", i == 0 ? "matches if" : "", words);
        if (begins_condition(conditions, count, &rule->options[i], &which)) {
            rules_words_condition(&conditions[which], rule, words, sizeof(words));
            printf("  %-11s     [%s]\n", "", words);
        }
    }
    for (size_t i = 0; i < rule->flowbit_count; i++) {
        rules_words_flowbit(&rule->flowbits[i], words, sizeof(words));
        printf("  %-11s %s\n", i == 0 ? "flowbits" : "", words);
    }
    rules_words_threshold(&rule->threshold, words, sizeof(words));
    if (words[0] != '\0')
        printf("  threshold   %s\n", words);
    if (rule->noalert)
        puts("  noalert     tells no event");
    printf("  class       %s: %s\n\n", inspect_rule_class_name(rule->class),
           rules_words_promise(rule));
}

static json_t *condition_record(const struct compile_condition *condition, const struct rule *rule)
{
    char words[WORDS_MAX];

    rules_words_condition(condition, rule, words, sizeof(words));
    return json_pack("{s:s, s:b, s:o?, s:I, s:s}", "buffer", inspect_buffer_name(condition->buffer),
                     "negated", condition->negated, "span",
                     condition->bounded ? json_integer(condition->span) : NULL, "parts",
                     (json_int_t)condition->segments, "text", words);
}

static json_t *rule_record(const struct rules_run *run, const struct rule *rule,
                           const struct compile_condition *conditions, size_t count)
{
    char words[WORDS_MAX];
    json_t *options = json_array();
    json_t *parts = json_array();
    json_t *flowbits = json_array();

    for (size_t i = 0; i < rule->option_count; i++) {
        rules_words_option(&rule->options[i], words, sizeof(words));
        json_array_append_new(options, text_record(words + strspn(words, " ")));
    }
    for (size_t i = 0; i < count; i++)
        json_array_append_new(parts, condition_record(&conditions[i], rule));
    for (size_t i = 0; i < rule->flowbit_count; i++) {
        rules_words_flowbit(&rule->flowbits[i], words, sizeof(words));
        json_array_append_new(flowbits, text_record(words));
    }
    rules_words_threshold(&rule->threshold, words, sizeof(words));
    return json_pack("{s:s, s:I, s:I, s:I, s:s, s:s, s:o, s:o, s:I, s:s, s:s, s:o, s:o, s:o, s:s, "
                     "s:b}",
                     "type", "rule", "gid", (json_int_t)rule->gid, "sid", (json_int_t)rule->sid,
                     "rev", (json_int_t)rule->rev, "action", rules_words_action(rule->action),
                     "protocol", rules_words_protocol(rule->protocol), "msg",
                     text_record(rule->message), "file",
                     text_record(run->set->paths[rule->place.file]), "line",
                     (json_int_t)rule->place.line, "class", inspect_rule_class_name(rule->class),
                     "promise", rules_words_promise(rule), "options", options, "conditions", parts,
                     "flowbits", flowbits, "threshold", words, "noalert", rule->noalert);
}

static int explain(struct rules_run *run)
{
    struct compile_condition conditions[CONDITIONS_MAX];

    for (size_t i = 0; i < run->set->count && !run->failed; i++) {
        const struct rule *rule = &run->set->rules[i];
        size_t count = rules_explain(run->set, rule, &run->compile, conditions, CONDITIONS_MAX);
        count = count < CONDITIONS_MAX ? count : CONDITIONS_MAX;
        if (run->options->json)
            write_record(run, rule_record(run, rule, conditions, count));
        else
            print_rule(run, rule, conditions, count);
    }
    if (run->options->json)
        write_record(run, summary_record(run, "explain"));
    else
        print_summary(run);
    return EXIT_CLEAN;
}

static int stats(struct rules_run *run)
{
    const struct compile_statistics *statistics = &run->statistics;
    const struct {
        const char *key, *text;
        size_t value;
    } rows[] = {
        {"blocking", "blocking rules", statistics->blocking},
        {"full", "  of class full", statistics->full},
        {"tail", "  of class tail", statistics->tail},
        {"literals", "literals", statistics->literals},
        {"automata", "regular expressions", statistics->automata},
        {"predicates", "conditions", statistics->predicates},
        {"elements", "elements of conditions", statistics->elements},
        {"literals_bytes", "bytes of literal tables", statistics->literals_bytes},
        {"automata_bytes", "bytes of automata", statistics->automata_bytes},
        {"bytes", "bytes in all", statistics->blob_bytes},
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]);

    if (!run->options->json) {
        print_summary(run);
        for (size_t i = 0; i < count; i++)
            printf("  %-26s %zu\n", rows[i].text, rows[i].value);
        printf("  %-26s %.1f\n", "milliseconds to compile", statistics->seconds * 1000);
        return EXIT_CLEAN;
    }
    json_t *record = summary_record(run, "stats");
    for (size_t i = 0; i < count; i++) {
        if (json_object_set_new(record, rows[i].key, json_integer((json_int_t)rows[i].value)) != 0)
            run->failed = true;
    }
    if (json_object_set_new(record, "milliseconds", json_real(statistics->seconds * 1000)) != 0)
        run->failed = true;
    write_record(run, record);
    return EXIT_CLEAN;
}

/* The keywords with the syntax of their values: from this table docs/rules.md is made. */
static int keywords(struct rules_run *run)
{
    static const char *const groups[] = {"meta", "flow", "payload", "buffer", "modifier"};
    const struct rules_keyword *keyword;

    for (size_t i = 0; (keyword = rules_keyword_at(i)) != NULL; i++) {
        if (run->options->json)
            write_record(run, json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "keyword", "name",
                                        keyword->name, "group", groups[keyword->group], "syntax",
                                        keyword->syntax, "text", keyword->help));
        else
            printf("%-20s %s\n", keyword->name, keyword->help);
    }
    return EXIT_CLEAN;
}

#define HELP_COLUMN 29

struct subcommand {
    const char *name, *arguments, *help;
    int (*run)(struct rules_run *run);
    bool wants_files;
};

static const struct subcommand subcommands[] = {
    {"check", "FILE...", "are these rules good? Tells each fault at file:line:column", check, true},
    {"compile", "FILE... -o OUT.rset", "makes the rule set that the driver loads", compile, true},
    {"explain", "FILE...", "what each rule matches, and what its class promises", explain, true},
    {"stats", "FILE...", "counts, table sizes and time of the compiled rules", stats, true},
    {"keywords", "", "the rule keywords that there are", keywords, false},
};

static void usage(FILE *out)
{
    fputs("usage: sluice rules COMMAND FILE...     (- is standard input)\n\n", out);
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        char left[40];
        snprintf(left, sizeof(left), "  %s %s", subcommands[i].name, subcommands[i].arguments);
        paragraph_labelled(out, left, HELP_COLUMN, subcommands[i].help);
    }
    fputs("\nAll FILEs make one rule set. Bad rules: exit code 2.\n\n", out);
}

static int run_files(const struct subcommand *subcommand, struct rules_run *run)
{
    int code;

    if (!load(run)) {
        fprintf(stderr, "sluice rules %s: out of memory\n", subcommand->name);
        code = EXIT_ENVIRONMENT;
    } else if (run->set->errors != 0) {
        if (run->options->json)
            write_record(run, summary_record(run, subcommand->name));
        else
            print_summary(run);
        code = EXIT_USAGE;
    } else {
        code = subcommand->run(run);
    }
    free(run->blob);
    rule_set_free(run->set);
    return code;
}

int command_rules(int argc, char **argv)
{
    const struct subcommand *subcommand = NULL;
    struct options options;
    char name[32];

    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0) {
        usage(argc == 0 ? stderr : stdout);
        if (argc != 0)
            options_help(OPTION_RULES);
        return argc == 0 ? EXIT_USAGE : EXIT_CLEAN;
    }
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
        if (strcmp(argv[0], subcommands[i].name) == 0)
            subcommand = &subcommands[i];
    }
    if (subcommand == NULL) {
        fprintf(stderr, "sluice rules: there is no command %s (sluice rules --help lists them)\n",
                argv[0]);
        return EXIT_USAGE;
    }
    snprintf(name, sizeof(name), "rules %s", subcommand->name);
    if (!options_parse(&options, name, OPTION_RULES, argc - 1, argv + 1))
        return EXIT_USAGE;
    if (options.help) {
        printf("sluice rules %s %s: %s\n", subcommand->name, subcommand->arguments,
               subcommand->help);
        options_help(OPTION_RULES);
        return EXIT_CLEAN;
    }
    if (subcommand->wants_files && options.file_count == 0) {
        fprintf(stderr, "sluice %s: needs a rule file\n", name);
        return EXIT_USAGE;
    }
    if ((options.out != NULL) != (subcommand->run == compile)) {
        fprintf(stderr, "sluice %s: %s\n", name,
                options.out == NULL ? "needs -o OUT.rset" : "-o goes with compile");
        return EXIT_USAGE;
    }
    if (options.hold_max > UINT32_MAX) {
        fprintf(stderr, "sluice %s: --hold-max is a number of bytes below 4 GB\n", name);
        return EXIT_USAGE;
    }
    struct rules_run run = {.options = &options,
                            .compile = {.hold_max = (uint32_t)options.hold_max}};
    const int code = subcommand->wants_files ? run_files(subcommand, &run) : subcommand->run(&run);
    return run.failed ? EXIT_ENVIRONMENT : code;
}
