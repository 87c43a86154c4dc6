# SPDX-License-Identifier: MIT
# What docs/provoking.md says of the options of `sluice check`.
if(SLUICE_IMAGES)
  add_test(NAME lab_provoking COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/provoking.sh)
  set_tests_properties(lab_provoking PROPERTIES TIMEOUT 300
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
