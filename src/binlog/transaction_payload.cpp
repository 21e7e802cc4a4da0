#include "tributary/binlog/transaction_payload.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <fmt/core.h>
#include <zstd.h>

#include "tributary/util/error.hpp"

namespace tributary::binlog {
namespace {

// Fields of the payload's header (libs/mysql/binlog/event/codecs/binary.cpp).
constexpr std::uint64_t k_end_mark = 0;
constexpr std::uint64_t k_payload_size = 1;
constexpr std::uint64_t k_compression_type = 2;
constexpr std::uint64_t k_uncompressed_size = 3;

[[noreturn]] void throw_damaged(const std::string& why) {
  throw Error(error_code::k_corrupt_event, "Transaction_payload event: " + why);
}

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

TransactionPayload TransactionPayload::decode(const EventView& event) {
  if (event.type() != EventType::transaction_payload) throw_damaged("the event is of another type");
  TransactionPayload result;
  std::optional<std::uint64_t> compression;
  std::optional<std::uint64_t> size;
  ByteReader reader(event.body());
  for (std::uint64_t type = reader.lenenc(); type != k_end_mark; type = reader.lenenc()) {
    const std::uint64_t length = reader.lenenc();
    if (length > reader.remaining()) throw_damaged("a field of its header is longer than the event");
    ByteReader value(reader.bytes(static_cast<std::size_t>(length)));
    if (type == k_payload_size) size = value.lenenc();
    if (type == k_compression_type) compression = value.lenenc();
    if (type == k_uncompressed_size) result.uncompressed_size = value.lenenc();
  }
  if (!compression || !size) throw_damaged("its header does not tell compression and size");
  if (*compression == static_cast<std::uint64_t>(Compression::zstd)) {
    result.compression = Compression::zstd;
  } else if (*compression != static_cast<std::uint64_t>(Compression::none)) {
    throw_damaged(fmt::format("its compression type {} is not known", *compression));
  }
  if (*size > reader.remaining()) {
    throw_damaged(fmt::format("{} bytes are left where it announces {}", reader.remaining(), *size));
  }
  result.payload = reader.bytes(static_cast<std::size_t>(*size));
  return result;
}

struct TransactionPayloadReader::Implementation {
  explicit Implementation(const TransactionPayload& content) : payload(content) {
    if (payload.compression == TransactionPayload::Compression::none) return;
    context.reset(ZSTD_createDCtx());
    if (!context) throw std::bad_alloc();
    input = {payload.payload.data(), payload.payload.size(), 0};
    out.resize(ZSTD_DStreamOutSize());
  }

  /// Makes @p count unpacked bytes stand at the buffer's front; false when the payload ends before.
  bool fill(std::size_t count);
  bool unpack_more();

  TransactionPayload payload;
  std::unique_ptr<ZSTD_DCtx, FreeContext> context;
  ZSTD_inBuffer input{};
  bool in_frame = false;  ///< a frame has begun and not ended
  Bytes out;              ///< of one step of the decompressor
  Bytes buffer;           ///< unpacked, from the event on that was returned last
  std::size_t used = 0;   ///< bytes of the buffer that were returned
  std::size_t none_at = 0;
};

bool TransactionPayloadReader::Implementation::unpack_more() {
  if (payload.compression == TransactionPayload::Compression::none) {
    const std::size_t count = std::min<std::size_t>(payload.payload.size() - none_at, std::size_t{128} << 10);
    const ByteView piece = payload.payload.subspan(none_at, count);
    buffer.insert(buffer.end(), piece.begin(), piece.end());
    none_at += count;
    return count > 0;
  }
  for (;;) {
    const std::size_t input_before = input.pos;
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    // At the end of the input it may still hold output back.
    if (input.pos == input.size && !in_frame) return false;
    const std::size_t result = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(result) != 0) {
      throw_damaged(fmt::format("its content does not unpack: {}", ZSTD_getErrorName(result)));
    }
    in_frame = result != 0;
    if (output.pos > 0) {
      buffer.insert(buffer.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(output.pos));
      return true;
    }
    if (input.pos == input.size && in_frame && input.pos == input_before) throw_damaged("its content ends early");
  }
}

bool TransactionPayloadReader::Implementation::fill(std::size_t count) {
  while (buffer.size() - used < count) {
    if (used > 0) {
      buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(used));
      used = 0;
    }
    if (!unpack_more()) return false;
  }
  return true;
}

TransactionPayloadReader::TransactionPayloadReader(const EventView& event)
    : implementation_(std::make_unique<Implementation>(TransactionPayload::decode(event))) {}

TransactionPayloadReader::~TransactionPayloadReader() = default;

std::optional<ByteView> TransactionPayloadReader::next() {
  Implementation& self = *implementation_;
  if (!self.fill(EventHeader::k_length)) {
    if (self.buffer.size() == self.used) return std::nullopt;
    throw_damaged("its content ends in the middle of an event");
  }
  const EventHeader header = EventHeader::decode(ByteView(self.buffer).subspan(self.used, EventHeader::k_length));
  if (header.event_size > k_longest_event) {
    throw_damaged(
        fmt::format("a {} event in it says that it has {} bytes", event_type_name(header.type), header.event_size));
  }
  if (!self.fill(header.event_size)) {
    throw_damaged(fmt::format("its content ends in a {} event that says that it has {} bytes",
                              event_type_name(header.type), header.event_size));
  }
  const ByteView event = ByteView(self.buffer).subspan(self.used, header.event_size);
  self.used += header.event_size;
  return event;
}

FormatDescription inside_payload(const FormatDescription& outer) {
  FormatDescription description = outer;
  description.checksum = ChecksumAlgorithm::off;
  return description;
}

}  // namespace tributary::binlog
