#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "tributary/relay/relay_log.hpp"

namespace tributary::test {

/// A catalogue of relay files that lives as long as the test: what SQLite is to the daemon.
class MemoryCatalogue final : public relay::RelayCatalogue {
 public:
  std::vector<relay::RelayFileRecord> load() override {
    const std::lock_guard lock(mutex_);
    std::vector<relay::RelayFileRecord> all;
    for (const auto& [number, record] : records_) all.push_back(record);
    return all;
  }
  void save(const relay::RelayFileRecord& record) override {
    const std::lock_guard lock(mutex_);
    if (fail_saves_) throw Error(error_code::k_unknown_error, "database or disk is full");
    records_[record.file_number] = record;
    last_number_ = std::max(last_number_, record.file_number);
    ++saves_;
  }
  void save_durably(const relay::RelayFileRecord& record) override { save(record); }
  void remove(std::uint64_t file_number) override {
    const std::lock_guard lock(mutex_);
    records_.erase(file_number);
  }
  std::uint64_t last_number() override {
    const std::lock_guard lock(mutex_);
    return last_number_;
  }
  /// As after the loss of the state store.
  void lose_everything() {
    records_.clear();
    last_number_ = 0;
  }

  // For tests without other threads.
  std::map<std::uint64_t, relay::RelayFileRecord> records_;
  std::uint64_t last_number_ = 0;
  std::uint64_t saves_ = 0;
  bool fail_saves_ = false;

 private:
  std::mutex mutex_;
};

}  // namespace tributary::test
