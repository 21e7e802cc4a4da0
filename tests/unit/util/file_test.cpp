#include "tributary/util/file.hpp"

#include <system_error>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace tributary {
namespace {

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-file-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
};

TEST_F(FileTest, readsBackWhatWasWrittenAtAnOffset) {
  File file(directory_ / "data", File::Mode::create);
  file.write_at(10, as_bytes("hello"));
  file.sync();
  EXPECT_EQ(file.size(), 15U);
  Bytes buffer(20);
  EXPECT_EQ(file.read_at(8, buffer), 7U);
  EXPECT_EQ(as_text(ByteView(buffer).first(7)), std::string_view("\0\0hello", 7));
  file.truncate(12);
  EXPECT_EQ(file.size(), 12U);
}

TEST_F(FileTest, namesThePathWhenItCannotBeOpened) {
  try {
    const File file(directory_ / "missing", File::Mode::read);
    FAIL() << "a missing file was opened";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string(error.what()).find("missing"), std::string::npos);
  }
}

TEST_F(FileTest, replacesAFileWithItsModeAndLeavesNoTemporary) {
  const auto path = directory_ / "client.cnf";
  replace_file(path, "old", 0644);
  replace_file(path, "new", 0600);
  EXPECT_EQ(read_file(path), "new");
  struct stat status {};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(FileTest, refusesToReadAFileOverTheLimit) {
  replace_file(directory_ / "big", "12345");
  EXPECT_THROW(read_file(directory_ / "big", 4), std::system_error);
}

}  // namespace
}  // namespace tributary
