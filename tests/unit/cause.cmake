# SPDX-License-Identifier: MIT
sluice_test(check_cause SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_check_cause.c DEPENDS sluice_check)
