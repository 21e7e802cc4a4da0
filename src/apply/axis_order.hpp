#pragma once

#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// Whether @p server takes the coordinates of geometries in text and WKB in the order of their spatial reference
/// system: latitude first for SRID 4326. MySQL 8.0 and later; all others take x first.
bool has_axis_order(const SqlDialect& server);

/// What the order of coordinates has to do with a statement.
enum class AxisOrderUse {
  none,
  /// It reads coordinates of a geometry whose SRID it does not tell (ST_AsText(p), ST_X(p)), makes one by
  /// ST_GeomFromGeoJSON, whose SRID is 4326 in MySQL and 0 in MariaDB, or is a view with a geometry as for `certain`,
  /// which changes nothing by itself.
  possible,
  /// It makes a geometry from text or WKB, or makes a table or a stored program that does, with an SRID that is not
  /// known to take x first: ST_GeomFromText('POINT(1 2)', 4326), PointFromWKB(a, @b).
  certain
};

AxisOrderUse axis_order_use(std::string_view statement, const SqlDialect& dialect);

}  // namespace tributary::apply
