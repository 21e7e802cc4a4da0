#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tributary/util/bytes.hpp"

namespace tributary::binlog {

/// Bytes of a packed DECIMAL(precision, scale) (decimal_bin_size, strings/decimal.c).
std::size_t decimal_size(unsigned precision, unsigned scale);

/// The text of a packed decimal, with all digits of the scale: "-1234567890.1234". nullopt when @p packed is not
/// decimal_size() long, when scale > precision or precision > 81, or when a digit group is out of range.
std::optional<std::string> decimal_to_text(ByteView packed, unsigned precision, unsigned scale);

}  // namespace tributary::binlog
