# SPDX-License-Identifier: MIT
foreach(part community_id eve)
  sluice_test(${part} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_${part}.c
    DEPENDS sluice_report sluice_rules sluice_inspect)
endforeach()
