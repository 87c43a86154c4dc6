#!/bin/sh
# SPDX-License-Identifier: MIT
# build-errors.sh BUILD_MAIN: the exit codes of the build rule, and no output file after an error.
set -u
builder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
expect() { # expect CODE WORDS... : runs the builder, wants the exit code and no x.sys
    wanted=$1
    shift
    "$@" > "$work/log" 2>&1
    code=$?
    if [ "$code" -ne "$wanted" ] || [ -e "$work/x.sys" ]; then
        echo "wanted $wanted, got $code: $*"
        cat "$work/log"
        failed=1
    fi
}
echo 'int broken(' > "$work/broken.c"
echo '#include <ntddk.h>
NTSTATUS DriverEntry(PDRIVER_OBJECT o, PUNICODE_STRING p) { (void)o; (void)p; return NoSuchExport(); }' > "$work/missing.c"
sed 's/return/extern NTSTATUS NoSuchExport(void); return/' "$work/missing.c" > "$work/unresolved.c"
mkdir "$work/empty"
expect 2 "$builder" "$work/x.sys" win7 "$work/broken.c"
expect 2 "$builder" "$work/x.sys" win7 "$work/unresolved.c"
grep -q NoSuchExport "$work/log" || { echo "the linker's message was not passed on"; failed=1; }
expect 2 "$builder" "$work/x.sys" win7 "$work/no-such-file.c"
expect 2 "$builder" "$work/x.sys" win7 "$work/empty"
expect 2 "$builder" "$work/x.sys" win95 "$work/broken.c"
expect 2 "$builder" "$work/x.sys" win7 "$work/broken.c" -I"$work/no-such-folder"
expect 3 env SLUICE_WDK="$work/empty" "$builder" "$work/x.sys" win7 "$work/broken.c"
expect 3 env PATH="$work/empty" "$builder" "$work/x.sys" win7 "$work/broken.c"
grep -q 'Debian package clang-19' "$work/log" || { echo "the package was not named"; failed=1; }
expect 3 env TMPDIR="$work/nowhere" "$builder" "$work/x.sys" win7 "$work/broken.c"
# A notify function with a const filter: a warning of Microsoft's compiler, so one of ours.
echo '#include <fwpsk.h>
static NTSTATUS NTAPI Notify(FWPS_CALLOUT_NOTIFY_TYPE t, const GUID *k, const FWPS_FILTER *f) { (void)t; (void)k; (void)f; return 0; }
NTSTATUS DriverEntry(PDRIVER_OBJECT o, PUNICODE_STRING p) { FWPS_CALLOUT c = {0}; c.notifyFn = Notify; (void)p; return FwpsCalloutRegister(o, &c, NULL); }' > "$work/lenient.c"
expect 2 "$builder" "$work/x.sys" win7 "$work/lenient.c" -Werror
if ! "$builder" "$work/x.sys" win7 "$work/lenient.c" 2> "$work/log" || ! grep -q 'warning: incompatible function pointer' "$work/log"; then
    echo 'a const filter was not taken with a warning'
    cat "$work/log"
    failed=1
fi
# A variable that a header defines for two sources: one variable.
echo 'unsigned long Shared;' > "$work/shared.h"
echo '#include "shared.h"
unsigned long Other(void) { return Shared; }' > "$work/other.c"
sed 's/NoSuchExport()/(NTSTATUS)(Shared + Other())/; 1a #include "shared.h"\nunsigned long Other(void);' "$work/missing.c" > "$work/common.c"
rm -f "$work/x.sys"
expect 2 "$builder" "$work/x.sys" win7 "$work/common.c" "$work/other.c" -Werror
if ! "$builder" "$work/x.sys" win7 "$work/common.c" "$work/other.c" 2> "$work/log"; then
    echo 'a variable of two sources was not taken'
    cat "$work/log"
    failed=1
fi
exit $failed
