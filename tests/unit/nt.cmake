# SPDX-License-Identifier: MIT
foreach(part nt nt_driver nt_rtl nt_unload)
  sluice_test(${part} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_${part}.c
    ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_nt_world.c DEPENDS sluice_nt)
endforeach()
