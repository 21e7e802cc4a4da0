#pragma once

#include <string>

#include "tributary/util/bytes.hpp"

namespace tributary {

/// Cryptographically strong random bytes (OpenSSL). Throws std::runtime_error when the system has none.
Bytes random_bytes(std::size_t count);
/// A random password of @p length letters and digits, without quotes or blanks.
std::string random_password(std::size_t length);
/// A random (version 4) UUID in its text form of 36 characters.
std::string random_uuid();

}  // namespace tributary
