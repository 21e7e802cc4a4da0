#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/table_map.hpp"

namespace tributary::binlog {

enum class RowsKind : std::uint8_t { write, update, remove };

/// Flags of row events (Rows_log_event, both servers' sql/log_event.h).
namespace rows_flag {
inline constexpr std::uint16_t k_statement_end = 0x0001;
inline constexpr std::uint16_t k_no_foreign_key_checks = 0x0002;
inline constexpr std::uint16_t k_relaxed_unique_checks = 0x0004;
inline constexpr std::uint16_t k_complete_rows = 0x0008;
inline constexpr std::uint16_t k_use_sql_foreign_key = 0x0010;
inline constexpr std::uint16_t k_mariadb_no_check_constraint_checks = 0x0080;
}  // namespace rows_flag

/// True for WRITE, UPDATE and DELETE rows, versions 1 and 2, MariaDB's compressed ones included; not for version 0
/// (5.1 beta) and not for PARTIAL_UPDATE_ROWS.
bool is_rows_event(EventType type);

/// True for the table ids of an event without a table and rows, which only ends a statement (Rows_log_event, both
/// servers). Such an id may also be a table's: look for its table map first.
bool is_dummy_table_id(std::uint64_t table_id);

/// Whether a rows event's bitmap of columns has all @p columns of them. It must be so long.
bool has_all_columns(ByteView bitmap, std::size_t columns);

/// What a rows event begins with, in MySQL from 5.1.4 on and MariaDB. @throws Error 1610 when it is too short.
struct RowsHead {
  std::uint64_t table_id = 0;  ///< 48 bits
  std::uint16_t flags = 0;     ///< rows_flag

  static RowsHead of(const EventView& event);
};

/// A row event's parts, borrowed from the event; only compressed rows are copied.
class RowsEvent {
 public:
  /// Decodes everything but the rows. @p scratch takes the rows of a compressed event, and must live, unchanged, as
  /// long as they are used. Throws Error 1610, also for a type that is_rows_event() denies.
  static RowsEvent decode(const EventView& event, const FormatDescription& description, Bytes& scratch);

  RowsKind kind = RowsKind::write;
  std::uint64_t table_id = 0;  ///< 48 bits
  std::uint16_t flags = 0;     ///< rows_flag
  std::size_t column_count = 0;
  ByteView before_columns;                           ///< bitmap of the columns in before images; empty for write
  ByteView after_columns;                            ///< bitmap of the columns in after images; empty for remove
  ByteView rows;                                     ///< of all rows, uncompressed
  std::optional<std::uint16_t> partition_id;         ///< MySQL 8.0.16, partitioned tables
  std::optional<std::uint16_t> source_partition_id;  ///< of an update

  [[nodiscard]] bool ends_statement() const { return (flags & rows_flag::k_statement_end) != 0; }
};

/// One value of a row image.
struct Cell {
  std::size_t column = 0;  ///< index in the table map
  bool is_null = false;
  ByteView bytes;  ///< as in the event; of strings and blobs the content without its length
};

/// The present columns of one row, before or after, in column order.
class RowImage {
 public:
  [[nodiscard]] std::span<const Cell> cells() const { return cells_; }
  [[nodiscard]] bool empty() const { return cells_.empty(); }
  /// nullptr when the image does not have the column.
  [[nodiscard]] const Cell* find(std::size_t column) const;
  /// The whole image in the event: null bitmap and values.
  [[nodiscard]] ByteView raw() const { return raw_; }

 private:
  friend class RowsReader;
  std::vector<Cell> cells_;
  ByteView raw_;
};

/// Walks over the rows of an event. A reader is used again for the next event by reset(); after the first rows it
/// does not allocate.
class RowsReader {
 public:
  RowsReader() = default;
  RowsReader(const RowsEvent& event, const TableMap& table) { reset(event, table); }
  /// Begins anew with another event; @p event and @p table must outlive the walk. Throws Error 1610 when the
  /// numbers of columns differ.
  void reset(const RowsEvent& event, const TableMap& table);

  /// Moves to the next row, false after the last. Throws Error 1610 when a value goes past the end.
  bool next();
  /// Of the current row; empty for write.
  [[nodiscard]] const RowImage& before() const { return before_; }
  /// Of the current row; empty for remove.
  [[nodiscard]] const RowImage& after() const { return after_; }

 private:
  std::size_t read_image(std::size_t position, ByteView columns, std::size_t present, RowImage& image) const;

  const RowsEvent* event_ = nullptr;
  const TableMap* table_ = nullptr;
  std::size_t position_ = 0;
  std::size_t before_present_ = 0;  ///< columns in a before image
  std::size_t after_present_ = 0;
  RowImage before_;
  RowImage after_;
};

}  // namespace tributary::binlog
