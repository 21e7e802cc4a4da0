#include "axis_order.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace tributary::apply {
namespace {

/// ST_GeomFromText, ST_PolyFromWKB, MLineFromText, GeometryCollectionFromWKB and all others of these forms.
bool makes_geometry(const SqlToken& token) {
  if (token.kind != TokenKind::word) return false;
  std::string name(token.raw);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
  static constexpr std::string_view k_kinds[] = {
      "GEOM",       "GEOMETRY",        "POINT",       "LINE",  "LINESTRING", "POLY",
      "POLYGON",    "MPOINT",          "MLINE",       "MPOLY", "GEOMCOLL",   "GEOMETRYCOLLECTION",
      "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON"};
  std::string_view kind = name;
  if (kind.starts_with("ST_")) kind.remove_prefix(3);
  for (const std::string_view form : {"FROMTEXT", "FROMTXT", "FROMWKB"}) {
    if (!kind.ends_with(form)) continue;
    kind.remove_suffix(form.size());
    return std::find(std::begin(k_kinds), std::end(k_kinds), kind) != std::end(k_kinds);
  }
  return false;
}

struct Call {
  bool makes_geometry = false;
  int arguments = 1;
  std::vector<SqlToken> srid;  ///< the tokens of the second argument
};

bool is_other_srid(const Call& call) {
  if (!call.makes_geometry || call.arguments < 2) return false;
  return call.srid.size() != 1 || call.srid.front().raw != "0";
}

bool has_definition_of_a_table(SqlToken token, SqlTokenizer& tokenizer) {
  if (!token.is("CREATE") && !token.is("ALTER")) return true;
  for (token = tokenizer.next(); token.kind == TokenKind::word; token = tokenizer.next()) {
    if (token.is("TABLE")) return true;
    // Stored programs and views only keep the call; what runs it is another statement.
    if (!token.is("OR") && !token.is("REPLACE") && !token.is("TEMPORARY") && !token.is("ONLINE") &&
        !token.is("IGNORE")) {
      return false;
    }
  }
  return false;
}

}  // namespace

bool has_axis_order(const SqlDialect& server) {
  static constexpr std::uint32_t k_mysql_8 = 80000;
  return !server.mariadb && server.server_version >= k_mysql_8;
}

bool gives_srid(std::string_view statement, const SqlDialect& dialect) {
  SqlTokenizer tokenizer(statement, dialect);
  SqlToken before = tokenizer.next();
  if (!has_definition_of_a_table(before, tokenizer)) return false;
  std::vector<Call> open;
  for (SqlToken token = tokenizer.next(); token.kind != TokenKind::end; token = tokenizer.next()) {
    if (token.is('(')) {
      open.emplace_back().makes_geometry = makes_geometry(before);
    } else if (token.is(')') && !open.empty()) {
      if (is_other_srid(open.back())) return true;
      open.pop_back();
      if (!open.empty() && open.back().arguments == 2) open.back().srid.push_back(token);
    } else if (token.is(',') && !open.empty()) {
      ++open.back().arguments;
    } else if (!open.empty() && open.back().arguments == 2 && open.back().makes_geometry) {
      open.back().srid.push_back(token);
    }
    before = token;
  }
  return false;
}

}  // namespace tributary::apply
