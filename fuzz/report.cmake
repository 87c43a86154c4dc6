# SPDX-License-Identifier: MIT
sluice_fuzzer(report SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_report.c DEPENDS sluice_report)
