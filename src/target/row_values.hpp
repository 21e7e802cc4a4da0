#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// What the tables of the schema `tributary` have in common.

/// Names of channels differ in more than the case of ASCII letters.
std::string lower_ascii(std::string text);

/// "channel_uuid = x'..'<separator>channel = x'..'"; the case of ASCII letters in @p channel does not count.
std::string channel_key(const std::string& channel_uuid, const std::string& channel, std::string_view separator);

/// "'2026-01-31 23:59:59.123456'", UTC. The server's NOW() would follow a SET TIMESTAMP of the statements applied.
std::string utc_now_literal();

/// The number in a column of one of our tables. @throws TargetError where another thing stands there.
template <typename Number>
Number number_of(const Row& row, std::size_t column) {
  Number value = 0;
  const std::string& text = row.at(column).value();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw TargetError(error_code::k_unknown_error,
                      fmt::format("tributary's tables in the target hold '{}' where a number of {} bits is expected",
                                  text, sizeof(Number) * 8));
  }
  return value;
}

}  // namespace tributary::target
