# SPDX-License-Identifier: MIT
set(regex_world ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_regex_world.c)
sluice_test(regex_parse SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_regex_parse.c
  DEPENDS sluice_rules sluice_inspect)
sluice_test(regex_automaton SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_regex_automaton.c ${regex_world}
  DEPENDS sluice_rules sluice_inspect)
# The oracles: libpcre2-dev, libhyperscan-dev.
sluice_test(regex_differential SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_regex_differential.c ${regex_world}
  DEPENDS sluice_rules sluice_inspect pcre2-8 hs)
