# SPDX-License-Identifier: MIT
# The build rule, and the shape of what it makes. These tests build images of their own, so that they do
# not wait for the command; release.sh looks at those that the build leaves in images/.
if(SLUICE_IMAGES)
  set(image_dir ${CMAKE_CURRENT_SOURCE_DIR}/image)
  set(image_out ${CMAKE_BINARY_DIR}/tests/images)
  file(MAKE_DIRECTORY ${image_out})
  add_executable(image_build_main ${image_dir}/build_main.c ${CMAKE_SOURCE_DIR}/cli/header_case.c
    ${CMAKE_SOURCE_DIR}/cli/image_build.c)
  add_executable(pe_shape ${image_dir}/pe_shape.c)
  foreach(program image_build_main pe_shape)
    target_link_libraries(${program} PRIVATE sluice_flags)
    target_include_directories(${program} PRIVATE ${CMAKE_SOURCE_DIR})
    set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  endforeach()
  target_compile_definitions(image_build_main PRIVATE SLUICE_WDK_DIR="${CMAKE_SOURCE_DIR}/wdk")

  set(image_env "SLUICE_BUILD=${CMAKE_BINARY_DIR};SLUICE_SOURCE=${CMAKE_SOURCE_DIR}")
  set(leak ${CMAKE_SOURCE_DIR}/specimens/nbuf-leak.c)
  set(number 0)
  foreach(variant bad guarded batched)
    set(image ${image_out}/nbuf-leak-${variant}.sys)
    add_test(NAME image_${variant}_builds COMMAND image_build_main ${image} win7 ${leak}
      -DNBUF_LEAK_WORKAROUND=${number} -Wextra -Werror)
    add_test(NAME image_${variant}_shape
      COMMAND pe_shape ${image} ${CMAKE_SOURCE_DIR}/wdk/def/versions.tsv 0x06010000)
    add_test(NAME image_${variant}_cr8 COMMAND ${image_dir}/no-cr8.sh ${image} 0)
    set_tests_properties(image_${variant}_builds PROPERTIES FIXTURES_SETUP image_${variant})
    set_tests_properties(image_${variant}_shape image_${variant}_cr8 PROPERTIES
      FIXTURES_REQUIRED image_${variant} ENVIRONMENT "${image_env}")
    math(EXPR number "${number} + 1")
  endforeach()
  add_test(NAME image_reproducible
    COMMAND ${image_dir}/reproducible.sh $<TARGET_FILE:image_build_main> win7 ${leak})
  add_test(NAME image_build_errors
    COMMAND ${image_dir}/build-errors.sh $<TARGET_FILE:image_build_main>)
  add_test(NAME image_header_case
    COMMAND ${image_dir}/header-case.sh $<TARGET_FILE:image_build_main>)
  # A Windows 8 function is refused for Windows 7: the allow-list can fail.
  add_test(NAME image_too_new_builds COMMAND image_build_main ${image_out}/too-new.sys win8
    ${image_dir}/too_new.c -Wextra -Werror)
  add_test(NAME image_too_new_refused
    COMMAND pe_shape ${image_out}/too-new.sys ${CMAKE_SOURCE_DIR}/wdk/def/versions.tsv 0x06010000)
  add_test(NAME image_too_new_shape
    COMMAND pe_shape ${image_out}/too-new.sys ${CMAKE_SOURCE_DIR}/wdk/def/versions.tsv 0x06020000)
  add_test(NAME image_cr8_is_seen COMMAND ${image_dir}/no-cr8.sh ${image_out}/too-new.sys 0)
  set_tests_properties(image_too_new_builds PROPERTIES FIXTURES_SETUP image_too_new)
  set_tests_properties(image_too_new_refused image_too_new_shape image_cr8_is_seen PROPERTIES
    FIXTURES_REQUIRED image_too_new ENVIRONMENT "${image_env}")
  set_tests_properties(image_too_new_refused PROPERTIES PASS_REGULAR_EXPRESSION
    "FwpsFlowAbort0 exists from 0x06020000 on")
  set_tests_properties(image_cr8_is_seen PROPERTIES PASS_REGULAR_EXPRESSION
    "[1-9][0-9]* accesses to CR8")
  add_test(NAME image_release
    COMMAND ${image_dir}/release.sh $<TARGET_FILE:pe_shape> ${CMAKE_BINARY_DIR}/images)
  set_tests_properties(image_release PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT "${image_env}")
endif()
