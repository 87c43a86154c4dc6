# SPDX-License-Identifier: MIT
# Lines "label key=value ..." collected, and medians over the rounds.

function median(list,    n, i, j, x, a) {
    n = split(list, a, " ")
    for (i = 2; i <= n; i++) {
        x = a[i] + 0
        for (j = i - 1; j > 0 && a[j] + 0 > x; j--)
            a[j + 1] = a[j]
        a[j + 1] = x
    }
    if (n == 0)
        return ""
    return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
}

function figure(label, key) { return median(seen[label, key]) }

function number(x, format) { return x == "" ? "-" : sprintf(format, x) }

function ratio(x, y) { return x == "" || y == "" || y == 0 ? "-" : sprintf("%.2f", x / y) }

{
    count[$1]++
    for (i = 2; i <= NF; i++) {
        split($i, pair, "=")
        seen[$1, pair[1]] = seen[$1, pair[1]] " " pair[2]
        if (pair[1] == "failed" || (pair[1] == "right" && pair[2] != "yes"))
            wrong[$1] = 1
        if (pair[1] == "checks")
            checks[$1] = pair[2]
        if (pair[1] == "flows" || pair[1] == "payload")
            shape[$1, pair[1]] = pair[2]
    }
}
