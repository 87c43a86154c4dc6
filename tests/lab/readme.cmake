# SPDX-License-Identifier: MIT
# The README's outputs against the commands.
if(SLUICE_IMAGES AND NOT SLUICE_SANITIZE)
  add_test(NAME lab_readme COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/readme.sh)
  set_tests_properties(lab_readme PROPERTIES TIMEOUT 300
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
