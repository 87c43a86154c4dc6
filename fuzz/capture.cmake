# SPDX-License-Identifier: MIT
sluice_fuzzer(capture SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_capture.c DEPENDS sluice_traffic)
