# SPDX-License-Identifier: MIT
sluice_test(regex_differential SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_regex_differential.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_regex_world.c DEPENDS sluice_rules sluice_inspect pcre2-8 hs)
