#include "row_values.hpp"

#include <chrono>
#include <ctime>

namespace tributary::target {

std::string lower_ascii(std::string text) {
  for (char& character : text) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  }
  return text;
}

std::string utc_now_literal() {
  const auto now = std::chrono::system_clock::now();
  const auto microseconds =
      std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count() % 1'000'000;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("'{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}'", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, microseconds);
}

std::string channel_key(const std::string& channel_uuid, const std::string& channel, std::string_view separator) {
  return fmt::format("channel_uuid = {}{}channel = {}", hex_literal(channel_uuid), separator,
                     hex_literal(lower_ascii(channel)));
}

}  // namespace tributary::target
