// Every binary log file in tests/data/binlogs has beside it, as NAME.events, what tributary events --verbose says of
// it. tests/data/make_events.py writes these files, and compares them with what the servers' own programs say.

#include <algorithm>
#include <cctype>
#include <filesystem>

#include <gtest/gtest.h>

#include "tributary/tools/events_command.hpp"
#include "tributary/util/file.hpp"

namespace tributary::tools {
namespace {

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(TRIBUTARY_TEST_DATA) / "binlogs")) {
    if (entry.is_regular_file() && entry.path().extension() != ".events") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Golden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(Golden, readsAsWritten) {
  std::string text;
  const auto collect = [&text](std::string_view piece) { text += piece; };
  EXPECT_TRUE(list_events({.files = {GetParam()}, .verbose = true}, collect, collect));
  EXPECT_EQ(text, read_file(GetParam().string() + ".events"));
}

TEST_P(Golden, verifies) {
  std::string text;
  EXPECT_TRUE(list_events(
      {.files = {GetParam()}, .verify = true}, [&text](std::string_view piece) { text += piece; },
      [](std::string_view what) { ADD_FAILURE() << what; }));
  EXPECT_NE(text.find(": no damage"), std::string::npos) << text;
}

std::string name_of(const testing::TestParamInfo<std::filesystem::path>& info) {
  const std::filesystem::path& path = info.param;
  std::string name = path.parent_path().filename().string() + "_" + path.filename().string();
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(golden_files()), name_of);

}  // namespace
}  // namespace tributary::tools
