#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sarif-schema.sh FILE [URL]: the standard's own schema of SARIF 2.1.0, for lab_reports. Fetched once, at set-up, from the first
# source below that can be reached, and refused when it is not that file to the bit; a file that is there is kept.
# It may be used so (the OASIS committee's answer in its issue 583: implementers are free to incorporate the schema, without special
# permission; Microsoft's package of it is under MIT), but it is not ours, and nothing in this repository is third-party work:
# hence no copy of it here.
# Exit codes: 0 it is there, 3 it cannot be had.
set -uo pipefail
file=$1
committee=https://raw.githubusercontent.com/oasis-tcs/sarif-spec/e0583813964ec43cea53b6b531b402866095ed1f
# SHA-256 of the schema, where it is, and its name in there when that is an archive. The first has errata 01.
sources="\
c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e $committee/sarif-2.1/schema/sarif-schema-2.1.0.json
2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8 \
https://registry.npmjs.org/@microsoft/jest-sarif/-/jest-sarif-1.0.0-beta.0.tgz package/lib/schemas/sarif-2.1.0-rtm.5.json"
[ $# -lt 2 ] || sources="${sources%% *} $2"

is_it() { printf '%s  %s\n' "$1" "$2" | sha256sum --check --status 2>/dev/null; }

fetch() { # URL FILE [MEMBER]
  python3 -c 'import io, sys, tarfile, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as page:
    content = page.read()
if len(sys.argv) > 3:
    content = tarfile.open(fileobj=io.BytesIO(content)).extractfile(sys.argv[3]).read()
with open(sys.argv[2], "wb") as file:
    file.write(content)' "$@" 2>/dev/null
}

while read -r sum _; do
  [ -f "$file" ] && is_it "$sum" "$file" && exit 0
done <<<"$sources"
new=$(mktemp "$file.XXXXXX") || exit 3
trap 'rm -f "$new"' EXIT
while read -r sum url member; do
  if ! fetch "$url" "$new" ${member:+"$member"}; then
    echo "sarif-schema: $url cannot be reached" >&2
  elif ! is_it "$sum" "$new"; then
    echo "sarif-schema: what $url gave is another file" >&2
  else
    mv "$new" "$file"
    exit 0
  fi
done <<<"$sources"
exit 3
