#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::binlog {

/// TRANSACTION_PAYLOAD (MySQL 8.0.20, binlog_transaction_compression): the events of a transaction, without its GTID
/// event, as one block. Views into the event.
struct TransactionPayload {
  enum class Compression : std::uint8_t { zstd = 0, none = 255 };

  Compression compression = Compression::none;
  /// What the source says; nothing here relies on it.
  std::optional<std::uint64_t> uncompressed_size;
  ByteView payload;

  /// Throws Error 1610 when the fields contradict the event's length or the compression is not known.
  static TransactionPayload decode(const EventView& event);
};

/// Unpacks the events of a payload one after another. Memory: the decompressor's window (at most 128 MiB, as the frame
/// says; what servers write needs some 2) and the longest event, which grows only with what has really come out. One
/// thread.
class TransactionPayloadReader {
 public:
  /// No event is longer: the servers' own limit (replica_max_allowed_packet is at most 1 GiB).
  static constexpr std::uint32_t k_longest_event = std::uint32_t{1} << 30;

  /// @p event must outlive this. @throws Error 1610.
  explicit TransactionPayloadReader(const EventView& event);
  ~TransactionPayloadReader();
  TransactionPayloadReader(const TransactionPayloadReader&) = delete;
  TransactionPayloadReader& operator=(const TransactionPayloadReader&) = delete;

  /// The next event, without checksum and with log_pos 0; valid until the next call. nullopt at the end.
  /// @throws Error 1610 when the frame is damaged or ends early, or an event's size is impossible.
  std::optional<ByteView> next();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// The description of the events in a payload: @p outer without checksums.
FormatDescription inside_payload(const FormatDescription& outer);

}  // namespace tributary::binlog
