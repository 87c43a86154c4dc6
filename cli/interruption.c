/* SPDX-License-Identifier: MIT */
/* Signals to end. The child ignores them (pe/confine.c): a page that it shares tells it. */
#include "cli/interruption.h"

#include "cli/whole_file.h"

#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

static volatile sig_atomic_t asked;   /* what the child writes must not count */
static volatile sig_atomic_t *shared; /* with the child */

static void take(int signal_number)
{
    if (asked != 0) {
        whole_file_discard_all();
        signal(signal_number, SIG_DFL);
        raise(signal_number); /* it waits until this returns */
        return;
    }
    asked = 1;
    *shared = 1;
}

bool interruption_begin(void)
{
    struct sigaction action = {.sa_handler = take, .sa_flags = SA_RESTART}, before;

    if (shared != NULL)
        return true;
    void *page =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return false;
    shared = page;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&action.sa_mask, signals[i]);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    return true;
}

bool interruption_asked(void)
{
    return asked != 0;
}

bool interruption_told(void)
{
    return shared != NULL && *shared != 0;
}
