# SPDX-License-Identifier: MIT
sluice_fuzzer(pe SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_pe.c DEPENDS sluice_pe)
