# SPDX-License-Identifier: MIT
set(driver_lab ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_lab.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_world.c)
sluice_test(driver_lab SOURCES ${driver_lab} DEPENDS sluice_driver sluice_explore sluice_rules)
sluice_test(driver7_lab SOURCES ${driver_lab} DEPENDS sluice_driver7 sluice_explore sluice_rules)
target_compile_definitions(test_driver7_lab PRIVATE SLUICE_DRIVER_7)
set(driver_stream ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_stream.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_world.c)
sluice_test(driver_stream SOURCES ${driver_stream} DEPENDS sluice_driver sluice_explore sluice_rules)
sluice_test(driver7_stream SOURCES ${driver_stream} DEPENDS sluice_driver7 sluice_explore sluice_rules)
target_compile_definitions(test_driver7_stream PRIVATE SLUICE_DRIVER_7)
sluice_test(driver_parts SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_parts.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_fakes.c DEPENDS sluice_driver)
set(driver_races ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_races.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_world.c)
sluice_test(driver_races SOURCES ${driver_races} DEPENDS sluice_driver sluice_explore sluice_rules)
sluice_test(driver7_races SOURCES ${driver_races} DEPENDS sluice_driver7 sluice_explore sluice_rules)
target_compile_definitions(test_driver7_races PRIVATE SLUICE_DRIVER_7)
sluice_test(driver_edit SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_edit.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_fakes.c DEPENDS sluice_driver)
set(driver_rules ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_rules.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_world.c)
sluice_test(driver_rules SOURCES ${driver_rules} DEPENDS sluice_driver sluice_explore sluice_rules)
sluice_test(driver7_rules SOURCES ${driver_rules} DEPENDS sluice_driver7 sluice_explore sluice_rules)
target_compile_definitions(test_driver7_rules PRIVATE SLUICE_DRIVER_7)
set(driver_quirks ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_quirks.c
  ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_driver_world.c)
sluice_test(driver_quirks SOURCES ${driver_quirks} DEPENDS sluice_driver sluice_explore sluice_rules)
sluice_test(driver7_quirks SOURCES ${driver_quirks} DEPENDS sluice_driver7 sluice_explore sluice_rules)
target_compile_definitions(test_driver7_quirks PRIVATE SLUICE_DRIVER_7)
