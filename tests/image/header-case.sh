#!/bin/sh
# SPDX-License-Identifier: MIT
# header-case.sh BUILD_MAIN: headers are found in any case, and one that is spelled exactly wins.
set -eu
builder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/include"
echo '#define FROM_FOLDER 1' > "$work/include/Folder.H"
echo '#define WHICH 1' > "$work/Which.h"
echo '#define WHICH 2' > "$work/which.h"
cat > "$work/driver.c" <<'END'
#include <NTDDK.H>
#include <Fwpsk.h>
#include <Ntstrsafe.h>
#include <String.h>
#include "FOLDER.h"
#include "which.h"
#if FROM_FOLDER != 1 || WHICH != 2
#error the wrong header
#endif
DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    (void)Driver;
    (void)Path;
    return STATUS_SUCCESS;
}
END
"$builder" "$work/x.sys" win7 "$work/driver.c" -I"$work/include"
test -s "$work/x.sys"
sed -i 's/FOLDER.h/FOLDERS.h/' "$work/driver.c"
if "$builder" "$work/y.sys" win7 "$work/driver.c" -I"$work/include" 2> "$work/log"; then
    echo 'a header that does not exist was found'
    exit 1
fi
grep -q 'FOLDERS.h' "$work/log"
