# SPDX-License-Identifier: MIT
sluice_fuzzer(inspect SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_inspect.c DEPENDS sluice_rules sluice_inspect)
sluice_fuzzer(blocklist SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_blocklist.c DEPENDS sluice_rules sluice_inspect)
