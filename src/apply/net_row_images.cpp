#include "net_row_images.hpp"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tributary::apply {
namespace {

constexpr std::size_t k_first_slots = 64;

std::uint64_t hash_of(ByteView key) {
  return XXH3_64bits(key.data(), key.size());
}

}  // namespace

bool NetRowImages::has_room(std::size_t bytes) {
  static constexpr std::size_t k_unneeded = std::size_t{64} << 10;
  if (held_.size() > 2 * needed_ + k_unneeded) drop_unneeded();
  return bytes <= UINT32_MAX && held_.size() <= UINT32_MAX - bytes;
}

NetRowImages::Part NetRowImages::hold(ByteView bytes) {
  const Part part{static_cast<std::uint32_t>(held_.size()), static_cast<std::uint32_t>(bytes.size())};
  held_.insert(held_.end(), bytes.begin(), bytes.end());
  return part;
}

NetRowImages::Change* NetRowImages::find(ByteView key, std::uint64_t hash) {
  if (slots_.empty()) return nullptr;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    Change& change = changes_[slots_[at] - 1];
    if (change.hash != hash) continue;
    const ByteView known = bytes(change.key);
    if (std::equal(known.begin(), known.end(), key.begin(), key.end())) return &change;
  }
  return nullptr;
}

void NetRowImages::grow() {
  slots_.resize(std::max(k_first_slots, slots_.size() * 2));
  fill_slots();
}

void NetRowImages::fill_slots() {
  std::fill(slots_.begin(), slots_.end(), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    std::size_t at = changes_[i].hash & mask;
    while (slots_[at] != 0) at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void NetRowImages::drop_unneeded() {
  const auto came_and_went = [](const Change& change) { return change.is_nothing(); };
  forgot_ = std::erase_if(changes_, came_and_went) > 0 || forgot_;
  Bytes needed;
  needed.reserve(needed_);
  for (Change& change : changes_) {
    for (Part* const part : {&change.key, &change.after}) {
      const ByteView kept = bytes(*part);
      part->begin = static_cast<std::uint32_t>(needed.size());
      needed.insert(needed.end(), kept.begin(), kept.end());
    }
  }
  held_ = std::move(needed);
  fill_slots();
}

NetRowImages::Change& NetRowImages::begin(ByteView key, std::uint64_t hash, bool was_there) {
  if (slots_.size() < 2 * (changes_.size() + 1)) grow();
  Change& change = changes_.emplace_back();
  change.hash = hash;
  change.key = hold(key);
  change.was_there = was_there;
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = static_cast<std::uint32_t>(changes_.size());
  return change;
}

NetRowImages::Change* NetRowImages::present(ByteView key) {
  const std::uint64_t hash = hash_of(key);
  Change* const change = find(key, hash);
  if (change != nullptr) return change->is_there ? change : nullptr;
  return &begin(key, hash, true);
}

bool NetRowImages::end(Change& change, bool is_there, bool waits) {
  change.is_there = is_there;
  change.waits = change.waits || waits;
  needed_ -= change.counted;
  change.counted = change.size();
  needed_ += change.counted;
  return true;
}

bool NetRowImages::add(ByteView key, ByteView after, bool waits) {
  if (!has_room(key.size() + after.size())) return false;
  const std::uint64_t hash = hash_of(key);
  Change* change = find(key, hash);
  if (change != nullptr && change->is_there) return false;
  if (change == nullptr) change = &begin(key, hash, false);
  change->after = hold(after);
  return end(*change, true, waits);
}

bool NetRowImages::remove(ByteView key, bool waits) {
  if (!has_room(key.size())) return false;
  Change* const change = present(key);
  if (change == nullptr) return false;
  change->after = {};
  return end(*change, false, waits);
}

bool NetRowImages::replace(ByteView key, ByteView after, bool waits) {
  if (!has_room(key.size() + after.size())) return false;
  Change* const change = present(key);
  if (change == nullptr) return false;
  change->after = hold(after);
  return end(*change, true, waits);
}

void NetRowImages::clear() {
  // There may be one of these for each of many tables: what only a large batch needed is given back.
  static constexpr std::size_t k_most_kept = std::size_t{256} << 10;
  if (held_.capacity() > k_most_kept) held_ = {};
  if (slots_.size() > k_most_kept / sizeof(Change)) {
    slots_ = {};
    changes_ = {};
  }
  held_.clear();
  needed_ = 0;
  forgot_ = false;
  changes_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
}

}  // namespace tributary::apply
