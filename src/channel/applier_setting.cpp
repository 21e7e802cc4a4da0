#include "tributary/channel/applier_setting.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::channel {
namespace {

/// Ranges of the servers' variables: sql/sys_vars.cc.
constexpr std::array k_settings{
    ApplierSetting{"batch_bytes", 1, std::uint64_t{1} << 30, {}, false},
    ApplierSetting{"batch_rows", 1, UINT32_MAX, {}, false},
    ApplierSetting{"batch_transactions", 1, 1000000, {}, false},
    ApplierSetting{"preserve_gtids", 0, 1, {}, false},
    ApplierSetting{"row_writer", 0, 0, "AUTO|BINLOG|SQL", false},
    ApplierSetting{"slave_exec_mode", 0, 0, "STRICT|IDEMPOTENT"},
    ApplierSetting{"slave_parallel_type", 0, 0, "DATABASE|LOGICAL_CLOCK|WRITESET", true, false, true},
    ApplierSetting{"slave_parallel_workers", 0, 1024},
    ApplierSetting{"slave_skip_errors", 0, 0, {}, true, true},
    ApplierSetting{"slave_transaction_retries", 0, UINT32_MAX},
};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

/// The place of @p word among @p words, from 0.
std::optional<std::size_t> place_of(std::string_view word, std::string_view words) {
  for (std::size_t place = 0;; ++place) {
    const std::size_t end = std::min(words.find('|'), words.size());
    if (words.substr(0, end) == word) return place;
    if (end == words.size()) return std::nullopt;
    words.remove_prefix(end + 1);
  }
}

template <typename Enum>
Enum word_of(const SettingValues& values, const char* name) {
  return static_cast<Enum>(place_of(values.at(name), find_applier_setting(name)->words).value_or(0));
}

template <typename Number>
Number number_of(const SettingValues& values, const char* name) {
  const std::string& text = values.at(name);
  Number value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::span<const ApplierSetting> applier_settings() {
  return k_settings;
}

const ApplierSetting* find_applier_setting(std::string_view name) {
  static constexpr std::string_view k_replica = "REPLICA_";
  std::string wanted = upper(name);
  if (wanted.starts_with(k_replica)) wanted.replace(0, k_replica.size(), "SLAVE_");
  const auto* const found = std::find_if(k_settings.begin(), k_settings.end(),
                                         [&](const ApplierSetting& setting) { return upper(setting.name) == wanted; });
  return found == k_settings.end() ? nullptr : found;
}

std::string ApplierSetting::checked(std::string_view value) const {
  if (is_number()) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc{} && end == value.data() + value.size()) {
      return fmt::format("{}", std::clamp(number, least, most));
    }
  } else if (is_error_list) {
    if (const auto errors = apply::SkippedErrors::parse(value)) return errors->text();
  } else if (std::string word = upper(value); place_of(word, words)) {
    return word;
  }
  throw Error(1231, "42000", fmt::format("Variable '{}' can't be set to the value of '{}'", name, value));
}

SettingValues default_settings(std::uint32_t parallel_workers, apply::RowWriterMode row_writer) {
  const apply::ApplierOptions options;
  return {{"batch_bytes", fmt::format("{}", options.batch_bytes)},
          {"batch_rows", fmt::format("{}", options.batch_rows)},
          {"batch_transactions", fmt::format("{}", options.batch_transactions)},
          {"preserve_gtids", "0"},
          {"row_writer", row_writer == apply::RowWriterMode::automatic ? "AUTO"
                         : row_writer == apply::RowWriterMode::sql     ? "SQL"
                                                                       : "BINLOG"},
          {"slave_exec_mode", "STRICT"},
          {"slave_parallel_type", "WRITESET"},
          {"slave_parallel_workers", fmt::format("{}", parallel_workers)},
          {"slave_skip_errors", options.skip_errors.text()},
          {"slave_transaction_retries", fmt::format("{}", options.transaction_retries)}};
}

void put_settings(const SettingValues& values, apply::ApplierOptions& options) {
  options.batch_bytes = number_of<std::uint64_t>(values, "batch_bytes");
  options.batch_rows = number_of<std::uint32_t>(values, "batch_rows");
  options.batch_transactions = number_of<std::uint32_t>(values, "batch_transactions");
  options.preserve_gtids = values.at("preserve_gtids") == "1";
  options.row_writer = word_of<apply::RowWriterMode>(values, "row_writer");
  options.exec_mode = word_of<apply::ExecMode>(values, "slave_exec_mode");
  options.dependencies = word_of<apply::DependencyMode>(values, "slave_parallel_type");
  // No worker beside the coordinator means one here; the coordinator itself applies nothing.
  options.workers = std::max(number_of<std::uint32_t>(values, "slave_parallel_workers"), 1U);
  options.skip_errors = apply::SkippedErrors::parse(values.at("slave_skip_errors")).value_or(apply::SkippedErrors());
  options.transaction_retries = number_of<std::uint32_t>(values, "slave_transaction_retries");
}

}  // namespace tributary::channel
