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
if python3 "$(dirname "$0")/contrast.py" "$work/leak.html" >"$work/out" 2>&1; then
  passed "colours have contrast"
else
  failed "colours lack contrast"
  head -n 5 "$work/out" | sed 's/^/    /'
fi
# The check itself can fail.
sed 's/--dim:#5a646f/--dim:#8a949f/' "$work/leak.html" >"$work/pale.html"
if python3 "$(dirname "$0")/contrast.py" "$work/pale.html" >/dev/null 2>&1; then failed "pale text is not noticed"; else passed "pale text is noticed"; fi

# Of a campaign the run that shows the finding is shown, not the first, and says so.
expect_exit 1 "the page of a campaign" "$sluice" check "$images/fin-with-data-bad.sys" --html "$work/campaign.html" &&
  if grep -qE 'What follows is of run [1-9][0-9]* of [0-9]+, the first that shows <b>R40</b>.*fin_mode=with_data' "$work/campaign.html" &&
    ! grep -q 'What follows' "$work/leak.html"; then
    passed "the run with the finding is shown"
  else
    failed "the page does not say which run it shows"
  fi
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
  if [ "$(grep -c '<svg class="curves wide"' "$work/$name.dom")" = 2 ] &&
    [ "$(grep -c '<svg class="curves narrow"' "$work/$name.dom")" = 2 ] && [ "$(grep -c '<svg class="timeline"' "$work/$name.dom")" = 1 ] &&
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

# Nothing is wider than the page, on a phone either: what is, scrolls by itself. (Browsers without a window are never
# narrower than 500 pixels: a frame is.)
for width in 390 1280; do
  printf '<!DOCTYPE html><body style="margin:0"><iframe id="f" src="leak.html" style="border:0;width:%spx;height:900px"></iframe><script>
    onload = () => { const d = f.contentDocument.documentElement; document.title = "x"; document.body.append("overflow=" + (d.scrollWidth - d.clientWidth)); }
  </script>' "$width" >"$work/frame.html"
  look frame --allow-file-access-from-files --dump-dom >"$work/frame.dom"
  over=$(grep -o 'overflow=[0-9-]*' "$work/frame.dom" | tail -n 1)
  if [ "$over" = overflow=0 ]; then passed "$width pixels are enough"; else failed "on $width pixels the page is too wide: $over"; fi
done

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
