#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>

#include "tributary/apply/applier.hpp"
#include "tributary/target/target_server.hpp"
#include "tributary/util/log.hpp"

namespace tributary::daemon {

/// tributaryd's options, from the command line or an option file; the command line wins.
struct Options {
  std::filesystem::path datadir;
  std::string bind_address = "127.0.0.1";
  std::uint16_t port = 3307;
  std::string socket;  ///< '' = none
  std::optional<target::TargetOptions> target;
  std::uint32_t server_id = 0;  ///< 0: derived from the daemon's uuid
  std::string report_host;
  std::string relay_log_basename;
  LogLevel log_level = LogLevel::info;
  std::string log_file;  ///< '' = standard error
  std::uint32_t parallel_workers = 4;
  std::uint32_t max_parallel_workers = 32;
  apply::RowWriterMode row_writer = apply::RowWriterMode::automatic;
  bool relay_log_purge = false;
  bool skip_slave_start = false;
};

/// Parses. Returns nullopt when --help or --version was asked for and has been printed to @p out.
/// @throws std::invalid_argument (or boost's error) that names the option and what it takes.
std::optional<Options> parse_options(int argument_count, const char* const* arguments, std::ostream& out);

/// This machine's name, "localhost" where it has none.
std::string host_name();

}  // namespace tributary::daemon
