#include "tributary/gtid/mysql_gtid_set.hpp"

#include <gtest/gtest.h>

#include "tributary/util/error.hpp"

namespace tributary::gtid {
namespace {

constexpr const char* k_one = "11111111-2222-3333-4444-555555555555";
constexpr const char* k_two = "22222222-2222-3333-4444-555555555555";

std::string canonical(const std::string& text) {
  return MysqlGtidSet::parse(text).to_string();
}

/// The error number that @p action throws; 0 when it throws none.
template <typename Action>
int error_of(Action action) {
  try {
    action();
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(Uuid, readsBothTextForms) {
  const auto uuid = Uuid::parse("3E11FA47-71CA-11E1-9E33-C80AA9429562");
  ASSERT_TRUE(uuid);
  EXPECT_EQ(uuid->to_string(), "3e11fa47-71ca-11e1-9e33-c80aa9429562");
  EXPECT_EQ(Uuid::parse("3e11fa4771ca11e19e33c80aa9429562"), uuid);
  for (const char* text : {"", "3e11fa47", "3e11fa4771ca-11e1-9e33-c80aa942-9562",
                           "3e11fa47-71ca-11e1-9e33-c80aa942956g", "3e11fa47-71ca-11e1-9e33-c80aa94295622"}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

TEST(MysqlGtidSet, formatsTheCanonicalForm) {
  EXPECT_EQ(canonical(""), "");
  EXPECT_EQ(canonical(std::string(k_one) + ":1-3:4:7-9:8-12"), std::string(k_one) + ":1-4:7-12");
  EXPECT_EQ(canonical(" ,, " + std::string(k_two) + " : 5 ,\n" + k_one + ":2 - 3,"),
            std::string(k_one) + ":2-3," + k_two + ":5");
  EXPECT_EQ(canonical(std::string(k_one) + ":9223372036854775806"), std::string(k_one) + ":9223372036854775806");
  EXPECT_EQ(canonical(std::string(k_one) + ":5-4"), "") << "an interval that ends before it starts is empty";
  EXPECT_EQ(MysqlGtidSet::parse(std::string(k_one) + ":1," + k_two + ":1").to_string(",\n"),
            std::string(k_one) + ":1,\n" + k_two + ":1");
}

TEST(MysqlGtidSet, knowsTags) {
  EXPECT_EQ(canonical(std::string(k_one) + ":1-3:Foo:1-2:5:bar:7," + k_one + ":foo:3"),
            std::string(k_one) + ":1-3:bar:7:foo:1-3:5");
  EXPECT_EQ(canonical(std::string(k_one) + ":_t9:1"), std::string(k_one) + ":_t9:1");
}

TEST(MysqlGtidSet, refusesBadTextAsTheServerDoes) {
  const std::string one(k_one);
  for (const std::string& text :
       {std::string("nonsense"), one, one + ":", one + ":0", one + ":0-3", one + ":-3", one + ":1-", one + ":a",
        one + ":1:a", one + ":1-x", one + ":1-2-3", one + ":9223372036854775807", one + ":99999999999999999999",
        one + ":1 2", one + ":9tag:1", one + ":a.b:1", one + ":" + std::string(33, 'a') + ":1",
        one + ":1;" + one + ":2", one + ":1::2"}) {
    EXPECT_EQ(error_of([&] { MysqlGtidSet::parse(text); }), 1772) << text;
  }
}

TEST(MysqlGtidSet, joinsIntervalsThatTouch) {
  MysqlGtidSet set;
  const TaggedUuid source{*Uuid::parse(k_one), {}};
  for (const std::int64_t gno : {5, 1, 3, 9, 2, 4}) set.add(MysqlGtid{source, gno});
  EXPECT_EQ(set.to_string(), std::string(k_one) + ":1-5:9");
  set.add(source, {4, 12});
  EXPECT_EQ(set.to_string(), std::string(k_one) + ":1-11");
  EXPECT_EQ(error_of([&] { set.add(source, {0, 2}); }), 1772);
  EXPECT_EQ(error_of([&] { set.add(source, {3, 2}); }), 1772);
}

TEST(MysqlGtidSet, containsGtidsAndSets) {
  const MysqlGtidSet set = MysqlGtidSet::parse(std::string(k_one) + ":2-5:9:tag:1");
  EXPECT_TRUE(set.contains(MysqlGtid::parse(std::string(k_one) + ":2")));
  EXPECT_TRUE(set.contains(MysqlGtid::parse(std::string(k_one) + ":5")));
  EXPECT_FALSE(set.contains(MysqlGtid::parse(std::string(k_one) + ":6")));
  EXPECT_FALSE(set.contains(MysqlGtid::parse(std::string(k_one) + ":1")));
  EXPECT_TRUE(set.contains(MysqlGtid::parse(std::string(k_one) + ":tag:1")));
  EXPECT_FALSE(set.contains(MysqlGtid::parse(std::string(k_one) + ":other:1")));
  EXPECT_FALSE(set.contains(MysqlGtid::parse(std::string(k_two) + ":2")));
  EXPECT_TRUE(set.contains(MysqlGtidSet::parse(std::string(k_one) + ":3-4:9")));
  EXPECT_FALSE(set.contains(MysqlGtidSet::parse(std::string(k_one) + ":5-9")));
  EXPECT_TRUE(set.contains(MysqlGtidSet()));
}

TEST(MysqlGtidSet, unites) {
  MysqlGtidSet set = MysqlGtidSet::parse(std::string(k_one) + ":1-3");
  set.add(MysqlGtidSet::parse(std::string(k_one) + ":3-7:x:1," + k_two + ":1"));
  EXPECT_EQ(set.to_string(), std::string(k_one) + ":1-7:x:1," + k_two + ":1");
}

TEST(MysqlGtidSet, decodesWhatItEncoded) {
  for (const std::string& text :
       {std::string(), std::string(k_one) + ":1-7:9", std::string(k_one) + ":1-7:9," + k_two + ":3",
        std::string(k_one) + ":bar_baz:5," + k_two + ":1-21:foo:1"}) {
    const MysqlGtidSet set = MysqlGtidSet::parse(text);
    EXPECT_EQ(MysqlGtidSet::decode(set.encode()), set) << text;
  }
  EXPECT_EQ(to_hex(MysqlGtidSet().encode()), "0000000000000000");
  EXPECT_EQ(to_hex(MysqlGtidSet::parse(std::string(k_one) + ":1-7").encode()),
            "0100000000000000"
            "11111111222233334444555555555555"
            "0100000000000000"
            "0100000000000000"
            "0800000000000000");
}

TEST(MysqlGtidSet, encodesTagsAsMysql97Does) {
  const std::string text = std::string(k_one) + ":bar_baz:5," + k_two + ":1-21:foo:1";
  EXPECT_EQ(to_hex(MysqlGtidSet::parse(text).encode()),
            "0103000000000001"
            "11111111222233334444555555555555"
            "0e6261725f62617a"
            "0100000000000000"
            "0500000000000000"
            "0600000000000000"
            "22222222222233334444555555555555"
            "00"
            "0100000000000000"
            "0100000000000000"
            "1600000000000000"
            "22222222222233334444555555555555"
            "06666f6f"
            "0100000000000000"
            "0100000000000000"
            "0200000000000000");
}

TEST(MysqlGtidSet, refusesDamagedEncodings) {
  const Bytes good = MysqlGtidSet::parse(std::string(k_one) + ":1-7:9," + k_two + ":foo:3").encode();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(error_of([&] { MysqlGtidSet::decode(ByteView(good).first(size)); }), 1610) << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(error_of([&] { MysqlGtidSet::decode(longer); }), 1773);

  ByteWriter huge_count;
  huge_count.u64(0x00ffffffffffffff);
  EXPECT_EQ(error_of([&] { MysqlGtidSet::decode(huge_count.view()); }), 1610);

  const auto with_intervals = [](std::initializer_list<std::pair<std::int64_t, std::int64_t>> intervals) {
    ByteWriter writer;
    writer.u64(1);
    writer.fill(16, 7);
    writer.u64(intervals.size());
    for (const auto& [start, end] : intervals) {
      writer.u64(static_cast<std::uint64_t>(start));
      writer.u64(static_cast<std::uint64_t>(end));
    }
    return writer.take();
  };
  EXPECT_EQ(error_of([&] { MysqlGtidSet::decode(with_intervals({{1, 3}, {4, 5}})); }), 0);
  for (const auto& bytes :
       {with_intervals({{0, 3}}), with_intervals({{3, 3}}), with_intervals({{-5, 3}}), with_intervals({{1, 5}, {3, 7}}),
        with_intervals({{1, 3}, {3, 5}}), with_intervals({{5, 6}, {1, 2}})}) {
    EXPECT_EQ(error_of([&] { MysqlGtidSet::decode(bytes); }), 1773) << to_hex(bytes);
  }
}

TEST(MysqlGtidSet, refusesAServerThatOccursTwice) {
  const auto with_entries = [](std::initializer_list<std::uint8_t> uuids) {
    ByteWriter writer;
    writer.u64(uuids.size());
    std::uint64_t start = 10;
    for (const std::uint8_t uuid : uuids) {
      writer.fill(16, uuid);
      writer.u64(1);
      writer.u64(start);
      writer.u64(start + 1);
      start -= 2;
    }
    return writer.take();
  };
  EXPECT_EQ(error_of([&] { MysqlGtidSet::decode(with_entries({1, 2})); }), 0);
  EXPECT_EQ(error_of([&] { MysqlGtidSet::decode(with_entries({1, 2, 1})); }), 1773);
}

TEST(MysqlGtidSet, unitesManyIntervals) {
  const auto united = [](const std::string& one, const std::string& other) {
    MysqlGtidSet set = MysqlGtidSet::parse(k_one + one);
    set.add(MysqlGtidSet::parse(k_one + other));
    return set.to_string().substr(std::string(k_one).size());
  };
  EXPECT_EQ(united(":10-20:30-40", ":1-3:5"), ":1-3:5:10-20:30-40");
  EXPECT_EQ(united(":1-3:5", ":10-20:30-40"), ":1-3:5:10-20:30-40");
  EXPECT_EQ(united(":1:3:5:7", ":2:4:6:9"), ":1-7:9");
  EXPECT_EQ(united(":1-100", ":5-6:50-60:90-110"), ":1-110");
  EXPECT_EQ(united(":5-6:50-60:90-110", ":1-100"), ":1-110");
}

TEST(MysqlGtidSet, takesAnotherSetAway) {
  const std::string uuid = "8f0c2b4e-0000-4000-8000-000000000001";
  const auto without = [&](const std::string& from, const std::string& taken) {
    const std::string rest = MysqlGtidSet::parse(uuid + from).without(MysqlGtidSet::parse(uuid + taken)).to_string();
    return rest.empty() ? rest : rest.substr(uuid.size());
  };
  EXPECT_EQ(without(":1-10", ":1-10"), "");
  EXPECT_EQ(without(":1-10", ":3-4"), ":1-2:5-10");
  EXPECT_EQ(without(":1-10", ":3-4:6:10-20"), ":1-2:5:7-9");
  EXPECT_EQ(without(":5-6:8-9:20-30", ":1-5:9-25"), ":6:8:26-30");
  EXPECT_EQ(without(":1-3:5-7:9-11", ":2-10"), ":1:11");
  EXPECT_EQ(without(":tag:1-3", ":1-3"), ":tag:1-3");
  EXPECT_EQ(without(":1-3:tag:1-3", ":tag:2"), ":1-3:tag:1:3");
}

TEST(MysqlGtidSet, leavesOutTags) {
  const std::string uuid = "8f0c2b4e-0000-4000-8000-000000000001";
  EXPECT_EQ(MysqlGtidSet::parse(uuid + ":1-3:tag:1-3").without_tags().to_string(), uuid + ":1-3");
}

}  // namespace
}  // namespace tributary::gtid
