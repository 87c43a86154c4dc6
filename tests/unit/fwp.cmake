# SPDX-License-Identifier: MIT
sluice_test(fwpm SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_fwpm.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_fwpm_filter.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_fwpm_service.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_fwpm_world.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ndis_world.c DEPENDS sluice_fwp)
