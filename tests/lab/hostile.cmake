# SPDX-License-Identifier: MIT
# Drivers that mean harm: bounded in time, told, and without effect.
if(SLUICE_IMAGES)
  add_test(NAME lab_hostile COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/hostile.sh)
  set_tests_properties(lab_hostile PROPERTIES TIMEOUT 1800
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
