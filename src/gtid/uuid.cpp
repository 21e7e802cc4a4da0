#include "tributary/gtid/uuid.hpp"

#include <algorithm>

namespace tributary::gtid {
namespace {

constexpr std::size_t k_text_length = 36;

bool is_dash_position(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  Uuid uuid;
  const bool dashes = text.size() == k_text_length;
  if (!dashes && text.size() != 2 * uuid.bytes.size()) return std::nullopt;
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dashes && is_dash_position(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = hex_digit(text[i]);
    if (digit < 0) return std::nullopt;
    std::uint8_t& byte = uuid.bytes[digits / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
    ++digits;
  }
  return uuid;
}

Uuid Uuid::read(ByteReader& reader) {
  Uuid uuid;
  const ByteView from = reader.bytes(uuid.bytes.size());
  std::copy(from.begin(), from.end(), uuid.bytes.begin());
  return uuid;
}

std::string Uuid::to_string() const {
  std::string text = to_hex(bytes);
  for (const std::size_t position : {8U, 13U, 18U, 23U}) text.insert(position, 1, '-');
  return text;
}

}  // namespace tributary::gtid
