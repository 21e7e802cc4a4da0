#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tributary {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// Views of text as bytes and back; no copy, same lifetime as the argument.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Unchecked little-endian load and store of @p width bytes (1 to 8); the caller has checked the range.
inline std::uint64_t load_little_endian(const std::uint8_t* from, std::size_t width) {
  // A constant width becomes one load.
  switch (width) {
    case 1:
      return from[0];
    case 2:
      return static_cast<std::uint64_t>(from[0] | from[1] << 8);
    case 4:
      return std::uint32_t{from[0]} | std::uint32_t{from[1]} << 8 | std::uint32_t{from[2]} << 16 |
             std::uint32_t{from[3]} << 24;
    default:
      break;
  }
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | from[i];
  return value;
}
inline void store_little_endian(std::uint8_t* to, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8) to[i] = static_cast<std::uint8_t>(value);
}

/// Reads little-endian integers, packed integers and byte runs from a borrowed range, every access checked:
/// reading past the end throws Error 1610 (ER_SLAVE_CORRUPT_EVENT). For data from the network or from disk.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  [[nodiscard]] std::size_t position() const noexcept { return position_; }
  [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size() - position_; }
  [[nodiscard]] bool at_end() const noexcept { return position_ == bytes_.size(); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(little_endian(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(little_endian(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(little_endian(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(little_endian(4)); }
  std::uint64_t u48() { return little_endian(6); }
  std::uint64_t u64() { return little_endian(8); }
  /// Unsigned integer of @p width bytes, 1 to 8.
  std::uint64_t little_endian(std::size_t width) { return load_little_endian(bytes(width).data(), width); }
  std::uint64_t big_endian(std::size_t width) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes(width)) value = value << 8 | byte;
    return value;
  }
  /// Packed integer ("net_store_length"); 251 (NULL) and 255 throw.
  std::uint64_t lenenc() {
    const std::uint8_t first = u8();
    return first < 251 ? first : long_lenenc(first);
  }

  ByteView bytes(std::size_t count) {
    if (count > remaining()) throw_overrun(count);
    const ByteView result = bytes_.subspan(position_, count);
    position_ += count;
    return result;
  }
  std::string_view text(std::size_t count) { return as_text(bytes(count)); }
  /// A packed length, then that many bytes.
  std::string_view lenenc_text();
  /// Up to the next zero byte, which is consumed and not returned.
  std::string_view null_terminated_text();
  ByteView rest() { return bytes(remaining()); }
  void skip(std::size_t count) { bytes(count); }

 private:
  [[noreturn]] void throw_overrun(std::size_t wanted) const;
  std::uint64_t long_lenenc(std::uint8_t first);

  ByteView bytes_;
  std::size_t position_ = 0;
};

/// The writing twin of ByteReader: appends to a vector that it owns.
class ByteWriter {
 public:
  ByteWriter() = default;
  explicit ByteWriter(std::size_t reserve) { bytes_.reserve(reserve); }

  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u16(std::uint16_t value) { little_endian(value, 2); }
  void u24(std::uint32_t value) { little_endian(value, 3); }
  void u32(std::uint32_t value) { little_endian(value, 4); }
  void u48(std::uint64_t value) { little_endian(value, 6); }
  void u64(std::uint64_t value) { little_endian(value, 8); }
  void little_endian(std::uint64_t value, std::size_t width);
  void lenenc(std::uint64_t value);
  void bytes(ByteView value) { bytes_.insert(bytes_.end(), value.begin(), value.end()); }
  void text(std::string_view value) { bytes(as_bytes(value)); }
  void lenenc_text(std::string_view value);
  void null_terminated_text(std::string_view value);
  void fill(std::size_t count, std::uint8_t value = 0) { bytes_.insert(bytes_.end(), count, value); }
  /// Overwrites @p width bytes at @p offset, which must have been written.
  void patch(std::size_t offset, std::uint64_t value, std::size_t width);

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] ByteView view() const noexcept { return bytes_; }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

 private:
  Bytes bytes_;
};

std::string to_hex(ByteView bytes);
std::string to_base64(ByteView bytes);
/// Appends the base64 text of @p bytes, with its padding.
void append_base64(std::string& text, ByteView bytes);

}  // namespace tributary
