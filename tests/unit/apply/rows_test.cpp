#include "replication_fixture.hpp"

namespace tributary::apply {
namespace {

class RowsTest : public ReplicationTest {};

TEST_F(RowsTest, InsertsUpdatesAndDeletes) {
  source().run(
      "CREATE TABLE d.t (id INT PRIMARY KEY, a VARCHAR(20), b INT UNSIGNED); INSERT INTO d.t VALUES (1,'one',1),"
      "(2,'two',4294967295),(3,NULL,NULL); UPDATE d.t SET a='zwei' WHERE id=2; DELETE FROM d.t WHERE id=3");
  replicate();
  EXPECT_EQ(target().value("SELECT COUNT(*) FROM d.t"), "2");
}

}  // namespace
}  // namespace tributary::apply
