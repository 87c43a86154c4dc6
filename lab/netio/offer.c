/* SPDX-License-Identifier: MIT */
/* Copies of what classifyFn is given, and what becomes of them. */
#include "netio/offer.h"

#include "netio/state.h"

#include "sim/breach.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define STEP          256 /* address space that stands for one byte of a structure */
#define GONE_PAGES    ((offsetof(struct netio_offer, flow) * STEP + 4095) / 4096)
#define ABSENT_PAGES  ((sizeof(FWPS_INCOMING_METADATA_VALUES0) * STEP + 4095) / 4096)
#define SLOT          1024
#define PAGE          4096
#define SLOT_GUARDED  PAGE /* with special pool each lies in a page of its own */
#define OTHER_PATTERN 0x5A

struct field {
    size_t offset;
    const char *name;
};

#define DATA(member)                                                                               \
    {offsetof(struct netio_offer, data) + offsetof(FWPS_STREAM_DATA0, member),                     \
     "FWPS_STREAM_DATA." #member}

/* What is followed most often, then the structures as a whole. */
static const struct field given[] = {
    {offsetof(struct netio_offer, io), "FWPS_STREAM_CALLOUT_IO_PACKET"},
    {offsetof(struct netio_offer, io) + 8, NULL},
    DATA(flags),
    DATA(dataOffset.netBufferList),
    DATA(dataOffset.netBuffer),
    DATA(dataOffset.mdl),
    DATA(dataOffset.mdlOffset),
    DATA(dataLength),
    DATA(netBufferListChain),
    {offsetof(struct netio_offer, out), "FWPS_CLASSIFY_OUT"},
    {offsetof(struct netio_offer, values), "FWPS_INCOMING_VALUES"},
    {offsetof(struct netio_offer, metadata), "FWPS_INCOMING_METADATA_VALUES"},
};

#define META(member) {offsetof(FWPS_INCOMING_METADATA_VALUES0, member), #member}

static const struct field metadata_fields[] = {
    META(currentMetadataValues),
    META(reserved),
    META(discardMetadata),
    META(flowHandle),
    META(ipHeaderSize),
    META(processPath),
    META(token),
    META(processId),
    META(sourceInterfaceIndex),
    META(compartmentId),
    META(fragmentMetadata),
    META(pathMtu),
    META(completionHandle),
    META(transportEndpointHandle),
    META(remoteScopeId),
    META(controlData),
    META(controlDataLength),
    META(headerIncludeHeader),
    META(destinationPrefix),
    META(frameLength),
    META(parentEndpointHandle),
    META(icmpIdAndSequence),
    META(originalDestination),
    META(redirectRecords),
    META(subProcessTag),
};

/* The last entry that begins at or before the offset. */
static const char *name_at(const struct field *fields, size_t count, size_t offset)
{
    const char *name = NULL;

    for (size_t i = 0; i < count && fields[i].offset <= offset; i++)
        if (fields[i].name != NULL)
            name = fields[i].name;
    return name;
}

static void describe_gone(void *context, size_t offset, char *text, size_t size)
{
    snprintf(text, size, "%s is followed, of a classify that has returned",
             name_at(given, sizeof(given) / sizeof(given[0]), offset / STEP));
}

static void describe_slot(void *context, size_t offset, char *text, size_t size)
{
    snprintf(text, size, "%s is used after classifyFn returned",
             name_at(given, sizeof(given) / sizeof(given[0]), offset % SLOT_GUARDED));
}

static bool is_beyond_values(size_t offset)
{
    return offset / PAGE % 2 == 1;
}

static void describe_values(void *context, size_t offset, char *text, size_t size)
{
    snprintf(text, size,
             is_beyond_values(offset) ? "FWPS_INCOMING_VALUES.incomingValue is read behind the "
                                        "last of valueCount values"
                                      : "FWPS_INCOMING_VALUES.incomingValue is used after "
                                        "classifyFn returned");
}

static const char *rule_of_values(size_t offset)
{
    return is_beyond_values(offset) ? "R65" : "R20";
}

static void describe_absent(void *context, size_t offset, char *text, size_t size)
{
    snprintf(text, size, "metadata field %s is followed, which is not there: its bit is not set",
             name_at(metadata_fields, sizeof(metadata_fields) / sizeof(metadata_fields[0]),
                     offset / STEP));
}

static struct netio_offer *slot(const struct netio_offers *offers, unsigned index)
{
    return (struct netio_offer *)(void *)(offers->ring + index * offers->stride);
}

/* With special pool: the one that its values end with. */
static uint8_t *values_page(const struct netio_offers *offers, unsigned index)
{
    return (uint8_t *)offers->values.start + (size_t)index * 2 * PAGE;
}

static void fill(const struct netio_offers *offers, struct netio_offer *offer)
{
    memcpy((void *)offer, offers->gone_words, sizeof(offers->gone_words));
}

void netio_offers_open(struct netio *netio, struct netio_offers *offers)
{
    offers->gone = (struct nt_forbidden){.rule = "R20", .describe = describe_gone};
    offers->absent = (struct nt_forbidden){.rule = "R14", .describe = describe_absent};
    offers->kept = (struct nt_forbidden){.rule = "R20", .describe = describe_slot};
    offers->values = (struct nt_forbidden){.rule_at = rule_of_values, .describe = describe_values};
    offers->guarded = nt_special_pool(netio->nt);
    offers->stride = offers->guarded ? SLOT_GUARDED : SLOT;
    if (!netio->checks || !nt_forbid(netio->nt, &offers->absent, ABSENT_PAGES) ||
        !nt_forbid(netio->nt, &offers->gone, GONE_PAGES))
        return;
    for (size_t i = 0; i < NETIO_OFFER_GIVEN; i++)
        offers->gone_words[i] = offers->gone.start + i * sizeof(uint64_t) * STEP;
    if (offers->guarded) {
        if (!nt_forbid(netio->nt, &offers->kept, NETIO_OFFERS) ||
            !nt_forbid(netio->nt, &offers->values, 2 * NETIO_OFFERS))
            return;
        offers->ring = (uint8_t *)offers->kept.start;
        return;
    }
    offers->ring = sim_arena_take(netio->sim, (size_t)NETIO_OFFERS * SLOT);
    for (unsigned i = 0; offers->ring != NULL && i < NETIO_OFFERS; i++)
        fill(offers, slot(offers, i));
}

static void tell_written(struct netio *netio, struct netio_offers *offers,
                         struct netio_offer *offer)
{
    const uint64_t *const words = (const uint64_t *)(const void *)offer;
    size_t word = 0;
    char text[128];

    if (memcmp((const void *)offer, offers->gone_words, sizeof(offers->gone_words)) == 0)
        return;
    while (words[word] == offers->gone_words[word])
        word++;
    snprintf(text, sizeof(text), "%s was written to after classifyFn had returned",
             name_at(given, sizeof(given) / sizeof(given[0]), word * sizeof(uint64_t)));
    sim_breach(netio->sim, &(struct sim_breach){.rule = "R20",
                                                .function = "classifyFn",
                                                .detail = text,
                                                .flow = offer->flow,
                                                .classify = offer->classify,
                                                .address = offer->function});
    fill(offers, offer);
}

void netio_offers_check(struct netio *netio)
{
    struct netio_offers *const offers = &netio->offers;

    for (unsigned i = 0; offers->ring != NULL && !offers->guarded && i < NETIO_OFFERS; i++)
        if (!slot(offers, i)->open)
            tell_written(netio, offers, slot(offers, i));
}

struct netio_offer *netio_offer_open(struct netio *netio, struct netio_offers *offers,
                                     const FWPS_STREAM_CALLOUT_IO_PACKET0 *io,
                                     const FWPS_CLASSIFY_OUT0 *out,
                                     const FWPS_INCOMING_VALUES0 *values,
                                     const FWPS_INCOMING_METADATA_VALUES0 *metadata)
{
    struct netio_offer *offer = NULL;
    FWPS_INCOMING_VALUE0 *fields;
    unsigned index = 0;

    if (offers->ring == NULL)
        return NULL;
    for (unsigned i = 0; i < NETIO_OFFERS && offer == NULL; i++) {
        index = offers->next++ % NETIO_OFFERS;
        if ((offers->open >> index & 1) == 0)
            offer = slot(offers, index);
    }
    if (offer == NULL)
        return NULL;
    offers->open |= 1ull << index;
    fields = offer->fields;
    if (offers->guarded) {
        uint8_t *const page = values_page(offers, index);

        if (mprotect(offer, SLOT_GUARDED, PROT_READ | PROT_WRITE) != 0 ||
            mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0)
            return NULL;
        fields = (FWPS_INCOMING_VALUE0 *)(void *)(page + PAGE) - values->valueCount;
    } else {
        tell_written(netio, offers, offer);
    }
    offer->open = true;
    offer->data = *io->streamData;
    offer->io = *io;
    offer->io.streamData = &offer->data;
    offer->out = *out;
    memcpy(fields, values->incomingValue, values->valueCount * sizeof(*fields));
    offer->values = *values;
    offer->values.incomingValue = fields;
    offer->metadata = *metadata;
    return offer;
}

void netio_offer_close(struct netio_offers *offers, struct netio_offer *offer,
                       FWPS_STREAM_CALLOUT_IO_PACKET0 *io, FWPS_CLASSIFY_OUT0 *out)
{
    io->missedBytes = offer->io.missedBytes;
    io->countBytesRequired = offer->io.countBytesRequired;
    io->countBytesEnforced = offer->io.countBytesEnforced;
    io->streamAction = offer->io.streamAction;
    *out = offer->out;
    offer->open = false;
    const unsigned index =
        (unsigned)(((uintptr_t)offer - (uintptr_t)offers->ring) / offers->stride);
    offers->open &= ~(1ull << index);
    if (offers->guarded) {
        mprotect(offer, SLOT_GUARDED, PROT_NONE);
        mprotect(values_page(offers, index), PAGE, PROT_NONE);
    } else {
        fill(offers, offer);
    }
}

void netio_metadata_poison(struct netio *netio, FWPS_INCOMING_METADATA_VALUES0 *metadata)
{
    if (netio->offers.absent.size == 0 || netio->switches.absent_other) {
        memset(metadata, OTHER_PATTERN, sizeof(*metadata));
    } else {
        uint64_t *const words = (uint64_t *)(void *)metadata;

        for (size_t i = 0; i < sizeof(*metadata) / sizeof(*words); i++)
            words[i] = netio->offers.absent.start + i * sizeof(*words) * STEP;
    }
    metadata->currentMetadataValues = 0;
}
