# SPDX-License-Identifier: MIT
# Our own driver under all that can be provoked; the long form is `./dev soak`.
if(SLUICE_IMAGES)
  add_test(NAME lab_own_driver COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/own_driver.sh)
  set_tests_properties(lab_own_driver PROPERTIES TIMEOUT 600
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
