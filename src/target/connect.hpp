#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include <cppconn/connection.h>
#include <cppconn/exception.h>

#include "tributary/target/target_server.hpp"

#include "client_library.hpp"

namespace tributary::target {

/// A connection that is up, and what the server said about itself.
struct Link {
  // The socket outlives the connection: its duplicate descriptor is closed last.
  std::shared_ptr<ConnectionSocket> socket;
  std::unique_ptr<sql::Connection> connection;
  std::string server_version;
  std::uint64_t connection_id = 0;
  std::uint64_t max_allowed_packet = 0;
};

/// @throws TargetError; 1317 when @p stop is requested.
Link connect(const TargetOptions& options, const std::stop_token& stop);

/// The error as the server or the client library reported it; @p context, when not empty, stands before its text.
TargetError translate(const sql::SQLException& error, const std::string& context = {});

}  // namespace tributary::target
