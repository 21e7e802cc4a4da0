#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tributary/util/bytes.hpp"

namespace tributary::gtid {

/// A server's identity in MySQL GTIDs: 16 bytes in the order of their text form.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  /// Parses "3E11FA47-71CA-11E1-9E33-C80AA9429562" in either case, or the 32 digits alone; nullopt for other text.
  static std::optional<Uuid> parse(std::string_view text);
  /// The next 16 bytes of @p reader.
  static Uuid read(ByteReader& reader);
  /// 36 characters, lower case.
  [[nodiscard]] std::string to_string() const;

  auto operator<=>(const Uuid&) const = default;
};

}  // namespace tributary::gtid
