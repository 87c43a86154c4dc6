# SPDX-License-Identifier: MIT
sluice_test(cli_options SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_cli_options.c ${CMAKE_SOURCE_DIR}/cli/options.c
  ${CMAKE_SOURCE_DIR}/cli/paragraph.c
  DEPENDS)
sluice_test(cli_session SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_cli_session.c ${CMAKE_SOURCE_DIR}/cli/session.c
  ${CMAKE_SOURCE_DIR}/cli/symbolize.c ${CMAKE_SOURCE_DIR}/cli/function_start.c ${CMAKE_SOURCE_DIR}/cli/outputs.c
  ${CMAKE_SOURCE_DIR}/cli/interruption.c ${CMAKE_SOURCE_DIR}/cli/whole_file.c
  DEPENDS sluice_report sluice_pe)
target_include_directories(test_cli_options PRIVATE ${CMAKE_SOURCE_DIR})
target_include_directories(test_cli_session PRIVATE ${CMAKE_SOURCE_DIR})
