# SPDX-License-Identifier: MIT
set(literals_set ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals_set.c)
sluice_test(literals SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals.c ${literals_set}
  DEPENDS sluice_rules sluice_inspect)

find_library(HYPERSCAN_LIBRARY hs REQUIRED)
sluice_test(literals_hyperscan SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_literals_hyperscan.c
  ${literals_set} DEPENDS sluice_rules sluice_inspect ${HYPERSCAN_LIBRARY})
