# SPDX-License-Identifier: MIT
# Quirks by the names that the command takes.
if(SLUICE_IMAGES)
  add_test(NAME lab_quirks COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/quirks.sh)
  set_tests_properties(lab_quirks PROPERTIES TIMEOUT 300
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
