#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "tributary/util/bytes.hpp"

namespace tributary::wire {

inline constexpr std::string_view k_native_password_plugin = "mysql_native_password";
/// Bytes of the server's challenge, without the zero byte that ends it in packets.
inline constexpr std::size_t k_salt_size = 20;
/// Bytes of SHA1(SHA1(password)) and of a client's answer.
inline constexpr std::size_t k_native_hash_size = 20;

/// A new random challenge of k_salt_size bytes, none of them 0 or '$' (generate_user_salt,
/// mysys/crypt_genhash_impl.cc).
Bytes make_salt();

/// What an account keeps: the 20 bytes SHA1(SHA1(password)); '' for the empty password.
std::string native_password_hash(std::string_view password);

/// The client's side: SHA1(password) XOR SHA1(salt + SHA1(SHA1(password))); empty for the empty password.
Bytes native_password_answer(std::string_view password, ByteView salt);

/// Whether @p answer to @p salt shows knowledge of the password behind @p hash (20 bytes, or empty = empty password).
/// Takes the same time for every answer of 20 bytes.
bool native_password_matches(ByteView answer, ByteView salt, std::string_view hash);

}  // namespace tributary::wire
