# SPDX-License-Identifier: MIT
# Tests of the command `sluice` with real images, each a script that says PASSED, FAILED or SKIPPED.
if(SLUICE_IMAGES)
  foreach(name matrix verdicts determinism contract replay bad_input json eve install playbook)
    add_test(NAME lab_${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/${name}.sh)
    set_tests_properties(lab_${name} PROPERTIES TIMEOUT 300
      ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
  endforeach()
endif()

# No floor knows one above it.
add_test(NAME arrows COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/arrows.sh)
set_tests_properties(arrows PROPERTIES ENVIRONMENT "SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")

# Deliberate defects, each killed by a test that it names: builds a copy of the tree, so that it has the machine to itself.
if(SLUICE_IMAGES AND NOT SLUICE_SANITIZE)
  add_test(NAME defects COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/defects/run.sh)
  set_tests_properties(defects PROPERTIES TIMEOUT 1800 PROCESSORS 2)
endif()
