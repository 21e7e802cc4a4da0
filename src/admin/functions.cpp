#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <span>

#include <fmt/core.h>

#include "tributary/relay/source_position.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/time.hpp"

#include "channel_selection.hpp"
#include "evaluate.hpp"
#include "scanner.hpp"

namespace tributary::admin {
namespace {

using Arguments = std::span<const Value>;

Value version(Arguments, Execution& execution) {
  return execution.context.server_version;
}

Value database(Arguments, Execution& execution) {
  if (execution.session.database.empty()) return {};
  return execution.session.database;
}

Value user(Arguments, Execution& execution) {
  return fmt::format("{}@{}", execution.session.user, execution.session.client_host);
}

Value current_user(Arguments, Execution& execution) {
  return fmt::format("{}@{}", execution.session.user, execution.session.account_host);
}

Value connection_id(Arguments, Execution& execution) {
  return std::int64_t{execution.session.connection_id};
}

Value local_time(Arguments, Execution& execution) {
  const auto zone = text_of(execution.variables.get({VariableScope::session, "time_zone"}, execution.session));
  const std::int64_t instant = unix_seconds();
  const std::time_t shifted = instant + time_zone_offset(zone.value_or("SYSTEM"), instant).value_or(0);
  std::tm parts{};
  gmtime_r(&shifted, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return std::string(text.data(), length);
}

Value unix_timestamp(Arguments, Execution&) {
  return unix_seconds();
}

/// No statement here inserts, so there is no such number.
Value last_insert_id(Arguments, Execution&) {
  return std::int64_t{0};
}

Value if_null(Arguments arguments, Execution&) {
  return is_null(arguments[0]) ? arguments[1] : arguments[0];
}

Value if_else(Arguments arguments, Execution&) {
  return truth_of(arguments[0]).value_or(false) ? arguments[1] : arguments[2];
}

Value coalesce(Arguments arguments, Execution&) {
  const auto found =
      std::find_if(arguments.begin(), arguments.end(), [](const Value& value) { return !is_null(value); });
  return found == arguments.end() ? Value{} : *found;
}

Value concat(Arguments arguments, Execution& execution) {
  std::string result;
  for (const Value& argument : arguments) {
    const auto text = text_of(argument);
    if (!text) return {};
    if (result.size() + text->size() > execution.context.max_allowed_packet) {
      execution.warn(1301, fmt::format("Result of concat() was larger than max_allowed_packet ({}) - truncated",
                                       execution.context.max_allowed_packet));
      return {};
    }
    result += *text;
  }
  return result;
}

/// In bytes.
Value length(Arguments arguments, Execution&) {
  const auto text = text_of(arguments[0]);
  if (!text) return {};
  return static_cast<std::int64_t>(text->size());
}

Value char_length(Arguments arguments, Execution&) {
  const auto text = text_of(arguments[0]);
  if (!text) return {};
  return static_cast<std::int64_t>(
      std::count_if(text->begin(), text->end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

Value sleep_for(Arguments arguments, Execution& execution) {
  const auto seconds = number_of(arguments[0]);
  if (!seconds || *seconds < 0) throw Error(1210, "Incorrect arguments to sleep.");
  static constexpr double k_longest = 365.0 * 24 * 3600;
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, execution.stop, std::chrono::duration<double>(std::min(*seconds, k_longest)),
                 [] { return false; });
  execution.check_not_interrupted();
  return std::int64_t{0};
}

/// MASTER_POS_WAIT(file, position[, timeout][, channel]); sql/item_func.cc, Item_master_pos_wait.
Value position_wait(Arguments arguments, Execution& execution) {
  const auto file = text_of(arguments[0]);
  const auto position = number_of(arguments[1]);
  const double timeout = arguments.size() > 2 ? number_of(arguments[2]).value_or(0) : 0;
  std::optional<std::string> name;
  if (arguments.size() > 3) name = text_of(arguments[3]);
  if (timeout < 0) throw Error(1210, "Incorrect arguments to MASTER_POS_WAIT.");
  const auto channel = name ? find_channel(*name, execution) : only_channel(execution);
  static constexpr double k_past_every_file = 18446744073709551616.0;
  if (!channel || !file || !position || *position < 0 || *position >= k_past_every_file ||
      !relay::is_binlog_file_name(*file)) {
    return {};
  }
  const auto waited = channel->wait_applied(*file, static_cast<std::uint64_t>(*position), timeout, execution.stop);
  execution.check_not_interrupted();
  if (!waited) return {};
  return *waited;
}

struct Function {
  std::string_view name;
  std::size_t fewest;
  std::size_t most;
  Value (*call)(Arguments, Execution&);
};

constexpr std::size_t k_any_number = 1000;

constexpr std::array k_functions{
    Function{"CHAR_LENGTH", 1, 1, char_length},
    Function{"COALESCE", 1, k_any_number, coalesce},
    Function{"CONCAT", 1, k_any_number, concat},
    Function{"CONNECTION_ID", 0, 0, connection_id},
    Function{"CURRENT_TIMESTAMP", 0, 0, local_time},
    Function{"CURRENT_USER", 0, 0, current_user},
    Function{"DATABASE", 0, 0, database},
    Function{"IF", 3, 3, if_else},
    Function{"IFNULL", 2, 2, if_null},
    Function{"LAST_INSERT_ID", 0, 0, last_insert_id},
    Function{"LENGTH", 1, 1, length},
    Function{"LOCALTIME", 0, 0, local_time},
    Function{"LOCALTIMESTAMP", 0, 0, local_time},
    Function{"MASTER_POS_WAIT", 2, 4, position_wait},
    Function{"NOW", 0, 0, local_time},
    Function{"SCHEMA", 0, 0, database},
    Function{"SESSION_USER", 0, 0, user},
    Function{"SLEEP", 1, 1, sleep_for},
    Function{"SOURCE_POS_WAIT", 2, 4, position_wait},
    Function{"SYSTEM_USER", 0, 0, user},
    Function{"UNIX_TIMESTAMP", 0, 0, unix_timestamp},
    Function{"USER", 0, 0, user},
    Function{"VERSION", 0, 0, version},
};

}  // namespace

std::vector<FunctionName> functions() {
  std::vector<FunctionName> names;
  names.reserve(k_functions.size());
  for (const Function& function : k_functions) names.push_back({function.name, function.fewest, function.most});
  return names;
}

Value call_function(const std::string& name, const std::vector<Value>& arguments, Execution& execution) {
  const std::string upper_name = to_upper(name);
  const auto* found = std::find_if(k_functions.begin(), k_functions.end(),
                                   [&](const Function& function) { return function.name == upper_name; });
  if (found == k_functions.end()) {
    const std::string& schema = execution.session.database;
    throw Error(1305, "42000", fmt::format("FUNCTION {}{}{} does not exist", schema, schema.empty() ? "" : ".", name));
  }
  if (arguments.size() < found->fewest || arguments.size() > found->most) {
    throw Error(1582, "42000", fmt::format("Incorrect parameter count in the call to native function '{}'", name));
  }
  return found->call(arguments, execution);
}

}  // namespace tributary::admin
