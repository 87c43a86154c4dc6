# SPDX-License-Identifier: MIT
sluice_test(ndis SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ndis.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ndis_world.c DEPENDS sluice_ndis)
sluice_test(ndis_miniport SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ndis_miniport.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_ndis_world.c DEPENDS sluice_ndis)
