#pragma once

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>

#include <mysql.h>

#include "tributary/target/target_server.hpp"

namespace tributary::target {

/// Answers what the server of one connection asks for by LOCAL INFILE: the one file that is offered, once; else
/// nothing. Takes the place of the client library's own handlers, which open files. Used by the connection's thread.
class LocalFile {
 public:
  LocalFile() = default;
  LocalFile(const LocalFile&) = delete;
  LocalFile& operator=(const LocalFile&) = delete;

  /// Must outlive the connection.
  void install(MYSQL* handle);

  /// Offers @p content under @p name for as long as it lives.
  class Offer {
   public:
    Offer(LocalFile& file, std::string_view name, const FileContent& content);
    ~Offer();
    Offer(const Offer&) = delete;
    Offer& operator=(const Offer&) = delete;
    /// Throws on what the content has thrown.
    void rethrow() const;

   private:
    LocalFile& file_;
  };

 private:
  static int on_open(void** state, const char* name, void* self);
  static int on_read(void* state, char* buffer, unsigned int size);
  static void on_end(void* state);
  static int on_error(void* state, char* text, unsigned int size);

  std::string name_;
  const FileContent* content_ = nullptr;  ///< null: nothing is offered
  std::exception_ptr error_;
};

}  // namespace tributary::target
