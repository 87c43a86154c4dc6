#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The arrows between the floors point downwards only: no file includes a header of a floor above its own, and each
# folder that may know few others knows no more than those.
. "$(dirname "$0")/expect.sh"
cd "$SLUICE_SOURCE" || exit 1

# folder | folders of the house whose headers it may include; the order is that of the floors
knows() {
  cat <<'TABLE'
wdk|wdk
inspect|inspect
rules|rules inspect
driver|driver wdk include inspect
specimens|specimens wdk
lab/sim|lab/sim
lab/pe|lab/pe lab/sim
lab/nt|lab/nt lab/pe lab/sim wdk
lab/ndis|lab/ndis lab/nt lab/pe lab/sim wdk
lab/netio|lab/netio lab/ndis lab/nt lab/pe lab/sim wdk
lab/fwp|lab/fwp lab/netio lab/ndis lab/nt lab/pe lab/sim wdk
lab/tcpip|lab/tcpip lab/netio lab/ndis lab/nt lab/pe lab/sim wdk
lab/traffic|lab/traffic lab/tcpip lab/fwp lab/netio lab/ndis lab/nt lab/pe lab/sim wdk
lab/check|lab/check lab/traffic lab/tcpip lab/fwp lab/netio lab/ndis lab/nt lab/pe lab/sim wdk
lab/report|lab/report lab/check lab/traffic lab/tcpip lab/fwp lab/netio lab/ndis lab/nt lab/pe lab/sim wdk include inspect rules
lab/explore|lab/explore lab/check lab/traffic lab/tcpip lab/fwp lab/netio lab/ndis lab/nt lab/pe lab/sim wdk include inspect
cli|cli lab/report lab/explore lab/check lab/traffic lab/tcpip lab/fwp lab/netio lab/ndis lab/nt lab/pe lab/sim wdk include inspect rules
TABLE
}

# Lines "file|header" of all #include directives in the files named on standard input; <> and "" alike.
includes() {
  xargs -r grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' |
    sed -E 's/:[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]/|/'
}

# "file|header" lines in, "file|header|folder" out: the folder of the house that the header is in; without one (C
# library, system) the line is left out. The roots are the ones that cmake gives the compiler.
homes() {
  local file header root path
  while IFS='|' read -r file header; do
    case $header in
      *..*) echo "$file|$header|.." ; continue ;;
    esac
    for root in "${file%/*}/" lab/ "" include/ wdk/; do
      path=$root$header
      [ -f "$path" ] || continue
      case $path in
        lab/*/*) header="$header|lab/" path=${path#lab/} ;;
        *) header="$header|" ;;
      esac
      echo "$file|$header${path%%/*}"
      break
    done
  done
}

# "file|header|folder" lines in, those that point upwards out.
upward() {
  awk -F '|' '
    NR == FNR { n = split($2, may, " "); for (i = 1; i <= n; i++) allowed[$1, may[i]] = 1; known[$1] = 1; next }
    {
      split($1, part, "/")
      own = part[1] == "lab" ? part[1] "/" part[2] : part[1]
      if (!(own in known)) printf "%s: the folder %s has no line in the table of the floors\n", $1, own
      else if (!((own, $3) in allowed)) printf "%s: %s may not include \"%s\" of %s\n", $1, own, $2, $3
    }' <(knows) -
}

sources() { find "$@" -name '*.[chS]'; }

edges=$work/edges
sources wdk inspect rules driver specimens lab cli | includes | homes >"$edges"
count=$(wc -l <"$edges")
[ "$count" -gt 300 ] && passed "$count includes between files of the house are seen" ||
  failed "only $count includes are seen: the search is broken"
upward <"$edges" >"$work/upward"
[ -s "$work/upward" ] && { failed "arrows that point upwards:"; sed 's/^/    /' "$work/upward"; } ||
  passed "no floor includes one above it"

# The driver and the specimens compile on Windows: what they include is the kit's or the house's, never the C library's
# for programs.
sources driver specimens | includes | while IFS='|' read -r file header; do
  for root in "${file%/*}" . include wdk wdk/crt specimens; do [ -f "$root/$header" ] && continue 2; done
  echo "$file: <$header> is neither the kit's nor the house's"
done >"$work/foreign"
[ -s "$work/foreign" ] && { failed "headers a Windows driver does not have:"; sed 's/^/    /' "$work/foreign"; } ||
  passed "driver and specimens include headers of the kit and the house only"

# The libraries are linked as the headers are included: a DEPENDS that points upwards shows here.
for folder in lab/*/; do
  folder=${folder%/}
  [ -f "$folder/CMakeLists.txt" ] || continue
  for library in $(grep -oE 'sluice_[a-z]+' "$folder/CMakeLists.txt" | grep -v sluice_module); do
    name=${library#sluice_}
    home=$name
    [ -d "lab/$name" ] && home=lab/$name
    echo "$folder/CMakeLists.txt|$library|$home"
  done
done | upward >"$work/linked"
[ -s "$work/linked" ] && { failed "libraries that point upwards:"; sed 's/^/    /' "$work/linked"; } ||
  passed "no floor links one above it"

# The test can fail: made-up arrows are all found.
found=$(printf '%s\n' 'lab/sim/a.c|pe/pe.h|lab/pe' 'lab/tcpip/a.c|fwp/fwp.h|lab/fwp' 'driver/a.c|sim/sim.h|lab/sim' \
  'inspect/a.c|ntddk.h|wdk' 'lab/nt/a.c|../pe/pe.h|..' 'lab/pe/a.c|sim/sim.h|lab/sim' | upward | wc -l)
[ "$found" -eq 5 ] && passed "made-up arrows are found" || failed "$found of 5 made-up arrows found"
finish
