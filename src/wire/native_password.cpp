#include "tributary/wire/native_password.hpp"

#include <array>
#include <initializer_list>
#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "tributary/util/random.hpp"

namespace tributary::wire {
namespace {

using Digest = std::array<std::uint8_t, k_native_hash_size>;

Digest sha1(std::initializer_list<ByteView> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  bool good = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1;
  for (const ByteView part : parts) good = good && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  Digest digest{};
  unsigned size = 0;
  good = good && EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1;
  if (!good || size != digest.size()) throw std::runtime_error("OpenSSL cannot compute SHA-1, which passwords need");
  return digest;
}

Digest exclusive_or(ByteView left, const Digest& right) {
  Digest result{};
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<std::uint8_t>(left[i] ^ right[i]);
  return result;
}

}  // namespace

Bytes make_salt() {
  Bytes salt = random_bytes(k_salt_size);
  for (std::uint8_t& byte : salt) {
    byte &= 0x7f;
    if (byte == 0 || byte == '$') ++byte;
  }
  return salt;
}

std::string native_password_hash(std::string_view password) {
  if (password.empty()) return {};
  return std::string(as_text(sha1({sha1({as_bytes(password)})})));
}

Bytes native_password_answer(std::string_view password, ByteView salt) {
  if (password.empty()) return {};
  const Digest once = sha1({as_bytes(password)});
  const Digest answer = exclusive_or(sha1({salt, sha1({once})}), once);
  return {answer.begin(), answer.end()};
}

bool native_password_matches(ByteView answer, ByteView salt, std::string_view hash) {
  if (hash.empty()) return answer.empty();
  if (answer.size() != k_native_hash_size || hash.size() != k_native_hash_size) return false;
  const Digest once = exclusive_or(answer, sha1({salt, as_bytes(hash)}));
  const Digest twice = sha1({once});
  return CRYPTO_memcmp(twice.data(), hash.data(), twice.size()) == 0;
}

}  // namespace tributary::wire
