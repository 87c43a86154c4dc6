# SPDX-License-Identifier: MIT
# tests/cases through the natively linked driver; tests/cases/cases.cmake runs them through its image.
sluice_test(cases_native SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_cases.c
  DEPENDS sluice_driver sluice_explore sluice_report sluice_rules)
sluice_test(cases_native7 SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_cases.c
  DEPENDS sluice_driver7 sluice_explore sluice_report sluice_rules)
target_compile_definitions(test_cases_native7 PRIVATE SLUICE_DRIVER_7)
