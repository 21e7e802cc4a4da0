#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tributary/channel/channel.hpp"

/// The status tables: what they are called, their columns, and where their rows come from. One file per table.
namespace tributary::status_tables {

/// A value of SQL; std::monostate is NULL.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
using Row = std::vector<Cell>;
/// The channels that have a source, by name.
using Channels = std::vector<std::shared_ptr<channel::Channel>>;

enum class ColumnType : std::uint8_t {
  text,             ///< compares without regard to the case of ASCII letters
  name,             ///< of a database or table: compares byte by byte, as servers with case-sensitive files do
  unsigned_integer  ///< BIGINT UNSIGNED; values up to 2^63-1
};

struct Column {
  std::string_view name;
  ColumnType type;
  std::uint32_t length = 0;  ///< characters of `text` and `name`
};

struct Table {
  std::string_view database;  ///< in lower case
  std::string_view name;
  std::span<const Column> columns;
  /// All rows, as they are now; a cell for each column. Must not wait for anything but short locks.
  std::vector<Row> (*rows)(const Channels& channels);
};

/// All of them, by database and name.
std::span<const Table> tables();

}  // namespace tributary::status_tables
