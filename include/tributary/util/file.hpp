#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tributary/util/bytes.hpp"

namespace tributary {

/// An open file by descriptor. Writes go straight to the operating system; sync() makes them durable.
/// Every failure throws std::system_error whose text names the path and the operation.
/// Not thread safe, but read_at() may run beside one writer.
class File {
 public:
  enum class Mode { read, read_write, create /* read_write, made (0600) when missing */ };

  File() = default;
  File(const std::filesystem::path& path, Mode mode);
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t size() const;

  /// Reads up to into.size() bytes at @p offset; returns how many, fewer only at the end of the file.
  std::size_t read_at(std::uint64_t offset, std::span<std::uint8_t> into) const;
  /// Writes all of @p bytes at @p offset.
  void write_at(std::uint64_t offset, ByteView bytes);
  void truncate(std::uint64_t size);
  /// fdatasync: the content and the size are durable when it returns.
  void sync();
  void close();

 private:
  [[noreturn]] void fail(const char* operation) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
};

/// Makes created, renamed and removed names in @p directory durable.
void sync_directory(const std::filesystem::path& directory);

/// Replaces @p path by @p content so that a crash leaves the old file or the new one: temporary file, fsync,
/// rename, fsync of the folder. @p mode is the permission bits of the new file.
void replace_file(const std::filesystem::path& path, std::string_view content, unsigned mode = 0600);

/// The whole content of a file of at most @p limit bytes; a larger one throws.
std::string read_file(const std::filesystem::path& path, std::size_t limit = std::size_t{16} << 20);

}  // namespace tributary
