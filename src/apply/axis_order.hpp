#pragma once

#include <string_view>

#include "tributary/apply/sql_tokenizer.hpp"

namespace tributary::apply {

/// Whether @p server takes the coordinates of geometries in text and WKB in the order of their spatial reference
/// system: latitude first for SRID 4326. MySQL 8.0 and later; all others take x first.
bool has_axis_order(const SqlDialect& server);

/// Whether @p statement changes rows, or makes or changes a table, with a geometry from text or WKB whose SRID it gives
/// and that is not a plain 0: ST_GeomFromText('POINT(1 2)', 4326), PointFromWKB(a, @b).
bool gives_srid(std::string_view statement, const SqlDialect& dialect);

}  // namespace tributary::apply
