# SPDX-License-Identifier: MIT
foreach(part errors parse groups sources)
  sluice_test(rules_${part}
    SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_rules_${part}.c ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_rules_told.c
    DEPENDS sluice_rules sluice_inspect)
  target_include_directories(test_rules_${part} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
endforeach()
