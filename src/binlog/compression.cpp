#include "compression.hpp"

#include <algorithm>
#include <memory>

#include <fmt/core.h>
#include <libdeflate.h>

#include "tributary/binlog/column_values.hpp"
#include "tributary/binlog/transaction_payload.hpp"
#include "tributary/util/error.hpp"

namespace tributary::binlog {
namespace {

constexpr std::uint8_t k_always_set = 0x80;
constexpr std::uint8_t k_algorithm_mask = 0x70;  // 0: zlib, the only one
constexpr std::uint8_t k_width_mask = 0x07;
/// No byte of a deflate stream can stand for more than so many (258 bytes for two bits).
constexpr std::uint64_t k_highest_ratio = 1032;

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};

libdeflate_decompressor* decompressor_of_this_thread() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (!decompressor) throw std::bad_alloc();
  return decompressor.get();
}

using Inflate = libdeflate_result (*)(libdeflate_decompressor*, const void*, std::size_t, void*, std::size_t,
                                      std::size_t*);

/// Unpacks @p stream, which is said to hold @p length bytes, behind the first @p begin bytes of @p to, and cuts or
/// extends it to the end of that. The length is somebody's word: room grows with what has really come out. @return
/// whether the stream is sound and holds so many.
bool inflate(Inflate unpack, ByteView stream, std::size_t length, std::size_t begin, Bytes& to) {
  static constexpr std::size_t k_growth = 8;  // also what rows and text rarely exceed as a ratio
  static constexpr std::size_t k_least_room = 65536;
  for (std::size_t room = std::max(stream.size() * k_growth, k_least_room);; room *= k_growth) {
    room = std::min(room, length);
    to.resize(begin + room);
    std::size_t unpacked = 0;
    const auto result =
        unpack(decompressor_of_this_thread(), stream.data(), stream.size(), to.data() + begin, room, &unpacked);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE && room < length) continue;
    return result == LIBDEFLATE_SUCCESS && unpacked == length;
  }
}

/// Whether @p packed bytes can hold @p length of an event or a value in one.
bool can_hold(std::size_t packed, std::uint64_t length) {
  return length <= packed * k_highest_ratio && length <= TransactionPayloadReader::k_longest_event;
}

}  // namespace

void decompress_block(ByteView block, Bytes& out) {
  ByteReader reader(block);
  const std::uint8_t head = reader.u8();
  const std::size_t width = head & k_width_mask;
  if ((head & k_always_set) == 0 || (head & k_algorithm_mask) != 0 || width < 1 || width > 4) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("compressed event with an unknown method (head byte {:#04x})", head));
  }
  const std::uint64_t length = reader.big_endian(width);
  const ByteView stream = reader.rest();
  if (!can_hold(stream.size(), length)) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("compressed event: {} bytes cannot hold the {} that it announces", stream.size(), length));
  }
  if (!inflate(libdeflate_zlib_decompress, stream, static_cast<std::size_t>(length), 0, out)) {
    throw Error(
        error_code::k_corrupt_event,
        fmt::format("compressed event: its {} bytes do not unpack to the {} that it announces", stream.size(), length));
  }
}

void append_uncompressed_column(ByteView value, Bytes& to) {
  static constexpr std::uint8_t k_zlib = 8;
  static constexpr std::uint8_t k_without_zlib_header = 0x08;
  if (value.empty()) return;
  ByteReader reader(value);
  const std::uint8_t head = reader.u8();
  if (head == 0) {
    to.insert(to.end(), value.begin() + 1, value.end());
    return;
  }
  const std::size_t width = head & k_width_mask;
  if (head >> 4 != k_zlib || width < 1 || width > 4) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("value of a compressed column with an unknown method (head byte {:#04x})", head));
  }
  const std::uint64_t length = reader.big_endian(width);
  const ByteView stream = reader.rest();
  if (!can_hold(stream.size(), length)) {
    throw Error(error_code::k_corrupt_event,
                fmt::format("value of a compressed column: {} bytes cannot hold the {} that it announces",
                            stream.size(), length));
  }
  const auto unpack = (head & k_without_zlib_header) != 0 ? libdeflate_deflate_decompress : libdeflate_zlib_decompress;
  if (!inflate(unpack, stream, static_cast<std::size_t>(length), to.size(), to)) {
    throw Error(error_code::k_corrupt_event, "value of a compressed column: it does not unpack to what it announces");
  }
}

}  // namespace tributary::binlog
