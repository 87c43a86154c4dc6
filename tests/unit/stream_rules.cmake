# SPDX-License-Identifier: MIT
sluice_test(check_stream SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_check_stream.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_netio_world.c DEPENDS sluice_check)
