#include "axis_order.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

namespace tributary::apply {
namespace {

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  return upper;
}

enum class Function { other, makes_geometry, depends_on_srid };

/// ST_GeomFromText, ST_PolyFromWKB, MLineFromText, GeometryCollectionFromWKB and all others of these forms make a
/// geometry with the SRID that they are given. Of those that depend on a geometry's own MySQL 8 has none without ST_.
Function function_of(const SqlToken& token) {
  if (token.kind != TokenKind::word) return Function::other;
  static constexpr std::string_view k_coordinates[] = {"ST_ASTEXT", "ST_ASWKT", "ST_ASBINARY",       "ST_ASWKB",
                                                       "ST_X",      "ST_Y",     "ST_GEOMFROMGEOJSON"};
  static constexpr std::string_view k_kinds[] = {
      "GEOM",       "GEOMETRY",        "POINT",       "LINE",  "LINESTRING", "POLY",
      "POLYGON",    "MPOINT",          "MLINE",       "MPOLY", "GEOMCOLL",   "GEOMETRYCOLLECTION",
      "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON"};
  const std::string name = upper_case(token.raw);
  if (std::find(std::begin(k_coordinates), std::end(k_coordinates), name) != std::end(k_coordinates)) {
    return Function::depends_on_srid;
  }
  std::string_view kind = name;
  if (kind.starts_with("ST_")) kind.remove_prefix(3);
  for (const std::string_view form : {"FROMTEXT", "FROMTXT", "FROMWKB"}) {
    if (!kind.ends_with(form)) continue;
    kind.remove_suffix(form.size());
    const bool known = std::find(std::begin(k_kinds), std::end(k_kinds), kind) != std::end(k_kinds);
    return known ? Function::makes_geometry : Function::other;
  }
  return Function::other;
}

/// SRIDs whose coordinates every server takes x first: none, and of the projected ones of EPSG, with easting first,
/// WGS 84 / Pseudo-Mercator and WGS 84 / UTM zones 1N to 60N and 1S to 60S.
bool is_x_first(std::string_view srid) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(srid.data(), srid.data() + srid.size(), number);
  if (error != std::errc() || end != srid.data() + srid.size()) return false;
  return number == 0 || number == 3857 || (number >= 32601 && number <= 32660) || (number >= 32701 && number <= 32760);
}

struct Call {
  bool makes_geometry = false;
  int arguments = 1;
  std::vector<SqlToken> srid;  ///< the tokens of the second argument
};

bool has_other_order(const Call& call) {
  if (!call.makes_geometry || call.arguments < 2) return false;
  return call.srid.size() != 1 || !is_x_first(call.srid.front().raw);
}

bool makes_view(std::string_view statement, const SqlDialect& dialect) {
  static constexpr std::string_view k_others[] = {"TABLE", "PROCEDURE", "FUNCTION", "TRIGGER",
                                                  "EVENT", "PACKAGE",   "INDEX",    "USER"};
  SqlTokenizer tokenizer(statement, dialect);
  SqlToken token = tokenizer.next();
  if (!token.is("CREATE") && !token.is("ALTER")) return false;
  // Behind OR REPLACE, ALGORITHM = …, DEFINER = … (which is logged in quotes), SQL SECURITY ….
  while (token.kind != TokenKind::end && !token.is("VIEW")) {
    if (std::any_of(std::begin(k_others), std::end(k_others), [&](auto word) { return token.is(word); })) return false;
    token = tokenizer.next();
  }
  return token.is("VIEW");
}

}  // namespace

bool has_axis_order(const SqlDialect& server) {
  static constexpr std::uint32_t k_mysql_8 = 80000;
  return !server.mariadb && server.server_version >= k_mysql_8;
}

AxisOrderUse axis_order_use(std::string_view statement, const SqlDialect& dialect) {
  AxisOrderUse use = AxisOrderUse::none;
  SqlTokenizer tokenizer(statement, dialect);
  SqlToken before;
  std::vector<Call> open;
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end; token = tokenizer.next()) {
    if (token.is('(')) {
      const Function function = function_of(before);
      open.emplace_back().makes_geometry = function == Function::makes_geometry;
      if (function == Function::depends_on_srid) use = AxisOrderUse::possible;
    } else if (token.is(')') && !open.empty()) {
      if (has_other_order(open.back())) {
        return makes_view(statement, dialect) ? AxisOrderUse::possible : AxisOrderUse::certain;
      }
      open.pop_back();
      if (!open.empty() && open.back().arguments == 2) open.back().srid.push_back(token);
    } else if (token.is(',') && !open.empty()) {
      ++open.back().arguments;
    } else if (!open.empty() && open.back().arguments == 2 && open.back().makes_geometry) {
      open.back().srid.push_back(token);
    }
    before = token;
  }
  return use;
}

}  // namespace tributary::apply
