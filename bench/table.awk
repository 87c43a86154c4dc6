# SPDX-License-Identifier: MIT
# The benchmark's tables, from what figures.awk has collected.

function line(title, label) {
    if (count[label "-big"] + count[label "-many"] == 0)
        return
    printf "%-28s %12s %12s %9s %9s   %s\n", title,
        number(figure(label "-big", "gbit"), "%.2f"),
        number(figure(label "-many", "flows_per_second"), "%.0f"),
        number(figure(label "-big", "rss_mib"), "%.0f"),
        number(figure(label "-many", "rss_mib"), "%.0f"),
        wrong[label "-big"] || wrong[label "-many"] ? "WRONG: see standard error" : ""
}

function target(title, label, input, key, want, format,    have) {
    have = figure(label "-" input, key)
    if (have == "")
        return
    printf "%-34s %10s %10s %8s %9s %9s %9s %9s\n", title, sprintf(format, want),
        sprintf(format, have), (have + 0 >= want ? "yes" : "NO"),
        ratio(have, figure("any-" (label ~ /off$/ ? "off" : "on") "-" input, key)),
        ratio(have, figure("libnids-" input, key)), ratio(have, figure("ngrep-" input, key)),
        ratio(have, figure("memcpy-" input, key))
}

function targets(mode, checks, gbit, flows) {
    target(mode ", checks " checks ": Gbit/s", mode "-" checks, "big", "gbit", gbit, "%.2f")
    target(mode ", checks " checks ": flows/s", mode "-" checks, "many", "flows_per_second",
           flows, "%.0f")
}

function idle(mode,    label, bytes, calls, passed) {
    label = mode "-idle"
    if (count[label] == 0)
        return
    bytes = figure(label, "idle_bytes")
    calls = figure(label, "pass_pool_calls")
    passed = figure(label, "pass_classifies")
    printf "%-34s %10s %10s %8s   (%.1f just after opening)\n", mode ": bytes per idle flow",
        "<= 512", sprintf("%.1f", bytes), bytes <= 512 ? "yes" : "NO",
        figure(label, "opened_bytes")
    printf "%-34s %10s %10s %8s   (%d calls in %d classifies)\n",
        mode ": pool calls per classify", mode == "permit" ? "0" : "-",
        passed == 0 ? "-" : sprintf("%.4f", calls / passed),
        mode == "permit" ? (calls == 0 && passed > 0 ? "yes" : "NO") : "-", calls, passed
}

END {
    printf "Inputs: big %d flows, %.1f MiB of payload; many %d flows, %.1f MiB. Medians of %d runs, processor time, one core.\n\n",
        shape["memcpy-big", "flows"], shape["memcpy-big", "payload"] / 1048576,
        shape["memcpy-many", "flows"], shape["memcpy-many", "payload"] / 1048576,
        count["memcpy-big"]
    printf "%-28s %12s %12s %9s %9s\n", "", "big Gbit/s", "many flows/s", "big MiB", "many MiB"
    line("memcpy of the payload", "memcpy")
    line("libnids, checksums off", "libnids")
    line("ngrep", "ngrep")
    split("any permit gate", modes, " ")
    for (m = 1; m <= 3; m++) {
        name = modes[m] == "any" ? "any driver" : "sluice.sys " modes[m]
        line(name ", checks on", modes[m] "-on")
        line(name ", checks off", modes[m] "-off")
        line(name ", on + special", modes[m] "-special")
    }
    printf "\n%-34s %10s %10s %8s %9s %9s %9s %9s\n", "figure", "target", "measured", "reached",
        "/any", "/libnids", "/ngrep", "/memcpy"
    targets("permit", "on", 5, 100000)
    targets("permit", "off", 10, 300000)
    targets("gate", "on", 2.5, 50000)
    targets("gate", "off", 5, 150000)
    if (count["permit-on-big"] == 0) {
        targets("any", "on", 5, 100000)
        targets("any", "off", 10, 300000)
    }
    idle("permit")
    idle("gate")
    printf "\nChecks on:      %s\n", checks["any-on-big"]
    printf "Checks off:     %s\n", checks["any-off-big"]
    printf "Special pool:   %s\n", checks["any-special-big"]
}
