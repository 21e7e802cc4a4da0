#include "tributary/daemon/options.hpp"

#include <filesystem>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "tributary/util/file.hpp"

namespace tributary::daemon {
namespace {

class OptionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-options-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::optional<Options> parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "tributaryd");
    return parse_options(static_cast<int>(arguments.size()), arguments.data(), out_);
  }
  std::string error_of(const std::vector<const char*>& arguments) {
    try {
      parse(arguments);
      return "";
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  std::filesystem::path directory_;
  std::ostringstream out_;
};

TEST_F(OptionsTest, hasSaneDefaults) {
  const auto options = parse({"--datadir=/tmp/x"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->bind_address, "127.0.0.1");
  EXPECT_EQ(options->port, 3307);
  EXPECT_EQ(options->socket, "/tmp/x/tributary.sock");
  EXPECT_FALSE(options->target);
  EXPECT_EQ(options->parallel_workers, 4U);
  EXPECT_FALSE(options->relay_log_basename.empty());
}

TEST_F(OptionsTest, helpAndVersionPrintAndEnd) {
  EXPECT_FALSE(parse({"--help"}));
  EXPECT_NE(out_.str().find("--target-password-file"), std::string::npos);
  EXPECT_FALSE(parse({"--version"}));
  EXPECT_NE(out_.str().find("tributaryd "), std::string::npos);
}

TEST_F(OptionsTest, commandLineWinsOverTheOptionFile) {
  const auto file = directory_ / "tributary.cnf";
  replace_file(file, "# shards\nport = 4000\nserver-id = 77 # ours\ntarget = mysql://app@127.0.0.1:3306\n");
  const auto options = parse({"--config", file.c_str(), "--port=5000", "--datadir=/tmp/x"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->port, 5000);
  EXPECT_EQ(options->server_id, 77U);
  ASSERT_TRUE(options->target);
  EXPECT_EQ(options->target->user, "app");
}

TEST_F(OptionsTest, readsTheTargetsPasswordFromAPrivateFileOnly) {
  const auto file = directory_ / "password";
  replace_file(file, "secret\n", 0600);
  const auto options = parse({"--target=mysql://app@127.0.0.1:3306", "--target-password-file", file.c_str()});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->target->password, "secret");
  replace_file(file, "secret\n", 0644);
  EXPECT_NE(error_of({"--target=mysql://app@127.0.0.1:3306", "--target-password-file", file.c_str()}).find("0600"),
            std::string::npos);
}

TEST_F(OptionsTest, errorsNameTheOption) {
  EXPECT_NE(error_of({"--port=70000"}).find("--port"), std::string::npos);
  EXPECT_NE(error_of({"--port=x"}).find("port"), std::string::npos);
  EXPECT_NE(error_of({"--server-id=0"}).find("--server-id"), std::string::npos);
  EXPECT_NE(error_of({"--parallel-workers=0"}).find("--parallel-workers"), std::string::npos);
  EXPECT_NE(error_of({"--log-level=loud"}).find("loud"), std::string::npos);
  EXPECT_NE(error_of({"--relay-log-basename=a/b"}).find("--relay-log-basename"), std::string::npos);
  EXPECT_NE(error_of({"--config=/nonexistent/file"}).find("/nonexistent/file"), std::string::npos);
  EXPECT_NE(error_of({"--no-such-option"}).find("no-such-option"), std::string::npos);
  EXPECT_NE(error_of({"--target=mysql://u:p@h:1"}), "");
  EXPECT_NE(error_of({"stray"}), "");
}

}  // namespace
}  // namespace tributary::daemon
