/* SPDX-License-Identifier: MIT */
/* Ethernet with VLAN tags, Linux cooked v1 and v2, BSD loopback and raw IP. */

#include "tcpip/link.h"

#include "tcpip/segment.h"

#include <pcap/dlt.h>

#define ETHERTYPE_IPV4   0x0800
#define ETHERTYPE_IPV6   0x86DD
#define ETHERTYPE_VLAN   0x8100
#define ETHERTYPE_QINQ   0x88A8
#define ETHERTYPE_QINQ_9 0x9100
#define MOST_VLAN_TAGS   4

static uint16_t read16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* offset is just behind an EtherType field: walks VLAN tags. */
static enum link_result skip_vlan(uint16_t type, const uint8_t *bytes, size_t captured,
                                  size_t *offset)
{
    for (int tags = 0; tags <= MOST_VLAN_TAGS; tags++) {
        switch (type) {
        case ETHERTYPE_IPV4:
        case ETHERTYPE_IPV6:
            return LINK_IP;
        case ETHERTYPE_VLAN:
        case ETHERTYPE_QINQ:
        case ETHERTYPE_QINQ_9:
            if (captured < *offset + 4)
                return LINK_SHORT;
            type = read16(bytes + *offset + 2);
            *offset += 4;
            break;
        default:
            return LINK_OTHER;
        }
    }
    return LINK_OTHER;
}

/* BSD's address families of IPv6 differ from system to system, and the word is in the byte order of
 * the machine that captured (DLT_NULL) or of the network (DLT_LOOP). */
static enum link_result loopback(const uint8_t *bytes, size_t captured, size_t *offset)
{
    static const uint8_t families[] = {2, 10, 24, 28, 30};
    uint8_t family;

    if (captured < 4)
        return LINK_SHORT;
    if (bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0)
        family = bytes[3];
    else if (bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0)
        family = bytes[0];
    else
        return LINK_OTHER;
    *offset = 4;
    for (size_t i = 0; i < sizeof(families); i++) {
        if (families[i] == family)
            return LINK_IP;
    }
    return LINK_OTHER;
}

enum link_result link_find_ip(int link, const uint8_t *bytes, size_t captured, size_t *offset)
{
    switch (link) {
    case DLT_EN10MB:
        if (captured < 14)
            return LINK_SHORT;
        *offset = 14;
        return skip_vlan(read16(bytes + 12), bytes, captured, offset);
    case DLT_LINUX_SLL:
        if (captured < 16)
            return LINK_SHORT;
        *offset = 16;
        return skip_vlan(read16(bytes + 14), bytes, captured, offset);
    case DLT_LINUX_SLL2:
        if (captured < 20)
            return LINK_SHORT;
        *offset = 20;
        return skip_vlan(read16(bytes), bytes, captured, offset);
    case DLT_NULL:
    case DLT_LOOP:
        return loopback(bytes, captured, offset);
    case DLT_RAW:
    case DLT_IPV4:
    case DLT_IPV6:
        *offset = 0;
        return captured == 0 ? LINK_SHORT : LINK_IP;
    default:
        return LINK_OTHER;
    }
}

bool tcpip_link_known(int link)
{
    static const int known[] = {DLT_EN10MB, DLT_LINUX_SLL, DLT_LINUX_SLL2, DLT_NULL,
                                DLT_LOOP,   DLT_RAW,       DLT_IPV4,       DLT_IPV6};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i] == link)
            return true;
    }
    return false;
}
