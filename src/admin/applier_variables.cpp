#include "applier_variables.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "channel_selection.hpp"
#include "statement_builder.hpp"
#include "value.hpp"

namespace tributary::admin {
namespace {

/// As first written. @throws Error 3074.
std::string existing_channel(const std::string& name, const Execution& execution) {
  const auto channel = find_channel(name, execution);
  if (!channel) throw Error(3074, "Replica channel '' does not exist.");
  return channel->name();
}

/// As MySQL's check_slave_stopped() (sql/sys_vars.cc). @p channel none: all.
void must_be_stopped(const std::optional<std::string>& channel, const Execution& execution) {
  static constexpr const char* k_running =
      "This operation cannot be performed with a running replica sql thread; run STOP REPLICA SQL_THREAD";
  for (const ChannelPointer& each : execution.channels.all()) {
    if ((channel && each->name() != *channel) || !each->status().applier.running) continue;
    if (!channel) throw Error(3017, fmt::format("{} first", k_running));
    throw Error(3085, fmt::format("{} FOR CHANNEL '{}' first.", k_running, *channel));
  }
}

std::int64_t integer_value(const std::string& text) {
  return static_cast<std::int64_t>(parse_integer(text).value_or(0));
}

}  // namespace

Value get_applier_variable(const SystemVariable& variable, const Execution& execution) {
  if (variable.scope == VariableScope::session) {
    throw Error(1238, fmt::format("Variable '{}' is a GLOBAL variable", variable.name));
  }
  std::optional<std::string> name;
  if (variable.channel) name = existing_channel(*variable.channel, execution);
  if (is_skip_counter(variable.name)) {
    if (!name) return std::int64_t{execution.channels.skip_counter()};
    return std::int64_t{find_channel(*name, execution)->status().skip_counter};
  }
  const channel::ApplierSetting& setting = *channel::find_applier_setting(variable.name);
  std::string text = execution.channels.settings(name).at(std::string(setting.name));
  if (setting.is_number()) return integer_value(text);
  return text;
}

std::map<std::string, std::string> list_applier_variables(const Execution& execution) {
  static constexpr std::string_view k_slave = "slave_";
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : execution.channels.settings(std::nullopt)) {
    result.emplace(name, value);
    if (name.starts_with(k_slave)) result.emplace("replica_" + name.substr(k_slave.size()), value);
  }
  for (const char* name : {"sql_slave_skip_counter", "sql_replica_skip_counter"}) {
    result.emplace(name, fmt::format("{}", execution.channels.skip_counter()));
  }
  return result;
}

std::string ApplierAssignments::checked_number(const SystemVariable& variable, const Value& value, std::uint64_t least,
                                               std::uint64_t most) const {
  std::uint64_t number = 0;
  if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    number = *natural;
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    number = static_cast<std::uint64_t>(std::max<std::int64_t>(*integer, 0));
  } else {
    throw Error(1232, "42000", fmt::format("Incorrect argument type to variable '{}'", variable.name));
  }
  const std::string written = text_of(value).value_or("");
  std::string kept = fmt::format("{}", std::clamp(number, least, most));
  if (kept != written) {
    execution_.warn(1292, fmt::format("Truncated incorrect {} value: '{}'", variable.name, written));
  }
  return kept;
}

void ApplierAssignments::take(const SystemVariable& variable, const Value* value) {
  if (variable.scope != VariableScope::global) {
    throw Error(1229,
                fmt::format("Variable '{}' is a GLOBAL variable and should be set with SET GLOBAL", variable.name));
  }
  Assignment assignment;
  if (variable.channel) assignment.channel = existing_channel(*variable.channel, execution_);
  if (is_skip_counter(variable.name)) {
    assignment.value = value == nullptr ? "0" : checked_number(variable, *value, 0, UINT32_MAX);
    assignments_.push_back(std::move(assignment));
    return;
  }
  assignment.setting = channel::find_applier_setting(variable.name);
  const channel::ApplierSetting& setting = *assignment.setting;
  if (setting.needs_stop) must_be_stopped(assignment.channel, execution_);
  if (value != nullptr && setting.is_number()) {
    assignment.value = checked_number(variable, *value, setting.least, setting.most);
  } else if (value != nullptr) {
    assignment.value = setting.checked(text_of(*value).value_or("NULL"));
  }
  assignments_.push_back(std::move(assignment));
}

void ApplierAssignments::make() const {
  // What may still be refused goes first.
  for (const Assignment& assignment : assignments_) {
    if (assignment.setting != nullptr) continue;
    const auto count = static_cast<std::uint32_t>(integer_value(*assignment.value));
    if (assignment.channel) {
      find_channel(*assignment.channel, execution_)->set_skip_counter(count);
    } else {
      execution_.channels.set_skip_counter(count);
    }
  }
  for (const Assignment& assignment : assignments_) {
    if (assignment.setting != nullptr)
      execution_.channels.set(assignment.channel, *assignment.setting, assignment.value);
  }
}

}  // namespace tributary::admin
