find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(tributary_compiler INTERFACE)
target_compile_options(tributary_compiler INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Werror
  -fno-omit-frame-pointer)
target_include_directories(tributary_compiler INTERFACE ${PROJECT_SOURCE_DIR}/include)
if(CMAKE_UNITY_BUILD)
  # Several .cpp files as one: GCC takes what is anonymous in one of them for a header's. The debug build, which is not
  # such a one, judges that, and that each file includes what it uses.
  target_compile_options(tributary_compiler INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()
if(TRIBUTARY_CRASH_POINTS)
  target_compile_definitions(tributary_compiler INTERFACE TRIBUTARY_CRASH_POINTS)
endif()
if(TRIBUTARY_SANITIZE STREQUAL "address")
  target_compile_options(tributary_compiler INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined)
  target_link_options(tributary_compiler INTERFACE -fsanitize=address,undefined)
elseif(TRIBUTARY_SANITIZE STREQUAL "thread")
  target_compile_options(tributary_compiler INTERFACE -fsanitize=thread)
  target_link_options(tributary_compiler INTERFACE -fsanitize=thread)
elseif(TRIBUTARY_SANITIZE STREQUAL "fuzzer")
  # tests/fuzz adds the driver with main() to its programs.
  target_compile_options(tributary_compiler INTERFACE
    -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  target_link_options(tributary_compiler INTERFACE -fsanitize=address,undefined)
elseif(TRIBUTARY_SANITIZE)
  message(FATAL_ERROR "TRIBUTARY_SANITIZE must be address, thread, fuzzer or empty, not '${TRIBUTARY_SANITIZE}'")
endif()
if(TRIBUTARY_SANITIZE)
  # GCC 12 sees less through what a sanitizer adds and warns of the standard library (GCC bug 105562, and
  # atomic_thread_fence in Asio); the plain builds are the ones that judge.
  target_compile_options(tributary_compiler INTERFACE -Wno-error -Wno-maybe-uninitialized -Wno-stringop-overflow)
endif()
