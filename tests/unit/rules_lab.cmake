# SPDX-License-Identifier: MIT
set(rules_lab_run ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_rules_lab_run.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_rules_lab_traffic.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_world.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_packet.c)
sluice_test(rules_lab SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_rules_lab.c ${rules_lab_run}
  DEPENDS sluice_driver sluice_explore sluice_rules)
sluice_test(rules_lab_swap SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_rules_lab_swap.c
  ${rules_lab_run} DEPENDS sluice_driver sluice_explore sluice_rules)
foreach(test rules_lab rules_lab_swap)
  string(REPLACE rules_lab rules_lab7 test7 ${test})
  sluice_test(${test7} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_${test}.c ${rules_lab_run}
    DEPENDS sluice_driver7 sluice_explore sluice_rules)
  target_compile_definitions(test_${test7} PRIVATE SLUICE_DRIVER_7)
endforeach()
