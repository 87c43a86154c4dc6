# SPDX-License-Identifier: MIT
# The pairs of specimens/, each judged by the command.
if(SLUICE_IMAGES)
  add_test(NAME lab_specimens COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/specimens.sh)
  set_tests_properties(lab_specimens PROPERTIES TIMEOUT 900
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
