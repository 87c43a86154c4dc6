#!/bin/bash
# SPDX-License-Identifier: MIT
# The table of what reassemble.sh finds complete: expected.tsv beside the captures of the
# repository, expected-public.tsv here for the public ones.
#
# usage: expected.sh CAPTURE... > TABLE
# Columns: capture, flows, compared (complete), excluded, reasons as reason:count or -.
set -euo pipefail
export LC_ALL=C

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '# SPDX-License-Identifier: MIT\n# capture\tflows\tcompared\texcluded\treasons\n'
for capture in "$@"; do
    "${0%/*}/reassemble.sh" "$capture" "$work/out"
    cut -f 2 "$work/out/flows.tsv" | sort | uniq -c | awk -v name="${capture##*/}" '
        { flows += $1 }
        $2 == "complete" { compared = $1; next }
        { reasons = reasons (reasons == "" ? "" : ",") $2 ":" $1 }
        END { printf "%s\t%d\t%d\t%d\t%s\n", name, flows, compared, flows - compared,
              reasons == "" ? "-" : reasons }'
done
