#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sarif-schema.sh FILE [URL]: the standard's own schema of SARIF 2.1.0 (errata 01), for lab_reports. Fetched once, at set-up, from
# one commit of the OASIS committee's repository, and refused when it is not that file to the bit; a file that is there is kept.
# It may be used so (the committee's answer in its issue 583: implementers are free to incorporate the schema, without special
# permission), but it is not ours, and nothing in this repository is third-party work: hence no copy of it here.
# Exit codes: 0 it is there, 3 it cannot be had.
set -uo pipefail
file=$1
commit=e0583813964ec43cea53b6b531b402866095ed1f
url=${2:-https://raw.githubusercontent.com/oasis-tcs/sarif-spec/$commit/sarif-2.1/schema/sarif-schema-2.1.0.json}
sum=c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e

is_it() { printf '%s  %s\n' "$sum" "$1" | sha256sum --check --status 2>/dev/null; }

[ -f "$file" ] && is_it "$file" && exit 0
new=$(mktemp "$file.XXXXXX") || exit 3
trap 'rm -f "$new"' EXIT
python3 -c 'import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as page, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(page, file)' "$url" "$new" 2>/dev/null || {
  echo "sarif-schema: $url cannot be reached" >&2
  exit 3
}
is_it "$new" || {
  echo "sarif-schema: what $url gave is another file" >&2
  exit 3
}
mv "$new" "$file"
