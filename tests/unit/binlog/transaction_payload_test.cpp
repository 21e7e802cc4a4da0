#include "tributary/binlog/transaction_payload.hpp"

#include <string>

#include <gtest/gtest.h>
#include <zstd.h>

#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/util/error.hpp"

#include "binlog_file.hpp"

namespace tributary::binlog {
namespace {

Bytes compress(ByteView content) {
  Bytes out(ZSTD_compressBound(content.size()));
  out.resize(ZSTD_compress(out.data(), out.size(), content.data(), content.size(), 3));
  return out;
}

/// A payload event; @p announced: the uncompressed size that its header tells.
Bytes payload_event(ByteView payload, std::uint64_t announced, std::uint8_t compression = 0) {
  ByteWriter body;
  const auto field = [&body](std::uint8_t type, std::uint64_t value) {
    ByteWriter encoded;
    encoded.lenenc(value);
    body.u8(type);
    body.lenenc(encoded.size());
    body.bytes(encoded.view());
  };
  field(2, compression);
  field(3, announced);
  field(1, payload.size());
  body.u8(0);
  body.bytes(payload);
  return make_event(EventType::transaction_payload, body.view());
}

std::vector<Bytes> events_in(ByteView event) {
  TransactionPayloadReader reader(EventView(event, ChecksumAlgorithm::off));
  std::vector<Bytes> events;
  while (const auto raw = reader.next()) events.emplace_back(raw->begin(), raw->end());
  return events;
}

void expect_corrupt(ByteView event) {
  EXPECT_EQ(error_of([&] { events_in(event); }), error_code::k_corrupt_event);
}

Bytes joined(const std::vector<Bytes>& events) {
  Bytes all;
  for (const Bytes& event : events) all.insert(all.end(), event.begin(), event.end());
  return all;
}

std::vector<Bytes> some_events() {
  std::vector<Bytes> events;
  for (std::size_t size : {0U, 1U, 300U, 200'000U, 5U, 3'000'000U, 131'053U}) {
    events.push_back(make_event(EventType::write_rows, Bytes(size, static_cast<std::uint8_t>(size))));
  }
  return events;
}

TEST(TransactionPayload, RealOnesHoldWholeTransactions) {
  std::size_t payloads = 0;
  for (const auto& path : binlog_files()) {
    for_each_event(path, [&](const EventView& event, const FormatDescription& description, std::uint64_t) {
      if (event.type() != EventType::transaction_payload) return;
      SCOPED_TRACE(path);
      ++payloads;
      TransactionPayloadReader reader(event);
      TransactionBoundary boundary;
      BoundaryState last = BoundaryState::outside;
      const FormatDescription inside = inside_payload(description);
      std::uint64_t bytes = 0;
      while (const auto raw = reader.next()) {
        last = boundary.feed(EventView(*raw, inside.checksum), inside);
        bytes += raw->size();
      }
      EXPECT_EQ(last, BoundaryState::ends);
      EXPECT_EQ(bytes, TransactionPayload::decode(event).uncompressed_size);
    });
  }
  EXPECT_GT(payloads, 2U);
}

TEST(TransactionPayload, EventsOfAllSizes) {
  const std::vector<Bytes> events = some_events();
  const Bytes all = joined(events);
  EXPECT_EQ(events_in(payload_event(compress(all), all.size())), events);
  EXPECT_EQ(events_in(payload_event(all, all.size(), 255)), events);
}

TEST(TransactionPayload, SeveralFramesAreOneContent) {
  const std::vector<Bytes> events = some_events();
  const Bytes all = joined(events);
  Bytes frames = compress(ByteView(all).first(1000));
  const Bytes second = compress(ByteView(all).subspan(1000));
  frames.insert(frames.end(), second.begin(), second.end());
  EXPECT_EQ(events_in(payload_event(frames, 0)), events);
}

TEST(TransactionPayload, TheAnnouncedSizeCountsForNothing) {
  const Bytes event = make_event(EventType::xid, Bytes(8));
  for (const std::uint64_t announced : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_EQ(events_in(payload_event(compress(event), announced)).size(), 1U);
  }
}

TEST(TransactionPayload, DamageIsAnError) {
  const Bytes all = joined(some_events());
  const Bytes packed = compress(all);
  // Cut at every length, and a wrong byte.
  for (std::size_t length = 0; length < packed.size(); length += length < 100 ? 1 : 37) {
    if (length > 0) expect_corrupt(payload_event(ByteView(packed).first(length), all.size()));
  }
  Bytes wrong = packed;
  wrong[0] ^= 1;
  expect_corrupt(payload_event(wrong, all.size()));
  // Compression that nobody knows, a size beyond the event, no size.
  expect_corrupt(payload_event(packed, all.size(), 1));
  expect_corrupt(make_event(EventType::transaction_payload, from_hex("020100 | 0104fe00 0000 | 00")));
  expect_corrupt(make_event(EventType::transaction_payload, from_hex("020100 | 00 | 55")));
  expect_corrupt(make_event(EventType::transaction_payload, from_hex("0201")));
}

TEST(TransactionPayload, AnEventOfAnImpossibleSize) {
  for (const std::uint32_t size : {0U, 18U, 20U, TransactionPayloadReader::k_longest_event + 1, 0xffffffffU}) {
    Bytes event = make_event(EventType::query, {});
    store_little_endian(event.data() + 9, size, 4);
    expect_corrupt(payload_event(compress(event), event.size()));
  }
}

}  // namespace
}  // namespace tributary::binlog
