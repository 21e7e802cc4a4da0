#include "tributary/binlog/json.hpp"

#include <fstream>
#include <sstream>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

constexpr int k_corrupt = 1610;

/// The columns of each line of a file in tests/data/json, which tests/data/make_json.py has made from a real server.
std::vector<std::vector<std::string>> table(const std::string& name) {
  std::ifstream file(binlog_file("x").parent_path().parent_path() / "json" / name);
  EXPECT_TRUE(file.is_open()) << name;
  std::vector<std::vector<std::string>> lines;
  for (std::string line; std::getline(file, line);) {
    std::istringstream columns(line);
    auto& added = lines.emplace_back();
    for (std::string column; std::getline(columns, column, '\t');) added.push_back(column);
  }
  return lines;
}

std::string text_of(ByteView document) {
  std::string text;
  append_json_text(document, text);
  return text;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what))
    text.replace(at, what.size(), with);
  return text;
}

TEST(Json, textIsTheServers) {
  int documents = 0;
  for (const auto& line : table("documents.tsv")) {
    ASSERT_EQ(line.size(), 3U);
    if (line[0] == "long") continue;
    EXPECT_EQ(text_of(from_hex(line[1])), line[2]) << line[1];
    ++documents;
  }
  EXPECT_GT(documents, 50);
}

TEST(Json, binaryIsTheServers) {
  int documents = 0;
  for (const auto& line : table("documents.tsv")) {
    if (line[0] == "value") continue;
    const std::string text = replaced(replaced(line[2], "@X@", std::string(1000, 'x')), "@Y@", std::string(1000, 'y'));
    const Bytes made = json_from_text(text);
    if (line[0] == "text") {
      EXPECT_EQ(to_hex(made), line[1]) << text;
    } else {
      EXPECT_EQ(fmt::format("{}:{}", made.size(), to_hex(ByteView(made).first(40))), line[1]);
    }
    EXPECT_EQ(text_of(made), text);
    ++documents;
  }
  EXPECT_GT(documents, 50);
}

TEST(Json, changesAreTheServers) {
  int changes = 0;
  for (const auto& line : table("changes.tsv")) {
    ASSERT_EQ(line.size(), 3U);
    EXPECT_EQ(text_of(apply_json_diffs(from_hex(line[0]), from_hex(line[1]))), line[2]);
    ++changes;
  }
  EXPECT_GT(changes, 10);
  const Bytes document = json_from_text("{\"a\": [1, 2]}");
  EXPECT_EQ(apply_json_diffs(document, {}), document);
}

TEST(Json, changesThatDoNotFitAreErrors) {
  const Bytes document = json_from_text("{\"a\": [1, 2]}");
  const auto apply = [&](const std::string& diff) {
    return error_of([&] { apply_json_diffs(document, from_hex(diff)); });
  };
  const std::string one = "03 050100";
  EXPECT_EQ(apply("00 03" + to_hex(as_bytes("$.a")) + one), 0);
  EXPECT_EQ(apply("00 03" + to_hex(as_bytes("$.b")) + one), k_corrupt) << "replaces what is not there";
  EXPECT_EQ(apply("01 03" + to_hex(as_bytes("$.a")) + one), k_corrupt) << "adds what is there";
  EXPECT_EQ(apply("02 03" + to_hex(as_bytes("$.b"))), k_corrupt) << "removes what is not there";
  EXPECT_EQ(apply("02 06" + to_hex(as_bytes("$.a[2]"))), k_corrupt);
  EXPECT_EQ(apply("02 01" + to_hex(as_bytes("$"))), k_corrupt);
  EXPECT_EQ(apply("03 03" + to_hex(as_bytes("$.a")) + one), k_corrupt) << "no such operation";
  for (const char* path : {"a", "$a", "$.", "$.\"a", "$[", "$[x]", "$[1", "$.\"\\x\"", "$[99999999999999999999]"}) {
    EXPECT_EQ(apply(fmt::format("02 {:02x}", std::string_view(path).size()) + to_hex(as_bytes(path))), k_corrupt)
        << path;
  }
  EXPECT_EQ(apply("00 03" + to_hex(as_bytes("$.a"))), k_corrupt) << "cut";
}

TEST(Json, damagedDocumentsAreErrors) {
  EXPECT_EQ(text_of({}), "null") << "written by old servers";
  for (const char* hex : {"0d", "0e00", "04", "0403", "05 00", "0b 000000000000f07f", "0c", "0c05 6162",
                          "0c ffffffffff01", "0f f6 03 0501", "0f 0c 07 00000000000000", "00 0100", "00 ffff 0400",
                          "02 0100 0800 0c ff00", "02 0100 0400 05 0100",
                          // its own container as its element
                          "02 0100 0700 02 0000", "00 0100 0c00 ff00 0100 05 0100 61"}) {
    EXPECT_EQ(error_of([&] { text_of(from_hex(hex)); }), k_corrupt) << hex;
  }
  // Two elements at the same place: such a document could stand for one of any size.
  EXPECT_EQ(error_of([&] { text_of(from_hex("02 0200 0e00 02 0a00 02 0a00 0000 0400")); }), k_corrupt);
  // Each cut and each changed byte of a real one: a text or an error, nothing else.
  const Bytes whole = json_from_text(R"({"a": [1, -70000, "xy", {"b": null}], "c": 1.5, "d": 18446744073709551615})");
  for (std::size_t i = 0; i < whole.size(); ++i) {
    EXPECT_EQ(error_of([&] { text_of(ByteView(whole).first(i)); }), i == 0 ? 0 : k_corrupt) << i;
    for (const unsigned change : {1U, 0x80U, 0xffU}) {
      Bytes changed = whole;
      changed[i] = static_cast<std::uint8_t>(changed[i] ^ change);
      const int code = error_of([&] {
        text_of(changed);
        apply_json_diffs(changed, from_hex("02 06" + to_hex(as_bytes("$.a[0]"))));
      });
      EXPECT_TRUE(code == 0 || code == k_corrupt) << i << ": " << code;
    }
  }
}

TEST(Json, numbersAreWrittenAsTheServerDoes) {
  // Above 15 digits before the point the exponent stands only where nothing follows the point (my_gcvt).
  for (const char* number : {"3761077529708525.5", "1e15", "100000000000000.0", "-1234567890123456.8", "1.5e16"}) {
    EXPECT_EQ(text_of(json_from_text(number)), number);
  }
}

TEST(Json, theErrorOfATextIsUtf8) {
  std::string message;
  try {
    json_from_text('"' + std::string(38, 'a') + "\xc3\xa9\xff");
  } catch (const Error& error) {
    message = error.what();
  }
  EXPECT_THAT(message, testing::HasSubstr('"' + std::string(38, 'a') + "...'"));
}

TEST(Json, textsThatAreNoneAreErrors) {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\" 1}", "{a: 1}", "nul", "01", "1.", "'a'", "\"a", "[1] 2",
                           "\"\x01\"", "\"\xff\"", "1e999", "\"\\ud800\"", "\xef\xbb\xbf{}"}) {
    EXPECT_EQ(error_of([&] { json_from_text(text); }), 3140) << text;
  }
  for (const std::string& text : {std::string("{\"a\": 1}\0x", 10), std::string("[1]\0", 4), std::string("\0", 1)}) {
    EXPECT_EQ(error_of([&] { json_from_text(text); }), 3140) << "a zero byte ends no text";
  }
  EXPECT_EQ(error_of([] { json_from_text(std::string(101, '[') + std::string(101, ']')); }), 3157);
  EXPECT_EQ(error_of([] { json_from_text(std::string(1000000, '[')); }), 3157);
  const std::string key(65536, 'k');
  EXPECT_EQ(error_of([&] { json_from_text("{\"" + key + "\": 1}"); }), 3151);
  EXPECT_EQ(text_of(json_from_text("{\"" + key.substr(1) + "\": 1}")).size(), 65535U + 7);
}

}  // namespace
}  // namespace tributary::binlog
