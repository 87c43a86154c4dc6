/* SPDX-License-Identifier: MIT */
/* sluice contract --quirks: the defects of Windows that check --quirk imitates, and those it does
 * not. */
#include "cli/quirks.h"

#include "cli/exit_code.h"
#include "cli/paragraph.h"
#include "netio/quirk.h"

#include <stdio.h>

int quirks_list(void)
{
    const struct netio_quirk_row *row;

    paragraph_print(
        stdout, 0, 0,
        "Defects that a Windows is reported to have or to have had. How Windows comes "
        "by them is not documented: what the lab does is a hypothesis. Off unless named "
        "by sluice check --quirk NAME.");
    for (size_t i = 0; (row = netio_quirk_at(i)) != NULL; i++) {
        printf("\n%s  %s\n", row->name, row->title);
        printf("  windows     %s\n", row->windows);
        if (row->how != NULL)
            printf("  profiles    %s\n", row->profiles);
        printf("  source      %s (reported)\n", row->source);
        if (row->how != NULL)
            printf("  hypothesis  %s\n  a driver    %s\n", row->how, row->cure);
        else
            printf("  not here    %s\n", row->absent);
    }
    return EXIT_CLEAN;
}
