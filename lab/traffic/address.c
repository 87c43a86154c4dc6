/* SPDX-License-Identifier: MIT */
/* RFC 5952 text, as inet_ntop() writes it. */

#include "traffic/address.h"

#include <arpa/inet.h>

void address_text(char text[ADDRESS_TEXT], bool v6, const uint8_t *bytes)
{
    inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, text, ADDRESS_TEXT);
}
