// A SELECT on status tables: the translation into SQLite's words, and SQLite behind its guard.

#include <array>
#include <chrono>

#include "tributary/status_tables/query.hpp"

#include "fuzz.hpp"
#include "status_select.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  static constexpr std::array k_columns{status_tables::Column{"a", status_tables::ColumnType::text, 10},
                                        status_tables::Column{"b", status_tables::ColumnType::unsigned_integer}};
  static const std::array k_tables{
      status_tables::Table{"tributary", "t", k_columns, [](const status_tables::Channels&) {
                             return std::vector<status_tables::Row>{{"one", std::int64_t{1}}, {"two", {}}};
                           }}};
  const std::string_view text = as_text({data, size});
  const status_tables::Limits limits{std::chrono::milliseconds(200), std::int64_t{64} << 20, std::size_t{1} << 20};
  const auto twice = [](const std::vector<status_tables::Cell>& arguments) { return arguments.front(); };
  fuzz::allow_error([&] {
    const admin::StatusSelect select(text, "tributary", {{"if", 3, twice}, {"version", 1, twice}},
                                     [](const admin::Expression&) { return admin::Value{std::int64_t{7}}; });
    try {
      wire::ResultSet result = status_tables::run(select.query(), k_tables, {}, {}, limits);
      const std::size_t columns = result.columns.size();
      select.restore_names(result.columns);
      for (const auto& row : result.rows) fuzz::require(row.size() == columns);
    } catch (const status_tables::TextError& error) {
      fuzz::require(error.offset() <= select.query().sql.size());
      select.fail(error);
    }
  });
  return 0;
}
