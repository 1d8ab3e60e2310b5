# kload_library(NAME SOURCES ... [DEPS ...] [PRIVATE_DEPS ...] [PCH <std|net|rpc>])
#   One folder, one static library. DEPS are part of the library's headers, PRIVATE_DEPS stay behind its door.
# kload_test(NAME SOURCES ... DEPS ...)
#   A GoogleTest binary, registered with CTest as one test per TEST().
# kload_embed(NAME SYMBOL FILE [SYMBOL FILE ...])
#   A static library with the files as they are: `extern "C" const char SYMBOL[], SYMBOL_end[];`.
# PCH names a group of precompiled headers (cmake/pch/<name>.h), built once and shared by all targets
# that ask for it: parsing Asio or gRPC again in every file is what makes such builds slow.

set(KLOAD_PCH_DIR ${CMAKE_CURRENT_LIST_DIR}/pch)

function(kload_pch target name)
  if(NOT KLOAD_PCH OR NOT name)
    return()
  endif()
  set(owner kload_pch_${name})
  if(NOT TARGET ${owner})
    file(WRITE ${CMAKE_BINARY_DIR}/pch/${name}.cc "// carries the precompiled header '${name}'\n")
    add_library(${owner} OBJECT ${CMAKE_BINARY_DIR}/pch/${name}.cc)
    target_link_libraries(${owner} PRIVATE kload_flags kload_packages_${name})
    target_precompile_headers(${owner} PRIVATE ${KLOAD_PCH_DIR}/${name}.h)
    # Not through ccache, which has given back the header of before a change of a .proto.
    set_target_properties(${owner} PROPERTIES CXX_COMPILER_LAUNCHER "")
  endif()
  target_link_libraries(${target} PRIVATE kload_packages_${name})
  target_precompile_headers(${target} REUSE_FROM ${owner})
endfunction()

function(kload_library target)
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PUBLIC ${ARG_DEPS} PRIVATE kload_flags ${ARG_PRIVATE_DEPS})
  kload_pch(${target} "${ARG_PCH}")
endfunction()

function(kload_executable target)
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;DEPS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE kload_flags ${ARG_DEPS})
  kload_pch(${target} "${ARG_PCH}")
endfunction()

function(kload_test target)
  if(NOT KLOAD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "PCH" "SOURCES;DEPS" ${ARGN})
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE kload_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  kload_pch(${target} "${ARG_PCH}")
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

function(kload_embed target)
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/${target}.s)
  set(text ".section .note.GNU-stack,\"\",%progbits\n.section .rodata\n")
  set(files)
  while(ARGN)
    list(POP_FRONT ARGN symbol file)
    list(APPEND files ${file})
    string(APPEND text ".global ${symbol}\n.global ${symbol}_end\n"
      "${symbol}:\n.incbin \"${file}\"\n${symbol}_end:\n.byte 0\n")
  endwhile()
  file(CONFIGURE OUTPUT ${assembly} CONTENT "${text}" @ONLY)
  set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS "${files}")
  add_library(${target} STATIC ${assembly})
endfunction()
