#include "net_changes.hpp"

#include <utility>

namespace tributary::apply {

NetChanges::Change* NetChanges::find(std::string_view key) {
  const auto found = index_.find(key);
  return found == index_.end() ? nullptr : &changes_[found->second];
}

NetChanges::Change& NetChanges::begin(std::string_view key, bool was_there) {
  const auto [entry, is_new] = index_.emplace(key, changes_.size());
  bytes_ += key.size();
  Change& change = changes_.emplace_back();
  change.key = entry->first;
  change.was_there = was_there;
  return change;
}

void NetChanges::set_row(Change& change, std::string row) {
  bytes_ += row.size();
  bytes_ -= change.row.size();
  change.row = std::move(row);
  change.is_there = true;
}

bool NetChanges::add(std::string_view key, std::string row) {
  Change* change = find(key);
  if (change != nullptr && change->is_there) return false;
  if (change == nullptr) change = &begin(key, false);
  set_row(*change, std::move(row));
  return true;
}

bool NetChanges::remove(std::string_view key) {
  Change* const change = find(key);
  if (change == nullptr) {
    begin(key, true);
    return true;
  }
  if (!change->is_there) return false;
  set_row(*change, {});
  change->is_there = false;
  return true;
}

bool NetChanges::replace(std::string_view key, std::string row) {
  Change* change = find(key);
  if (change != nullptr && !change->is_there) return false;
  if (change == nullptr) change = &begin(key, true);
  set_row(*change, std::move(row));
  return true;
}

std::vector<std::string_view> NetChanges::removed() const {
  std::vector<std::string_view> keys;
  for (const Change& change : changes_) {
    if (change.was_there) keys.push_back(change.key);
  }
  return keys;
}

std::vector<std::string_view> NetChanges::added() const {
  std::vector<std::string_view> rows;
  for (const Change& change : changes_) {
    if (change.is_there) rows.push_back(change.row);
  }
  return rows;
}

void NetChanges::clear() {
  index_.clear();
  changes_.clear();
  bytes_ = 0;
}

}  // namespace tributary::apply
