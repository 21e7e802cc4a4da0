#include "local_file.hpp"

#include <algorithm>

#include <fmt/core.h>

namespace tributary::target {
void LocalFile::install(MYSQL* handle) {
  mysql_set_local_infile_handler(handle, on_open, on_read, on_end, on_error, this);
}

LocalFile::Offer::Offer(LocalFile& file, std::string_view name, const FileContent& content) : file_(file) {
  file_.name_ = name;
  file_.content_ = &content;
  file_.error_ = nullptr;
}

LocalFile::Offer::~Offer() {
  file_.content_ = nullptr;
}

void LocalFile::Offer::rethrow() const {
  if (file_.error_) std::rethrow_exception(file_.error_);
}

int LocalFile::on_open(void** state, const char* name, void* self) {
  auto* const file = static_cast<LocalFile*>(self);
  *state = nullptr;
  if (file->content_ == nullptr || file->name_ != name) return 1;
  // Offered once: a second question of the server within the statement gets nothing.
  file->name_.clear();
  *state = file;
  return 0;
}

int LocalFile::on_read(void* state, char* buffer, unsigned int size) {
  auto* const file = static_cast<LocalFile*>(state);
  // An exception must not pass through the library, which is written in C.
  try {
    return static_cast<int>((*file->content_)({buffer, size}));
  } catch (...) {
    file->error_ = std::current_exception();
    return -1;
  }
}

void LocalFile::on_end(void* /*state*/) {}

int LocalFile::on_error(void* state, char* text, unsigned int size) {
  if (size > 0) {
    const auto end = fmt::format_to_n(text, size - 1, "{}",
                                      state == nullptr ? "the target asked for a file that it is not given"
                                                       : "the content of the file could not be read");
    *end.out = '\0';
  }
  // Not one of the client library's own numbers: those say that the connection is gone, and it is not.
  return error_code::k_unknown_error;
}

}  // namespace tributary::target
