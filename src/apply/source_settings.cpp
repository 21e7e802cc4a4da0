#include "tributary/apply/source_settings.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

namespace tributary::apply {
namespace {

constexpr std::string_view k_endless_recursion = "4294967295";
constexpr std::uint32_t k_mariadb_has_old_utf8 = 100601;          // old_mode UTF8_IS_UTF8MB3
constexpr std::uint32_t k_mariadb_limits_recursion = 100601;      // to 1000; endless before
constexpr std::uint32_t k_mariadb_has_block_encryption = 110200;  // block_encryption_mode
constexpr std::uint32_t k_mysql_limits_recursion = 80003;         // cte_max_recursion_depth

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

/// The source's value where that is a number of 64 bits, else @p otherwise.
std::string number(const SourceSettings& settings, std::string_view name, std::string_view otherwise) {
  const std::string_view value = settings.variable(name);
  std::uint64_t parsed = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  const bool is_number = error == std::errc{} && end == value.data() + value.size();
  return is_number ? std::to_string(parsed) : std::string(otherwise);
}

/// As a literal, the source's value where that is made of words, else @p otherwise.
std::string words(const SourceSettings& settings, std::string_view name, std::string_view otherwise) {
  static constexpr std::string_view k_words = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-,";
  const std::string_view value = settings.variable(name);
  return fmt::format("'{}'", value.empty() || !consists_of(value, k_words) ? otherwise : value);
}

/// What both vendors have; one has modes that the other has not, and a statement without AES_ENCRYPT() needs none.
std::string block_encryption(const SourceSettings& settings) {
  const std::string mode = words(settings, "block_encryption_mode", "aes-128-ecb");
  return mode.ends_with("-ecb'") || mode.ends_with("-cbc'") ? mode : "'aes-128-ecb'";
}

/// Those of MariaDB's old modes that change results. MySQL's utf8 is utf8mb3.
std::string old_mode(const SourceSettings& settings, ServerKind source) {
  static constexpr std::string_view k_utf8 = "UTF8_IS_UTF8MB3";
  static constexpr std::string_view k_zero_date = "ZERO_DATE_TIME_CAST";
  if (!source.mariadb) return fmt::format("'{}'", k_utf8);
  const std::string_view value = settings.variable("old_mode");
  const auto has = [value](std::string_view mode) { return value.find(mode) != std::string_view::npos; };
  const bool told = !settings.variables.empty();  // '' is a value
  const bool utf8 = source.version < k_mariadb_has_old_utf8 || !told || has(k_utf8);
  const bool zero_date = has(k_zero_date);
  return fmt::format("'{}{}{}'", utf8 ? k_utf8 : "", utf8 && zero_date ? "," : "", zero_date ? k_zero_date : "");
}

/// MariaDB cuts a recursion at its limit, MySQL refuses one that goes on: what it has logged needs no limit.
std::string recursion(const SourceSettings& settings, ServerKind source) {
  if (!source.mariadb) return std::string(k_endless_recursion);
  return number(settings, "max_recursive_iterations",
                source.version < k_mariadb_limits_recursion ? k_endless_recursion : "1000");
}

}  // namespace

std::string_view SourceSettings::variable(std::string_view name) const {
  std::string_view rest = variables;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.size() > name.size() && line[name.size()] == '=' && line.starts_with(name)) {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

std::vector<SessionSetting> result_settings(const SourceSettings& settings, ServerKind source, ServerKind target) {
  // From 10.2.4 on.
  const std::string_view longest_group = source.mariadb ? "1048576" : "1024";
  std::vector<SessionSetting> list{
      {"group_concat_max_len", number(settings, "group_concat_max_len", longest_group)},
      {"div_precision_increment", number(settings, "div_precision_increment", "4")},
      {"default_week_format", number(settings, "default_week_format", "0")},
  };
  if (!target.mariadb || target.version >= k_mariadb_has_block_encryption) {
    list.push_back({"block_encryption_mode", block_encryption(settings)});
  }
  if (target.mariadb) {
    list.push_back({"default_regex_flags", words(settings, "default_regex_flags", "")});
    if (target.version >= k_mariadb_has_old_utf8) list.push_back({"old_mode", old_mode(settings, source)});
    list.push_back({"max_recursive_iterations", recursion(settings, source)});
  } else if (target.version >= k_mysql_limits_recursion) {
    list.push_back({"cte_max_recursion_depth", recursion(settings, source)});
  }
  return list;
}

}  // namespace tributary::apply
