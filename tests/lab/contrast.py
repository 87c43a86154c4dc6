#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# contrast.py PAGE: each pair of colours that stand on each other in a report has the contrast that WCAG 2.1 asks of text,
# 4.5 : 1 (success criterion 1.4.3), in the light, the dark and the printed page.
import re
import sys

CURVES = [f"c{i}" for i in range(6)]
PAIRS = [("ink", "back"), ("ink", "card"), ("ink", "code"), ("ink", "bad-back"), ("dim", "back"), ("dim", "card"),
         ("dim", "bad-back"), ("c0", "back"), ("card", "bad")]
PAIRS += [(name, name + "-back") for name in ("bad", "warn", "good")]
PAIRS += [(curve, "card") for curve in CURVES] + [("card", curve) for curve in CURVES]


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def main():
    with open(sys.argv[1]) as file:
        style = re.search(r"<style>(.*?)</style>", file.read(), re.S).group(1)
    sets = [dict(re.findall(r"--([a-z0-9-]+):(#[0-9a-f]+)", text)) for text in re.findall(r":root\{([^}]*)\}", style)]
    if len(sets) != 3:
        print("there are", len(sets), "sets of colours instead of 3")
        return 1
    bad = 0
    for colours, name in zip(sets, ("light", "dark", "print")):
        whole = {**sets[0], **colours}
        for one, other in PAIRS:
            if contrast(whole[one], whole[other]) < 4.5:
                print(f"{name}: {one} on {other}: {contrast(whole[one], whole[other]):.2f}")
                bad += 1
    return 1 if bad else 0


sys.exit(main())
