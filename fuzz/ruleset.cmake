# SPDX-License-Identifier: MIT
sluice_fuzzer(ruleset SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/fuzz_ruleset.c
  ${CMAKE_SOURCE_DIR}/tests/unit/test_ruleset_world.c DEPENDS sluice_rules sluice_inspect)
target_include_directories(fuzz_ruleset PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
