# SPDX-License-Identifier: MIT
# What a child may send: the reader is a part of cli, so its sources come along.
sluice_fuzzer(frame SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_frame.c ${CMAKE_SOURCE_DIR}/cli/outputs.c
  ${CMAKE_SOURCE_DIR}/cli/whole_file.c ${CMAKE_SOURCE_DIR}/cli/interruption.c
  ${CMAKE_SOURCE_DIR}/cli/symbolize.c ${CMAKE_SOURCE_DIR}/cli/function_start.c
  DEPENDS sluice_explore sluice_report)
