# SPDX-License-Identifier: MIT
# Signals and full disks: what the command leaves behind.
if(SLUICE_IMAGES AND NOT SLUICE_SANITIZE)
  add_test(NAME lab_interrupted COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/interrupted.sh)
  set_tests_properties(lab_interrupted PROPERTIES TIMEOUT 300
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
