# SPDX-License-Identifier: MIT
# What drivers print.
if(SLUICE_IMAGES)
  add_test(NAME lab_debug_print COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/debug_print.sh)
  set_tests_properties(lab_debug_print PROPERTIES TIMEOUT 120
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
