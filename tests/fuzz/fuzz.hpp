#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/util/bytes.hpp"
#include "tributary/util/error.hpp"

// What the fuzzers share. Each is one program with LLVMFuzzerTestOneInput(): arbitrary bytes may give an Error and
// nothing else; any other exception, a report of a sanitizer, a hang or memory beyond the limit is a find.

namespace tributary::fuzz {

/// Runs @p action, which may throw an Error.
template <typename Action>
void allow_error(Action&& action) {
  try {
    action();
  } catch (const Error&) {
    return;
  }
}

/// A property that must hold whatever the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

/// The description of a source: MySQL 9.7, 5.6 or MariaDB 10.11, by the lowest bits of @p choice; no checksums.
binlog::FormatDescription description_of(std::uint8_t choice);

/// An event of @p type with @p body, without checksum.
Bytes event_of(std::uint8_t type, ByteView body);

/// Calls @p visit(EventView, FormatDescription) for each event in @p bytes: a binary log file with or without its four
/// first bytes. Sizes are made right, so that what a mutation shifts is still read as events; a description in @p bytes
/// holds for what follows it.
template <typename Visit>
void for_each_event(ByteView bytes, Visit&& visit) {
  binlog::FormatDescription description = description_of(bytes.empty() ? 0 : bytes[0]);
  if (!bytes.empty()) bytes = bytes.subspan(1);
  if (bytes.size() > 4 && as_text(bytes.first(4)) ==
                              "\xfe"
                              "bin")
    bytes = bytes.subspan(4);
  while (bytes.size() >= binlog::EventHeader::k_length) {
    std::size_t size = static_cast<std::size_t>(load_little_endian(bytes.data() + 9, 4));
    if (size < binlog::EventHeader::k_length + binlog::k_checksum_length || size > bytes.size()) size = bytes.size();
    Bytes raw(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(size);
    store_little_endian(raw.data() + 9, size, 4);
    if (raw[4] == static_cast<std::uint8_t>(binlog::EventType::format_description)) {
      allow_error([&] { description = binlog::FormatDescription::decode(raw); });
    }
    allow_error([&] { visit(binlog::EventView(raw, description.checksum), description); });
  }
}

}  // namespace tributary::fuzz
