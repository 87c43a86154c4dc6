# SPDX-License-Identifier: MIT
# The tables of a replay with rules, from what figures.awk has collected.

function row(title, label, target,    have, of, flag) {
    if (count[label "-big"] + count[label "-many"] == 0)
        return
    have = figure(label "-big", "gbit")
    flag = target == "" ? "" : have + 0 >= target ? "yes" : "NO"
    printf "%-40s %9s %7s %7s %12s %9s  %s\n", title, number(have, "%.2f"), target, flag,
        number(figure(label "-many", "flows_per_second"), "%.0f"),
        label == "permit" ? "-" : ratio(figure("permit-big", "gbit"), have),
        wrong[label "-big"] || wrong[label "-many"] ? "WRONG: see standard error" : ""
}

function memory(title, label,    holding) {
    if (count[label "-flows"] == 0)
        return
    holding = figure(label "-flows", "held") > 0 ? figure(label "-flows", "holding_bytes") : ""
    printf "%-40s %9.0f %9.0f %9s %9.0f %9.0f %9.0f\n", title,
        figure(label "-flows", "opened_bytes"), figure(label "-flows", "idle_bytes"),
        number(holding, "%.0f"), figure(label "-flows", "flow_bytes"), figure(label "-flows", "scratch_bytes"),
        figure(label "-flows", "block_bytes")
}

END {
    printf "Inputs: big %d flows, %.1f MiB of payload; many %d flows, %.1f MiB. Medians of %d runs, processor time, one core.\n",
        shape["memcpy-big", "flows"], shape["memcpy-big", "payload"] / 1048576,
        shape["memcpy-many", "flows"], shape["memcpy-many", "payload"] / 1048576,
        count["memcpy-big"]
    printf "sluice.sys without checks of the lab; \"rules\": %d drop rules with a literal each, %.0f KiB.\n\n",
        figure("rules", "count"), figure("permit-flows", "ruleset_bytes") / 1024
    printf "%-40s %9s %7s %7s %12s %9s\n", "", "Gbit/s", "target", "reached", "many flows/s",
        "permit/it"
    row("sluice.sys permit, rules", "permit", 5)
    row("  segments in chains of 45", "chains", "")
    row("sluice.sys gate, rules", "gate", "")
    row("sluice.sys permit, no rules", "bare", "")
    row("tcpflow (writes the streams)", "tcpflow", "")
    row("ngrep (one word)", "ngrep", "")
    row("ndpiReader (tells protocols)", "ndpi", "")
    row("libnids (reassembles), checksums off", "libnids", "")
    row("memcpy of the payload", "memcpy", "")
    printf "\n%-40s %9s %9s %9s %9s %9s %9s\n", "Driver memory in bytes", "idle", "in a body",
        "holding", "a flow", "scratch", "block"
    memory("a flow, permit, rules", "permit")
    memory("a flow, gate, rules", "gate")
}
