#include "until_condition.hpp"

#include <filesystem>
#include <memory>

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

#include "memory_catalogue.hpp"

namespace tributary::apply {
namespace {

constexpr const char* k_uuid = "00000000-0000-4000-8000-000000000001";

/// A log with relay files 1 to 3 that mirror files of sources.
class UntilConditionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-until-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    relay::RelayLogOptions options;
    options.directory = directory_;
    options.base_name = "host-relay-bin";
    log_ = std::make_unique<relay::RelayLog>(options, catalogue_);
  }
  void TearDown() override {
    log_.reset();
    std::filesystem::remove_all(directory_);
  }

  void begin_file(const std::string& name, std::uint32_t server_id = 1) {
    log_->begin_file(name, {server_id, ""});
    log_->append(description_.encode(server_id, 0));
    log_->mark_boundary(true);
  }

  [[nodiscard]] UntilCondition position(Until::Kind kind, const std::string& file, std::uint64_t offset) const {
    return {{kind, file, offset, {}, false}, *log_};
  }
  [[nodiscard]] UntilCondition gtids(Until::Kind kind, const std::string& list) const {
    return {{kind, {}, 0, list, list.find(':') == std::string::npos}, *log_};
  }

  bool ends_before(UntilCondition& until, binlog::EventType type, std::uint32_t server_id, const Bytes& body) const {
    binlog::EventHeader header;
    header.type = type;
    header.server_id = server_id;
    header.event_size = static_cast<std::uint32_t>(binlog::EventHeader::k_length + body.size());
    ByteWriter event;
    event.u32(0);
    event.u8(static_cast<std::uint8_t>(type));
    event.u32(server_id);
    event.u32(header.event_size);
    event.fill(6);
    event.bytes(body);
    return until.ends_before({{1, 100}, {1, 200}, event.view()}, description_);
  }
  bool ends_before(UntilCondition& until, const gtid::MariadbGtid& gtid) const {
    ByteWriter body;
    body.u64(gtid.seq_no);
    body.u32(gtid.domain_id);
    body.fill(7);
    return ends_before(until, binlog::EventType::mariadb_gtid, gtid.server_id, body.take());
  }
  bool ends_before(UntilCondition& until, const gtid::MysqlGtid& gtid) const {
    ByteWriter body;
    body.u8(0);
    body.bytes(gtid.source.uuid.bytes);
    body.u64(static_cast<std::uint64_t>(gtid.gno));
    return ends_before(until, binlog::EventType::gtid, 1, body.take());
  }
  /// Feeds transactions. @return the last one that passes; "" where none does, "all" where there is no end.
  template <typename Gtid>
  std::string passes(UntilCondition& until, std::initializer_list<const char*> transactions) const {
    std::string last;
    for (const char* text : transactions) {
      if (ends_before(until, Gtid::parse(text))) return last;
      last = text;
      if (until.ends_behind({1, 200})) return last;
    }
    return "all";
  }

  const binlog::FormatDescription description_ = binlog::FormatDescription::mariadb("10.11.1-MariaDB");
  std::filesystem::path directory_;
  test::MemoryCatalogue catalogue_;
  std::unique_ptr<relay::RelayLog> log_;
};

TEST_F(UntilConditionTest, comparesPlacesInTheSourcesLog) {
  begin_file("bin.000009");
  begin_file("bin.000010");
  begin_file("bin.000011");
  auto until = position(Until::Kind::source_position, "bin.000010", 500);
  EXPECT_FALSE(until.ends_at_start({1, 4}, ""));
  EXPECT_FALSE(until.ends_behind({1, 9999}));
  EXPECT_FALSE(until.ends_behind({2, 499}));
  EXPECT_TRUE(until.ends_behind({2, 500}));
  EXPECT_TRUE(until.ends_behind({3, 4}));
  EXPECT_TRUE(position(Until::Kind::source_position, "bin.000010", 500).ends_at_start({3, 4}, ""));
}

TEST_F(UntilConditionTest, comparesPlacesInTheRelayLog) {
  begin_file("bin.000009");
  begin_file("bin.000010");
  auto until = position(Until::Kind::relay_position, "host-relay-bin.000002", 500);
  EXPECT_FALSE(until.ends_behind({1, 9999}));
  EXPECT_TRUE(until.ends_behind({2, 501}));
  EXPECT_TRUE(until.ends_behind({3, 4}));
}

TEST_F(UntilConditionTest, namesOfAFormerSourceDoNotCount) {
  begin_file("bin.000050", 1);
  begin_file("bin.000002", 2);
  auto until = position(Until::Kind::source_position, "bin.000002", 500);
  EXPECT_FALSE(until.ends_at_start({1, 600}, ""));
  EXPECT_FALSE(until.ends_behind({2, 4}));
  EXPECT_TRUE(until.ends_behind({2, 500}));
}

TEST_F(UntilConditionTest, aLogThatTheSourceHasRenamed) {
  begin_file("old.000002");
  begin_file("new.000001");
  auto later = position(Until::Kind::source_position, "new.000001", 500);
  EXPECT_FALSE(later.ends_behind({1, 600}));
  EXPECT_TRUE(later.ends_behind({2, 500}));
  EXPECT_TRUE(position(Until::Kind::source_position, "old.000002", 500).ends_behind({2, 4}));
  EXPECT_THROW(position(Until::Kind::source_position, "other.000002", 500).ends_behind({2, 4}), Error);
}

TEST_F(UntilConditionTest, stopsBeforeTheFirstGtidOfASet) {
  const std::string uuid = std::string(k_uuid) + ":";
  auto until = gtids(Until::Kind::before_gtids, uuid + "3-4:9");
  EXPECT_FALSE(until.ends_at_start({1, 4}, uuid + "1"));
  EXPECT_FALSE(ends_before(until, gtid::MysqlGtid::parse(uuid + "2")));
  EXPECT_FALSE(until.ends_behind({1, 200}));
  EXPECT_TRUE(ends_before(until, gtid::MysqlGtid::parse(uuid + "4")));
  EXPECT_TRUE(gtids(Until::Kind::before_gtids, uuid + "3-4:9").ends_at_start({1, 4}, uuid + "1-3"));
}

TEST_F(UntilConditionTest, stopsBehindTheLastGtidOfASet) {
  const std::string uuid = std::string(k_uuid) + ":";
  auto until = gtids(Until::Kind::after_gtids, uuid + "1-3:5");
  EXPECT_FALSE(until.ends_at_start({1, 4}, uuid + "1"));
  for (const char* number : {"2", "5", "4"}) {
    EXPECT_FALSE(ends_before(until, gtid::MysqlGtid::parse(uuid + number)));
    EXPECT_FALSE(until.ends_behind({1, 200})) << number;
  }
  EXPECT_FALSE(ends_before(until, gtid::MysqlGtid::parse(uuid + "3")));
  EXPECT_TRUE(until.ends_behind({1, 200}));
  EXPECT_TRUE(gtids(Until::Kind::after_gtids, uuid + "1-3").ends_at_start({1, 4}, uuid + "1-7"));
}

TEST_F(UntilConditionTest, stopsAtAMariadbPosition) {
  using Gtid = gtid::MariadbGtid;
  auto one = gtids(Until::Kind::after_gtids, "0-1-3");
  EXPECT_FALSE(one.ends_at_start({1, 4}, "0-1-1,7-1-100"));
  EXPECT_EQ(passes<Gtid>(one, {"0-1-2", "7-1-101", "0-1-3", "0-1-4"}), "0-1-3");
  auto missing = gtids(Until::Kind::after_gtids, "0-1-3");
  EXPECT_EQ(passes<Gtid>(missing, {"0-1-2", "0-1-4"}), "0-1-2");
  auto several = gtids(Until::Kind::after_gtids, "0-1-3,1-1-5");
  EXPECT_FALSE(several.ends_at_start({1, 4}, "1-1-2"));
  EXPECT_EQ(passes<Gtid>(several, {"0-1-3", "1-1-4", "1-1-5", "0-1-4"}), "1-1-5");
  EXPECT_TRUE(gtids(Until::Kind::after_gtids, "0-1-3").ends_at_start({1, 4}, "0-2-3"));
  auto before = gtids(Until::Kind::before_gtids, "0-1-3,1-1-5");
  EXPECT_FALSE(before.ends_at_start({1, 4}, "0-1-2"));
  EXPECT_EQ(passes<Gtid>(before, {"1-1-4", "1-1-5"}), "1-1-4");
}

TEST_F(UntilConditionTest, refusesAPositionThatIsNoneOfTheLog) {
  auto until = gtids(Until::Kind::after_gtids, "0-1-3,1-1-5");
  EXPECT_FALSE(until.ends_at_start({1, 4}, ""));
  EXPECT_FALSE(ends_before(until, gtid::MariadbGtid{0, 1, 3}));
  EXPECT_FALSE(until.ends_behind({1, 200}));
  EXPECT_THROW(ends_before(until, gtid::MariadbGtid{0, 1, 4}), Error);
}

TEST_F(UntilConditionTest, thereAreNoGaps) {
  EXPECT_TRUE(UntilCondition({}, *log_).ends_at_start({1, 4}, ""));
}

}  // namespace
}  // namespace tributary::apply
