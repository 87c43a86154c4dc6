# SPDX-License-Identifier: MIT
# Reports in other tools' formats, held against those formats.
if(SLUICE_IMAGES)
  foreach(name reports html)
    add_test(NAME lab_${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/${name}.sh)
    set_tests_properties(lab_${name} PROPERTIES TIMEOUT 300
      ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
  endforeach()
endif()
