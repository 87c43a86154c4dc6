# SPDX-License-Identifier: MIT
sluice_test(literals SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals_set.c DEPENDS sluice_rules sluice_inspect)
