#include "memory_catalogue.hpp"

#include <algorithm>

namespace tributary::apply {

std::vector<relay::RelayFileRecord> MemoryCatalogue::load() {
  const std::lock_guard lock(mutex_);
  return records_;
}

void MemoryCatalogue::save(const relay::RelayFileRecord& record) {
  const std::lock_guard lock(mutex_);
  last_number_ = std::max(last_number_, record.file_number);
  const auto at = std::find_if(records_.begin(), records_.end(),
                               [&](const auto& other) { return other.file_number >= record.file_number; });
  if (at != records_.end() && at->file_number == record.file_number) {
    *at = record;
  } else {
    records_.insert(at, record);
  }
}

void MemoryCatalogue::remove(std::uint64_t file_number) {
  const std::lock_guard lock(mutex_);
  std::erase_if(records_, [&](const auto& record) { return record.file_number == file_number; });
}

std::uint64_t MemoryCatalogue::last_number() {
  const std::lock_guard lock(mutex_);
  return last_number_;
}

}  // namespace tributary::apply
