# SPDX-License-Identifier: MIT
foreach(part tls http flow blocklist)
  sluice_test(inspect_${part}
    SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_${part}.c
            ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_feed.c
    DEPENDS sluice_rules sluice_inspect)
endforeach()
sluice_test(inspect_rules
  SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_rules.c
          ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_inspect_feed.c
          ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_compile_world.c
  DEPENDS sluice_rules sluice_inspect)
