# SPDX-License-Identifier: MIT
set(literals_set ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals_set.c)
sluice_test(literals SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals.c ${literals_set}
  DEPENDS sluice_rules sluice_inspect)

find_library(HYPERSCAN_LIBRARY hs)
find_path(HYPERSCAN_INCLUDE hs/hs.h)
sluice_test(literals_hyperscan SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals_hyperscan.c
  ${literals_set} DEPENDS sluice_rules sluice_inspect)
if(HYPERSCAN_LIBRARY AND HYPERSCAN_INCLUDE)
  target_link_libraries(test_literals_hyperscan PRIVATE ${HYPERSCAN_LIBRARY})
  target_compile_definitions(test_literals_hyperscan PRIVATE TEST_HYPERSCAN)
else()
  message(STATUS "literals_hyperscan: no Hyperscan (libhyperscan-dev), the test is SKIPPED")
endif()
