#pragma once

#include <chrono>
#include <cstdint>

namespace tributary {

/// The system clock in whole seconds since 1970-01-01 UTC.
inline std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace tributary
