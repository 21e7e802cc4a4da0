#pragma once

#include <cstdint>

#include "tributary/util/bytes.hpp"

namespace tributary::gtid {

/// Variable-length integers of MySQL's serialization library (libs/mysql/serialization/variable_length_integers.h):
/// 1 to 9 bytes, their number in the trailing one-bits of the first. Used by tagged GTIDs.
std::uint64_t read_varlen_unsigned(ByteReader& reader);
/// The same with the sign folded into bit 0 (zig-zag).
std::int64_t read_varlen_signed(ByteReader& reader);
void write_varlen_unsigned(ByteWriter& writer, std::uint64_t value);
void write_varlen_signed(ByteWriter& writer, std::int64_t value);

}  // namespace tributary::gtid
