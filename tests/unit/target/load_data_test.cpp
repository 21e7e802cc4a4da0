#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>

#include "live_target.hpp"

namespace tributary::target {
namespace {

class LoadDataTest : public LiveTarget {
 protected:
  void SetUp() override {
    server_.run("CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, v VARCHAR(5)); SET GLOBAL local_infile=1");
  }

  /// Gives @p text in pieces of @p most bytes.
  static FileContent content_of(std::string text, std::size_t most = 7) {
    return [text = std::move(text), most, at = std::size_t{0}](std::span<char> into) mutable {
      const std::size_t count = std::min({most, into.size(), text.size() - at});
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), count, into.begin());
      at += count;
      return count;
    };
  }
  std::string rows() { return server_.value("SELECT IFNULL(GROUP_CONCAT(id, v ORDER BY id), '') FROM d.t"); }
};

constexpr std::string_view k_load = "LOAD DATA LOCAL INFILE 'f' INTO TABLE d.t";

TEST_F(LoadDataTest, HandsOutTheContentAndTellsWhatBecameOfIt) {
  TargetConnection connection(options());
  const LoadDataCounts counts = connection.load_data(k_load, "f", content_of("1\ta\n2\tb\n2\tc\n3\ttoo long\n"));
  EXPECT_EQ(counts.records, 4U);
  EXPECT_EQ(counts.skipped, 1U);
  EXPECT_EQ(counts.deleted, 0U);
  EXPECT_GE(counts.warnings, 2U);
  EXPECT_EQ(rows(), "1a,2b,3too l");
  const std::string replace = "LOAD DATA LOCAL INFILE 'f' REPLACE INTO TABLE d.t";
  EXPECT_EQ(connection.load_data(replace, "f", content_of("1\tz\n")).deleted, 1U);
  EXPECT_EQ(connection.load_data(k_load, "f", content_of("")).records, 0U);
  EXPECT_EQ(rows(), "1z,2b,3too l");
}

TEST_F(LoadDataTest, TheServerGetsNoFileThatIsNotOffered) {
  const std::string path = (server_.datadir() / "secret").string();
  std::ofstream(path) << "7\tseven\n";
  const std::string other = "LOAD DATA LOCAL INFILE '" + path + "' INTO TABLE d.t";
  TargetConnection connection(options());
  // By itself, while another file is offered, and after one was.
  EXPECT_NE(error_of([&] { connection.execute(other); }), 0);
  EXPECT_NE(error_of([&] { connection.load_data(other, "f", content_of("1\ta\n")); }), 0);
  connection.load_data(k_load, "f", content_of("1\ta\n"));
  EXPECT_NE(error_of([&] { connection.execute(k_load); }), 0);
  EXPECT_NE(error_of([&] { connection.execute(other); }), 0);
  // A second question in the same packet.
  EXPECT_NE(error_of([&] { connection.load_data(std::string(k_load) + ";" + other, "f", content_of("2\tb\n")); }), 0);
  TargetConnection another(options());
  const std::string twice = std::string(k_load) + ";" + std::string(k_load);
  EXPECT_NE(error_of([&] { another.load_data(twice, "f", content_of("3\tc\n")); }), 0);
  EXPECT_EQ(rows(), "1a,2b,3c");
}

TEST_F(LoadDataTest, WhatTheContentThrowsComesThroughAndTheSessionStaysWhole) {
  TargetConnection connection(options());
  connection.execute("START TRANSACTION");
  bool given = false;
  const auto broken = [&given](std::span<char> into) -> std::size_t {
    if (given) throw Error(error_code::k_read_relay_log, "damaged");
    given = true;
    std::copy_n("1\ta\n", 4, into.begin());
    return 4;
  };
  try {
    connection.load_data(k_load, "f", broken);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), error_code::k_read_relay_log);
  }
  connection.execute("ROLLBACK");
  EXPECT_EQ(rows(), "");
}

TEST_F(LoadDataTest, AServerThatRefusesIsToldApart) {
  TargetConnection connection(options());
  server_.run("SET GLOBAL local_infile=0");
  EXPECT_EQ(error_of([&] { connection.load_data(k_load, "f", content_of("1\ta\n")); }), 3948);
  EXPECT_EQ(rows(), "");
}

}  // namespace
}  // namespace tributary::target
