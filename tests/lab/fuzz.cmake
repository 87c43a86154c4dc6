# SPDX-License-Identifier: MIT
# Not from a sanitizer build: there the test would only repeat itself.
if(NOT SLUICE_SANITIZE)
  add_test(NAME fuzz_corpus COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/fuzz-corpus.sh)
  set_tests_properties(fuzz_corpus PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
