#include "table_definition.hpp"

#include <gtest/gtest.h>

namespace tributary::target {
namespace {

TEST(WithoutAutoIncrementTest, removesTheTableOption) {
  EXPECT_EQ(without_auto_increment("(`a` int AUTO_INCREMENT) ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=latin1"),
            "(`a` int AUTO_INCREMENT) ENGINE=InnoDB DEFAULT CHARSET=latin1");
  EXPECT_EQ(without_auto_increment("ENGINE=InnoDB AUTO_INCREMENT=42"), "ENGINE=InnoDB");
}

TEST(WithoutAutoIncrementTest, leavesNamesCommentsAndDefaultsAlone) {
  for (const char* text :
       {"`x AUTO_INCREMENT=1`", "`a`` AUTO_INCREMENT=1`", "COMMENT=' AUTO_INCREMENT=1'",
        R"(DEFAULT 'it''s AUTO_INCREMENT=1')", R"(DEFAULT '\' AUTO_INCREMENT=1')", "/* AUTO_INCREMENT=1 */",
        "(`AUTO_INCREMENT` int)", "unterminated ' AUTO_INCREMENT=1", "unterminated /* AUTO_INCREMENT=1", ""}) {
    EXPECT_EQ(without_auto_increment(text), text);
  }
}

}  // namespace
}  // namespace tributary::target
