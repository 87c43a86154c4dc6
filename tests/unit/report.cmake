# SPDX-License-Identifier: MIT
foreach(part community_id eve)
  sluice_test(${part} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_${part}.c
    DEPENDS sluice_report sluice_rules sluice_inspect)
endforeach()
foreach(part escape files text)
  sluice_test(report_${part} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_report_${part}.c
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_report_world.c DEPENDS sluice_report)
endforeach()
