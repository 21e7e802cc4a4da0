#include "axis_order.hpp"

#include <gtest/gtest.h>

namespace tributary::apply {
namespace {

TEST(AxisOrder, GeometriesWithASridInStatements) {
  for (const char* statement :
       {"INSERT INTO t VALUES (1, ST_GeomFromText('POINT(10 20)', 4326))",
        "UPDATE t SET g = st_pointfromwkb(x'00', @s)",
        "INSERT INTO t SELECT PolyFromText(CONCAT(a, ',', b), 1 + 1) FROM u",
        "INSERT INTO t VALUES (ST_GeomFromText('POINT(1 2)'), ST_MPointFromText(a, 4326, 'axis-order=long-lat'))",
        "CREATE TABLE u SELECT ST_GeomCollFromText(a, (4326)) FROM t",
        "ALTER TABLE t ADD g POINT DEFAULT (ST_GeomFromText('POINT(1 2)', 4326))"}) {
    EXPECT_TRUE(gives_srid(statement, {})) << statement;
  }
  for (const char* statement :
       {"INSERT INTO t VALUES (1, ST_GeomFromText('POINT(10 20)'))", "UPDATE t SET g = ST_GeomFromText(a, 0), b = 4326",
        "INSERT INTO t VALUES ('ST_GeomFromText(a, 4326)') -- ST_GeomFromText(a, 4326)", "SELECT POINT(1, 4326)",
        "CREATE FUNCTION f() RETURNS POINT RETURN ST_GeomFromText('POINT(1 2)', 4326)", "",
        "CREATE OR REPLACE VIEW v AS SELECT ST_GeomFromText('POINT(1 2)', 4326)",
        "INSERT INTO readfromtext (a, b) VALUES (1, 2)"}) {
    EXPECT_FALSE(gives_srid(statement, {})) << statement;
  }
}

TEST(AxisOrder, OfMysqlSince8) {
  SqlDialect server;
  EXPECT_FALSE(has_axis_order(server));
  server.mariadb = false;
  server.server_version = 90700;
  EXPECT_TRUE(has_axis_order(server));
  server.server_version = 50744;
  EXPECT_FALSE(has_axis_order(server));
}

}  // namespace
}  // namespace tributary::apply
