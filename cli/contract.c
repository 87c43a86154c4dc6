/* SPDX-License-Identifier: MIT */
/* sluice contract [R42]: the rules of the stream layer, or one of them. */
#include "cli/commands.h"

#include "check/rules.h"
#include "cli/exit_code.h"
#include "cli/options.h"

#include <stdio.h>

int command_contract(int argc, char **argv)
{
    struct options options;

    if (!options_parse(&options, "contract", OPTION_RUN, argc, argv))
        return EXIT_USAGE;
    if (options.help) {
        puts("sluice contract [RULE]: the rules of the stream layer (R01 to R74) and the outcomes, "
             "or one of them");
        return EXIT_CLEAN;
    }
    if (options.file_count == 0) {
        const struct check_rule *rule;
        for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++)
            printf("%-5s %-7s %-10s %-7s %s\n", rule->id,
                   check_severity_name(check_rule_severity(rule)),
                   check_confidence_name(rule->confidence), rule->checked ? "checked" : "-",
                   rule->title);
        return EXIT_CLEAN;
    }
    for (size_t i = 0; i < options.file_count; i++) {
        const struct check_rule *rule = check_rule_find(options.files[i]);
        if (rule == NULL) {
            fprintf(stderr,
                    "sluice contract: there is no rule %s (R01 to R74, LEAK, LOST, CRASH, HANG, "
                    "STACK)\n",
                    options.files[i]);
            return EXIT_USAGE;
        }
        printf("%s  %s\n", rule->id, rule->title);
        printf("  severity    %s\n", check_severity_name(check_rule_severity(rule)));
        printf("  confidence  %s\n", check_confidence_name(rule->confidence));
        printf("  why         %s\n", rule->why);
        printf("  source      %s\n", rule->source);
        printf("  advice      %s\n", rule->advice);
        printf("  checked     %s\n", rule->checked ? "yes" : "not yet");
    }
    return EXIT_CLEAN;
}
