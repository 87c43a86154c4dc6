# SPDX-License-Identifier: MIT
sluice_fuzzer(script SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_script.c DEPENDS sluice_traffic)
sluice_fuzzer(recording SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_recording.c
  ${CMAKE_SOURCE_DIR}/cli/recording.c DEPENDS sluice_explore sluice_report)
