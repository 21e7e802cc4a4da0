#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/table_maps.hpp"
#include "tributary/binlog/transaction_boundary.hpp"

namespace tributary::tools {

/// Turns the events of one binary log, in order, into text: for each a line
///
///     position  time (UTC)  type  server id  GTID of its transaction or "-"  summary
///
/// and with verbose the details behind it: the lines of rows begin with "###" (row_listing.hpp), others with "#". What
/// a TRANSACTION_PAYLOAD holds follows it, each event with the payload's position and its own number: "473+2". One
/// thread.
class EventListing {
 public:
  /// Gets the text in pieces of whole lines.
  using Output = std::function<void(std::string_view)>;

  /// Without an @p output all is decoded, and nothing is printed.
  EventListing(bool verbose, Output output) : verbose_(verbose), output_(std::move(output)) {}

  /// Prints an event that begins at @p offset. One that is damaged is printed as far as it can be read, and throws
  /// Error 1610.
  void print(const binlog::EventView& event, const binlog::FormatDescription& description, std::uint64_t offset);

  /// Passes over an event that is not to be printed; a later one may need it. Throws nothing.
  void skip(const binlog::EventView& event, const binlog::FormatDescription& description);

 private:
  void print_event(const binlog::EventView& event, const binlog::FormatDescription& description,
                   const std::string& position);
  void print_content(const binlog::EventView& event, const binlog::FormatDescription& description,
                     const std::string& position);
  binlog::BoundaryState follow(const binlog::EventView& event, const binlog::FormatDescription& description);
  void print_line(const binlog::EventView& event, const std::string& position, const std::string& summary);
  void print_table_map(const binlog::EventView& event, const binlog::FormatDescription& description,
                       const std::string& position);
  void print_rows(const binlog::EventView& event, const binlog::FormatDescription& description,
                  const std::string& position);
  void print_partial_rows(const binlog::EventView& event, const binlog::FormatDescription& description,
                          const std::string& position);
  void print_payload(const binlog::EventView& event, const binlog::FormatDescription& description,
                     const std::string& position);
  void append(std::string_view text);
  void flush();

  bool verbose_;
  Output output_;
  std::string text_;  ///< not given to output_ yet
  std::uint64_t lines_ = 0;
  std::string gtid_;  ///< of the transaction at hand; '' = none
  binlog::TableMaps tables_;
  Bytes unpacked_;
  binlog::TransactionBoundary boundary_;
};

}  // namespace tributary::tools
