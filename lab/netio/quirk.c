/* SPDX-License-Identifier: MIT */
/* The table of quirks (field reports, section d1), and which of them are on. */
#include "netio/quirk.h"

#include "netio/state.h"

#include <stdio.h>
#include <string.h>

static const struct netio_quirk_row rows[] = {
    [QUIRK_CHAIN_CUT] =
        {"q-chain-cut",
         "an inject inside classify cuts the offered chain, and the rest of it leaks",
         "7 SP1, Server 2008 R2 SP1 (netio 6.1.7601.17514)", "7sp1", "report (2011)",
         "switch inject_split_quirk, models A to D; on by default there", NULL,
         "inject once in a classify, with all NBLs in one chain"},
    [QUIRK_BLOCK_TAIL] =
        {"q-block-tail", "blocking a chain of several NBLs leaks the last of them",
         "Vista, 7, Server 2008, 2008 R2", "vista-sp1 7sp1", "KB979223",
         "a BLOCK that ends an offer and covers bytes of more than one of its NBLs does not give "
         "the last one back",
         NULL, "block only what is changed"},
    [QUIRK_IRQL_LEAK] = {"q-irql-leak", "FwpsStreamInjectAsync0 may return at a raised IRQL",
                         "Vista SP2 to 7 SP1, Server 2008 R2 SP1", "vista-sp1 7sp1", "KB2664888",
                         "a successful inject that was called below DISPATCH_LEVEL returns at "
                         "DISPATCH_LEVEL, each time",
                         NULL, "raise the IRQL to DISPATCH_LEVEL before, lower it after"},
    [QUIRK_DISC_NULL] =
        {"q-disc-null",
         "the stream object goes away between a callout's verdict on a disconnect and the engine's "
         "use of it",
         "7 SP1 to 11 25H2", "7sp1 8.1 10 11",
         "crash reports since 2017, NETIO!StreamInvokeCalloutAndNormalizeAction",
         "the classify of a connection's last FIN, or of an RST, during which the callout injected "
         "or which it answered with BLOCK, ends in a NULL read",
         NULL, "let a FIN and an RST pass inside classify when nothing is held"},
    [QUIRK_EOS_NULL] = {"q-eos-null", "a FIN is permitted after the stream object has gone",
                        "10 (16299)", "10", "crash report, NETIO!StreamDataPermitEndOfStream",
                        "PERMIT for a FIN ends in a NULL read when the connection died while that "
                        "classify ran",
                        NULL, "do not permit a FIN of a connection that was aborted"},
    [QUIRK_NOTIFY_LOST] =
        {"q-notify-lost", "the notification that a filter was deleted never comes",
         "10, 11, Server 2022, under load", "10 11", "ebpf-for-windows issue 3567",
         "FWPS_CALLOUT_NOTIFY_DELETE_FILTER is not sent when flows still use the filter", NULL,
         "do not wait for the notification without a limit"},
    [QUIRK_BFE_FLAKY] =
        {"q-bfe-flaky",
         "FwpmFilterDeleteById0 fails with RPC_NT_CALL_FAILED, and works when called "
         "again",
         "any, when memory is low", "vista-sp1 7sp1 8.1 10 11", "ebpf-for-windows issue 5486",
         "every first of two calls fails", NULL, "call again when it fails so"},
    [QUIRK_LATE_ACK] =
        {"q-late-ack",
         "received data that a callout blocks is acknowledged only by the delayed-ACK "
         "timer",
         "7, Server 2008 R2", "7sp1", "hotfix for slow transfers, number unknown",
         "after a BLOCK of received bytes the other side sends nothing for 200 ms", NULL,
         "block only what is changed"},
    {"q-pend-resume", "two callouts: one resumes a packet while another pends it",
     "Vista, 7, Server 2008", "", "KB979278", NULL,
     "of packets pended by FwpsPendOperation0, which stream layers do not offer", NULL},
    {"q-udp-hold", "a second datagram comes while a clone of the first is held",
     "Vista SP2, Server 2008 SP2", "", "KB976529", NULL, "of UDP; the lab has TCP streams", NULL},
    {"q-15s-close", "closing a socket with pended NBLs waits 15 s", "Vista", "", "KB929547", NULL,
     "of ALE and the application that closes; no driver sees it", NULL},
    {"q-if-gone", "an injection faults while the interface disappears", "Vista", "", "KB946776",
     NULL, "of packet injection and interfaces; a failing inject is --fault FwpsStreamInjectAsync0",
     NULL},
    {"q-rdp", "connectivity is lost in Remote Desktop sessions", "Vista, 7", "",
     "a mirror's summary of a roll-up only", NULL, "nothing more is known of it", NULL},
    {"q-bt-mdl", "a partial MDL's range faults when a filter sends by Bluetooth tethering", "11",
     "", "npcap issue 708", NULL, "of NDIS miniports below TCP", NULL},
    {"q-insider-14942", "callouts are not called at all", "10, a preview build", "",
     "Windows-driver-samples issues", NULL, "a preview build that nobody runs any more", NULL},
    {"q-rs5-17711", "a redirecting callout and SMB crash", "10, a preview build", "",
     "Windows-driver-samples issue 262", NULL, "of ALE redirection, in a preview build", NULL},
};

const struct netio_quirk_row *netio_quirk_at(size_t index)
{
    return index < sizeof(rows) / sizeof(rows[0]) ? &rows[index] : NULL;
}

const struct netio_quirk_row *netio_quirk_find(const char *name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].name, name) == 0 || strcmp(rows[i].name + strlen("q-"), name) == 0)
            return &rows[i];
    return NULL;
}

bool netio_quirk_belongs(const struct netio_quirk_row *row, const struct netio_profile *profile)
{
    const size_t length = strlen(profile->name);

    if (row->how == NULL)
        return false;
    for (const char *at = row->profiles; *at != '\0'; at += *at == ' ') {
        const size_t word = strcspn(at, " ");

        if (word == length && memcmp(at, profile->name, length) == 0)
            return true;
        at += word;
    }
    return false;
}

void netio_quirk_set(struct netio_switches *switches, const struct netio_quirk_row *row)
{
    const size_t quirk = (size_t)(row - rows);

    switches->quirks |= 1u << quirk;
    if (quirk == QUIRK_CHAIN_CUT && switches->model == NETIO_MODEL_NONE)
        switches->model = NETIO_MODEL_A;
}

void netio_quirks_spare(struct netio *netio, const struct pe_image *image)
{
    if (netio->spared_count < NETIO_SPARED)
        netio->spared[netio->spared_count++] = image;
}

bool netio_quirks_spared(const struct netio *netio, const void *code)
{
    const struct pe_image *const image =
        netio->spared_count == 0 ? NULL : pe_image_of(netio->pe, code);

    for (size_t i = 0; i < netio->spared_count && image != NULL; i++)
        if (pe_image_base(image) == pe_image_base(netio->spared[i]))
            return true;
    return false;
}

bool netio_quirk_acts(struct netio *netio, enum netio_quirk quirk,
                      const struct netio_callout *callout)
{
    if ((netio->switches.quirks & 1u << quirk) == 0 || (callout != NULL && callout->spared))
        return false;
    netio->quirks_acted |= 1u << quirk;
    return true;
}

bool netio_quirk_bfe_fails(struct netio *netio)
{
    netio->bfe_failed = !netio->bfe_failed && netio_quirk_acts(netio, QUIRK_BFE_FLAKY, NULL);
    return netio->bfe_failed;
}

void netio_quirks_acted(const struct netio *netio, char *text, size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < QUIRK_IMITATED; i++) {
        if ((netio->quirks_acted & 1u << i) == 0 || used >= size)
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s: %s", used == 0 ? "" : ", ",
                                 rows[i].name, rows[i].cure);
    }
}
