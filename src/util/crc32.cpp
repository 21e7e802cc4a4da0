#include "tributary/util/crc32.hpp"

#include <libdeflate.h>

namespace tributary {

std::uint32_t crc32(ByteView bytes, std::uint32_t seed) {
  return libdeflate_crc32(seed, bytes.data(), bytes.size());
}

}  // namespace tributary
