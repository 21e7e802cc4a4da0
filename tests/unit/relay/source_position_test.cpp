#include "tributary/relay/source_position.hpp"

#include <gtest/gtest.h>

namespace tributary::relay {
namespace {

TEST(SourcePosition, comparesNumbersAsNumbers) {
  EXPECT_EQ(compare_source_positions("bin.000001", 4, "bin.000001", 4), std::strong_ordering::equal);
  EXPECT_EQ(compare_source_positions("bin.999999", 900, "bin.1000000", 4), std::strong_ordering::less);
  EXPECT_EQ(compare_source_positions("bin.000002", 4, "bin.000001", std::uint64_t{1} << 33),
            std::strong_ordering::greater);
  EXPECT_EQ(compare_source_positions("bin.000001", std::uint64_t{1} << 33, "bin.000001", 4),
            std::strong_ordering::greater);
}

TEST(SourcePosition, doesNotCompareDifferentBases) {
  EXPECT_FALSE(compare_source_positions("a.000001", 4, "b.000001", 4));
  EXPECT_FALSE(compare_source_positions("a.000001", 4, "nonsense", 4));
}

TEST(SourcePosition, knowsABinlogFileName) {
  EXPECT_TRUE(is_binlog_file_name("mysql-bin.000001"));
  EXPECT_TRUE(is_binlog_file_name("a.b.1"));
  EXPECT_FALSE(is_binlog_file_name("mysql-bin"));
  EXPECT_FALSE(is_binlog_file_name("mysql-bin."));
  EXPECT_FALSE(is_binlog_file_name(".000001"));
  EXPECT_FALSE(is_binlog_file_name("mysql-bin.00x"));
}

}  // namespace
}  // namespace tributary::relay
