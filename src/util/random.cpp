#include "tributary/util/random.hpp"

#include <stdexcept>
#include <string_view>

#include <openssl/rand.h>

namespace tributary {

Bytes random_bytes(std::size_t count) {
  Bytes bytes(count);
  if (RAND_bytes(bytes.data(), static_cast<int>(count)) != 1) throw std::runtime_error("no random bytes to be had");
  return bytes;
}

std::string random_password(std::size_t length) {
  // 64 characters, so that the low six bits of a byte choose one without bias.
  static constexpr std::string_view k_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  static_assert(k_alphabet.size() == 64);
  std::string password;
  for (const std::uint8_t byte : random_bytes(length)) password.push_back(k_alphabet[byte & 63]);
  return password;
}

std::string random_uuid() {
  Bytes bytes = random_bytes(16);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace tributary
