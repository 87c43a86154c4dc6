# SPDX-License-Identifier: MIT
sluice_fuzzer(parsers SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_parsers.c DEPENDS sluice_rules sluice_inspect)
sluice_fuzzer(certificate SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_certificate.c DEPENDS sluice_rules sluice_inspect)
