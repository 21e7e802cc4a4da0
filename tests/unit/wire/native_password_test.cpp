#include "tributary/wire/native_password.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "bytes_of.hpp"

namespace tributary::wire {
namespace {

Bytes counting_salt() {
  Bytes salt(k_salt_size);
  for (std::size_t i = 0; i < salt.size(); ++i) salt[i] = static_cast<std::uint8_t>(i + 1);
  return salt;
}

// SELECT PASSWORD('password') on MariaDB: *2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19.
TEST(NativePassword, hashIsTheServers) {
  EXPECT_EQ(to_hex(as_bytes(native_password_hash("password"))), "2470c0c06dee42fd1618bb99005adca2ec9d1e19");
  EXPECT_EQ(native_password_hash(""), "");
}

// hashlib in Python: sha1(pw) XOR sha1(salt + sha1(sha1(pw))), salt 01 02 … 14.
TEST(NativePassword, answerIsTheClients) {
  EXPECT_EQ(to_hex(native_password_answer("password", counting_salt())), "c17d6009a5cb47e59f7483fcf05553bbbf7dd0d6");
  EXPECT_TRUE(native_password_answer("", counting_salt()).empty());
}

TEST(NativePassword, matchesOnlyThePasswordAndTheSalt) {
  const Bytes salt = counting_salt();
  const std::string hash = native_password_hash("secret");
  EXPECT_TRUE(native_password_matches(native_password_answer("secret", salt), salt, hash));
  EXPECT_FALSE(native_password_matches(native_password_answer("Secret", salt), salt, hash));
  Bytes other = salt;
  other[19] ^= 1;
  EXPECT_FALSE(native_password_matches(native_password_answer("secret", salt), other, hash));
}

TEST(NativePassword, anAnswerOfAnotherLengthNeverMatches) {
  const Bytes salt = counting_salt();
  const std::string hash = native_password_hash("secret");
  Bytes answer = native_password_answer("secret", salt);
  answer.push_back(0);
  EXPECT_FALSE(native_password_matches(answer, salt, hash));
  answer.resize(19);
  EXPECT_FALSE(native_password_matches(answer, salt, hash));
  EXPECT_FALSE(native_password_matches({}, salt, hash));
}

TEST(NativePassword, emptyPasswordWantsAnEmptyAnswer) {
  const Bytes salt = counting_salt();
  EXPECT_TRUE(native_password_matches({}, salt, ""));
  EXPECT_FALSE(native_password_matches(native_password_answer("x", salt), salt, ""));
}

TEST(NativePassword, aDamagedHashNeverMatches) {
  const Bytes salt = counting_salt();
  EXPECT_FALSE(native_password_matches(native_password_answer("x", salt), salt, "short"));
}

TEST(NativePassword, saltFitsIntoAPacketAndIsNew) {
  const Bytes salt = make_salt();
  EXPECT_EQ(salt.size(), k_salt_size);
  for (int i = 0; i < 200; ++i) {
    const Bytes next = make_salt();
    EXPECT_TRUE(std::all_of(next.begin(), next.end(), [](int byte) { return byte > 0 && byte < 128 && byte != '$'; }));
    EXPECT_NE(next, salt);
  }
}

}  // namespace
}  // namespace tributary::wire
