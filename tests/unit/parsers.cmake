# SPDX-License-Identifier: MIT
sluice_test(inspect_digest
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_digest.c
  DEPENDS sluice_rules sluice_inspect)
foreach(part handshake smtp ftp ssh ja certificate)
  sluice_test(inspect_${part}
    SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_${part}.c
            ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_steps.c
    DEPENDS sluice_rules sluice_inspect)
endforeach()
