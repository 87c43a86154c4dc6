# SPDX-License-Identifier: MIT
# What every floor of the house is built with.

# Compile and link flags that all of our own Linux code shares.
add_library(sluice_flags INTERFACE)
target_compile_options(sluice_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wno-unused-parameter
  $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>
  # The `rep stos` of -O2 took a twentieth of a replay.
  $<$<C_COMPILER_ID:GNU>:-mmemset-strategy=unrolled_loop:64:noalign,libcall:-1:noalign> -fno-common -fno-strict-aliasing -fno-omit-frame-pointer
  -fstack-protector-strong -g)
target_compile_definitions(sluice_flags INTERFACE _GNU_SOURCE
  SLUICE_VERSION="${PROJECT_VERSION}")
if(SLUICE_SANITIZE)
  target_compile_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE}
    -fno-sanitize-recover=all)
  target_link_options(sluice_flags INTERFACE -fsanitize=${SLUICE_SANITIZE})
  if(CMAKE_C_COMPILER_ID STREQUAL "Clang" AND SLUICE_SANITIZE MATCHES "undefined")
    # It reads in front of the function called: driver images have nothing there for it.
    target_compile_options(sluice_flags INTERFACE -fno-sanitize=function)
  endif()
endif()

# What people use: the command and the images, without tests and benchmarks.
add_custom_target(product)

# sluice_module(NAME DEPENDS libs...): the static library sluice_NAME of all .c and .S files here and below.
function(sluice_module name)
  cmake_parse_arguments(A "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c ${CMAKE_CURRENT_SOURCE_DIR}/*.S)
  add_library(sluice_${name} STATIC ${sources})
  target_link_libraries(sluice_${name} PUBLIC sluice_flags ${A_DEPENDS})
  target_include_directories(sluice_${name} PUBLIC ${CMAKE_SOURCE_DIR}/lab ${CMAKE_SOURCE_DIR}
    ${CMAKE_SOURCE_DIR}/include)
endfunction()

# sluice_test(NAME SOURCES files... DEPENDS libs... [ARGS args...]): a cmocka program, run by ctest.
function(sluice_test name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPENDS;ARGS" ${ARGN})
  add_executable(test_${name} ${A_SOURCES})
  target_link_libraries(test_${name} PRIVATE sluice_flags ${A_DEPENDS} cmocka)
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND test_${name} ${A_ARGS})
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
endfunction()

# sluice_image(OUTPUT SOURCES files or folders... DEPENDS files... [TARGET win7|win8] [OPTIONS options...]): a driver image
# in ${CMAKE_BINARY_DIR}/images/OUTPUT, by the one build rule: `sluice build`.
function(sluice_image output)
  cmake_parse_arguments(A "" "TARGET" "SOURCES;DEPENDS;OPTIONS" ${ARGN})
  if(NOT SLUICE_IMAGES)
    return()
  endif()
  set(image ${CMAKE_BINARY_DIR}/images/${output})
  get_filename_component(folder ${image} DIRECTORY)
  string(REGEX REPLACE "\\.sys$" ".pdb" symbols ${image})
  file(MAKE_DIRECTORY ${folder})
  file(GLOB_RECURSE rule CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/wdk/*)
  add_custom_command(OUTPUT ${image} ${symbols}
    COMMAND ${CMAKE_COMMAND} -E env SLUICE_WDK=${CMAKE_SOURCE_DIR}/wdk
            $<TARGET_FILE:sluice> build ${A_SOURCES} -o ${image} --target ${A_TARGET} -Wall -Wextra -Werror
            ${A_OPTIONS}
    DEPENDS sluice ${A_DEPENDS} ${rule}
    COMMENT "Image ${output}")
  string(MAKE_C_IDENTIFIER image_${output} name)
  add_custom_target(${name} ALL DEPENDS ${image})
  add_dependencies(product ${name})
endfunction()
