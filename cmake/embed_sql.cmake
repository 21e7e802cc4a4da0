# tributary_embed_sql(<target> STORE <name>): embeds schema/<name>/NNNN_<step>.sql into <target> as the function
# tributary::<name>::migrations(), in the order of the numbers, which must be 0001, 0002, ... without a gap.
function(tributary_embed_sql target)
  cmake_parse_arguments(ARG "" "STORE" "" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schema/${ARG_STORE}/*.sql)
  list(SORT files)
  if(NOT files)
    message(FATAL_ERROR "no migrations in schema/${ARG_STORE}")
  endif()

  set(entries)
  set(expected 0)
  foreach(file IN LISTS files)
    math(EXPR expected "${expected} + 1")
    get_filename_component(stem ${file} NAME_WE)
    if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
      message(FATAL_ERROR "${file} is not named NNNN_name.sql")
    endif()
    set(number ${CMAKE_MATCH_1})
    set(name ${CMAKE_MATCH_2})
    string(REGEX REPLACE "^0+" "" number ${number})
    if(NOT number EQUAL expected)
      message(FATAL_ERROR "${file}: number ${expected} was expected")
    endif()
    file(READ ${file} text)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    string(APPEND entries "    {${number}, \"${name}\", R\"embedded(${text})embedded\"},\n")
  endforeach()

  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${ARG_STORE}_migrations.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [[
// Generated from schema/@ARG_STORE@ by cmake/embed_sql.cmake.
#include <span>

#include "tributary/util/migration.hpp"

namespace tributary::@ARG_STORE@ {
namespace {

constexpr Migration k_migrations[] = {
@entries@};

}  // namespace

std::span<const Migration> migrations() { return k_migrations; }

}  // namespace tributary::@ARG_STORE@
]])
  target_sources(${target} PRIVATE ${generated})
endfunction()
