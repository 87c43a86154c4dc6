# SPDX-License-Identifier: MIT
add_test(NAME captures COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/lab/check-captures.sh)
set_tests_properties(captures PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 240)
