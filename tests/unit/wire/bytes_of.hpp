#pragma once

#include <string_view>

#include "tributary/util/bytes.hpp"

namespace tributary::wire {

/// Bytes of a text that may hold zero bytes: bytes_of("\0a"sv).
inline Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

}  // namespace tributary::wire
