#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tributary/relay/relay_log.hpp"
#include "tributary/util/file.hpp"

#include "test_server.hpp"

namespace tributary::source {

/// A catalogue that outlives the relay logs of a test, as the state store does.
class KeptCatalogue final : public relay::RelayCatalogue {
 public:
  std::vector<relay::RelayFileRecord> load() override {
    std::vector<relay::RelayFileRecord> all;
    for (const auto& [number, record] : records_) all.push_back(record);
    return all;
  }
  void save(const relay::RelayFileRecord& record) override {
    records_[record.file_number] = record;
    last_number_ = std::max(last_number_, record.file_number);
  }
  void remove(std::uint64_t file_number) override { records_.erase(file_number); }
  std::uint64_t last_number() override { return last_number_; }

 private:
  std::map<std::uint64_t, relay::RelayFileRecord> records_;
  std::uint64_t last_number_ = 0;
};

/// A relay log in a directory of its own, which can be closed and opened again.
class RelayDirectoryFixture {
 public:
  RelayDirectoryFixture() { reopen(); }

  relay::RelayLog& log() { return *log_; }
  relay::RelayLog& reopen() {
    log_.reset();
    relay::RelayLogOptions options;
    options.directory = directory_.path();
    options.base_name = "relay-bin";
    options.channel = "shop";
    log_ = std::make_unique<relay::RelayLog>(options, catalogue_);
    return *log_;
  }
  /// The content of relay file @p number.
  [[nodiscard]] Bytes content(std::uint64_t number) const {
    const std::string text = read_file(log_->path_of(number), std::size_t{1} << 30);
    return {text.begin(), text.end()};
  }

 private:
  test::TemporaryDirectory directory_;
  KeptCatalogue catalogue_;
  std::unique_ptr<relay::RelayLog> log_;
};

}  // namespace tributary::source
