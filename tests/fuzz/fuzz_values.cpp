// One value of a column: type, two bytes of metadata, collation, then the value's bytes.

#include "tributary/binlog/decimal.hpp"
#include "tributary/binlog/row_text.hpp"
#include "tributary/binlog/statement_events.hpp"
#include "tributary/binlog/typed_value.hpp"

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  if (size < 4) return 0;
  const ByteView bytes = ByteView(data, size).subspan(4);
  binlog::TableColumn column;
  column.type = static_cast<binlog::ColumnType>(data[0]);
  column.metadata = static_cast<std::uint16_t>(load_little_endian(data + 1, 2));
  binlog::ColumnMetadata metadata;
  metadata.collation = data[3];
  if ((data[3] & 1) != 0) metadata.is_unsigned = (data[3] & 2) != 0;
  if ((data[3] & 4) != 0) metadata.values = {"", "a", "b'c", "\xff"};
  binlog::Cell cell;
  cell.bytes = bytes;
  fuzz::require(!value_to_text(cell, column, metadata).empty());
  const auto text = binlog::decimal_to_text(bytes, data[1], data[2]);
  fuzz::require(!text || bytes.size() == binlog::decimal_size(data[1], data[2]));

  binlog::UserVarEvent variable;
  variable.type = static_cast<binlog::UserVarType>(data[0] % 5);
  variable.is_unsigned = (data[3] & 1) != 0;
  variable.value = as_text(bytes);
  fuzz::allow_error([&] { fuzz::require(!variable.value_to_sql().empty()); });
  fuzz::allow_error([&] { static_cast<void>(binlog::StatusVariables::decode(bytes)); });
  fuzz::allow_error([&] { static_cast<void>(typed_value(cell, column, (data[3] & 2) != 0)); });
  return 0;
}
