# SPDX-License-Identifier: MIT
foreach(part golden models inject flow filter rules random quirks listener)
  sluice_test(netio_${part}
    SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_netio_${part}.c ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_netio_world.c
    DEPENDS sluice_fwp)
endforeach()

foreach(part range_tree completion_queue)
  sluice_test(netio_${part} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_netio_${part}.c DEPENDS sluice_netio)
endforeach()
