#include "tributary/daemon/options.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <ostream>
#include <stdexcept>

#include <boost/program_options.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include "tributary/util/file.hpp"

#include "version.hpp"

namespace tributary::daemon {
namespace {

namespace po = boost::program_options;

constexpr std::size_t k_longest_socket_path = 107;  // sockaddr_un::sun_path less its NUL

/// The first label of the host name, which is what MySQL begins relay log names with.
std::string short_host_name() {
  std::string name = host_name();
  if (const auto dot = name.find('.'); dot != std::string::npos && dot > 0) name.resize(dot);
  return name;
}

std::filesystem::path default_datadir() {
  if (geteuid() == 0) return "/var/lib/tributary";
  if (const char* const state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return std::filesystem::path(state) / "tributary";
  }
  if (const char* const home = std::getenv("HOME"); home != nullptr && *home == '/') {
    return std::filesystem::path(home) / ".local/state/tributary";
  }
  throw std::invalid_argument("no --datadir given, and neither XDG_STATE_HOME nor HOME says where state belongs");
}

/// A number option, read as signed so that a minus sign is an error and not a huge value.
std::uint32_t in_range(const po::variables_map& values, const char* name, std::int64_t low, std::int64_t high) {
  const auto value = values[name].as<std::int64_t>();
  if (value < low || value > high) {
    throw std::invalid_argument(fmt::format("--{} must be {} to {}, not {}", name, low, high, value));
  }
  return static_cast<std::uint32_t>(value);
}

/// What has a meaning on the command line only.
po::options_description describe_invocation() {
  po::options_description invocation("tributaryd: many MySQL and MariaDB sources into one server\n\nOptions");
  invocation.add_options()("help,h", "Print this text and exit.")("version,V", "Print the version and exit.")(
      "config", po::value<std::string>(),
      "Read options from this file: 'name = value' lines, the same names as here without dashes, '#' begins a comment. "
      "The command line wins.");
  return invocation;
}

/// What an option file may say too.
po::options_description describe_settings() {
  po::options_description settings;
  settings.add_options()("datadir", po::value<std::string>(),
                         "Directory of the state store and the relay logs; made with mode 0700 when missing. "
                         "Default: /var/lib/tributary for root, else ~/.local/state/tributary.")(
      "bind-address", po::value<std::string>()->default_value("127.0.0.1"), "Address on which the admin port listens.")(
      "port", po::value<std::int64_t>()->default_value(3307),
      "TCP port for SQL clients; 0 takes a free one, which the log names.")(
      "socket", po::value<std::string>(),
      "Unix socket for SQL clients. Default: tributary.sock in the data directory.")(
      "target", po::value<std::string>(),
      "Server that changes are applied to: mysql://user@host:port or mysql://user@localhost?socket=/path. Without it "
      "the daemon only receives.")(
      "target-password-file", po::value<std::string>(),
      "File whose first line is the target account's password; must not be readable by others.")(
      "server-id", po::value<std::int64_t>(),
      "Replication server id that sources see, 1 to 4294967295, unlike that of any source. Default: derived from this "
      "data directory's uuid.")(
      "report-host", po::value<std::string>(),
      "Host name that sources show for this replica in SHOW REPLICAS. Default: the host's name.")(
      "relay-log-basename", po::value<std::string>(),
      "Start of relay file names, without a directory. Default: <host>-relay-bin.")(
      "relay-log-purge", po::bool_switch(),
      "Remove relay files once they are applied. Without it they are kept, as a copy of the source's binlogs.")(
      "parallel-workers", po::value<std::int64_t>()->default_value(4),
      "Workers of a channel, each with a connection to the target while it has work; 1 to 64.")(
      "max-parallel-workers", po::value<std::int64_t>()->default_value(32),
      "Workers of all channels together that may be connected to the target, without the first of each channel; 0 to "
      "16384.")(
      "row-writer", po::value<std::string>()->default_value("auto"),
      "How changes of rows are written: binlog (BINLOG statements), sql (plain SQL, for all tables that it does "
      "justice to), or auto (BINLOG where the target's account may, else plain SQL).")(
      "skip-slave-start", po::bool_switch(), "Do not start the channels that ran when the daemon last stopped.")(
      "log-level", po::value<std::string>()->default_value("info"),
      "Least level that is logged: debug, info, warning or error.")(
      "log-file", po::value<std::string>(), "Append the log to this file. Default: standard error.");
  return settings;
}

/// @throws std::invalid_argument unless @p path is a file, which @p option names.
void require_file(const char* option, const std::filesystem::path& path) {
  const auto status = std::filesystem::status(path);
  if (!std::filesystem::exists(status))
    throw std::invalid_argument(fmt::format("{} {}: no such file", option, path.string()));
  if (std::filesystem::is_directory(status))
    throw std::invalid_argument(fmt::format("{} {} is a directory", option, path.string()));
}

std::string read_password(const std::filesystem::path& path) {
  require_file("--target-password-file", path);
  const auto mode = std::filesystem::status(path).permissions();
  if ((mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all)) !=
      std::filesystem::perms::none) {
    throw std::invalid_argument(
        fmt::format("--target-password-file {} can be read by others; chmod it to 0600", path.string()));
  }
  std::string password = read_file(path, 4096);
  if (const auto end = password.find_first_of("\r\n"); end != std::string::npos) password.resize(end);
  return password;
}

apply::RowWriterMode parse_row_writer(const std::string& mode) {
  if (mode == "auto") return apply::RowWriterMode::automatic;
  if (mode == "binlog") return apply::RowWriterMode::binlog;
  if (mode == "sql") return apply::RowWriterMode::sql;
  throw std::invalid_argument(fmt::format("--row-writer must be auto, binlog or sql, not '{}'", mode));
}

void read_target(const po::variables_map& values, Options& options) {
  const bool has_file = values.count("target-password-file") != 0;
  if (values.count("target") == 0) {
    if (has_file) throw std::invalid_argument("--target-password-file is given without --target");
    return;
  }
  options.target = target::TargetOptions::parse(values["target"].as<std::string>());
  if (has_file) options.target->password = read_password(values["target-password-file"].as<std::string>());
}

void read_socket(const po::variables_map& values, Options& options) {
  const bool given = values.count("socket") != 0;
  options.socket = given ? values["socket"].as<std::string>() : (options.datadir / "tributary.sock").string();
  if (options.socket.size() <= k_longest_socket_path) return;
  if (given) {
    throw std::invalid_argument(fmt::format("--socket {} is longer than {} bytes, the most a socket path can have",
                                            options.socket, k_longest_socket_path));
  }
  options.socket.clear();  // the default does not fit: TCP alone
}

}  // namespace

std::optional<Options> parse_options(int argument_count, const char* const* arguments, std::ostream& out) {
  po::options_description description = describe_invocation();
  const po::options_description settings = describe_settings();
  description.add(settings);
  po::variables_map values;
  // No guessing of shortened names: a script must mean what it says after the next option is added.
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  const po::positional_options_description no_positional;
  po::store(po::command_line_parser(argument_count, arguments)
                .options(description)
                .positional(no_positional)
                .style(style)
                .run(),
            values);
  if (values.count("help") != 0) {
    out << description;
    return std::nullopt;
  }
  if (values.count("version") != 0) {
    out << "tributaryd " << k_version << "\n";
    return std::nullopt;
  }
  if (values.count("config") != 0) {
    const auto path = values["config"].as<std::string>();
    require_file("--config", path);
    std::ifstream file(path);
    if (!file) throw std::invalid_argument(fmt::format("--config {}: cannot be read", path));
    po::store(po::parse_config_file(file, settings), values);
  }
  po::notify(values);

  Options options;
  options.datadir = std::filesystem::absolute(
      values.count("datadir") != 0 ? std::filesystem::path(values["datadir"].as<std::string>()) : default_datadir());
  options.bind_address = values["bind-address"].as<std::string>();
  options.port = static_cast<std::uint16_t>(in_range(values, "port", 0, 65535));
  if (values.count("server-id") != 0) {
    options.server_id = in_range(values, "server-id", 1, std::numeric_limits<std::uint32_t>::max());
  }
  options.parallel_workers = in_range(values, "parallel-workers", 1, 64);
  options.max_parallel_workers = in_range(values, "max-parallel-workers", 0, 16384);
  options.row_writer = parse_row_writer(values["row-writer"].as<std::string>());
  options.report_host = values.count("report-host") != 0 ? values["report-host"].as<std::string>() : host_name();
  if (options.report_host.size() > 255) throw std::invalid_argument("--report-host is longer than 255 characters");
  options.relay_log_basename = values.count("relay-log-basename") != 0 ? values["relay-log-basename"].as<std::string>()
                                                                       : short_host_name() + "-relay-bin";
  if (options.relay_log_basename.empty() || options.relay_log_basename.size() > 100 ||
      options.relay_log_basename.find('/') != std::string::npos) {
    throw std::invalid_argument(fmt::format(
        "--relay-log-basename '{}' must be a file name of 1 to 100 bytes without '/'", options.relay_log_basename));
  }
  options.log_level = parse_log_level(values["log-level"].as<std::string>());
  if (values.count("log-file") != 0) options.log_file = values["log-file"].as<std::string>();
  options.relay_log_purge = values["relay-log-purge"].as<bool>();
  options.skip_slave_start = values["skip-slave-start"].as<bool>();
  read_socket(values, options);
  read_target(values, options);
  return options;
}

std::string host_name() {
  std::array<char, 256> buffer{};
  if (gethostname(buffer.data(), buffer.size() - 1) != 0 || buffer[0] == '\0') return "localhost";
  return buffer.data();
}

}  // namespace tributary::daemon
