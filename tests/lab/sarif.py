#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# sarif.py SCHEMA FILE...: validates SARIF files, and that each result's ruleIndex leads to its rule.
import json
import sys

import jsonschema


def complaints(schema, log):
    for error in jsonschema.validators.validator_for(schema)(schema).iter_errors(log):
        yield "/".join(str(step) for step in error.absolute_path) + ": " + error.message[:200]
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        for result in run["results"]:
            if rules[result["ruleIndex"]]["id"] != result["ruleId"]:
                yield "ruleIndex of " + result["ruleId"] + " leads elsewhere"


def main():
    with open(sys.argv[1]) as file:
        schema = json.load(file)
    bad = 0
    for name in sys.argv[2:]:
        with open(name) as file:
            log = json.load(file)
        for complaint in complaints(schema, log):
            print(name + ": " + complaint)
            bad += 1
    return 1 if bad else 0


sys.exit(main())
