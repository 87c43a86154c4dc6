#!/bin/bash
# SPDX-License-Identifier: MIT
# The table of what reassemble.sh finds complete: expected.tsv beside the captures of the
# repository, expected-public.tsv here for the public ones.
#
# usage: expected.sh CAPTURE... > TABLE
#        expected.sh --counted FLOWS.TSV NAME    the table's line for what reassemble.sh found
# Columns: capture, flows, compared (complete), excluded, reasons as reason:count or -.
set -euo pipefail
export LC_ALL=C

count() { # flows.tsv, name of the capture
    cut -f 2 "$1" | sort | uniq -c | awk -v name="$2" '
        { flows += $1 }
        $2 == "complete" { compared = $1; next }
        { reasons = reasons (reasons == "" ? "" : ",") $2 ":" $1 }
        END { printf "%s\t%d\t%d\t%d\t%s\n", name, flows, compared, flows - compared,
              reasons == "" ? "-" : reasons }'
}
if [ "${1:-}" = --counted ]; then
    count "$2" "$3"
    exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '# SPDX-License-Identifier: MIT\n# capture\tflows\tcompared\texcluded\treasons\n'
for capture in "$@"; do
    "${0%/*}/reassemble.sh" "$capture" "$work/out"
    count "$work/out/flows.tsv" "${capture##*/}"
done
