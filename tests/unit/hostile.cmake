# SPDX-License-Identifier: MIT
sluice_test(check_history SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_check_history.c DEPENDS sluice_explore)
sluice_test(pe_guard SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_pe_guard.c DEPENDS sluice_pe)
sluice_test(function_start SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_function_start.c
  ${CMAKE_SOURCE_DIR}/cli/function_start.c DEPENDS)
target_include_directories(test_function_start PRIVATE ${CMAKE_SOURCE_DIR})
