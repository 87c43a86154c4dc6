# SPDX-License-Identifier: MIT
sluice_test(tcpip_segment SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_segment.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_packet.c DEPENDS sluice_tcpip)
sluice_test(tcpip_reassembly SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_reassembly.c
  DEPENDS sluice_tcpip)
sluice_test(tcpip_receive SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_receive.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_world.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_packet.c DEPENDS sluice_tcpip)
