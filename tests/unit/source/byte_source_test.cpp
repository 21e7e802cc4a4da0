#include "byte_source.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>
#include <libdeflate.h>

#include "receive_error.hpp"

namespace tributary::source {
namespace {

/// Gives its bytes in pieces of the size that was set; between pieces nothing has arrived.
class Pieces : public ByteSource {
 public:
  Pieces(Bytes bytes, std::size_t size) : bytes_(std::move(bytes)), size_(size) {}
  std::optional<std::size_t> read(std::span<std::uint8_t> into) override {
    pause_ = !pause_;
    if (pause_ || begin_ == bytes_.size()) return std::nullopt;
    const std::size_t count = std::min({size_, into.size(), bytes_.size() - begin_});
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_), count, into.begin());
    begin_ += count;
    return count;
  }
  [[nodiscard]] bool at_end() const { return begin_ == bytes_.size(); }

 private:
  Bytes bytes_;
  std::size_t size_;
  std::size_t begin_ = 0;
  bool pause_ = false;
};

Bytes deflate(const std::string& text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(1);
  Bytes out(libdeflate_zlib_compress_bound(compressor, text.size()));
  out.resize(libdeflate_zlib_compress(compressor, text.data(), text.size(), out.data(), out.size()));
  libdeflate_free_compressor(compressor);
  return out;
}

void put_frame(ByteWriter& out, std::uint8_t sequence, ByteView content, std::size_t unpacked) {
  out.u24(static_cast<std::uint32_t>(content.size()));
  out.u8(sequence);
  out.u24(static_cast<std::uint32_t>(unpacked));
  out.bytes(content);
}

std::string read_all(const Bytes& frames, std::size_t piece) {
  auto pieces = std::make_unique<Pieces>(frames, piece);
  const Pieces& arriving = *pieces;
  const auto source = make_decompressing_source(std::move(pieces));
  std::string all;
  Bytes buffer(1000);
  for (;;) {
    const auto count = source->read(buffer);
    if (!count && arriving.at_end()) return all;
    all.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(count.value_or(0)));
  }
}

std::string error_of(const Bytes& frames) {
  try {
    read_all(frames, 100);
  } catch (const ReceiveError& error) {
    EXPECT_EQ(error.code(), 2027);
    EXPECT_EQ(error.remedy(), Remedy::reconnect);
    return error.what();
  }
  return {};
}

TEST(DecompressingSource, givesTheContentOfFramesHoweverTheyArrive) {
  const std::string large(3'000'000, 'x');
  ByteWriter out;
  put_frame(out, 1, as_bytes("stored"), 0);
  put_frame(out, 2, deflate(large), large.size());
  put_frame(out, 3, deflate("packed"), 6);
  const Bytes frames = out.take();
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, frames.size()}) {
    EXPECT_TRUE(read_all(frames, size) == "stored" + large + "packed") << size;
  }
}

TEST(DecompressingSource, refusesWhatMakesNoSense) {
  ByteWriter out_of_order;
  put_frame(out_of_order, 2, as_bytes("stored"), 0);
  EXPECT_NE(error_of(out_of_order.take()).find("number 2 where 1 was expected"), std::string::npos);
  ByteWriter too_much;
  put_frame(too_much, 1, deflate("x"), 0xffffff);
  EXPECT_NE(error_of(too_much.take()).find("cannot hold the 16777215"), std::string::npos);
  ByteWriter other_length;
  put_frame(other_length, 1, deflate("packed"), 7);
  EXPECT_NE(error_of(other_length.take()).find("do not unpack to the 7"), std::string::npos);
  ByteWriter damaged;
  put_frame(damaged, 1, as_bytes("this is not zlib"), 100);
  EXPECT_NE(error_of(damaged.take()).find("do not unpack"), std::string::npos);
}

}  // namespace
}  // namespace tributary::source
