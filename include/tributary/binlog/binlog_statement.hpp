#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::binlog {

/// Turns the row events of a batch of source transactions into BINLOG '<base64>' statements for a target: all table
/// maps first, then the row events, uncompressed, without checksum, only the last with STMT_END_F. They are of version
/// 1 for MariaDB and of version 2 for MySQL, which takes no other (9.7). One thread.
///
/// The statements of a batch must be run in order and in one transaction, in a session that has run
/// format_description_statement() since it was opened. A batch is one statement, unless
///  - row events differ in the flags for foreign key, unique and constraint checks, which the servers take from a
///    statement's first row event only (Rows_log_event::do_apply_event, MariaDB's sql/log_event_server.cc, MySQL's
///    sql/log_event.cc),
///  - one table occurs with two definitions, or
///  - the target is MariaDB and an update has whole images before and others after: it has a statement of its own.
class BinlogStatementBuilder {
 public:
  /// @p target is FormatDescription::of_server() of the target's version; @p server_id goes into the events' headers.
  BinlogStatementBuilder(const FormatDescription& target, std::uint32_t server_id);
  ~BinlogStatementBuilder();
  BinlogStatementBuilder(BinlogStatementBuilder&&) noexcept;
  BinlogStatementBuilder& operator=(BinlogStatementBuilder&&) noexcept;

  /// The statement that a session needs once, before any other of this class.
  [[nodiscard]] const std::string& format_description_statement() const;

  /// A TABLE_MAP event. It is remembered until the source's statement ends (a row event with STMT_END_F), and written
  /// when a row event uses it. Optional metadata is left out: the target does not use it. Throws Error 1610.
  void add_table_map(const EventView& event, const FormatDescription& source);
  /// A row event of any version but 0. Throws Error 1610 when it is damaged or its table map is missing.
  void add_rows(const EventView& event, const FormatDescription& source);

  /// The source's statement is over, where no row event of it has said so: its table maps are forgotten.
  void end_statement();

  /// Bytes of the statements so far, nearly; 0 when no row events were added.
  [[nodiscard]] std::size_t size() const;
  /// Row events added since the last take().
  [[nodiscard]] std::size_t row_events() const;
  /// The statements, none with a ';' at its end; the builder is then as new, but keeps its memory.
  std::vector<std::string> take();
  /// Throws the batch away, for one that is built again from an earlier position.
  void clear();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::binlog
