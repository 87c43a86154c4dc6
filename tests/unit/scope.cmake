# SPDX-License-Identifier: MIT
sluice_test(scope_random SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_random.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_world.c ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_naive.c
  DEPENDS sluice_rules sluice_inspect pcre2-8)
sluice_test(scope_hold SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_hold.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_world.c ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_naive.c
  DEPENDS sluice_rules sluice_inspect pcre2-8)
sluice_test(ruleset SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ruleset.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ruleset_world.c DEPENDS sluice_rules sluice_inspect)
sluice_test(scope SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_world.c ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_scope_naive.c
  DEPENDS sluice_rules sluice_inspect pcre2-8)
