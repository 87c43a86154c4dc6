# SPDX-License-Identifier: MIT
sluice_test(compile SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_world.c DEPENDS sluice_rules sluice_inspect)
sluice_test(compile_errors SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_errors.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_world.c DEPENDS sluice_rules sluice_inspect)
sluice_test(compile_match SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_match.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_match_payload.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_match_buffer.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_world.c DEPENDS sluice_rules sluice_inspect)
