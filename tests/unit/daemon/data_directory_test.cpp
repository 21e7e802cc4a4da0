#include "tributary/daemon/data_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace tributary::daemon {
namespace {

class DataDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-data-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  static unsigned mode_of(const std::filesystem::path& path) {
    struct stat status {};
    return stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }

  std::filesystem::path directory_;
};

TEST_F(DataDirectoryTest, isMadePrivateAndLocked) {
  const auto path = directory_ / "deep" / "data";
  const DataDirectory first(path);
  EXPECT_EQ(mode_of(path), 0700U);
  try {
    const DataDirectory second(path);
    FAIL() << "a directory in use was taken";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("in use by process " + std::to_string(getpid())), std::string::npos)
        << error.what();
  }
}

TEST_F(DataDirectoryTest, makesOneAdministratorAndKeepsThePassword) {
  const DataDirectory data(directory_ / "data");
  state::Store store(data.store_path());
  ensure_administrator(store, data, {"127.0.0.1", 3307, "/tmp/a.sock"});
  ASSERT_EQ(store.accounts().size(), 1U);
  EXPECT_EQ(store.accounts().front().native_hash.size(), 20U);
  EXPECT_EQ(mode_of(data.client_file_path()), 0600U);
  const std::string before = read_file(data.client_file_path());
  EXPECT_NE(before.find("port=3307"), std::string::npos);

  ensure_administrator(store, data, {"127.0.0.1", 4000, "/tmp/a.sock"});
  const std::string after = read_file(data.client_file_path());
  EXPECT_NE(after.find("port=4000"), std::string::npos);
  const auto password_line = [](const std::string& text) {
    const auto at = text.find("password=");
    return text.substr(at, text.find('\n', at) - at);
  };
  EXPECT_EQ(password_line(before), password_line(after));
  EXPECT_EQ(store.accounts().size(), 1U);

  std::filesystem::remove(data.client_file_path());
  ensure_administrator(store, data, {"127.0.0.1", 4000, "/tmp/a.sock"});
  EXPECT_FALSE(std::filesystem::exists(data.client_file_path()));

  // Who lost the password asks for a new one by an empty file.
  const std::string old_hash = store.accounts().front().native_hash;
  replace_file(data.client_file_path(), "");
  ensure_administrator(store, data, {"127.0.0.1", 4000, "/tmp/a.sock"});
  ASSERT_EQ(store.accounts().size(), 1U);
  EXPECT_NE(store.accounts().front().native_hash, old_hash);
  const std::string renewed = read_file(data.client_file_path());
  EXPECT_NE(renewed.find("port=4000"), std::string::npos);
  EXPECT_NE(password_line(renewed), password_line(before));
  EXPECT_EQ(mode_of(data.client_file_path()), 0600U);
}

}  // namespace
}  // namespace tributary::daemon
