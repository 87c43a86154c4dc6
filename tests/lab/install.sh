#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What is installed works by itself, and uninstalling leaves nothing.
. "$(dirname "$0")/expect.sh"

stage=$work/stage
prefix=$stage/usr/local
manifest=$SLUICE_BUILD/install_manifest.txt
[ -e "$manifest" ] && cp "$manifest" "$work/manifest"
DESTDIR=$stage cmake --install "$SLUICE_BUILD" --prefix /usr/local >"$work/out" 2>"$work/err" ||
  failed "cmake --install: $(tail -n 1 "$work/err")"
for file in bin/sluice share/man/man1/sluice.1 share/sluice/wdk/fwpsk.h lib/sluice/images/sluice.sys \
  lib/sluice/images/win7/sluice.sys lib/sluice/images/nbuf-leak-bad.pdb share/doc/sluice/LICENSE; do
  [ -s "$prefix/$file" ] || failed "$file is not installed"
done
# Away from the build, by its own headers and images.
chmod 755 "$work" # the confined child is nobody
if env -u SLUICE_WDK -u SLUICE_IMAGES "$prefix/bin/sluice" build "$SLUICE_SOURCE/specimens/nbuf-leak.c" \
  -o "$work/own.sys" --target win7 >"$work/out" 2>"$work/err"; then
  passed "the installed program builds an image"
else
  failed "build: $(tail -n 1 "$work/err")"
fi
expect_exit 1 "the installed program's check" "$prefix/bin/sluice" check "$work/own.sys" --profile 7sp1 --quiet &&
  passed "the installed program convicts what it built"
expect_exit 0 "the installed program's matrix" "$prefix/bin/sluice" matrix --profile 10 --quiet &&
  passed "the installed program finds its images"
DESTDIR=$stage cmake --build "$SLUICE_BUILD" --target uninstall >"$work/out" 2>&1 ||
  failed "uninstall: $(tail -n 1 "$work/out")"
left=$(find "$stage" ! -type d)
[ -z "$left" ] && [ ! -d "$prefix/lib/sluice" ] && [ ! -d "$prefix/share/sluice" ] &&
  passed "uninstalling leaves nothing" || failed "left after uninstalling: $left"
[ -e "$work/manifest" ] && cp "$work/manifest" "$manifest"
finish
