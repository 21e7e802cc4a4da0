#include <algorithm>
#include <array>
#include <cmath>

#include <arpa/inet.h>
#include <fmt/core.h>

#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/util/error.hpp"

#include "channel_selection.hpp"
#include "scanner.hpp"
#include "source_option.hpp"

namespace tributary::admin {
namespace {

using channel::ChannelChange;

constexpr std::size_t k_longest_host = 255;           // characters, HOSTNAME_LENGTH
constexpr std::size_t k_longest_user = 128;           // characters, MariaDB's USERNAME_CHAR_LENGTH
constexpr std::size_t k_longest_password = 96;        // bytes, MariaDB's MAX_PASSWORD_LENGTH; MySQL stops at 32
constexpr std::size_t k_longest_log_file = 511;       // bytes, FN_REFLEN - 1
constexpr std::uint64_t k_first_position = 4;         // BIN_LOG_HEADER_SIZE
constexpr double k_longest_heartbeat = 4294967;       // seconds, SLAVE_MAX_HEARTBEAT_PERIOD
constexpr std::uint64_t k_longest_delay = INT32_MAX;  // seconds, MASTER_DELAY_MAX
constexpr std::uint32_t k_default_connect_retry = 60;

[[noreturn]] void throw_wrong_argument(const std::string& option) {
  throw Error(1210, fmt::format("Incorrect arguments to {}", option));
}

std::size_t count_characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

/// Checks the options of one CHANGE statement and turns them into a change.
class ChangePlan {
 public:
  ChangePlan(const Execution& execution, const std::string& channel) : execution_(execution), channel_(channel) {}

  void take(const SourceOptionSetting& setting) {
    switch (setting.option) {
      case SourceOption::host:
        take_host(setting);
        break;
      case SourceOption::user:
        take_user(setting);
        break;
      case SourceOption::password:
        take_password(setting);
        break;
      case SourceOption::port:
        change_.port = static_cast<std::uint16_t>(number(setting, 1, UINT16_MAX));
        break;
      case SourceOption::log_file:
        take_log_file(setting);
        break;
      case SourceOption::log_pos:
        change_.log_pos = std::max(number(setting, 0, UINT64_MAX), k_first_position);
        break;
      case SourceOption::auto_position:
        auto_position_ = number(setting, 0, 1) == 1;
        break;
      case SourceOption::use_gtid:
        take_use_gtid(setting);
        break;
      case SourceOption::connect_retry:
        take_connect_retry(setting);
        break;
      case SourceOption::retry_count:
        change_.retry_count = number(setting, 0, UINT64_MAX);
        break;
      case SourceOption::delay:
        take_delay(setting);
        break;
      case SourceOption::heartbeat_period:
        take_heartbeat(setting);
        break;
      case SourceOption::gtid_purged:
        change_.start_gtid = gtid::MysqlGtidSet::parse(std::get<std::string>(setting.value)).to_string();
        start_gtid_option_ = &setting;
        break;
      case SourceOption::gtid_slave_pos:
        change_.start_gtid = gtid::MariadbGtidPosition::parse(text(setting)).to_string();
        start_gtid_option_ = &setting;
        break;
      case SourceOption::compression_algorithms:
        take_compression(setting);
        break;
      case SourceOption::tls_version:
        take_tls_version(setting);
        break;
      case SourceOption::applier_setting:
        take_applier_setting(setting);
        break;
      case SourceOption::link_text:
        take_link_text(setting);
        break;
      case SourceOption::link_flag:
        change_.link_flags.emplace_back(definition(setting).flag, number(setting, 0, 1) == 1);
        break;
      case SourceOption::refused:
        refuse(setting);
    }
  }

  /// The change for a channel whose GTID mode is @p current_mode, once all options are taken.
  ChannelChange resolve(const std::string& current_mode) {
    const bool coordinates = change_.log_file || change_.log_pos;
    if (auto_position_ == true && use_gtid_) throw_wrong_argument("MASTER_AUTO_POSITION AND MASTER_USE_GTID");
    ChannelChange change = change_;
    if (use_gtid_) {
      change.gtid_mode = use_gtid_;
    } else if (auto_position_) {
      change.gtid_mode = *auto_position_ ? "auto_position" : "no";
    }
    const std::string mode = change.gtid_mode.value_or(current_mode);
    if (change.start_gtid) must_fit(mode, coordinates);
    if (coordinates && mode == "auto_position") {
      throw Error(1776,
                  "Parameters SOURCE_LOG_FILE, SOURCE_LOG_POS, RELAY_LOG_FILE and RELAY_LOG_POS cannot be set when "
                  "SOURCE_AUTO_POSITION is active.");
    }
    if (coordinates && mode != "no" && !use_gtid_) {
      // MariaDB's rule: coordinates without MASTER_USE_GTID turn it off (sql/sql_repl.cc, change_master).
      execution_.note(4190,
                      fmt::format("CHANGE MASTER TO is implicitly changing the value of 'Using_Gtid' from '{}' to "
                                  "'No'",
                                  mode == "slave_pos" ? "Slave_Pos" : "Current_Pos"));
      change.gtid_mode = "no";
    }
    if (change.log_file && !change.log_file->empty() && !change.log_pos) {
      execution_.warn(
          3023,
          "CHANGE REPLICATION SOURCE TO with a SOURCE_LOG_FILE clause but no SOURCE_LOG_POS clause may not be "
          "safe. The old position value may not be valid for the new binary log file.");
    }
    return change;
  }

  void add_notes(bool tls) const {
    if (!change_.user && !change_.password) return;
    if (!tls) execution_.note(1759, "Sending passwords in plain text without SSL/TLS is extremely insecure.");
    execution_.note(
        1760,
        "Storing MySQL user name or password information in the connection metadata repository is not secure and is "
        "therefore not recommended. Please consider using the USER and PASSWORD connection options for START REPLICA; "
        "see the 'START REPLICA Syntax' in the MySQL Manual for more information.");
  }

 private:
  static const SourceOptionDefinition& definition(const SourceOptionSetting& setting) {
    return *find_source_option(setting.written);
  }

  [[noreturn]] static void refuse(const SourceOptionSetting& setting) {
    const std::string_view reason = definition(setting).why_refused;
    throw_not_supported(reason.empty() ? setting.written : fmt::format("{}' ('{}", setting.written, reason));
  }

  /// A GTID to begin with is one of the kind that the channel follows, and says where to begin.
  void must_fit(const std::string& mode, bool coordinates) const {
    const bool mysql = start_gtid_option_->option == SourceOption::gtid_purged;
    const bool fits = mysql ? mode == "auto_position" : mode == "slave_pos" || mode == "current_pos";
    if (!fits) {
      throw_wrong_argument(fmt::format("{}: it needs {}", start_gtid_option_->written,
                                       mysql ? "SOURCE_AUTO_POSITION = 1" : "MASTER_USE_GTID = slave_pos"));
    }
    if (coordinates) throw_wrong_argument(start_gtid_option_->written + " AND LOG_FILE OR LOG_POS");
  }

  void take_link_text(const SourceOptionSetting& setting) {
    const std::string& value = text(setting);
    if (value.size() > k_longest_log_file) throw_wrong_argument(setting.written);
    const auto member = definition(setting).text;
    if (member == &state::SourceLinkRecord::bind && !value.empty()) {
      std::array<unsigned char, sizeof(in6_addr)> address{};
      if (inet_pton(AF_INET, value.c_str(), address.data()) != 1 &&
          inet_pton(AF_INET6, value.c_str(), address.data()) != 1)
        throw_wrong_argument(setting.written + ": an IP address is needed");
    }
    change_.link_texts.emplace_back(member, value);
  }

  /// Calls @p take for each part of a list; blanks around the parts do not count.
  template <typename Take>
  static void for_each_part(std::string_view list, Take take) {
    for (;;) {
      const std::size_t comma = std::min(list.find(','), list.size());
      std::string_view part = list.substr(0, comma);
      while (part.starts_with(' ')) part.remove_prefix(1);
      while (part.ends_with(' ')) part.remove_suffix(1);
      take(part);
      if (comma == list.size()) return;
      list.remove_prefix(comma + 1);
    }
  }

  void take_compression(const SourceOptionSetting& setting) {
    const std::string& list = text(setting);
    std::string algorithms;
    for_each_part(list, [&](std::string_view name) {
      const std::string algorithm = to_lower(name);
      if (algorithm == "zstd") throw_not_supported(setting.written + "' ('zstd: the client library knows zlib alone");
      if (algorithm != "zlib" && algorithm != "uncompressed") {
        throw Error(3920,
                    fmt::format("Invalid SOURCE_COMPRESSION_ALGORITHMS '{:.99}' for channel '{}'.", list, channel_));
      }
      if (algorithms.find(algorithm) == std::string::npos) algorithms += (algorithms.empty() ? "" : ",") + algorithm;
    });
    change_.link_texts.emplace_back(definition(setting).text, algorithms);
  }

  void take_tls_version(const SourceOptionSetting& setting) {
    const std::string& list = text(setting);
    if (!list.empty()) {
      for_each_part(list, [&](std::string_view name) {
        if (name != "TLSv1.2" && name != "TLSv1.3") {
          throw_wrong_argument(setting.written + ": a list of TLSv1.2 and TLSv1.3, older ones are not secure");
        }
      });
    }
    change_.link_texts.emplace_back(definition(setting).text, list);
  }

  static std::uint64_t number(const SourceOptionSetting& setting, std::uint64_t least, std::uint64_t most) {
    const std::uint64_t value = std::get<std::uint64_t>(setting.value);
    if (value < least || value > most) throw_wrong_argument(setting.written);
    return value;
  }

  /// As sql_yacc.yy's TEXT_STRING_sys_nonewline; the value itself may be a password and is not shown.
  static const std::string& text(const SourceOptionSetting& setting) {
    const auto& value = std::get<std::string>(setting.value);
    if (value.find('\n') != std::string::npos) {
      throw Error(1525, fmt::format("Incorrect argument contains not-allowed LF value: '{}'", setting.written));
    }
    if (value.find('\0') != std::string::npos) throw_wrong_argument(setting.written);
    return value;
  }

  void take_host(const SourceOptionSetting& setting) {
    const std::string& host = text(setting);
    if (host.empty()) throw_wrong_argument(setting.written);
    if (count_characters(host) > k_longest_host) {
      throw Error(3968, fmt::format("Hostname cannot be longer than {} characters.", k_longest_host));
    }
    change_.host = host;
  }

  void take_user(const SourceOptionSetting& setting) {
    const std::string& user = text(setting);
    if (count_characters(user) > k_longest_user) {
      throw Error(1470, fmt::format("String '{:.70}' is too long for user name (should be no longer than {})", user,
                                    k_longest_user));
    }
    change_.user = user;
  }

  void take_password(const SourceOptionSetting& setting) {
    const std::string& password = text(setting);
    if (password.size() > k_longest_password) {
      throw Error(3056, fmt::format("The password provided for the replication user exceeds the maximum length of {} "
                                    "characters",
                                    k_longest_password));
    }
    change_.password = password;
  }

  void take_log_file(const SourceOptionSetting& setting) {
    const std::string& file = text(setting);
    // A directory in the name would be one on the source; no server sends such names.
    if (file.size() > k_longest_log_file || file.find('/') != std::string::npos) throw_wrong_argument(setting.written);
    change_.log_file = file;
  }

  void take_use_gtid(const SourceOptionSetting& setting) {
    const auto& word = std::get<std::string>(setting.value);
    use_gtid_ = word == "replica_pos" ? "slave_pos" : word;
  }

  void take_connect_retry(const SourceOptionSetting& setting) {
    const std::uint64_t seconds = number(setting, 0, UINT32_MAX);
    // As MariaDB: without a pause a source that is down would be asked without end.
    change_.connect_retry = seconds == 0 ? k_default_connect_retry : static_cast<std::uint32_t>(seconds);
  }

  void take_applier_setting(const SourceOptionSetting& setting) {
    const channel::ApplierSetting& kept = *channel::find_applier_setting(setting.written);
    std::string& value = change_.settings[std::string(kept.name)];
    if (kept.is_number()) {
      value = fmt::format("{}", number(setting, kept.least, kept.most));
      return;
    }
    try {
      value = kept.checked(text(setting));
    } catch (const Error& error) {
      if (error.code() != 1231) throw;
      throw_wrong_argument(setting.written);
    }
  }

  void take_delay(const SourceOptionSetting& setting) {
    const std::uint64_t seconds = std::get<std::uint64_t>(setting.value);
    if (seconds > k_longest_delay) {
      throw Error(1729, fmt::format("The requested value {} for the source delay exceeds the maximum {}", seconds,
                                    k_longest_delay));
    }
    change_.sql_delay = static_cast<std::uint32_t>(seconds);
  }

  void take_heartbeat(const SourceOptionSetting& setting) {
    double seconds = std::get<double>(setting.value);
    if (!(seconds >= 0 && seconds <= k_longest_heartbeat)) {
      throw Error(1624, fmt::format("The requested value for the heartbeat period is either negative or exceeds the "
                                    "maximum allowed ({:.0f} seconds).",
                                    k_longest_heartbeat));
    }
    static constexpr double k_milliseconds = 1000;
    if (seconds > 0 && seconds * k_milliseconds < 1) {
      execution_.warn(
          1703,
          "The requested value for the heartbeat period is less than 1 millisecond. The value is reset to 0, "
          "meaning that heartbeating will effectively be disabled.");
      seconds = 0;
    } else if (seconds > static_cast<double>(execution_.context.replica_net_timeout)) {
      execution_.warn(1704, fmt::format("The requested value for the heartbeat period exceeds the value of "
                                        "`replica_net_timeout' ({} seconds). A sensible value for the period should be "
                                        "less than the timeout.",
                                        execution_.context.replica_net_timeout));
    }
    change_.heartbeat_period = std::round(seconds * k_milliseconds) / k_milliseconds;
  }

  const Execution& execution_;
  const std::string& channel_;  ///< for messages
  const SourceOptionSetting* start_gtid_option_ = nullptr;
  ChannelChange change_;
  std::optional<bool> auto_position_;
  std::optional<std::string> use_gtid_;
};

[[noreturn]] void throw_must_stop(const std::string& channel) {
  throw Error(3081, fmt::format("This operation cannot be performed with running replication threads; run STOP REPLICA "
                                "FOR CHANNEL '{}' first",
                                channel));
}

/// FOR ALL CHANNELS: what all sources have in common, such as the password of the replication account.
void change_all(ChangePlan& plan, const Execution& execution) {
  const auto channels = configured_channels(execution);
  if (channels.empty()) throw Error(3074, "Replica channel '' does not exist.");
  std::vector<ChannelChange> changes;
  for (const ChannelPointer& channel : channels) {
    const auto status = channel->status();
    // All or none: what would stop one of them is looked for first.
    if (status.receiver.state != source::ReceiverState::stopped || status.applier.running)
      throw_must_stop(channel->name());
    changes.push_back(plan.resolve(status.config.gtid_mode));
    const ChannelChange& change = changes.back();
    if (change.host || change.port || change.log_file || change.log_pos || change.start_gtid) {
      throw Error(1210,
                  "Incorrect arguments to FOR ALL CHANNELS: the source and the coordinates are each channel's own");
    }
  }
  bool tls = true;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    execution.add(channels[i]->change(changes[i]));
    tls = tls && channels[i]->status().config.link.ssl;
  }
  plan.add_notes(tls);
}

void change_one(const std::string& name, ChangePlan& plan, const Execution& execution) {
  const auto existing = execution.channels.find(name);
  const ChannelChange change =
      plan.resolve(existing ? existing->status().config.gtid_mode : state::ChannelRecord{}.gtid_mode);
  const auto channel = existing ? existing : execution.channels.find_or_create(name);
  try {
    execution.add(channel->change(change));
    plan.add_notes(channel->status().config.link.ssl);
  } catch (...) {
    if (!existing) execution.channels.remove(name);
    throw;
  }
}

}  // namespace

wire::StatementResult run(const ChangeSource& statement, Execution& execution) {
  ChangePlan plan(execution, statement.channel.name);
  for (const SourceOptionSetting& setting : statement.options) plan.take(setting);
  const std::lock_guard lock(execution.change_mutex);
  switch (statement.channel.kind) {
    case ChannelSelector::Kind::all:
      change_all(plan, execution);
      break;
    case ChannelSelector::Kind::named:
      change_one(statement.channel.name, plan, execution);
      break;
    case ChannelSelector::Kind::unnamed:
      only_channel(execution);
      change_one("", plan, execution);
      break;
  }
  return wire::OkResult{};
}

}  // namespace tributary::admin
