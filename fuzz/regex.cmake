# SPDX-License-Identifier: MIT
sluice_fuzzer(regex SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_regex.c DEPENDS sluice_rules sluice_inspect)
sluice_fuzzer(automaton SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_automaton.c DEPENDS sluice_rules sluice_inspect)
