# SPDX-License-Identifier: MIT
sluice_test(provoke SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_provoke.c DEPENDS sluice_explore)
