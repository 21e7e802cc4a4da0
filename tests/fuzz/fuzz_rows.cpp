// A table map and a row event of that table: source, row event's type, u16 length of the table map's body, both bodies.

#include <algorithm>
#include <array>

#include "tributary/binlog/binlog_statement.hpp"
#include "tributary/binlog/row_text.hpp"
#include "tributary/binlog/rows_event.hpp"
#include "tributary/binlog/table_map.hpp"
#include "tributary/binlog/typed_value.hpp"

#include "fuzz.hpp"

namespace {

using namespace tributary;

constexpr std::array<std::uint8_t, 13> k_types = {23, 24, 25, 30, 31, 32, 166, 167, 168, 169, 170, 171, 39};

void read_rows(const binlog::EventView& map_event, const binlog::EventView& event,
               const binlog::FormatDescription& description) {
  const binlog::TableMap map = binlog::TableMap::decode(map_event, description);
  binlog::TableMetadata metadata;
  metadata.columns.resize(map.columns.size());
  fuzz::allow_error([&] { metadata = map.metadata(description); });
  fuzz::require(metadata.columns.size() == map.columns.size());
  Bytes scratch;
  const auto rows = binlog::RowsEvent::decode(event, description, scratch);
  std::size_t read = 0;
  for (binlog::RowsReader reader(rows, map); reader.next();) {
    for (const binlog::RowImage* image : {&reader.before(), &reader.after()}) {
      read += image->raw().size();
      // Bounded: nothing of a row may cost more than the row.
      const std::string text = row_to_text(*image, map, metadata, {.value_limit = 1 << 20, .row_limit = 1 << 20});
      fuzz::require(text.size() <= 64 * (image->raw().size() + map.columns.size() + map.optional_metadata.size()) * 8);
      for (const binlog::Cell& cell : image->cells()) {
        fuzz::require(image->find(cell.column) == &cell);
        fuzz::allow_error([&] { static_cast<void>(typed_value(cell, map.columns[cell.column], false)); });
      }
    }
  }
  fuzz::require(read == rows.rows.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  const binlog::FormatDescription description = fuzz::description_of(data[0]);
  const std::size_t map_size = std::min<std::size_t>(load_little_endian(data + 2, 2), size - 4);
  const ByteView bodies = ByteView(data, size).subspan(4);
  const Bytes map_raw = fuzz::event_of(19, bodies.first(map_size));
  Bytes rows_raw = fuzz::event_of(k_types[data[1] % k_types.size()], bodies.subspan(map_size));
  // The same table in both.
  if (map_size >= 6 && rows_raw.size() >= 25) std::copy_n(bodies.begin(), 6, rows_raw.begin() + 19);
  const binlog::EventView map(map_raw, binlog::ChecksumAlgorithm::off);
  const binlog::EventView rows(rows_raw, binlog::ChecksumAlgorithm::off);
  fuzz::allow_error([&] { read_rows(map, rows, description); });

  binlog::BinlogStatementBuilder builder(binlog::FormatDescription::mariadb("10.11.6-MariaDB"), 1);
  fuzz::allow_error([&] {
    builder.add_table_map(map, description);
    builder.add_rows(rows, description);
    builder.add_rows(rows, description);
  });
  const std::size_t announced = builder.size();
  std::size_t written = 0;
  for (const std::string& statement : builder.take()) written += statement.size();
  fuzz::require(written <= announced + 64);
  return 0;
}
