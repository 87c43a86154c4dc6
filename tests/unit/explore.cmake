# SPDX-License-Identifier: MIT
sluice_test(decision SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_decision.c DEPENDS sluice_sim)
sluice_test(campaign SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_campaign.c DEPENDS sluice_explore)
sluice_test(script SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_script.c DEPENDS sluice_traffic)
