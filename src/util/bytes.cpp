#include "tributary/util/bytes.hpp"

#include <algorithm>

#include <fmt/core.h>
#include <openssl/evp.h>

#include "tributary/util/error.hpp"

namespace tributary {
namespace {

[[noreturn]] void throw_overrun(std::size_t wanted, std::size_t position, std::size_t size) {
  throw Error(error_code::k_corrupt_event,
              fmt::format("truncated data: {} bytes wanted at offset {} of {}", wanted, position, size));
}

}  // namespace

std::uint64_t load_little_endian(const std::uint8_t* from, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t i = width; i-- > 0;) value = value << 8 | from[i];
  return value;
}

void store_little_endian(std::uint8_t* to, std::uint64_t value, std::size_t width) {
  for (std::size_t i = 0; i < width; ++i, value >>= 8) to[i] = static_cast<std::uint8_t>(value);
}

std::uint64_t ByteReader::little_endian(std::size_t width) {
  return load_little_endian(bytes(width).data(), width);
}

std::uint64_t ByteReader::big_endian(std::size_t width) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes(width)) value = value << 8 | byte;
  return value;
}

std::uint64_t ByteReader::lenenc() {
  const std::uint8_t first = u8();
  if (first < 251) return first;
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

ByteView ByteReader::bytes(std::size_t count) {
  if (count > remaining()) throw_overrun(count, position_, bytes_.size());
  const ByteView result = bytes_.subspan(position_, count);
  position_ += count;
  return result;
}

std::string_view ByteReader::lenenc_text() {
  const std::uint64_t length = lenenc();
  if (length > remaining()) throw_overrun(static_cast<std::size_t>(length), position_, bytes_.size());
  return text(static_cast<std::size_t>(length));
}

std::string_view ByteReader::null_terminated_text() {
  const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(position_);
  const auto end = std::find(begin, bytes_.end(), std::uint8_t{0});
  if (end == bytes_.end()) throw_overrun(remaining() + 1, position_, bytes_.size());
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
  // EVP_EncodeBlock takes an int length: encode in pieces of a multiple of three bytes, which need no padding.
  static constexpr std::size_t k_piece = 3 * (std::size_t{1} << 20);
  const std::size_t begin = text.size();
  text.resize(begin + (bytes.size() + 2) / 3 * 4 + 1);  // it writes a zero byte at the end
  auto* out = reinterpret_cast<unsigned char*>(text.data() + begin);
  for (std::size_t from = 0; from < bytes.size(); from += k_piece) {
    const std::size_t count = std::min(k_piece, bytes.size() - from);
    out += EVP_EncodeBlock(out, bytes.data() + from, static_cast<int>(count));
  }
  text.pop_back();
}

}  // namespace tributary
