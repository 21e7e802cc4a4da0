#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tributary/source/receiver.hpp"

struct st_mysql;

namespace tributary::source {

/// Watches what the client library sends and reads in this thread while a connection is made and until its dump
/// begins, and ends the connection where the library itself (Connector/C 3.3) would go on:
/// * TLS is asked for and the source does not offer it: the library goes on without, and would take a password that it
///   then sends in clear for one that is sent over TLS;
/// * the source's RSA key is asked for although that was not allowed;
/// * the source's answers before the dump have no end.
/// It also tells the library the host's name: the connection is made to an address, the certificate is for a name.
class LoginGuard {
 public:
  enum class Finding { none, no_tls, key_needed, endless };

  /// Lives in the thread that connects; one at a time.
  explicit LoginGuard(const SourceOptions& options);
  ~LoginGuard();
  LoginGuard(const LoginGuard&) = delete;
  LoginGuard& operator=(const LoginGuard&) = delete;

  /// For the next attempt to connect.
  void begin(st_mysql* handle);
  /// The attempt has come to its end: the password, if any, has been sent.
  void logged_in();
  [[nodiscard]] Finding finding() const { return finding_; }

  /// False: the library does not tell what it reads and writes.
  static bool works();

 private:
  static void on_network_access(int mode, st_mysql* handle, const unsigned char* buffer, std::size_t length);
  void on_read(st_mysql* handle, const unsigned char* buffer, std::size_t length);
  void on_write(st_mysql* handle, const unsigned char* buffer, std::size_t length);
  void end(st_mysql* handle, Finding finding);
  void tell_host(st_mysql* handle) const;

  static const bool k_works;

  const std::string& host_;
  const bool tls_;
  const bool verify_server_;
  const bool may_ask_key_;
  st_mysql* handle_ = nullptr;
  bool logging_in_ = false;
  bool first_write_ = true;
  std::string greeting_;  ///< with TLS: the beginning of what the source has said
  std::size_t may_read_ = 0;
  Finding finding_ = Finding::none;
};

}  // namespace tributary::source
