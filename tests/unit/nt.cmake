# SPDX-License-Identifier: MIT
sluice_test(nt SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_nt.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_nt_world.c DEPENDS sluice_nt)
