#include "tributary/util/bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary {
namespace {

[[noreturn]] void throw_overrun(std::size_t wanted, std::size_t position, std::size_t size) {
  throw Error(error_code::k_corrupt_event,
              fmt::format("truncated data: {} bytes wanted at offset {} of {}", wanted, position, size));
}

/// The two characters that stand for twelve bits.
constexpr auto k_base64_pairs = [] {
  constexpr std::string_view k_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::array<char, 2>, 4096> pairs{};
  for (std::size_t bits = 0; bits < pairs.size(); ++bits)
    pairs[bits] = {k_characters[bits >> 6], k_characters[bits & 63]};
  return pairs;
}();

}  // namespace

void ByteReader::throw_overrun(std::size_t wanted) const {
  tributary::throw_overrun(wanted, position_, bytes_.size());
}

std::uint64_t ByteReader::long_lenenc(std::uint8_t first) {
  switch (first) {
    case 252:
      return u16();
    case 253:
      return u24();
    case 254:
      return u64();
    default:
      throw Error(error_code::k_corrupt_event,
                  fmt::format("byte {} at offset {} is no packed integer", first, position_ - 1));
  }
}

std::string_view ByteReader::lenenc_text() {
  const std::uint64_t length = lenenc();
  if (length > remaining()) throw_overrun(static_cast<std::size_t>(length));
  return text(static_cast<std::size_t>(length));
}

std::string_view ByteReader::null_terminated_text() {
  const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(position_);
  const auto end = std::find(begin, bytes_.end(), std::uint8_t{0});
  if (end == bytes_.end()) throw_overrun(remaining() + 1);
  const std::string_view result = text(static_cast<std::size_t>(end - begin));
  skip(1);
  return result;
}

void ByteWriter::little_endian(std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8) bytes_.push_back(static_cast<std::uint8_t>(value));
}

void ByteWriter::lenenc(std::uint64_t value) {
  if (value < 251) {
    u8(static_cast<std::uint8_t>(value));
  } else if (value < 0x10000) {
    u8(252);
    little_endian(value, 2);
  } else if (value < 0x1000000) {
    u8(253);
    little_endian(value, 3);
  } else {
    u8(254);
    u64(value);
  }
}

void ByteWriter::lenenc_text(std::string_view value) {
  lenenc(value.size());
  text(value);
}

void ByteWriter::null_terminated_text(std::string_view value) {
  text(value);
  u8(0);
}

void ByteWriter::patch(std::size_t offset, std::uint64_t value, std::size_t width) {
  if (offset > bytes_.size() || width > bytes_.size() - offset) throw_overrun(width, offset, bytes_.size());
  store_little_endian(bytes_.data() + offset, value, width);
}

std::string to_hex(ByteView bytes) {
  static constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(k_digits[byte >> 4]);
    text.push_back(k_digits[byte & 15]);
  }
  return text;
}

std::string to_base64(ByteView bytes) {
  std::string text;
  append_base64(text, bytes);
  return text;
}

void append_base64(std::string& text, ByteView bytes) {
  const std::size_t begin = text.size();
  text.resize(begin + (bytes.size() + 2) / 3 * 4);
  char* out = text.data() + begin;
  const std::uint8_t* from = bytes.data();
  // Three bytes are two pairs of characters.
  const auto write_pair = [&out](std::size_t bits) {
    std::memcpy(out, k_base64_pairs[bits].data(), 2);
    out += 2;
  };
  std::size_t rest = bytes.size();
  for (; rest >= 3; rest -= 3, from += 3) {
    const std::size_t group = std::size_t{from[0]} << 16 | std::size_t{from[1]} << 8 | from[2];
    write_pair(group >> 12);
    write_pair(group & 0xfff);
  }
  if (rest == 0) return;
  const std::size_t group = std::size_t{from[0]} << 16 | (rest == 2 ? std::size_t{from[1]} << 8 : 0);
  write_pair(group >> 12);
  write_pair(group & 0xfff);
  out[-1] = '=';
  if (rest == 1) out[-2] = '=';
}

}  // namespace tributary
