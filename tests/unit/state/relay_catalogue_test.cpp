#include <gtest/gtest.h>

#include "tributary/state/store.hpp"
#include "tributary/util/error.hpp"

#include "test_server.hpp"

namespace tributary::state {
namespace {

class RelayCatalogueTest : public ::testing::Test {
 protected:
  RelayCatalogueTest() {
    for (const char* name : {"a", "b"}) {
      ChannelRecord record;
      record.name = name;
      store_.save_channel(record);
    }
  }

  static relay::RelayFileRecord file(std::uint64_t number) {
    return {number,
            "host-relay-bin-a." + std::to_string(number),
            "bin.000001",
            {4294967295U, "3c1a1e0e-0000-4000-8000-000000000001"},
            std::uint64_t{5} << 32,
            1700000000,
            {}};
  }

  test::TemporaryDirectory directory_;
  Store store_{directory_.path() / "state.db"};
};

TEST_F(RelayCatalogueTest, keepsFilesByNumberAndChannel) {
  const auto catalogue = store_.relay_catalogue("A");
  EXPECT_TRUE(catalogue->load().empty());
  EXPECT_EQ(catalogue->last_number(), 0U);
  catalogue->save(file(10));
  catalogue->save(file(9));
  store_.relay_catalogue("b")->save(file(1));

  const auto records = store_.relay_catalogue("a")->load();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].file_number, 9U);
  const relay::RelayFileRecord& read = records[1];
  EXPECT_EQ(read.file_number, 10U);
  EXPECT_EQ(read.file_name, file(10).file_name);
  EXPECT_EQ(read.source_file_name, "bin.000001");
  EXPECT_EQ(read.source, file(10).source);
  EXPECT_EQ(read.boundary_offset, std::uint64_t{5} << 32);
  EXPECT_EQ(read.created_at, 1700000000);
}

TEST_F(RelayCatalogueTest, savingAgainReplaces) {
  const auto catalogue = store_.relay_catalogue("a");
  catalogue->save(file(1));
  relay::RelayFileRecord moved = file(1);
  moved.boundary_offset = 4711;
  catalogue->save(moved);
  const auto records = catalogue->load();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].boundary_offset, 4711U);
}

TEST_F(RelayCatalogueTest, neverGivesANumberBack) {
  const auto catalogue = store_.relay_catalogue("a");
  catalogue->save(file(1));
  catalogue->save(file(2));
  catalogue->remove(2);
  EXPECT_EQ(catalogue->load().size(), 1U);
  EXPECT_EQ(catalogue->last_number(), 2U);
  store_.remove_channel("a");
  EXPECT_TRUE(catalogue->load().empty());
  EXPECT_EQ(store_.relay_catalogue("A")->last_number(), 2U);
}

TEST_F(RelayCatalogueTest, refusesAFileOfAnUnknownChannel) {
  const auto catalogue = store_.relay_catalogue("nobody");
  try {
    catalogue->save(file(1));
    FAIL() << "a file of an unknown channel was stored";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("nobody"), std::string::npos) << error.what();
  }
  EXPECT_EQ(catalogue->last_number(), 0U);
  store_.relay_catalogue("a")->save(file(1));
}

}  // namespace
}  // namespace tributary::state
