# SPDX-License-Identifier: MIT
# Images for the loader's tests: built by hand here, so that they test nothing but the loader.
find_program(PE_CLANG NAMES clang-19 clang REQUIRED)
find_program(PE_LINK NAMES lld-link-19 lld-link REQUIRED)
find_program(PE_DLLTOOL NAMES llvm-dlltool-19 llvm-dlltool REQUIRED)

set(pe_source ${CMAKE_CURRENT_SOURCE_DIR}/unit/pe)
set(pe_output ${CMAKE_BINARY_DIR}/tests/pe)
set(pe_flags --target=x86_64-pc-windows-msvc -fgnuc-version=12.0.0 -std=gnu17 -O2 -fms-extensions -ffreestanding
  -fno-builtin -fasynchronous-unwind-tables -fasync-exceptions -fstack-protector-strong -Wno-everything)
set(pe_libraries)
foreach(library kernel later elsewhere)
  add_custom_command(OUTPUT ${pe_output}/${library}.lib
    COMMAND ${CMAKE_COMMAND} -E make_directory ${pe_output}
    COMMAND ${PE_DLLTOOL} -m i386:x86-64 -d ${pe_source}/${library}.def -l ${pe_output}/${library}.lib
    DEPENDS ${pe_source}/${library}.def VERBATIM)
  list(APPEND pe_libraries ${pe_output}/${library}.lib)
endforeach()

# pe_image(NAME [definitions]): the drill as tests/pe/NAME.sys
function(pe_image name)
  add_custom_command(OUTPUT ${pe_output}/${name}.sys
    COMMAND ${PE_CLANG} ${pe_flags} ${ARGN} -c ${pe_source}/drill.c -o ${pe_output}/${name}.obj
    COMMAND ${PE_LINK} /driver /subsystem:native,10.0 /entry:DriverEntry /base:0x140000000 /dynamicbase /nxcompat
      /highentropyva /release /section:INIT,ERD /nodefaultlib /Brepro /opt:ref
      /out:${pe_output}/${name}.sys ${pe_output}/${name}.obj ${pe_libraries}
    DEPENDS ${pe_source}/drill.c ${pe_source}/drill.h ${pe_libraries} VERBATIM)
endfunction()
pe_image(drill)
pe_image(later -DDRILL_LATER)

add_custom_target(pe_test_images DEPENDS ${pe_output}/drill.sys ${pe_output}/later.sys)
foreach(part run image unwind confine)
  sluice_test(pe_${part}
    SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_pe_${part}.c ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_pe_world.c
    DEPENDS sluice_pe)
  target_include_directories(test_pe_${part} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/unit)
  target_compile_definitions(test_pe_${part} PRIVATE PE_TEST_IMAGES="${pe_output}")
  add_dependencies(test_pe_${part} pe_test_images)
endforeach()
