/* SPDX-License-Identifier: MIT */
/* The GUID objects that a driver gets from the kit's libraries when it does not define them itself.
 */
#define SLUICE_GUID_OBJECTS
#include <initguid.h>
#include <fwpmu.h>
