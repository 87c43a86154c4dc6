# SPDX-License-Identifier: MIT
sluice_fuzzer(rules SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_rules.c DEPENDS sluice_rules sluice_inspect)
