# SPDX-License-Identifier: MIT
sluice_test(http_buffers SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_http_buffers.c
  DEPENDS sluice_rules sluice_inspect)
sluice_test(http_llhttp SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/unit/test_http_llhttp.c
  DEPENDS sluice_rules sluice_inspect)
set(llhttp ${CMAKE_SYSROOT}/usr/share/llhttp)
set(llhttp_headers ${CMAKE_SYSROOT}/usr/share/include/llhttp)
if(EXISTS ${llhttp}/llhttp.c AND EXISTS ${llhttp_headers}/llhttp.h)
  add_library(llhttp_oracle STATIC ${llhttp}/llhttp.c ${llhttp}/api.c ${llhttp}/http.c)
  target_include_directories(llhttp_oracle SYSTEM PUBLIC ${llhttp_headers})
  target_compile_options(llhttp_oracle PRIVATE -w)
  target_compile_definitions(test_http_llhttp PRIVATE SLUICE_LLHTTP)
  target_link_libraries(test_http_llhttp PRIVATE llhttp_oracle)
endif()
