/* SPDX-License-Identifier: MIT */
/* The relay's command line. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char options_usage[] =
    "usage: relay --client NETNS:TAP --server NETNS:TAP [options]\n"
    "Carries Ethernet frames between two TAP devices until SIGTERM, at most 60 s. Needs root.\n"
    "  --client-view FILE, --server-view FILE   record what that host sends and receives\n"
    "on the way (TCP only; chances in tenths of a percent, decided by seed and packet number):\n"
    "  --seed N --loss N --duplicate N --reorder N\n"
    "  --delay US --jitter US --hold US (how long reordered packets and duplicates are held)\n"
    "  --lose c2s|s2c:N[-M]  lose these packets    --mtu N  fragment IPv4 packets without DF\n"
    "in the recording only:\n"
    "  --format pcap|pcap-ns|pcap-be|pcapng|pcapng-be  --link ethernet|raw|sll|sll2|null|loop\n"
    "  --vlan ID (twice: outer, inner)  --pad  --snaplen N\n"
    "  --omit c2s|s2c:N[-M]  --frames FIRST-LAST  --isn CLIENT,SERVER  --conflict N\n";

enum choice {
    CLIENT = 1,
    SERVER,
    CLIENT_VIEW,
    SERVER_VIEW,
    LOSE,
    FORMAT,
    LINK,
    VLAN,
    PAD,
    OMIT,
    FRAMES,
    ISN,
    NUMBERS /* from here: an index into numbers[] */
};

static const struct number {
    const char *name;
    size_t offset; /* in struct options */
    size_t size;
    uint64_t min, max;
} numbers[] = {
#define FIELD(field) offsetof(struct options, field), sizeof((struct options *)0)->field
    {"seed", FIELD(schedule.seed), 0, UINT64_MAX},
    {"loss", FIELD(schedule.loss), 0, 1000},
    {"duplicate", FIELD(schedule.duplicate), 0, 1000},
    {"reorder", FIELD(schedule.reorder), 0, 1000},
    {"delay", FIELD(schedule.delay_us), 0, 1000000},
    {"jitter", FIELD(schedule.jitter_us), 0, 1000000},
    {"hold", FIELD(schedule.hold_us), 0, 1000000},
    {"mtu", FIELD(mtu), 68, 1500},
    {"snaplen", FIELD(recorder.writer.snaplen), 1, 65535},
    {"conflict", FIELD(recorder.conflict), 1, 1000},
#undef FIELD
};
#define NUMBER_COUNT (sizeof numbers / sizeof *numbers)

static const struct option words[] = {
    {"client", 1, NULL, CLIENT},
    {"server", 1, NULL, SERVER},
    {"client-view", 1, NULL, CLIENT_VIEW},
    {"server-view", 1, NULL, SERVER_VIEW},
    {"lose", 1, NULL, LOSE},
    {"format", 1, NULL, FORMAT},
    {"link", 1, NULL, LINK},
    {"vlan", 1, NULL, VLAN},
    {"pad", 0, NULL, PAD},
    {"omit", 1, NULL, OMIT},
    {"frames", 1, NULL, FRAMES},
    {"isn", 1, NULL, ISN},
};
#define WORD_COUNT (sizeof words / sizeof *words)

static bool options_number(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0' && *value >= min &&
           *value <= max;
}

static bool options_pair(const char *text, char separator, uint64_t max, uint64_t *a, uint64_t *b)
{
    char head[24];
    const char *at = strchr(text, separator);

    if (at == NULL || (size_t)(at - text) >= sizeof head) {
        return false;
    }
    memcpy(head, text, (size_t)(at - text));
    head[at - text] = '\0';
    return options_number(head, 0, max, a) && options_number(at + 1, 0, max, b);
}

static bool options_store(struct options *options, const struct number *number, const char *text)
{
    uint64_t wide;
    uint32_t narrow;

    if (!options_number(text, number->min, number->max, &wide)) {
        return false;
    }
    narrow = (uint32_t)wide;
    memcpy((char *)options + number->offset,
           number->size == sizeof wide ? (void *)&wide : (void *)&narrow, number->size);
    return true;
}

static bool options_range(struct schedule_range *ranges, unsigned *count, const char *text)
{
    return *count < SCHEDULE_RANGES && schedule_parse_range(text, &ranges[(*count)++]);
}

static bool options_word(struct options *options, int choice, const char *text)
{
    struct recorder *recorder = &options->recorder;
    uint64_t a, b;

    switch (choice) {
    case CLIENT:
    case SERVER:
        options->end[choice == SERVER] = text;
        return strchr(text, ':') != NULL;
    case CLIENT_VIEW:
    case SERVER_VIEW:
        options->view[choice == SERVER_VIEW] = text;
        return true;
    case LOSE:
        return options_range(options->schedule.lose, &options->schedule.lose_count, text);
    case OMIT:
        return options_range(recorder->omit, &recorder->omit_count, text);
    case FORMAT:
        return writer_parse_format(&recorder->writer, text);
    case LINK:
        return writer_parse_link(&recorder->writer, text);
    case PAD:
        recorder->writer.pad = true;
        return true;
    case VLAN:
        if (!options_number(text, 1, 4094, &a) || recorder->writer.vlan[1] != 0) {
            return false;
        }
        recorder->writer.vlan[recorder->writer.vlan[0] != 0] = (uint16_t)a;
        return true;
    case FRAMES:
        return options_pair(text, '-', UINT64_MAX, &recorder->first, &recorder->last);
    case ISN:
        if (!options_pair(text, ',', UINT32_MAX, &a, &b)) {
            return false;
        }
        recorder->renumbers = true;
        recorder->renumber.isn[DIRECTION_C2S] = (uint32_t)a;
        recorder->renumber.isn[DIRECTION_S2C] = (uint32_t)b;
        return true;
    default:
        return false;
    }
}

bool options_parse(struct options *options, int argc, char **argv)
{
    struct option table[WORD_COUNT + NUMBER_COUNT + 1] = {0};
    int choice;

    memcpy(table, words, sizeof words);
    for (size_t i = 0; i < NUMBER_COUNT; i++) {
        table[WORD_COUNT + i] = (struct option){numbers[i].name, 1, NULL, NUMBERS + (int)i};
    }
    *options = (struct options){.recorder.writer.snaplen = 65535};
    optind = 1;
    while ((choice = getopt_long(argc, argv, "", table, NULL)) != -1) {
        bool good = choice == '?'      ? false
                    : choice < NUMBERS ? options_word(options, choice, optarg)
                                       : options_store(options, &numbers[choice - NUMBERS], optarg);

        if (!good) {
            if (choice != '?') {
                fprintf(stderr, "relay: bad value '%s'\n", optarg);
            }
            return false;
        }
    }
    if (optind != argc || options->end[0] == NULL || options->end[1] == NULL) {
        fprintf(stderr, "relay: --client and --server are needed, and nothing without --\n");
        return false;
    }
    if (options->mtu != 0 && (options->recorder.renumbers || options->recorder.conflict != 0)) {
        fprintf(stderr, "relay: --isn and --conflict cannot rewrite fragments\n");
        return false;
    }
    return true;
}
