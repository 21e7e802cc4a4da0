#pragma once

#include <cstdint>

#include "tributary/util/bytes.hpp"

namespace tributary {

/// CRC-32 as zlib computes it (the binlog checksum), by libdeflate. @p seed continues an earlier result; 0 starts.
std::uint32_t crc32(ByteView bytes, std::uint32_t seed = 0);

}  // namespace tributary
