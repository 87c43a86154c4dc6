#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Which drivers are convicted on which Windows, and by what.
. "$(dirname "$0")/expect.sh"

bad=$images/nbuf-leak-bad.sys
SECONDS=0
if expect_exit 1 "nbuf-leak-bad on 7sp1" "$sluice" check "$bad" --profile 7sp1 --json; then
  echo "convicted after about $SECONDS s"
  jq -e -s '[.[] | select(.type == "finding" and .severity == "error")] | length == 1 and
    (.[0] | .rule == "R42" and .tag == "Nbuf" and .nbls > 0 and .bytes >= 1460 and
     (.stack | any(test("StreamDatapInject"))) and (.stack | any(test("TcpInspectReceive"))) and
     (.consequences | length > 0) and (.advice | length > 0))' "$work/out" >/dev/null &&
    passed "nbuf-leak-bad is convicted on 7sp1 by one error, R42 with tag Nbuf" ||
    failed "nbuf-leak-bad on 7sp1: $(jq -c 'select(.type == "finding") | [.severity, .rule, .tag]' "$work/out")"
fi
clean() { # image profile [most severe rules allowed as warnings...]
  local image=$1 profile=$2
  shift 2
  expect_exit 0 "$(basename "$image") on $profile" "$sluice" check "$image" --profile "$profile" --json || return
  local got
  got=$(jq -r 'select(.type == "finding") | .severity + " " + .rule' "$work/out" | sort -u | tr '\n' ',')
  local want=
  for rule in "$@"; do want+="warning $rule,"; done
  [ "$got" = "$want" ] && passed "$(basename "$image") on $profile: ${want:-no finding}" ||
    failed "$(basename "$image") on $profile: $got instead of $want"
}
expect_exit 1 "nbuf-leak-bad on all" "$sluice" check "$bad" --profile all --quiet &&
  expect_line '^vista-sp1: does not load; 7sp1: hurts; 8.1: warnings; 10: warnings; 11: warnings$' "which Windows" &&
  expect_line '^tried: [0-9]+ runs; [0-9]+ readings$' "what was tried" && passed "it is told which Windows would hurt the driver"
clean "$bad" 10 R42
clean "$images/nbuf-leak-guarded.sys" 7sp1 R24 R42
clean "$images/nbuf-leak-guarded.sys" 10 R42
clean "$images/nbuf-leak-batched.sys" 7sp1
clean "$images/nbuf-leak-batched.sys" 10
clean "$images/win7/sluice.sys" 7sp1
for profile in 8.1 10 11; do
  clean "$images/sluice.sys" $profile
done
for mode in gate permit monitor; do
  for seed in 2 3 4; do
    expect_exit 0 "sluice.sys, $mode, seed $seed" "$sluice" check "$images/sluice.sys" --profile 10 --seed $seed \
      --set Mode=$mode && passed "sluice.sys, $mode, seed $seed" || sed 's/^/    /' "$work/out"
  done
done
if expect_exit 4 "the image of Windows 8 on Windows 7" "$sluice" check "$images/sluice.sys" --profile 7sp1; then
  expect_line 'Fwps(CalloutRegister2|FlowAbort0)' "the missing export" &&
    passed "a wrong pair is refused with the missing export's name"
fi
expect_exit 0 "special pool" "$sluice" check "$images/sluice.sys" --profile 10 --special-pool &&
  passed "sluice.sys with special pool"
# Two callouts of one flow, one out of band and one inline, are not one that changed its mind.
for back in 0 1; do
  expect_exit 0 "two-modes, BACK_INLINE=$back, builds" "$sluice" build "$SLUICE_SOURCE/tests/lab/drivers/two-modes.c" \
    -o "$work/two-modes-$back.sys" -D BACK_INLINE=$back -Wextra -Werror || finish
done
clean "$work/two-modes-0.sys" 10
if expect_exit 1 "two-modes, BACK_INLINE=1" "$sluice" check "$work/two-modes-1.sys" --profile 10 --json; then
  got=$(jq -r 'select(.type == "finding") | .severity + " " + .rule' "$work/out" | sort -u | tr '\n' ',')
  [ "$got" = "error R35," ] && passed "a callout that lets a FIN pass although it is out of band is convicted" ||
    failed "a callout that goes back inline: ${got:-no finding}"
fi
finish
