#pragma once

#include <mutex>
#include <vector>

#include "tributary/relay/relay_log.hpp"

namespace tributary::apply {

/// Keeps records of relay files in memory.
class MemoryCatalogue : public relay::RelayCatalogue {
 public:
  std::vector<relay::RelayFileRecord> load() override;
  void save(const relay::RelayFileRecord& record) override;
  void remove(std::uint64_t file_number) override;
  std::uint64_t last_number() override;

 private:
  std::mutex mutex_;
  std::vector<relay::RelayFileRecord> records_;
  std::uint64_t last_number_ = 0;
};

}  // namespace tributary::apply
