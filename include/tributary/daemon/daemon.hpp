#pragma once

#include <memory>

#include "tributary/daemon/options.hpp"

namespace tributary::daemon {

/// The whole: data directory, state store, channels and the admin port, made and ended in that order and its reverse.
class Daemon {
 public:
  /// Locks the data directory and opens the store and every channel's relay log. @throws std::exception with a
  /// message for the operator.
  explicit Daemon(const Options& options);
  ~Daemon();

  /// Listens, then starts the channels that ran before (unless told otherwise) and logs how to connect.
  void start();
  /// Ends all channels at once, then the admin port.
  void stop();

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace tributary::daemon
