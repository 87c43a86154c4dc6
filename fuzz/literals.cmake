# SPDX-License-Identifier: MIT
sluice_fuzzer(literals SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_literals.c DEPENDS sluice_rules sluice_inspect)
