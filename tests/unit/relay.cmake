# SPDX-License-Identifier: MIT
set(record ${CMAKE_CURRENT_SOURCE_DIR}/captures/record)
set(relay_sources ${record}/delay.c ${record}/options.c ${record}/packet.c ${record}/recorder.c
    ${record}/renumber.c ${record}/schedule.c ${record}/writer.c)

# The relay itself is built too, so that it stays buildable; record.sh compiles its own.
add_executable(capture_relay ${relay_sources} ${record}/relay.c ${record}/tap.c)
target_link_libraries(capture_relay PRIVATE sluice_flags)
set_target_properties(capture_relay PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

sluice_test(relay SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_relay.c ${relay_sources})
target_include_directories(test_relay PRIVATE ${record})
