#!/bin/sh
# SPDX-License-Identifier: MIT
# release.sh PE_SHAPE IMAGES: the shape of every image the build left. Name, oldest target, CR8 accesses.
set -u
shape=$1 images=$2 failed=0 seen=0
here=$(dirname "$0")
while read -r name target cr8; do
    image=$images/$name
    if [ ! -e "$image" ]; then
        echo "SKIPPED: $name was not built"
        continue
    fi
    seen=1
    "$shape" "$image" "$SLUICE_SOURCE/wdk/def/versions.tsv" "$target" || failed=1
    "$here/no-cr8.sh" "$image" "$cr8" || failed=1
done <<END
sluice.sys 0x06020000 0
win7/sluice.sys 0x06010000 0
nbuf-leak-bad.sys 0x06010000 0
nbuf-leak-guarded.sys 0x06010000 0
nbuf-leak-batched.sys 0x06010000 0
END
[ $seen -eq 1 ] || exit 77
exit $failed
