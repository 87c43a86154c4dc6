/* SPDX-License-Identifier: MIT */
/* Names of connections, by hand: printf() would be the dearest call of a short flow. */

#include "traffic/sink.h"

#include "traffic/address.h"

#include <string.h>

static char *put_number(char *at, uint32_t number)
{
    char digits[10];
    size_t count = 0;

    do
        digits[count++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    while (count != 0)
        *at++ = digits[--count];
    return at;
}

static char *put_address(char *at, const struct netio_flow_info *info, bool local)
{
    if (info->v6) {
        char text[ADDRESS_TEXT];
        address_text(text, true, local ? info->local6 : info->remote6);
        const size_t length = strlen(text);
        memcpy(at, text, length);
        return at + length;
    }
    const uint32_t address = local ? info->local4 : info->remote4;
    for (int shift = 24; shift >= 0; shift -= 8) {
        at = put_number(at, address >> shift & 0xFF);
        if (shift != 0)
            *at++ = '.';
    }
    return at;
}

static uint16_t port_of(const struct netio_flow_info *info, bool local)
{
    return local ? info->local_port : info->remote_port;
}

void traffic_address_text(char text[TRAFFIC_ADDRESS_TEXT], const struct netio_flow_info *info,
                          bool local)
{
    char *at = text;

    if (info->v6)
        *at++ = '[';
    at = put_address(at, info, local);
    if (info->v6)
        *at++ = ']';
    *at++ = ':';
    at = put_number(at, port_of(info, local));
    *at = '\0';
}

void traffic_file_name(char name[TRAFFIC_FILE_NAME], const struct netio_flow_info *info,
                       bool client_is_local, uint32_t repeat)
{
    char *at = put_address(name, info, client_is_local);

    *at++ = '_';
    at = put_number(at, port_of(info, client_is_local));
    *at++ = '-';
    at = put_address(at, info, !client_is_local);
    *at++ = '_';
    at = put_number(at, port_of(info, !client_is_local));
    if (repeat > 1) {
        *at++ = '~';
        at = put_number(at, repeat);
    }
    *at = '\0';
}
