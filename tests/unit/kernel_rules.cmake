# SPDX-License-Identifier: MIT
foreach(part nt_locks nt_paged)
  sluice_test(${part} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_${part}.c
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_nt_world.c DEPENDS sluice_nt)
endforeach()
sluice_test(check_fault_blame SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_check_fault_blame.c DEPENDS sluice_check)
sluice_test(check_flow_context SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_check_flow_context.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ndis_world.c DEPENDS sluice_check)
