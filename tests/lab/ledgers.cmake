# SPDX-License-Identifier: MIT
# What is open in each ledger when the connections have ended.
if(SLUICE_IMAGES)
  add_test(NAME lab_ledgers COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/ledgers.sh)
  set_tests_properties(lab_ledgers PROPERTIES TIMEOUT 300
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
