#include <algorithm>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "dependency_tracker.hpp"
#include "rows_split.hpp"

namespace tributary::apply {
namespace {

/// Text that a collation takes for equal mostly has the same bytes here: ASCII letters in one case, without spaces at
/// the end. What is equal in other ways is noticed by the target's own locks and errors.
std::uint64_t hash_text(ByteView bytes, std::uint64_t seed) {
  static constexpr std::size_t k_most_folded = 256;
  while (!bytes.empty() && bytes.back() == ' ') bytes = bytes.first(bytes.size() - 1);
  const std::size_t length = std::min(bytes.size(), k_most_folded);
  std::uint8_t folded[k_most_folded];
  std::transform(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length), folded,
                 [](std::uint8_t c) { return c >= 'a' && c <= 'z' ? static_cast<std::uint8_t>(c - 'a' + 'A') : c; });
  return XXH3_64bits_withSeed(folded, length, seed);
}

/// Of the key's value in a row; nullopt when a part is NULL or not in the row.
template <typename Find>
std::optional<std::uint64_t> hash_key(const KeyColumns& key, Find find) {
  std::uint64_t hash = key.identity;
  for (const KeyPart& part : key.parts) {
    const binlog::Cell* const cell = find(part.column);
    if (cell == nullptr || cell->is_null) return std::nullopt;
    ByteView bytes = cell->bytes;
    if (part.prefix_bytes > 0 && bytes.size() > part.prefix_bytes) bytes = bytes.first(part.prefix_bytes);
    hash = part.is_text ? hash_text(bytes, hash) : XXH3_64bits_withSeed(bytes.data(), bytes.size(), hash);
  }
  return hash;
}

}  // namespace

void WriteSet::add_row(const binlog::RowsReader& reader, binlog::RowsKind kind, const TableKeys& keys) {
  const auto before = [&](std::size_t column) { return reader.before().find(column); };
  // With a partial row image what is not in the image of the new row has not changed.
  const auto after = [&](std::size_t column) {
    const binlog::Cell* const cell = reader.after().find(column);
    return cell != nullptr ? cell : reader.before().find(column);
  };
  const auto note = [](std::vector<std::uint64_t>& hashes, std::optional<std::uint64_t> hash) {
    if (hash) hashes.push_back(*hash);
  };
  for (const KeyColumns& key : keys.unique) {
    if (kind != binlog::RowsKind::write) note(written, hash_key(key, before));
    if (kind != binlog::RowsKind::remove) note(written, hash_key(key, after));
  }
  for (const KeyColumns& key : keys.referring) {
    if (kind != binlog::RowsKind::write) note(read, hash_key(key, before));
    if (kind != binlog::RowsKind::remove) note(read, hash_key(key, after));
  }
}

void WriteSet::add(const binlog::EventView& event, const binlog::FormatDescription& source,
                   const binlog::TableMap& table, const TableKeys* keys) {
  const std::uint64_t identity = keys != nullptr ? keys->identity : table_identity({table.database, table.table});
  if (keys == nullptr || !binlog::is_rows_event(event.type()) || !tells_lengths(table)) {
    return written.push_back(identity);
  }
  Bytes scratch;
  const binlog::RowsEvent rows = binlog::RowsEvent::decode(event, source, scratch);
  // Without a key a row is searched for in the whole table, which locks others.
  if (rows.kind != binlog::RowsKind::write && !keys->tells_rows) return written.push_back(identity);
  read.push_back(identity);
  for (const KeyColumns& key : keys->referring) read.push_back(key.table);
  binlog::RowsReader reader(rows, table);
  while (reader.next()) add_row(reader, rows.kind, *keys);
}

}  // namespace tributary::apply
