/* SPDX-License-Identifier: MIT */
/* Header names in any case: drivers written on Windows say <Fwpsk.h> or <NTDDK.H>, where the case
   of a file name means nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Writes to the file PATH an overlay for clang's -ivfsoverlay, in which the headers of the COUNT
 * folders (absolute paths, not searched deeper; one that cannot be read is left out) are found in
 * whatever case they are asked for. A name that exists as it was written is taken as before.
 * Returns false, with errno set, when PATH cannot be written. Source: clang, "Virtual file system".
 */
bool header_case_write(const char *path, const char *const *folders, size_t count);
