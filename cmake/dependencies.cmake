# Every dependency is a Debian 12 package; tests/lib/packages.sh names them.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tsl-robin-map REQUIRED)
find_package(Boost REQUIRED COMPONENTS program_options)
pkg_check_modules(libmariadb REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(libdeflate REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(libxxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)

find_path(MYSQLCPPCONN_INCLUDE_DIR mysql_driver.h REQUIRED)
find_library(MYSQLCPPCONN_LIBRARY mysqlcppconn REQUIRED)
add_library(mysqlcppconn UNKNOWN IMPORTED)
set_target_properties(mysqlcppconn PROPERTIES
  IMPORTED_LOCATION ${MYSQLCPPCONN_LIBRARY}
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${MYSQLCPPCONN_INCLUDE_DIR})

find_path(ASIO_INCLUDE_DIR asio.hpp REQUIRED)
add_library(asio INTERFACE IMPORTED)
set_target_properties(asio PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${ASIO_INCLUDE_DIR})
target_compile_definitions(asio INTERFACE ASIO_STANDALONE ASIO_NO_DEPRECATED)
target_link_libraries(asio INTERFACE Threads::Threads)

find_path(PEGTL_INCLUDE_DIR tao/pegtl.hpp REQUIRED)
add_library(pegtl INTERFACE IMPORTED)
set_target_properties(pegtl PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${PEGTL_INCLUDE_DIR})
