#include "tributary/apply/skipped_errors.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

namespace tributary::apply {
namespace {

/// ddl_exist_errors of MySQL: sql/rpl_replica.cc, set_replica_skip_errors().
constexpr std::uint16_t k_ddl_exist_errors[] = {
    1007,  // ER_DB_CREATE_EXISTS
    1008,  // ER_DB_DROP_EXISTS
    1050,  // ER_TABLE_EXISTS_ERROR
    1051,  // ER_BAD_TABLE_ERROR
    1054,  // ER_BAD_FIELD_ERROR
    1060,  // ER_DUP_FIELDNAME
    1061,  // ER_DUP_KEYNAME
    1068,  // ER_MULTIPLE_PRI_KEY
    1091,  // ER_CANT_DROP_FIELD_OR_KEY
    1146,  // ER_NO_SUCH_TABLE
};

constexpr std::string_view k_separators = ", \t";

}  // namespace

std::optional<SkippedErrors> SkippedErrors::parse(std::string_view text) {
  std::string words(text);
  std::transform(words.begin(), words.end(), words.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  SkippedErrors errors;
  bool off = false;
  std::size_t count = 0;
  std::string_view rest = words;
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(k_separators), rest.size()));
    if (rest.empty()) break;
    const std::string_view word = rest.substr(0, rest.find_first_of(k_separators));
    rest.remove_prefix(word.size());
    ++count;
    if (word == "off") {
      off = true;
    } else if (word == "all") {
      errors.all_ = true;
    } else if (word == "ddl_exist_errors") {
      errors.codes_.insert(std::begin(k_ddl_exist_errors), std::end(k_ddl_exist_errors));
    } else {
      std::uint16_t code = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), code);
      if (error != std::errc{} || end != word.data() + word.size() || code == 0) return std::nullopt;
      errors.codes_.insert(code);
    }
  }
  if ((off || errors.all_) && count > 1) return std::nullopt;
  return errors;
}

std::string SkippedErrors::text() const {
  if (all_) return "ALL";
  if (codes_.empty()) return "OFF";
  std::string text;
  for (const std::uint16_t code : codes_) text += fmt::format("{}{}", text.empty() ? "" : ",", code);
  return text;
}

}  // namespace tributary::apply
