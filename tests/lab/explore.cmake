# SPDX-License-Identifier: MIT
# Recorded runs, scripts and campaigns through the command.
if(SLUICE_IMAGES)
  add_test(NAME lab_explore COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/explore.sh)
  add_test(NAME lab_again COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/again.sh)
  set_tests_properties(lab_explore lab_again PROPERTIES TIMEOUT 300
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
