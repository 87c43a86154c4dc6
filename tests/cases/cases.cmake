# SPDX-License-Identifier: MIT
# Rules over written-down traffic, through the driver image in the lab.
add_executable(make_case ${CMAKE_CURRENT_SOURCE_DIR}/cases/make_case.c ${CMAKE_CURRENT_SOURCE_DIR}/cases/script.c)
target_link_libraries(make_case PRIVATE sluice_flags pcap)
set_target_properties(make_case PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
if(SLUICE_IMAGES)
  add_test(NAME cases COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cases/run.sh)
  set_tests_properties(cases PROPERTIES TIMEOUT 600
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endif()
