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
        "ALTER TABLE t ADD g POINT DEFAULT (ST_GeomFromText('POINT(1 2)', 4326))",
        "INSERT INTO t VALUES (ST_AsText(g), ST_GeomFromText(a, 32661))",
        "INSERT INTO t VALUES (ST_GeomFromText(a, -3857)), (ST_GeomFromText(a, 3857.0))",
        // What runs them has no SRID in its text.
        "CREATE FUNCTION f() RETURNS POINT RETURN ST_GeomFromText('POINT(1 2)', 4326)",
        "CREATE DEFINER=`a`@`b` TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.g = ST_GeomFromText(NEW.a, 4326)",
        "CREATE PROCEDURE view() INSERT INTO t VALUES (ST_GeomFromText(a, 4326))",
        "ALTER EVENT e DO INSERT INTO t VALUES (ST_GeomFromText(a, 4326))"}) {
    EXPECT_EQ(axis_order_use(statement, {}), AxisOrderUse::certain) << statement;
  }
  for (const char* statement :
       {"INSERT INTO t VALUES (1, ST_GeomFromText('POINT(10 20)'))", "UPDATE t SET g = ST_GeomFromText(a, 0), b = 4326",
        "INSERT INTO t VALUES ('ST_GeomFromText(a, 4326)') -- ST_GeomFromText(a, 4326)", "SELECT POINT(1, 4326)",
        "INSERT INTO t VALUES (ST_GeomFromText(a, 3857), ST_PointFromWKB(b, 32601), ST_GeomFromText(c, 32760))",
        "CREATE FUNCTION f() RETURNS POINT RETURN ST_GeomFromText('POINT(1 2)', 3857)", "",
        "CREATE VIEW v AS SELECT ST_GeomFromText('POINT(1 2)')", "INSERT INTO t (st_x, st_y) VALUES (1, 2)",
        "INSERT INTO t VALUES (ST_AsGeoJSON(g), 'ST_AsText(g)')", "INSERT INTO readfromtext (a, b) VALUES (1, 2)"}) {
    EXPECT_EQ(axis_order_use(statement, {}), AxisOrderUse::none) << statement;
  }
}

TEST(AxisOrder, CoordinatesOfGeometriesOfAnySrid) {
  for (const char* statement :
       {"UPDATE t SET a = ST_AsText(g)", "INSERT INTO t SELECT st_x(g), ST_Y (g) FROM u",
        "INSERT INTO t VALUES (ST_GeomFromWKB(ST_AsWKB(g)))", "INSERT INTO t VALUES (ST_GeomFromGeoJSON(a))",
        "ALTER TABLE t ADD x DOUBLE AS (ST_X(g))", "CREATE FUNCTION f(g POINT) RETURNS DOUBLE RETURN ST_X(g)",
        "CREATE OR REPLACE VIEW v AS SELECT ST_GeomFromText('POINT(1 2)', 4326)",
        "CREATE ALGORITHM=MERGE DEFINER=`a`@`b` SQL SECURITY INVOKER VIEW v AS SELECT ST_GeomFromText(a, 4326) FROM "
        "t"}) {
    EXPECT_EQ(axis_order_use(statement, {}), AxisOrderUse::possible) << statement;
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
