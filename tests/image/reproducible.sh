#!/bin/sh
# SPDX-License-Identifier: MIT
# reproducible.sh BUILD_MAIN TARGET SOURCE [FLAGS]: the same source in two folders gives the same image
# and the same PDB; another source gives another image.
set -eu
builder=$1 target=$2 source=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=$(basename "$source")
mkdir -p "$work/one" "$work/another/deeper" "$work/changed"
cp "$source" "$work/one/$name"
cp "$source" "$work/another/deeper/$name"
{ cat "$source"; echo 'volatile int OneMore = 1;'; echo '__declspec(dllexport) int *OneMoreAt(void);';
  echo 'int *OneMoreAt(void) { return (int *)&OneMore; }'; } > "$work/changed/$name"
"$builder" "$work/one/x.sys" "$target" "$work/one/$name" "$@"
(cd "$work/another" && "$builder" deeper/x.sys "$target" "deeper/$name" "$@")
"$builder" "$work/changed/x.sys" "$target" "$work/changed/$name" "$@"
cmp "$work/one/x.sys" "$work/another/deeper/x.sys"
cmp "$work/one/x.pdb" "$work/another/deeper/x.pdb"
if cmp -s "$work/one/x.sys" "$work/changed/x.sys"; then
    echo "a changed source gave the same image"
    exit 1
fi
if grep -aq "$work" "$work/one/x.sys" "$work/one/x.pdb"; then
    echo "the folder's path is in the image or the PDB"
    exit 1
fi
