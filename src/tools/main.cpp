// tributary: the operator's tool.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>

#include <boost/program_options.hpp>
#include <fmt/core.h>

#include "tributary/tools/events_command.hpp"

#include "version.hpp"

namespace {

namespace po = boost::program_options;
using tributary::tools::EventsOptions;

constexpr int k_exit_damage = 1;
constexpr int k_exit_usage = 2;

constexpr const char* k_usage = R"(Usage: tributary COMMAND ...

  events FILE...   list the events of binary log files and relay files, or verify them
                   (tributary events --help)

  --help, --version
)";

constexpr const char* k_events_usage = R"(Usage: tributary events FILE... [OPTION...]

Lists the events of MySQL's and MariaDB's binary log files, and of relay files, one line each:

  position  time (UTC)  type  server id  GTID of its transaction or "-"  summary

What a compressed transaction (TRANSACTION_PAYLOAD) holds follows it, numbered: 473+1, 473+2, ...
"-" as FILE is standard input. The files are only read.

)";

constexpr const char* k_events_exit = R"(
Exit status: 0 all is well; 1 a file is damaged, cannot be read, or holds an event that cannot be decoded, and
standard error says file, position and what; 2 the command line is wrong.

Values are printed as mariadb-binlog -vv prints them; see mariadb-binlog(1). Files that their server encrypted
cannot be read. TIME, DATETIME and TIMESTAMP of MariaDB with mysql56_temporal_format=OFF and a fraction look in a
binary log like ones without: rows of tables with such columns are said to be perhaps wrong, or are not shown.
)";

void write(std::FILE* file, std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), file) != text.size()) {
    throw std::runtime_error("cannot write to standard output");
  }
}

/// nullopt: help was wanted, and printed.
std::optional<EventsOptions> parse_events(int argument_count, char** arguments) {
  po::options_description visible("Options");
  visible.add_options()("verbose,v",
                        "Print also rows with their values, statements as a whole, and what else an event tells.")(
      "verify",
      "Print no events, but check all: structure, CRC32, positions, whole transactions. Tells the first damage of each "
      "file.")("start-position,j", po::value<std::int64_t>(), "Begin with the event at this position.")(
      "stop-position", po::value<std::int64_t>(), "Stop before the first event at this position or later.")(
      "help,h", "Print this text and exit.");
  po::options_description all;
  all.add(visible).add_options()("file", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("file", -1);
  po::variables_map values;
  // As in the daemon: no guessing of shortened names.
  const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  po::store(po::command_line_parser(argument_count, arguments).options(all).positional(positional).style(style).run(),
            values);
  po::notify(values);
  if (values.count("help") != 0) {
    std::cout << k_events_usage << visible << k_events_exit;
    return std::nullopt;
  }
  EventsOptions options;
  if (values.count("file") == 0) throw std::invalid_argument("events: no file is named");
  const auto& files = values["file"].as<std::vector<std::string>>();
  options.files.assign(files.begin(), files.end());
  options.verbose = values.count("verbose") != 0;
  options.verify = values.count("verify") != 0;
  const auto position = [&values](const char* name, std::uint64_t& into) {
    if (values.count(name) == 0) return;
    const auto value = values[name].as<std::int64_t>();
    if (value < 4) throw std::invalid_argument(fmt::format("--{} must be 4 or more, not {}", name, value));
    into = static_cast<std::uint64_t>(value);
  };
  position("start-position", options.start_position);
  position("stop-position", options.stop_position);
  if (options.verify && (values.count("start-position") != 0 || values.count("stop-position") != 0)) {
    throw std::invalid_argument("--verify checks whole files: it goes with no --start-position and no --stop-position");
  }
  return options;
}

int run_events(int argument_count, char** arguments) {
  const std::optional<EventsOptions> options = parse_events(argument_count, arguments);
  if (!options) return 0;
  const bool good = tributary::tools::list_events(
      *options, [](std::string_view text) { write(stdout, text); },
      [](std::string_view text) {
        // In the order in which it happened, also where both streams go to one file.
        std::fflush(stdout);
        write(stderr, text);
      });
  if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write to standard output");
  return good ? 0 : k_exit_damage;
}

int run(int argument_count, char** arguments) {
  const std::string_view command = argument_count > 1 ? arguments[1] : "";
  if (command == "events") return run_events(argument_count - 1, arguments + 1);
  if (command == "--help" || command == "-h") {
    fmt::print("{}", k_usage);
    return 0;
  }
  if (command == "--version" || command == "-V") {
    fmt::print("tributary {}\n", tributary::tools::k_version);
    return 0;
  }
  throw std::invalid_argument(command.empty() ? "no command is given" : fmt::format("unknown command '{}'", command));
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    return run(argument_count, arguments);
  } catch (const po::error& error) {
    fmt::print(stderr, "tributary: {}\nTry 'tributary --help'.\n", error.what());
    return k_exit_usage;
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "tributary: {}\nTry 'tributary --help'.\n", error.what());
    return k_exit_usage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "tributary: {}\n", error.what());
    return k_exit_damage;
  }
}
