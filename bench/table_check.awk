# SPDX-License-Identifier: MIT
# What checking costs, beside what it may cost.

function row(text, measured, limit, unit) {
    printf "%-52s %10s %8s  %s\n", text, number(measured, "%.2f") unit, limit unit,
        measured == "" ? "not measured" : measured <= limit ? "within" : "BEYOND"
}

function times(mode, input,    on, off) {
    on = figure(mode "-on-" input, "gbit")
    off = figure(mode "-off-" input, "gbit")
    row("checks on beside off, replay, " mode ", " input, on == "" || on == 0 || off == "" ? "" : off / on, 2, " x")
}

END {
    printf "%-52s %10s %8s\n", "figure", "measured", "limit"
    times("bench-permit", "big")
    times("bench-permit", "many")
    times("permit", "big")
    times("permit", "many")
    times("gate", "big")
    times("gate", "many")
    row("1,000 schedules of the chain cut", figure("schedules", "seconds"), 10, " s")
    row("fault sweep of sluice.sys to its fixpoint", figure("sweep", "seconds"), 60, " s")
}
