/* SPDX-License-Identifier: MIT */
/* The command line: parsing by table. */
#include "cli/options.h"

#include "cli/paragraph.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { KIND_FLAG, KIND_TEXT, KIND_NUMBER, KIND_LIST, KIND_ON_OFF };

struct option_row {
    const char *name;  /* with its dashes */
    const char *value; /* what follows, for help; NULL for flags */
    enum option_kind kind;
    unsigned groups;
    size_t offset;       /* in struct options */
    size_t count_offset; /* lists */
    const char *help;
};

#define HELP_COLUMN 27

#define ALL                                                                                        \
    (OPTION_RUN | OPTION_REPLAY | OPTION_MATRIX | OPTION_CHECK | OPTION_BUILD | OPTION_CONTRACT |  \
     OPTION_LAB | OPTION_RULES | OPTION_REPORT | OPTION_RERUN)
#define AT(field) offsetof(struct options, field)

static const struct option_row rows[] = {
    {"--profile", "NAME", KIND_TEXT, OPTION_RUN | OPTION_LAB, AT(profile), 0,
     "Windows to be: vista-sp1, 7sp1, 8.1, 10 or 11 (check: or all)"},
    {"--seed", "N", KIND_NUMBER, OPTION_RUN | OPTION_LAB, AT(seed), 0,
     "every choice of the run follows from it (default 1)"},
    {"--driver", "X.sys", KIND_TEXT, OPTION_REPLAY, AT(driver), 0,
     "another driver than sluice.sys"},
    {"--mode", "MODE", KIND_TEXT, OPTION_REPLAY, AT(mode), 0,
     "sluice.sys: gate (hold, decide, release; default), permit, monitor"},
    {"--side", "SIDE", KIND_TEXT, OPTION_REPLAY, AT(side), 0,
     "whose machine this is: client, server or auto (default)"},
    {"--midstream", "HOW", KIND_TEXT, OPTION_REPLAY, AT(midstream), 0,
     "connections without a SYN: adopt (default) or old (not shown to callouts unless they ask)"},
    {"--block", "FILE", KIND_TEXT, OPTION_REPLAY | OPTION_CHECK, AT(block), 0,
     "sluice.sys: server names and hosts to drop, one a line; *.example.com for all below"},
    {"--rules", "FILE", KIND_LIST, OPTION_REPLAY | OPTION_CHECK, AT(rules), AT(rules_count),
     "inspection rules for sluice.sys: text in Suricata's language, or one compiled set"},
    {"--eve", "FILE", KIND_TEXT, OPTION_REPLAY, AT(eve), 0,
     "write what sluice.sys tells as EVE JSON lines"},
    {"--annotate", "OUT.pcapng", KIND_TEXT, OPTION_REPLAY, AT(annotate), 0,
     "write the capture again, with a comment on each packet held, released, blocked or matched"},
    {"--deliver", "DIR", KIND_TEXT, OPTION_REPLAY, AT(deliver), 0,
     "write what each application received: <client>_<port>-<server>_<port>.c2s and .s2c"},
    {"--model", "M", KIND_TEXT, OPTION_MATRIX, AT(model), 0,
     "how the defect works: A, B, C, D or none (default: matrix all, explain the profile's own)"},
    {"--explore", "N", KIND_NUMBER, OPTION_CHECK, AT(explore), 0,
     "run N seeds, beginning with --seed"},
    {"--exhaustive", "N", KIND_NUMBER, OPTION_CHECK, AT(exhaustive), 0,
     "all schedules with at most N preemptions (1 to 3) of a short script"},
    {"--schedules", "N", KIND_NUMBER, OPTION_CHECK, AT(schedules), 0,
     "stop --exhaustive after N schedules (default 200000)"},
    {"--case", "NAME", KIND_TEXT, OPTION_CHECK, AT(short_case), 0,
     "a short case of --exhaustive in place of the scenario: chain, both, end, filters, unload"},
    {"--schedule", "LIST", KIND_TEXT, OPTION_CHECK, AT(schedule), 0,
     "one run with this schedule: AT=CHOSEN,... as a finding's command has it, or seed"},
    {"--readings", NULL, KIND_FLAG, OPTION_CHECK, AT(readings), 0,
     "run under each behaviour that documents leave open, in turn"},
    {"--faults", NULL, KIND_FLAG, OPTION_CHECK, AT(faults), 0,
     "each call that can fail fails, once for each call stack and documented status"},
    {"--fault", "CALL:NTH[:WAY]", KIND_LIST, OPTION_CHECK, AT(faults_at), AT(fault_at_count),
     "the Nth call of CALL fails (in its WAYth documented way); random:N, N of a million calls"},
    {"--benign", "CALL[:PLACE]", KIND_LIST, OPTION_CHECK, AT(benign), AT(benign_count),
     "this call (made at this driver+0xoffset) need not be able to fail"},
    {"--bfe-stopped", NULL, KIND_FLAG, OPTION_CHECK, AT(bfe_stopped), 0,
     "the Base Filtering Engine starts after the driver"},
    {"--neighbour", "NAME", KIND_LIST, OPTION_CHECK, AT(neighbours), AT(neighbour_count),
     "beside another callout driver; lawful, all, or one by name"},
    {"--unload", NULL, KIND_FLAG, OPTION_CHECK, AT(unload), 0,
     "unload the driver before each step of the scenario"},
    {"--unload-at", "STEP", KIND_NUMBER, OPTION_CHECK, AT(unload_at), 0,
     "unload the driver before this step"},
    {"--unload-at-rest", "STEP", KIND_NUMBER, OPTION_CHECK, AT(unload_at_rest), 0,
     "the same, when what the steps before brought about has come to rest"},
    {"--four-gigabytes", NULL, KIND_FLAG, OPTION_CHECK, AT(four_gigabytes), 0,
     "one flow carries more than 4 GB each way (some seconds)"},
    {"--thorough", NULL, KIND_FLAG, OPTION_CHECK, AT(thorough), 0,
     "all of it: --readings --faults --unload --neighbour lawful --four-gigabytes --exhaustive 2 "
     "--explore 1000"},
    {"--script", "FILE", KIND_TEXT, OPTION_CHECK, AT(script), 0,
     "traffic and events of your own in place of the scenario"},
    {"--quirk", "NAME", KIND_LIST, OPTION_CHECK, AT(quirks), AT(quirk_count),
     "a defect that a Windows had: q-block-tail, q-irql-leak, ... (sluice contract --quirks), or "
     "all"},
    {"--quirks", NULL, KIND_FLAG, OPTION_CONTRACT, AT(list_quirks), 0,
     "list the defects of Windows that check --quirk imitates, and those it does not"},
    {"--record", "DIR", KIND_TEXT, OPTION_CHECK | OPTION_REPLAY, AT(record), 0,
     "write each finding's run into DIR as a .sluice file, for sluice rerun"},
    {"--debug-print", NULL, KIND_FLAG, OPTION_RUN | OPTION_RERUN, AT(debug_print), 0,
     "show what the driver says with DbgPrint (of a check: in its first run)"},
    {"--shrink", NULL, KIND_FLAG, OPTION_RERUN, AT(shrink), 0,
     "make the recorded run as small as it gets while it still fails the same way"},
    {"-o", "OUT.sluice", KIND_TEXT, OPTION_RERUN, AT(out), 0, "the smaller run (--shrink)"},
    {"--sarif", "FILE", KIND_TEXT, OPTION_REPORT, AT(sarif), 0, "findings as SARIF 2.1.0"},
    {"--junit", "FILE", KIND_TEXT, OPTION_REPORT, AT(junit), 0, "the verdict as JUnit XML"},
    {"--html", "FILE", KIND_TEXT, OPTION_REPORT, AT(html), 0,
     "a report in one page: pool and held bytes over time, findings, a flow's timeline"},
    {"--view", "NAME", KIND_LIST, OPTION_REPORT, AT(views), AT(view_count),
     "as another tool would show it: poolmon, !poolused, !ndiskd.nbl, !ndiskd.pendingnbls"},
    {"--set", "NAME=VALUE", KIND_LIST, OPTION_RUN, AT(settings), AT(setting_count),
     "a value of the driver's registry Parameters"},
    {"--switch", "NAME=VALUE", KIND_LIST, OPTION_RUN, AT(switches), AT(switch_count),
     "a behaviour that documents leave open: completion=sync, inline_emit=inside_inject, ..."},
    {"--checks", "on|off", KIND_ON_OFF, OPTION_RUN, AT(checks), 0, "rule checks (default on)"},
    {"--special-pool", NULL, KIND_FLAG, OPTION_RUN, AT(special_pool), 0,
     "a guard page behind every block of the driver; freed blocks become inaccessible"},
    {"-o", "X.sys", KIND_TEXT, OPTION_BUILD, AT(out), 0, "the image to make"},
    {"-o", "OUT.rset", KIND_TEXT, OPTION_RULES, AT(out), 0, "compile: the rule set to make"},
    {"--hold-max", "BYTES", KIND_NUMBER, OPTION_RULES, AT(hold_max), 0,
     "longest match that a rule of class full may hold (default 65536)"},
    {"-D", "NAME[=VALUE]", KIND_LIST, OPTION_BUILD, AT(defines), AT(define_count),
     "a macro definition"},
    {"-I", "DIR", KIND_LIST, OPTION_BUILD, AT(includes), AT(include_count), "a folder of headers"},
    {"-W", "FLAG", KIND_LIST, OPTION_BUILD, AT(flags), AT(flag_count),
     "a warning flag for the compiler: -W extra, -Werror, -W no-unused-variable"},
    {"--target", "win7|win8", KIND_TEXT, OPTION_BUILD, AT(target), 0,
     "oldest Windows that is to load it (default win8)"},
    {"--keep", NULL, KIND_FLAG, OPTION_BUILD, AT(keep), 0, "keep the folder of object files"},
    {"--markdown", NULL, KIND_FLAG, OPTION_CONTRACT, AT(markdown), 0,
     "the whole table as a page: docs/contract.md"},
    {"--json", NULL, KIND_FLAG,
     OPTION_RUN | OPTION_LAB | OPTION_CONTRACT | OPTION_RULES | OPTION_RERUN, AT(json), 0,
     "JSON lines on standard output"},
    {"--quiet", NULL, KIND_FLAG,
     OPTION_RUN | OPTION_LAB | OPTION_BUILD | OPTION_CONTRACT | OPTION_RULES | OPTION_RERUN,
     AT(quiet), 0, "less to read: no progress, no ledgers"},
    {"--help", NULL, KIND_FLAG, ALL, AT(help), 0, "this text (-h, too)"},
    {"-h", NULL, KIND_FLAG, ALL, AT(help), 0, NULL},
};

static const struct option_row *find(const char *word, unsigned groups, const char **attached)
{
    *attached = NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t length = strlen(rows[i].name);
        if ((rows[i].groups & groups) == 0 || strncmp(word, rows[i].name, length) != 0)
            continue;
        if (word[length] == '\0')
            return &rows[i];
        if (rows[i].value != NULL && word[length] == '=') {
            *attached = word + length + 1;
            return &rows[i];
        }
        if (rows[i].value != NULL && length == 2) { /* -Dx, -Ix, -ox */
            *attached = word + length;
            return &rows[i];
        }
    }
    return NULL;
}

static bool assign(struct options *options, const struct option_row *row, const char *value)
{
    char *field = (char *)options + row->offset;
    char *end;

    assert(value != NULL || row->kind == KIND_FLAG);

    switch (row->kind) {
    case KIND_FLAG:
        *(bool *)field = true;
        return true;
    case KIND_TEXT:
        *(const char **)(void *)field = value;
        return true;
    case KIND_ON_OFF:
        *(bool *)field = strcmp(value, "on") == 0;
        if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0)
            return true;
        fprintf(stderr, "sluice: %s takes on or off, not \"%s\"\n", row->name, value);
        return false;
    case KIND_NUMBER:
        errno = 0;
        *(uint64_t *)(void *)field = strtoull(value, &end, 0);
        if (errno == 0 && end != value && *end == '\0' && *value != '-')
            return true;
        fprintf(stderr, "sluice: %s takes a whole number, not \"%s\"\n", row->name, value);
        return false;
    case KIND_LIST:
        break;
    }
    size_t *count = (size_t *)(void *)((char *)options + row->count_offset);
    if (*count == OPTIONS_SETTINGS) {
        fprintf(stderr, "sluice: more than %d times %s\n", OPTIONS_SETTINGS, row->name);
        return false;
    }
    ((const char **)(void *)field)[(*count)++] = value;
    return true;
}

bool options_parse(struct options *options, const char *command, unsigned groups, int argc,
                   char **argv)
{
    bool words_only = false;

    memset(options, 0, sizeof(*options));
    options->seed = 1;
    options->checks = true;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (words_only || word[0] != '-' || word[1] == '\0') {
            if (options->file_count == OPTIONS_FILES) {
                fprintf(stderr, "sluice %s: more than %d files\n", command, OPTIONS_FILES);
                return false;
            }
            options->files[options->file_count++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            words_only = true;
            continue;
        }
        const char *value;
        const struct option_row *row = find(word, groups, &value);
        if (row == NULL) {
            fprintf(stderr, "sluice %s: unknown option %s (sluice %s --help lists them)\n", command,
                    word, command);
            return false;
        }
        if (row->value != NULL && value == NULL) {
            if (i + 1 == argc || (strcmp(row->name, "-W") == 0 && argv[i + 1][0] == '-')) {
                fprintf(stderr, "sluice %s: %s needs %s\n", command, row->name, row->value);
                return false;
            }
            value = argv[++i];
        }
        if (!assign(options, row, value))
            return false;
    }
    return true;
}

void options_help(unsigned groups)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char left[40];
        if ((rows[i].groups & groups) == 0 || rows[i].help == NULL)
            continue;
        snprintf(left, sizeof(left), "  %s%s%s", rows[i].name, rows[i].value != NULL ? " " : "",
                 rows[i].value != NULL ? rows[i].value : "");
        paragraph_labelled(stdout, left, HELP_COLUMN, rows[i].help);
    }
}
