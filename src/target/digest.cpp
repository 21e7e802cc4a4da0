#include "digest.hpp"

#include <array>

#include <openssl/evp.h>

#include "tributary/util/error.hpp"

namespace tributary::target {

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw Error(error_code::k_unknown_error, "OpenSSL cannot compute SHA-256");
  }
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string hex;
  for (unsigned at = 0; at < length; ++at) {
    hex.push_back(k_digits[digest[at] >> 4U]);
    hex.push_back(k_digits[digest[at] & 0x0fU]);
  }
  return hex;
}

}  // namespace tributary::target
