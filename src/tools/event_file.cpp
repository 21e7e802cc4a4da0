#include "tributary/tools/event_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tributary/util/error.hpp"

namespace tributary::tools {
namespace {

using binlog::EventHeader;
using binlog::EventType;
using binlog::EventView;

constexpr std::size_t k_step = std::size_t{256} << 10;
constexpr std::size_t k_kept = std::size_t{16} << 20;  // a buffer that one large event needed is given back

[[noreturn]] void throw_unreadable(const std::string& what) {
  throw Error(error_code::k_read_relay_log, what);
}

std::optional<std::uint64_t> size_of(const File& file) {
  struct stat status {};
  if (::fstat(file.descriptor(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

EventFile::EventFile(const std::filesystem::path& path)
    : file_(path == "-" ? std::filesystem::path("/dev/stdin") : path, File::Mode::read), size_(size_of(file_)) {
  static constexpr std::uint8_t k_mysql_encrypted = 0xfd;
  if (std::filesystem::is_directory(file_.path())) throw_unreadable("it is a directory");
  if (!fill(sizeof binlog::k_file_magic)) throw_unreadable("it is no binary log: it has fewer than 4 bytes");
  const bool is_log = std::equal(std::begin(binlog::k_file_magic), std::end(binlog::k_file_magic), buffer_.begin());
  if (!is_log && buffer_[0] == k_mysql_encrypted && std::equal(buffer_.begin() + 1, buffer_.begin() + 4, "bin")) {
    throw_unreadable(
        "the file is encrypted by MySQL (binlog_encryption): only its server can read it, and sends it decrypted to "
        "a replica");
  }
  if (!is_log) throw_unreadable("it is no binary log: it does not begin with fe 62 69 6e");
  begin_ = sizeof binlog::k_file_magic;
}

bool EventFile::fill(std::size_t wanted) {
  if (end_ - begin_ < wanted && begin_ != 0) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() > k_kept && wanted < k_kept && end_ < k_kept) {
      buffer_.resize(k_kept);
      buffer_.shrink_to_fit();
    }
  }
  while (end_ - begin_ < wanted) {
    if (end_ == buffer_.size()) buffer_.resize(std::max(std::min(wanted, 2 * end_), end_ + k_step));
    const ssize_t count = ::read(file_.descriptor(), buffer_.data() + end_, buffer_.size() - end_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw std::system_error(errno, std::generic_category(), "cannot read");
    if (count == 0) return false;
    end_ += static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<EventView> EventFile::next() {
  offset_ = next_offset_;
  if (!fill(EventHeader::k_length)) {
    if (begin_ == end_) return std::nullopt;
    throw_unreadable(fmt::format("the file ends inside an event's header, of which {} bytes are there", end_ - begin_));
  }
  if (encrypted_) {
    throw_unreadable(
        "the file goes on encrypted by MariaDB (encrypt_binlog): only its server can read it, and sends it decrypted "
        "to a replica");
  }
  const EventHeader header = EventHeader::decode(ByteView(buffer_).subspan(begin_, end_ - begin_));
  const auto cut_off = [&header](std::uint64_t there) {
    throw_unreadable(fmt::format("the file ends inside a {} event: {} of its {} bytes are there",
                                 event_type_name(header.type), there, header.event_size));
  };
  // A file that its server writes grows while it is read: what was its size only warns of a size that cannot be.
  if (size_ && header.event_size > *size_ - std::min(*size_, offset_)) size_ = size_of(file_);
  if (size_ && header.event_size > *size_ - std::min(*size_, offset_)) cut_off(*size_ - std::min(*size_, offset_));
  if (!fill(header.event_size)) cut_off(end_ - begin_);
  const ByteView raw = ByteView(buffer_).subspan(begin_, header.event_size);
  if (header.type == EventType::format_description) {
    description_ = binlog::FormatDescription::decode(raw);
    described_ = true;
  } else if (!described_) {
    throw_unreadable(
        fmt::format("the file begins with a {} event where a Format_desc event must be", event_type_name(header.type)));
  }
  const EventView event(raw, description_.checksum);
  // Marked as ignorable by a source that sends it to a replica, with the events decrypted.
  encrypted_ = header.type == EventType::mariadb_start_encryption && !header.has_flag(binlog::event_flag::k_ignorable);
  begin_ += header.event_size;
  next_offset_ += header.event_size;
  return event;
}

}  // namespace tributary::tools
