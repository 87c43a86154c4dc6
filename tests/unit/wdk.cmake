# SPDX-License-Identifier: MIT
# The layouts of the kernel headers, by every compiler that builds against them. A wrong offset is a
# compile error: each test is one run of a compiler.
set(wdk_abi ${CMAKE_CURRENT_SOURCE_DIR}/unit/wfp_abi_asserts.c ${CMAKE_CURRENT_SOURCE_DIR}/unit/nt_abi_asserts.c)
set(wdk_flags -std=gnu17 -Wall -Wextra -Werror -fsyntax-only -I${CMAKE_SOURCE_DIR}/wdk)
set(wdk_pe --target=x86_64-pc-windows-msvc -fgnuc-version=12.0.0 -fms-extensions -ffreestanding
  -nostdlibinc -I${CMAKE_SOURCE_DIR}/wdk/crt)
find_program(WDK_CLANG NAMES clang-19 clang)
find_program(WDK_GCC NAMES gcc-12 gcc)
foreach(source ${wdk_abi})
  get_filename_component(name ${source} NAME_WE)
  if(WDK_GCC)
    add_test(NAME ${name}_gcc COMMAND ${WDK_GCC} ${wdk_flags} ${source})
  endif()
  if(WDK_CLANG)
    add_test(NAME ${name}_clang COMMAND ${WDK_CLANG} ${wdk_flags} ${source})
    add_test(NAME ${name}_windows COMMAND ${WDK_CLANG} ${wdk_flags} ${wdk_pe} ${source})
  endif()
endforeach()
sluice_test(wdk SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_wdk.c DEPENDS sluice_wdk)

# The memory functions of images, assembled for Linux: same instructions without the unwind directives.
file(READ ${CMAKE_SOURCE_DIR}/wdk/lib/memory.S wdk_memory)
string(REGEX REPLACE "\n *\\.(seh_|def )[^\n]*" "" wdk_memory "${wdk_memory}")
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/wdk_memory.S
  CONTENT "${wdk_memory}\n.section .note.GNU-stack,\"\"\n" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/wdk/lib/memory.S)
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/wdk_memory.S PROPERTIES COMPILE_OPTIONS
  "-Dmemcpy=wdk_memcpy;-Dmemmove=wdk_memmove;-Dmemset=wdk_memset;-Dmemcmp=wdk_memcmp;-D__chkstk=wdk_chkstk")
sluice_test(wdk_memory SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_wdk_memory.c
  ${CMAKE_CURRENT_BINARY_DIR}/wdk_memory.S)

# The leak specimen, natively, in its three builds.
foreach(workaround 0 1 2)
  sluice_test(nbuf_leak_${workaround} SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_nbuf_leak.c
    DEPENDS sluice_wdk)
  target_include_directories(test_nbuf_leak_${workaround} PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_options(test_nbuf_leak_${workaround} PRIVATE -fshort-wchar)
  target_compile_definitions(test_nbuf_leak_${workaround} PRIVATE NTDDI_VERSION=0x06010000
    NBUF_LEAK_WORKAROUND=${workaround})
endforeach()
