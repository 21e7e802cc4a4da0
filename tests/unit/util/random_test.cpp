#include "tributary/util/random.hpp"

#include <regex>

#include <gtest/gtest.h>

namespace tributary {
namespace {

TEST(Random, uuidIsVersionFourAndNew) {
  const std::string uuid = random_uuid();
  EXPECT_TRUE(std::regex_match(uuid, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << uuid;
  EXPECT_NE(uuid, random_uuid());
}

TEST(Random, passwordHasTheLengthAndNothingToQuote) {
  const std::string password = random_password(40);
  EXPECT_TRUE(std::regex_match(password, std::regex("[-_A-Za-z0-9]{40}"))) << password;
}

}  // namespace
}  // namespace tributary
