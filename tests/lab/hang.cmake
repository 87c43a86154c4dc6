# SPDX-License-Identifier: MIT
# What is said of an unload that does not return.
if(SLUICE_IMAGES)
  add_test(NAME lab_hang COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/hang.sh)
  set_tests_properties(lab_hang PROPERTIES TIMEOUT 300
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
