#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --sarif, --junit, --view: what they write is what others read. SARIF is held against our own narrow schema, and against
# the standard's own: the file that SLUICE_SARIF_SCHEMA names, or the one that ./dev test has fetched.
. "$(dirname "$0")/expect.sh"
here=$(dirname "$0")
bad=$images/nbuf-leak-bad.sys
own=$images/sluice.sys

write() { # NAME CODE IMAGE OPTIONS...
  local name=$1 code=$2 image=$3
  shift 3
  expect_exit "$code" "$name" "$sluice" check "$image" --sarif "$work/$name.sarif" --junit "$work/$name.xml" "$@"
}

write leak 1 "$bad" --profile 7sp1 && write clean 0 "$own" --profile 10 && write all 1 "$bad" --profile all &&
  passed "reports are written"
cp "$bad" "$work/no symbols.sys" # and a name that a URI has to escape
write bare 1 "$work/no symbols.sys" --profile 7sp1
printf 'no image' >"$work/broken.sys"
expect_exit 2 "an image that is none" "$sluice" check "$work/broken.sys" --sarif "$work/broken.sarif"

standard=${SLUICE_SARIF_SCHEMA:-$SLUICE_BUILD/sarif-schema-2.1.0.json}
if python3 -c 'import jsonschema' 2>/dev/null; then
  # The check itself can fail.
  jq '.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0' "$work/leak.sarif" >"$work/wrong.sarif"
  for schema in "$here/sarif-part.schema.json" "$standard"; do
    if [ ! -f "$schema" ]; then
      skipped "SARIF by the standard's own schema: tests/lab/sarif-schema.sh $schema fetches it"
      continue
    fi
    if python3 "$here/sarif.py" "$schema" "$work"/{leak,clean,all,bare}.sarif >"$work/out" 2>&1; then
      passed "SARIF by ${schema##*/}"
    else
      failed "SARIF by ${schema##*/}"
      head -n 5 "$work/out" | sed 's/^/    /'
    fi
    if python3 "$here/sarif.py" "$schema" "$work/wrong.sarif" >/dev/null 2>&1; then
      failed "a line 0 in SARIF is not noticed by ${schema##*/}"
    else
      passed "a line 0 in SARIF is noticed by ${schema##*/}"
    fi
  done
else
  skipped "SARIF by schema: python3-jsonschema is not installed"
fi
# What is fetched in place of the schema is not taken for it.
printf '{}' >"$work/other.json"
"$here/sarif-schema.sh" "$work/schema.json" "file://$work/other.json" 2>"$work/err"
if [ $? = 3 ] && [ ! -e "$work/schema.json" ]; then passed "another file is no schema"; else failed "another file is taken for the schema"; fi

# The finding of the leak points into the source of the driver; without symbols, into the image.
jq -r '.runs[0].results[] | select(.ruleId == "R42") | .locations[0].physicalLocation |
  "\(.artifactLocation.uri) \(.region.startLine // .address.relativeAddress)"' "$work/leak.sarif" "$work/bare.sarif" >"$work/out"
if grep -qE '^nbuf-leak\.c [1-9]' "$work/out" && grep -qE 'no%20symbols\.sys [1-9]' "$work/out"; then
  passed "SARIF locations"
else
  failed "SARIF locations"
  sed 's/^/    /' "$work/out"
fi

if command -v xmllint >/dev/null; then
  if xmllint --noout --schema "$here/junit.xsd" "$work"/{leak,clean,all,bare}.xml 2>"$work/err" &&
    [ "$(xmllint --xpath 'count(//testcase[failure])' "$work/leak.xml")" = 1 ] &&
    [ "$(xmllint --xpath 'string(//testsuites/@failures)' "$work/leak.xml")" = 1 ] &&
    [ "$(xmllint --xpath 'count(//testcase) = sum(//testsuite/@tests)' "$work/all.xml")" = true ] &&
    [ "$(xmllint --xpath 'count(//failure)' "$work/clean.xml")" = 0 ]; then
    passed "JUnit XML"
  else
    failed "JUnit XML"
    head -n 5 "$work/err" | sed 's/^/    /'
  fi
  # The check itself can fail.
  sed 's/<testsuites /<testsuites skipped="0" /' "$work/leak.xml" >"$work/wrong.xml"
  if xmllint --noout --schema "$here/junit.xsd" "$work/wrong.xml" 2>/dev/null; then
    failed "an attribute that JUnit has not is not noticed"
  else
    passed "an attribute that JUnit has not is noticed"
  fi
else
  skipped "JUnit XML: xmllint is not installed"
fi

# The same run writes the same files.
cp "$work/leak.sarif" "$work/first.sarif"
cp "$work/leak.xml" "$work/first.xml"
write leak 1 "$bad" --profile 7sp1
if cmp -s "$work/leak.sarif" "$work/first.sarif" && cmp -s "$work/leak.xml" "$work/first.xml"; then
  passed "reports repeat bit for bit"
else
  failed "reports differ from run to run"
fi

# Who looks on changes nothing: the trace is that of a run without reports.
for html in "" "--html=$work/leak.html"; do
  "$sluice" check "$bad" --profile 7sp1 --json $html | jq -r 'select(.type == "run") | .trace_hash'
done >"$work/out"
if [ "$(sort -u "$work/out" | wc -l)" = 1 ]; then passed "a report changes no trace"; else failed "a report changes the trace"; fi

# A driver whose name is made to deceive.
hostile=$work/$'e\e[31m<b>&"\x27\xff.sys'
cp "$bad" "$hostile"
expect_exit 1 "a hostile name" "$sluice" check "$hostile" --profile 7sp1 --sarif "$work/h.sarif" --junit "$work/h.xml" --html "$work/h.html" \
  --view ndiskd.nbl
if grep -qa $'\e' "$work/out" "$work"/h.*; then failed "a hostile name reaches a report as it is"; else passed "a hostile name"; fi

views=(--view poolmon --view '!poolused' --view ndiskd.nbl --view '!ndiskd.pendingnbls')
expect_exit 1 views "$sluice" check "$bad" --profile 7sp1 "${views[@]}" &&
  expect_line '^ Tag  Type     Allocs            Frees            Diff   Bytes      Per Alloc' views &&
  expect_line '^ Nbuf Nonp ' views && expect_line '^ Nbuf +[1-9]' views &&
  expect_line 'PHASE 3/3: Found [1-9][0-9]* pending' views && passed "views"
expect_exit 1 "views as JSON" "$sluice" check "$bad" --profile 7sp1 --json "${views[@]}"
if [ "$(jq -r 'select(.type == "view") | .view' "$work/out" | paste -sd' ')" = "poolmon !poolused !ndiskd.nbl !ndiskd.pendingnbls" ] &&
  [ "$(tail -n 1 "$work/out" | jq -r .type)" = run ] &&
  [ -z "$(jq -r 'select(.type == "sample" or .type == "step" or .type == "nbl")' "$work/out")" ]; then
  passed "views as JSON"
else
  failed "views as JSON"
fi
expect_exit 2 "an unknown view" "$sluice" check "$bad" --view '!process' && expect_line 'there is no view !process' "an unknown view" &&
  passed "an unknown view"

expect_exit 3 "a file that cannot be written" "$sluice" check "$bad" --sarif "$work/none/x.sarif" && passed "a file that cannot be written"
if [ -w /dev/full ]; then
  expect_exit 3 "a full disk" "$sluice" check "$bad" --profile 7sp1 --html /dev/full && passed "a full disk"
fi
finish
