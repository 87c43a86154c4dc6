# SPDX-License-Identifier: MIT
sluice_test(inspect_stack
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_stack.c
          ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ruleset_world.c
  DEPENDS sluice_rules sluice_inspect)
