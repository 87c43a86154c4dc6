# SPDX-License-Identifier: MIT
sluice_test(sim SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_sim.c DEPENDS sluice_sim)

# The same world at two levels of optimization: their trace hashes must be equal.
file(GLOB sim_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/lab/sim/*.c ${CMAKE_SOURCE_DIR}/lab/sim/*.S)
foreach(level O0 O2)
  add_executable(sim_trace_${level} ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_sim_trace.c ${sim_sources})
  # Not sluice_flags: its own optimization level would come last and win.
  target_compile_definitions(sim_trace_${level} PRIVATE _GNU_SOURCE)
  target_include_directories(sim_trace_${level} PRIVATE ${CMAKE_SOURCE_DIR}/lab)
  target_compile_options(sim_trace_${level} PRIVATE -${level})
  set_target_properties(sim_trace_${level} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_dependencies(test_sim sim_trace_${level})
endforeach()
target_compile_definitions(test_sim PRIVATE SIM_TRACE_DIRECTORY="${CMAKE_BINARY_DIR}/tests")
