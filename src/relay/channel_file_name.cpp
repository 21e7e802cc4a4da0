#include <fmt/core.h>

#include "tributary/relay/relay_log.hpp"

namespace tributary::relay {
namespace {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length = 0;  ///< bytes; 0: not UTF-8
};

CodePoint first_code_point(std::string_view text) {
  const auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::uint8_t lead = byte(0);
  std::size_t length = 0;
  std::uint32_t value = 0;
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xc2 && lead < 0xe0) {
    length = 2;
    value = lead & 0x1fU;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    length = 3;
    value = lead & 0x0fU;
  } else if (lead >= 0xf0 && lead < 0xf5) {
    length = 4;
    value = lead & 0x07U;
  }
  if (length == 0 || text.size() < length) return {};
  for (std::size_t at = 1; at < length; ++at) {
    if ((byte(at) & 0xc0U) != 0x80) return {};
    value = value << 6 | (byte(at) & 0x3fU);
  }
  return {value, length};
}

bool is_safe(std::uint32_t code_point) {
  return (code_point >= '0' && code_point <= '9') || (code_point >= 'A' && code_point <= 'Z') ||
         (code_point >= 'a' && code_point <= 'z') || code_point == '_';
}

}  // namespace

std::string escape_channel_name(std::string_view channel) {
  std::string escaped;
  while (!channel.empty()) {
    CodePoint next = first_code_point(channel);
    // A byte that is no UTF-8 becomes a lone surrogate, which no text can hold: names stay distinct.
    if (next.length == 0) next = {0xdc00U | static_cast<std::uint8_t>(channel.front()), 1};
    channel.remove_prefix(next.length);
    if (is_safe(next.value)) {
      escaped += static_cast<char>(next.value);
    } else if (next.value > 0xffff) {
      const std::uint32_t rest = next.value - 0x10000;
      escaped += fmt::format("@{:04x}@{:04x}", 0xd800U | rest >> 10, 0xdc00U | (rest & 0x3ffU));
    } else {
      escaped += fmt::format("@{:04x}", next.value);
    }
  }
  return escaped;
}

}  // namespace tributary::relay
