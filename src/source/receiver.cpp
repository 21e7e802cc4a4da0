#include "tributary/source/receiver.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <random>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/log.hpp"
#include "tributary/util/printable.hpp"
#include "tributary/util/time.hpp"

#include "dump_packet.hpp"
#include "dump_stream.hpp"
#include "file_sequence.hpp"
#include "packet_stream.hpp"
#include "receive_error.hpp"
#include "registration.hpp"
#include "source_connection.hpp"
#include "start_choice.hpp"
#include "stop_signal.hpp"

namespace tributary::source {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// The source refused the place that was asked for, or cannot go on from it.
bool is_refused_position(std::uint16_t code) {
  return code == error_code::k_source_fatal_reading;
}

/// The file ends inside an event (LOG_READ_TRUNC, sql/sql_repl.cc): nothing can come after it in this file.
bool is_truncated_file(const ReceiveError& error) {
  return error.code() == error_code::k_source_fatal_reading &&
         std::string_view(error.what()).find("binlog truncated in the middle of event") != std::string_view::npos;
}

std::string describe(const DumpStart& start) {
  switch (start.by) {
    case DumpStart::By::gtid:
      return fmt::format("GTID position '{}'", start.gtid_state.to_string());
    case DumpStart::By::gtid_set:
      return fmt::format("GTID set '{:.4000}'", start.gtid_set.to_string());
    case DumpStart::By::file:
      break;
  }
  return fmt::format("file '{}', position {}", start.file, start.position);
}

}  // namespace

struct Receiver::Implementation {
  Implementation(SourceOptions source_options, relay::RelayLog& relay_log,
                 std::function<void(const SourceAnswers&)> answers_callback)
      : options(std::move(source_options)),
        log(relay_log),
        on_answers(std::move(answers_callback)),
        where(fmt::format("channel '{}', source {}:{}", options.channel, options.host, options.port)),
        stream(relay_log, where) {}

  void run(StopSignal& stop);
  /// One connection, from connecting to its end, which is always an exception unless a stop was requested.
  void follow(StopSignal& stop);
  std::unique_ptr<SourceConnection> connect(StopSignal& stop);
  SourceProbe probe(SourceConnection& connection);
  void request_dump(SourceConnection& connection, const DumpStart& start, bool mariadb);
  void request_gtid_dump(SourceConnection& connection, const gtid::MysqlGtidSet& set);
  void receive(SourceConnection& connection, StopSignal& stop);
  /// Decides after an error; @return how long to wait before the next connection, nullopt: give up.
  std::optional<milliseconds> after(const ReceiveError& error);
  std::optional<milliseconds> after_write_error(const relay::WriteError& error);
  [[nodiscard]] milliseconds retry_delay();
  [[nodiscard]] bool has_tried_enough() const { return options.retry_count != 0 && attempts >= options.retry_count; }
  /// Back to the last boundary, with everything before it visible to readers.
  void start_over();
  /// "file 'bin.000004', position 1234", for log lines.
  [[nodiscard]] std::string place() const;

  void enter(ReceiverState state, std::string stage);
  void report(std::uint16_t code, const std::string& text);
  void clear_error();
  void publish_figures();

  const SourceOptions options;
  relay::RelayLog& log;
  const std::function<void(const SourceAnswers&)> on_answers;
  const std::string where;

  // The thread of run() only.
  DumpStream stream;
  bool must_start_over = true;     ///< before the next connection
  bool connected = false;          ///< the present attempt got past authentication
  bool served = false;             ///< and the source has begun to send a file
  bool resumed_inside = false;     ///< the dump was asked for from inside a transaction
  std::string abandoned_file;      ///< a file of the source's that ends inside an event, at a crash of the source's
  bool abandoned_in_vain = false;  ///< the present dump had to begin at abandoned_file, or before, all the same
  bool was_connected_before = false;
  bool may_ask = true;                  ///< probe_source()
  bool error_shown = false;             ///< status holds an error that the next event makes untrue
  std::uint64_t attempts = 0;           ///< connections in a row that failed, or on which the source sent no file
  std::uint32_t checksum_failures = 0;  ///< in a row, without anything stored between
  std::uint64_t events_when_connected = 0;
  Clock::time_point requested_at;  ///< the present dump
  std::minstd_rand random{std::random_device{}()};

  mutable std::mutex mutex;
  // Guarded by mutex.
  ReceiverStatus status;
  gtid::MariadbGtidPosition gtid_position;
  std::uint64_t gtid_position_changes = 0;  ///< of the stream's, when gtid_position was copied
  std::optional<gtid::MysqlGtidSet> gtid_set;
  std::uint64_t gtid_set_changes = 0;  ///< of the stream's, when gtid_set was copied
};

std::string Receiver::Implementation::place() const {
  if (!stream.file().empty()) return fmt::format("file '{}', position {}", stream.file(), stream.offset());
  const std::lock_guard lock(mutex);
  return fmt::format("file '{}', position {}", status.read_file, status.read_position);
}

void Receiver::Implementation::enter(ReceiverState state, std::string stage) {
  const std::lock_guard lock(mutex);
  status.state = state;
  status.stage = std::move(stage);
}

void Receiver::Implementation::report(std::uint16_t code, const std::string& text) {
  // What a source sent may be in it.
  std::string message = printable(text, SIZE_MAX);
  tributary::log(LogLevel::error, "{}, {}: error {}: {}", where, place(), code, message);
  error_shown = true;
  const std::lock_guard lock(mutex);
  status.error_code = code;
  status.error_message = std::move(message);
  status.error_at = unix_seconds();
}

void Receiver::Implementation::clear_error() {
  error_shown = false;
  const std::lock_guard lock(mutex);
  status.error_code = 0;
  status.error_message.clear();
  status.error_at = 0;
}

void Receiver::Implementation::publish_figures() {
  const DumpStream::Figures& figures = stream.figures();
  const std::lock_guard lock(mutex);
  status.events = figures.events;
  status.bytes = figures.bytes;
  status.heartbeats = figures.heartbeats;
  status.last_heartbeat_at_us = figures.last_heartbeat_at_us;
  // Both may be large.
  if (gtid_position_changes != stream.gtid_position_changes()) {
    gtid_position = stream.gtid_position();
    gtid_position_changes = stream.gtid_position_changes();
  }
  if (gtid_set_changes != stream.gtid_set_changes()) {
    gtid_set = stream.gtid_set();
    gtid_set_changes = stream.gtid_set_changes();
  }
  if (stream.file().empty()) return;
  if (status.read_file != stream.file()) status.read_file = stream.file();
  status.read_position = stream.offset();
}

milliseconds Receiver::Implementation::retry_delay() {
  // A little apart, so that many channels do not knock all at once at a source that comes back.
  const auto base = std::chrono::duration_cast<milliseconds>(std::chrono::seconds(options.connect_retry));
  std::uniform_int_distribution<std::int64_t> jitter(0, std::min<std::int64_t>(base.count() / 10, 1000));
  return base + milliseconds(jitter(random));
}

void Receiver::Implementation::start_over() {
  must_start_over = true;
  stream.start_over();
  log.flush();
  must_start_over = false;
}

void Receiver::Implementation::run(StopSignal& stop) {
  while (!stop.requested()) {
    std::optional<milliseconds> wait;
    try {
      if (must_start_over) start_over();
      follow(stop);
      continue;  // a stop was requested
    } catch (const ReceiveError& error) {
      if (stop.requested()) return;
      wait = after(error);
    } catch (const relay::WriteError& error) {
      wait = after_write_error(error);
    } catch (const Error& error) {
      report(error.code(), fmt::format("{} ({})", error.what(), place()));
    } catch (const std::exception& error) {
      report(error_code::k_unknown_error, error.what());
    }
    if (!wait) return;
    stop.sleep_for(*wait);
  }
}

std::optional<milliseconds> Receiver::Implementation::after(const ReceiveError& error) {
  if (!connected) {
    // The text of sql/rpl_replica.cc, connect_to_source.
    ++attempts;
    report(
        error.code(),
        fmt::format("Error {} source '{}@{}:{}'. This was attempt {}/{}, with a delay of {} seconds between attempts. "
                    "Message: {}",
                    was_connected_before ? "reconnecting to" : "connecting to", options.user, options.host,
                    options.port, attempts, options.retry_count, options.connect_retry, error.what()));
    if (has_tried_enough()) return std::nullopt;
    enter(ReceiverState::connecting,
          was_connected_before ? "Reconnecting after a failed source event read" : "Connecting to source");
    return retry_delay();
  }
  if (resumed_inside && is_refused_position(error.code()) && stream.inside_transaction()) {
    // After a crash the source may have cut off a transaction that we hold in part.
    tributary::log(LogLevel::warning, "{}, {}: {}; trying again from the last whole transaction", where, place(),
                   error.what());
    must_start_over = true;
    return milliseconds(0);
  }
  if (is_truncated_file(error) && !name_after(stream.file()).empty()) {
    // The source was killed while it wrote this transaction, of which not even the first event need be whole. It has
    // rolled it back since, and went on in the next file.
    abandoned_file = stream.file();
    must_start_over = true;
    if (!abandoned_in_vain) {
      tributary::log(LogLevel::warning, "{}, {}: {}; going on with the next file", where, place(), error.what());
      return milliseconds(0);
    }
    // Asked by GTID, the source has begun with this file again.
    report(error.code(), error.what());
    enter(ReceiverState::connecting, "Waiting to reconnect after a failed source event read");
    return retry_delay();
  }
  if (error.remedy() == Remedy::give_up) {
    report(error.code(), fmt::format("{} ({})", error.what(), place()));
    return std::nullopt;
  }
  const bool progress = stream.figures().events != events_when_connected;
  if (error.code() == error_code::k_network_checksum) {
    static constexpr std::uint32_t k_patience = 3;
    checksum_failures = progress ? 1 : checksum_failures + 1;
    if (checksum_failures >= k_patience) {
      report(error.code(), error.what());
      return std::nullopt;
    }
  }
  tributary::log(LogLevel::warning, "{}, {}: {} (error {}); reconnecting", where, place(), error.what(), error.code());
  enter(ReceiverState::connecting, "Waiting to reconnect after a failed source event read");
  // At once, unless the connection was of no use: then something else is wrong.
  const bool useful =
      progress || (served && Clock::now() - requested_at >= std::chrono::seconds(options.connect_retry));
  if (useful) return milliseconds(0);
  report(error.code(), error.what());
  if (!served) {
    ++attempts;
    if (has_tried_enough()) return std::nullopt;
  }
  return retry_delay();
}

std::optional<milliseconds> Receiver::Implementation::after_write_error(const relay::WriteError& error) {
  report(error.code(), error.what());
  if (!error.may_pass()) return std::nullopt;
  static constexpr milliseconds k_longest_wait{10000};
  enter(ReceiverState::connecting, "Waiting to store events: the relay log cannot be written");
  must_start_over = true;
  return std::min(retry_delay(), k_longest_wait);
}

std::unique_ptr<SourceConnection> Receiver::Implementation::connect(StopSignal& stop) {
  {
    const std::lock_guard lock(mutex);
    ++status.connect_attempts;
  }
  connected = false;
  served = false;
  auto connection = std::make_unique<SourceConnection>(options, stop);
  connected = true;
  events_when_connected = stream.figures().events;
  return connection;
}

SourceProbe Receiver::Implementation::probe(SourceConnection& connection) {
  enter(ReceiverState::connecting, "Checking source version");
  SourceProbe probe = probe_source(connection, options, may_ask);
  {
    const std::lock_guard lock(mutex);
    status.answers = probe.answers;
    status.clock_difference = probe.clock_difference;
  }
  if (!on_answers) return probe;
  try {
    on_answers(probe.answers);
  } catch (const std::exception& error) {
    tributary::log(LogLevel::warning, "{}: what the source answered cannot be kept: {}", where, error.what());
  }
  return probe;
}

void Receiver::Implementation::follow(StopSignal& stop) {
  enter(ReceiverState::connecting,
        was_connected_before ? "Reconnecting after a failed source event read" : "Connecting to source");
  const std::unique_ptr<SourceConnection> connection = connect(stop);
  const SourceProbe source = probe(*connection);
  const StartChoice choice = choose_start(options, log, stream, *connection, source, stop.token());
  DumpStart start = choice.start;
  const std::string abandoned = std::exchange(abandoned_file, "");
  abandoned_in_vain = !abandoned.empty() && (start.by != DumpStart::By::file || start.file != abandoned);
  if (!abandoned.empty() && !abandoned_in_vain) {
    start = DumpStart();
    start.file = name_after(abandoned);
  }
  resumed_inside = choice.inside_transaction;
  enter(ReceiverState::connecting, "Registering replica on source");
  try {
    connection->register_replica(options);
  } catch (const ReceiveError& error) {
    if (is_connection_error(error.code())) throw;
    // ER_REPLICA_SOURCE_COM_FAILURE
    throw ReceiveError(
        Remedy::reconnect, receive_code::k_source_command,
        fmt::format("Source command COM_REGISTER_REPLICA failed: {} (Errno: {})", error.what(), error.code()));
  }
  enter(ReceiverState::connecting, "Requesting binlog dump");
  stream.begin(source, start);
  if (start.by == DumpStart::By::gtid_set) {
    request_gtid_dump(*connection, start.gtid_set);
  } else {
    request_dump(*connection, start, source.mariadb);
  }
  enter(ReceiverState::running, "Waiting for source to send event");
  requested_at = Clock::now();
  tributary::log(LogLevel::info, "{}: connected to server_id {}, version {}; dump requested from {}", where,
                 source.answers.server_id, source.answers.version, describe(start));
  was_connected_before = true;
  receive(*connection, stop);
}

void Receiver::Implementation::request_gtid_dump(SourceConnection& connection, const gtid::MysqlGtidSet& set) {
  // USE_HEARTBEAT_EVENT_V2: the position in 64 bits; known since 8.0.26.
  static constexpr std::uint16_t k_heartbeat_v2 = 0x0002;
  static constexpr std::uint64_t k_knows_heartbeat_v2 = 80026;
  // Older servers can have no GTID with a tag, and do not know the binary form with tags.
  static constexpr std::uint64_t k_knows_tags = 80300;
  const std::uint64_t version = connection.server_version_number();
  connection.request_gtid_dump((version >= k_knows_tags ? set : set.without_tags()).encode(),
                               version >= k_knows_heartbeat_v2 ? k_heartbeat_v2 : 0, options.server_id);
}

void Receiver::Implementation::request_dump(SourceConnection& connection, const DumpStart& start, bool mariadb) {
  // MariaDB: BINLOG_SEND_ANNOTATE_ROWS_EVENT. MySQL gives the bit another meaning (wire protocol 5.5).
  static constexpr std::uint16_t k_send_annotate_rows = 0x0002;
  const std::uint16_t flags = mariadb ? k_send_annotate_rows : 0;
  if (start.by == DumpStart::By::gtid) {
    connection.execute(fmt::format("SET @slave_connect_state = '{}'", start.gtid_state.to_string()));
    connection.execute("SET @slave_gtid_strict_mode = 0");
    connection.execute("SET @slave_gtid_ignore_duplicates = 0");
    connection.request_dump("", binlog::k_first_event_offset, flags, options.server_id);
    return;
  }
  const std::uint64_t position = start.read_from_start ? binlog::k_first_event_offset : start.position;
  connection.request_dump(start.file, static_cast<std::uint32_t>(position), flags, options.server_id);
}

void Receiver::Implementation::receive(SourceConnection& connection, StopSignal& stop) {
  PacketStream packets(connection.stream(), connection.socket(), stop, options.net_timeout);
  try {
    while (!stop.requested()) {
      while (const auto payload = packets.next()) {
        stream.on_event(event_of(*payload));
        if (!served && stream.is_served()) {
          served = true;
          attempts = 0;
        }
        if (error_shown) clear_error();
      }
      publish_figures();
      if (packets.read_arrived()) continue;
      // Nothing more at the moment: readers get all there is before this thread sleeps.
      log.flush();
      if (!packets.wait()) return;
    }
  } catch (const ReceiveError&) {
    log.flush();
    publish_figures();
    throw;
  }
}

Receiver::Receiver(SourceOptions options, relay::RelayLog& log, std::function<void(const SourceAnswers&)> on_answers)
    : implementation_(std::make_unique<Implementation>(std::move(options), log, std::move(on_answers))) {
  auto& self = *implementation_;
  const relay::ReceivePosition received = self.log.received_end();
  const bool any = !received.source_file_name.empty();
  self.status.read_file = any ? received.source_file_name : self.options.start_file;
  self.status.read_position = any ? received.offset : self.options.start_position;
}

Receiver::~Receiver() = default;

void Receiver::run(std::stop_token stop) {
  auto& self = *implementation_;
  try {
    StopSignal signal(std::move(stop));
    self.clear_error();
    self.run(signal);
  } catch (const std::exception& error) {
    self.report(error_code::k_unknown_error, error.what());
  }
  try {
    // What was received whole is kept, also when the system goes down; the next run begins at the last boundary.
    self.log.flush();
    self.start_over();
    self.log.make_durable(self.log.published_end());
  } catch (const std::exception& error) {
    self.report(error_code::k_write_relay_log, error.what());
  }
  self.publish_figures();
  self.enter(ReceiverState::stopped, "");
}

ReceiverStatus Receiver::status() const {
  const std::lock_guard lock(implementation_->mutex);
  ReceiverStatus status = implementation_->status;
  const auto& set = implementation_->gtid_set;
  status.gtid_io_pos = set ? set->to_string() : implementation_->gtid_position.to_string();
  return status;
}

}  // namespace tributary::source
