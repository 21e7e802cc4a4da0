#include "tributary/tools/events_command.hpp"

#include <exception>
#include <optional>

#include <fmt/core.h>

#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/tools/event_file.hpp"
#include "tributary/tools/event_listing.hpp"
#include "tributary/util/error.hpp"

namespace tributary::tools {
namespace {

using binlog::BoundaryState;
using binlog::EventType;
using binlog::EventView;

using Lines = std::function<void(std::string_view)>;

[[noreturn]] void throw_damage(const std::string& what) {
  throw Error(error_code::k_corrupt_event, what);
}

void require_checksum(const EventView& event) {
  if (!event.checksum_matches()) {
    throw_damage(fmt::format("the CRC32 of the {} event is not that of its content", event_type_name(event.type())));
  }
}

/// What is known of a file while it is read.
class Verification {
 public:
  void feed(const EventView& event, const binlog::FormatDescription& description, std::uint64_t offset) {
    const binlog::EventHeader& header = event.header();
    if (events_++ == 0) {
      in_use_ = header.has_flag(binlog::event_flag::k_binlog_in_use);
      // A server's relay log begins with a description of its own.
      server_relay_log_ = header.has_flag(binlog::event_flag::k_relay_log);
    }
    const auto end = static_cast<std::uint32_t>(offset + header.event_size);
    if (!server_relay_log_ && header.log_pos != 0 && !header.is_artificial() && header.log_pos != end) {
      throw_damage(fmt::format("the {} event ends at {} and says that it ends at {}", event_type_name(header.type),
                               offset + header.event_size, header.log_pos));
    }
    // Throws when an event stands where it must not; the listing tells the same.
    const BoundaryState state = boundary_.feed(event, description);
    if (state == BoundaryState::begins) begin_ = offset;
    if (state == BoundaryState::ends || state == BoundaryState::single) ++transactions_;
    end_ = offset + header.event_size;
  }

  /// Nothing more comes. Throws Error 1610 when a transaction is open that nobody can end any more.
  void finish() const {
    if (!boundary_.at_boundary() && !in_use_) {
      throw_damage(fmt::format("the file ends inside the transaction that begins at {}", begin_));
    }
  }
  [[nodiscard]] std::string text() const {
    std::string text = fmt::format("{} events, {} transactions, {} bytes: no damage", events_, transactions_, end_);
    if (in_use_) text += "; in use, or its server was killed";
    if (!boundary_.at_boundary()) text += fmt::format("; the transaction that begins at {} is not whole yet", begin_);
    return text;
  }

 private:
  binlog::TransactionBoundary boundary_;
  bool in_use_ = false;
  bool server_relay_log_ = false;
  std::uint64_t begin_ = 0;  ///< of the open transaction
  std::uint64_t end_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t transactions_ = 0;
};

/// One file, with where to say what is wrong with it.
class Reading {
 public:
  Reading(const std::filesystem::path& path, const Lines& complain)
      : name_(path.string()), file_(path), complain_(complain) {}

  /// Runs @p action; what it throws is told with the position. False when it threw.
  template <typename Action>
  bool check(Action&& action) {
    try {
      action();
      return true;
    } catch (const std::exception& error) {
      complain(fmt::format("at {}: {}", file_.offset(), error.what()));
      return false;
    }
  }
  void complain(const std::string& what) const { complain_(fmt::format("{}: {}\n", name_, what)); }

  [[nodiscard]] EventFile& file() { return file_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  EventFile file_;
  const Lines& complain_;
};

bool verify(Reading& reading, const Lines& print) {
  EventFile& file = reading.file();
  EventListing decoder(true, {});
  Verification verification;
  const bool whole = reading.check([&] {
    while (const auto event = file.next()) {
      require_checksum(*event);
      verification.feed(*event, file.description(), file.offset());
      decoder.print(*event, file.description(), file.offset());
    }
    verification.finish();
  });
  if (whole) print(fmt::format("{}: {}\n", reading.name(), verification.text()));
  return whole;
}

bool list(Reading& reading, const EventsOptions& options, const Lines& print) {
  EventFile& file = reading.file();
  EventListing listing(options.verbose, print);
  bool good = true;
  bool begun = options.start_position == 0;
  for (;;) {
    std::optional<EventView> event;
    if (!reading.check([&] { event = file.next(); })) return false;
    const std::uint64_t offset = file.offset();
    if (!begun && (!event || offset >= options.start_position)) {
      begun = true;
      if (offset != options.start_position) {
        reading.complain(fmt::format("no event begins at {}: {} at {}", options.start_position,
                                     event ? "the next one begins" : "the file ends", offset));
        return false;
      }
    }
    if (!event || offset >= options.stop_position) return good;
    if (!begun) {
      listing.skip(*event, file.description());
      continue;
    }
    good = reading.check([&] { listing.print(*event, file.description(), offset); }) && good;
    good = reading.check([&] { require_checksum(*event); }) && good;
  }
}

}  // namespace

bool list_events(const EventsOptions& options, const Lines& print, const Lines& complain) {
  bool good = true;
  for (const std::filesystem::path& path : options.files) {
    try {
      Reading reading(path, complain);
      if (!options.verify && options.files.size() > 1) print(fmt::format("# {}\n", path.string()));
      good = (options.verify ? verify(reading, print) : list(reading, options, print)) && good;
    } catch (const std::exception& error) {
      complain(fmt::format("{}: {}\n", path.string(), error.what()));
      good = false;
    }
  }
  return good;
}

}  // namespace tributary::tools
