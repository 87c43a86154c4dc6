#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --html: the page as a browser sees it: nothing to complain about, the curves are there, nothing is fetched.
. "$(dirname "$0")/expect.sh"

browser=
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && browser=$name && break
done
expect_exit 1 "the page of a leak" "$sluice" check "$images/nbuf-leak-bad.sys" --profile 7sp1 --html "$work/leak.html"
expect_exit 0 "the page of a capture" "$sluice" replay "$SLUICE_SOURCE/tests/captures/http.pcap" --html "$work/http.html"
cp "$work/leak.html" "$work/first.html"
expect_exit 1 "the page again" "$sluice" check "$images/nbuf-leak-bad.sys" --profile 7sp1 --html "$work/leak.html"
if cmp -s "$work/leak.html" "$work/first.html"; then passed "pages repeat bit for bit"; else failed "pages differ from run to run"; fi
if grep -qE 'https?:|src=|url\(|@import' "$work"/*.html; then failed "a page refers to something outside"; else passed "pages are self-contained"; fi
if [ -z "$browser" ]; then
  skipped "pages in a browser: chromium is not installed"
  finish
fi

look() { # NAME OPTIONS...: $work/NAME.dom, and what the browser logged
  local name=$1
  shift
  timeout 60 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --enable-logging=stderr --v=0 "$@" \
    "file://$work/$name.html" 2>"$work/$name.log"
}
for name in leak http; do
  look "$name" --dump-dom >"$work/$name.dom" || failed "$name: the browser failed"
  if grep -q 'CONSOLE' "$work/$name.log"; then
    failed "$name: the browser complains"
    grep 'CONSOLE' "$work/$name.log" | head -n 5 | sed 's/^/    /'
  else
    passed "$name: no complaint of the browser"
  fi
  if [ "$(grep -c '<svg class="curves"' "$work/$name.dom")" = 2 ] && [ "$(grep -c '<svg class="timeline"' "$work/$name.dom")" = 1 ] &&
    [ "$(grep -c '<polyline' "$work/$name.dom")" -ge 3 ]; then
    passed "$name: curves and timeline"
  else
    failed "$name: curves and timeline are not all there"
  fi
done
# The check itself can fail: a script is refused by the page's own policy, and the browser says so.
sed 's|</body>|<script>alert(1)</script></body>|' "$work/leak.html" >"$work/broken.html"
look broken --dump-dom >/dev/null
if grep -q 'CONSOLE' "$work/broken.log"; then passed "a script in a page is refused"; else failed "a script in a page is not refused"; fi

# The leak is a slope: its curve ends much higher than it begins, and is the first.
first=$(grep -m1 -o 'points="[^"]*"' "$work/leak.dom" | tr -d '"' | sed 's/points=//')
begin=$(echo "$first" | awk '{ split($1, p, ","); print int(p[2]) }')
end=$(echo "$first" | awk '{ split($NF, p, ","); print int(p[2]) }')
if [ $((begin - end)) -gt 100 ]; then passed "the leak is a slope"; else failed "the leak is no slope: from $begin to $end"; fi

# Samples are thinned: never more than 401, however long the run.
points=$(echo "$first" | wc -w)
if [ "$points" -gt 50 ] && [ "$points" -le 401 ]; then passed "samples are thinned"; else failed "$points samples"; fi
# The timeline is that of the finding: what the chain cut did is in it, in words too.
if grep -q '<td>cut</td>.*chain cut behind NBL' "$work/leak.dom" && grep -q '<td>lost</td>' "$work/leak.dom" &&
  grep -q '<td>verdict</td>.*BLOCK' "$work/leak.dom" && grep -q '<td>inject</td>.*in classify' "$work/leak.dom"; then
  passed "the timeline tells the cut"
else
  failed "the timeline does not tell the cut"
fi

# Both colour schemes: the pictures differ and are not empty.
for scheme in 0 1; do
  look leak --blink-settings=preferredColorScheme=$scheme --window-size=1200,1600 --screenshot="$work/scheme$scheme.png" >/dev/null
done
if [ "$(wc -c <"$work/scheme0.png")" -gt 20000 ] && [ "$(wc -c <"$work/scheme1.png")" -gt 20000 ] &&
  ! cmp -s "$work/scheme0.png" "$work/scheme1.png"; then
  passed "light and dark"
else
  failed "light and dark look the same, or are empty"
fi
finish
