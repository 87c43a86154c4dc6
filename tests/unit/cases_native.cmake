# SPDX-License-Identifier: MIT
# tests/cases through the natively linked driver; tests/cases/cases.cmake runs them through its image.
set(cases_native ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_cases.c ${CMAKE_CURRENT_SOURCE_DIR}/cases/script.c)
sluice_test(cases_native SOURCES ${cases_native}
  DEPENDS sluice_driver sluice_explore sluice_report sluice_rules pcap)
sluice_test(cases_native7 SOURCES ${cases_native}
  DEPENDS sluice_driver7 sluice_explore sluice_report sluice_rules pcap)
target_compile_definitions(test_cases_native7 PRIVATE SLUICE_DRIVER_7)
