#pragma once

#include <memory>
#include <string>

#include "tributary/relay/relay_log.hpp"
#include "tributary/util/file.hpp"

#include "memory_catalogue.hpp"
#include "test_server.hpp"

namespace tributary::source {

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
  test::MemoryCatalogue catalogue_;
  std::unique_ptr<relay::RelayLog> log_;
};

}  // namespace tributary::source
