#include <cstdlib>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "tributary/state/store.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/file.hpp"

#include "test_server.hpp"

namespace tributary::state {
namespace {

struct CloseSqlite {
  void operator()(sqlite3* connection) const { sqlite3_close(connection); }
};

class MigrationTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "state.db"; }

  /// The first value of the last row, read or written behind the store's back.
  [[nodiscard]] std::string sql(const std::string& statements) const {
    sqlite3* connection = nullptr;
    EXPECT_EQ(sqlite3_open(file().c_str(), &connection), SQLITE_OK);
    const std::unique_ptr<sqlite3, CloseSqlite> owner(connection);
    std::string value;
    const auto keep = [](void* into, int /*columns*/, char** values, char** /*names*/) {
      *static_cast<std::string*>(into) = values[0] == nullptr ? "NULL" : values[0];
      return 0;
    };
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(connection, statements.c_str(), keep, &value, &message), SQLITE_OK) << message;
    sqlite3_free(message);
    return value;
  }

  [[nodiscard]] std::string refusal() const {
    try {
      const Store store(file());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), 1105);
      EXPECT_NE(std::string(error.what()).find(file().string()), std::string::npos) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "the store was opened";
    return {};
  }

  test::TemporaryDirectory directory_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(MigrationTest, recordsTheVersionAndTheOwner) {
  { const Store store(file()); }
  EXPECT_EQ(sql("PRAGMA user_version"), "7");
  EXPECT_EQ(sql("PRAGMA application_id"), std::to_string(0x54524942));
  EXPECT_EQ(sql("PRAGMA journal_mode"), "wal");
  { const Store store(file()); }
  EXPECT_EQ(sql("PRAGMA user_version"), "7");
}

TEST_F(MigrationTest, anOlderStoreIsBroughtUpToDate) {
  {
    Store store(file());
    ChannelRecord record;
    record.name = "x";
    record.host = "h";
    record.uuid = "u";
    store.save_channel(record);
  }
  std::string back;
  for (const char* const column : {"ssl", "ssl_ca", "ssl_capath", "ssl_cert", "ssl_key", "ssl_cipher", "ssl_crl",
                                   "ssl_crlpath", "ssl_verify_server_cert", "tls_version", "public_key_path",
                                   "get_public_key", "compression_algorithms", "bind", "start_gtid", "sql_delay"}) {
    back += std::string("ALTER TABLE channel DROP COLUMN ") + column + "; ";
  }
  back +=
      "ALTER TABLE channel_source_answers DROP COLUMN time_zone; "
      "ALTER TABLE channel_source_answers DROP COLUMN variables; "
      "DROP TABLE channel_setting; DROP TABLE skipped_gtids; DROP TABLE global_setting; ";
  (void)sql(back + "PRAGMA user_version = 1");
  Store store(file());
  ASSERT_EQ(store.channels().size(), 1U);
  EXPECT_EQ(store.channels().front().host, "h");
  EXPECT_EQ(store.channels().front().start_gtid, "");
  EXPECT_FALSE(store.channels().front().link.ssl);
  EXPECT_EQ(store.channels().front().link.compression_algorithms, "uncompressed");
  EXPECT_EQ(sql("PRAGMA user_version"), "7");
}

TEST_F(MigrationTest, refusesANewerStoreNamingBothVersions) {
  { const Store store(file()); }
  (void)sql("PRAGMA user_version = 4711");
  const std::string message = refusal();
  EXPECT_TRUE(contains(message, "4711")) << message;
  EXPECT_TRUE(contains(message, "tributaryd 0.")) << message;
  EXPECT_TRUE(contains(message, "up to 7")) << message;
  EXPECT_EQ(sql("PRAGMA user_version"), "4711");
}

TEST_F(MigrationTest, refusesTheFileOfAnotherProgramAndLeavesItAlone) {
  (void)sql("CREATE TABLE other (x); INSERT INTO other VALUES (1)");
  EXPECT_TRUE(contains(refusal(), "belongs to another program"));
  EXPECT_EQ(sql("SELECT count(*) FROM sqlite_schema"), "1");
  EXPECT_EQ(sql("PRAGMA journal_mode"), "delete");
}

TEST_F(MigrationTest, refusesWhatIsNotADatabase) {
  replace_file(file(), std::string(4096, 'x'));
  EXPECT_TRUE(contains(refusal(), "not a database"));
  EXPECT_EQ(read_file(file()), std::string(4096, 'x'));
}

TEST_F(MigrationTest, refusesADamagedStore) {
  {
    Store store(file());
    ChannelRecord record;
    for (int number = 0; number < 200; ++number) {
      record.name = "channel" + std::to_string(number);
      store.save_channel(record);
    }
  }
  {
    File damaged(file(), File::Mode::read_write);
    const Bytes noise(std::size_t{4096}, std::uint8_t{0x5a});
    for (std::uint64_t offset = 4096; offset + 4096 <= damaged.size(); offset += 4096) damaged.write_at(offset, noise);
  }
  EXPECT_TRUE(contains(refusal(), "damaged"));
}

TEST_F(MigrationTest, saysWhyAPathCannotBeUsed) {
  std::filesystem::create_directory(file());
  EXPECT_FALSE(refusal().empty());
  const std::filesystem::path missing = directory_.path() / "missing" / "state.db";
  try {
    const Store store(missing);
    FAIL() << "a store was made in a missing directory";
  } catch (const Error& error) {
    EXPECT_TRUE(contains(error.what(), "No such file or directory")) << error.what();
  }
}

}  // namespace
}  // namespace tributary::state
