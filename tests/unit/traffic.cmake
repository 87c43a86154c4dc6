# SPDX-License-Identifier: MIT
sluice_test(traffic SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_traffic.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_traffic_world.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_tcpip_packet.c DEPENDS sluice_traffic)
sluice_test(traffic_replay SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_traffic_replay.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_traffic_world.c DEPENDS sluice_traffic)
