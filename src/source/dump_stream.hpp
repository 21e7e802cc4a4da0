#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"
#include "tributary/binlog/transaction_boundary.hpp"
#include "tributary/gtid/mariadb_gtid.hpp"
#include "tributary/gtid/mysql_gtid_set.hpp"
#include "tributary/relay/relay_log.hpp"

#include "registration.hpp"

namespace tributary::source {

/// What was asked of the source.
struct DumpStart {
  enum class By { file, gtid, gtid_set };
  By by = By::file;
  std::string file;            ///< by file: '' = the source's first
  std::uint64_t position = 4;  ///< by file
  /// By file: the source is asked for the file from its start, and what stands before position is dropped.
  bool read_from_start = false;
  gtid::MariadbGtidPosition gtid_state;  ///< by GTID: what we have; empty = send everything there is
  /// By GTID: the part of gtid_state that the source knows; up to it the source skips groups.
  gtid::MariadbGtidPosition skipped_state;
  /// By GTID set (MySQL): what we have.
  gtid::MysqlGtidSet gtid_set;
  /// AUTO_POSITION: a transaction without a GTID ends receiving.
  bool requires_gtids = false;
  /// By file, read from its start: the GTIDs of what stands before position are those that we have.
  bool learns_gtids = false;
};

/// Takes the events of a dump, one after the other, and stores what belongs into the relay log: the one place that
/// knows what a source makes up for the stream, where its files begin, and where it skips bytes. Lives as long as
/// the receiver runs, over many connections. One thread.
class DumpStream {
 public:
  /// Counters since the receiver was started.
  struct Figures {
    std::uint64_t events = 0;  ///< stored
    std::uint64_t bytes = 0;   ///< stored
    std::uint64_t heartbeats = 0;
    std::int64_t last_heartbeat_at_us = 0;
  };

  /// @p where begins log lines: channel and source.
  DumpStream(relay::RelayLog& log, std::string where);

  /// A new connection: what comes next is its first event. A partial transaction that is kept must go on at
  /// log.write_end().
  void begin(const SourceProbe& probe, const DumpStart& start);
  /// @p raw is one event without the packet's leading 0 byte.
  /// @throws ReceiveError, relay::WriteError; Error 1610. After anything but a ReceiveError with remedy reconnect the
  /// caller must call start_over().
  void on_event(ByteView raw);
  /// Forgets a partial transaction, here and in the relay log.
  void start_over();

  /// True when the source has begun to send what this connection has asked for.
  [[nodiscard]] bool is_served() const { return state_ != State::awaiting_rotate && state_ != State::awaiting_format; }
  /// True when a transaction was received in part: the next connection may go on at log.write_end().
  [[nodiscard]] bool inside_transaction() const { return !boundary_.at_boundary(); }
  [[nodiscard]] const Figures& figures() const { return figures_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  /// Up to where the file is received, which may be inside a transaction.
  [[nodiscard]] std::uint64_t offset() const { return state_ == State::replaying ? continued_end_ : offset_; }
  /// The last GTID of each domain whose transaction is whole; empty while it is not known.
  [[nodiscard]] const gtid::MariadbGtidPosition& gtid_position() const { return gtid_position_; }
  /// Grows with each change of gtid_position().
  [[nodiscard]] std::uint64_t gtid_position_changes() const { return gtid_position_changes_; }
  void set_gtid_position(gtid::MariadbGtidPosition position);
  /// MySQL: the GTIDs of all transactions that were received whole, and of those before them; nullopt while not known.
  [[nodiscard]] const std::optional<gtid::MysqlGtidSet>& gtid_set() const { return gtid_set_; }
  /// Grows with each change of gtid_set().
  [[nodiscard]] std::uint64_t gtid_set_changes() const { return gtid_set_changes_; }
  void set_gtid_set(gtid::MysqlGtidSet set);

 private:
  enum class State {
    awaiting_rotate,  ///< the first event names file and position
    awaiting_format,  ///< a file was named, its FORMAT_DESCRIPTION follows
    at_end,           ///< the file is stored up to here and closed: the next file should follow
    seeking,          ///< by GTID: the source still looks for the place where the groups begin
    settled,          ///< by GTID: nothing is skipped any more; the next event stands where receiving goes on
    replaying,        ///< a file is read from an earlier place: nothing is stored up to where receiving goes on
    storing
  };
  enum class Kind {
    file_start,  ///< ROTATE that the source made up
    format,      ///< FORMAT_DESCRIPTION, of the file or made up
    heartbeat,
    made_up,  ///< any other event that is not in the file
    stored    ///< an event of the file
  };

  [[nodiscard]] Kind kind_of(const binlog::EventHeader& header) const;
  static bool is_legal(State state, Kind kind);
  /// Compares the checksum, without a look at what the event says of itself. @throws ReceiveError 1743.
  void verify(ByteView raw) const;
  void take(Kind kind, ByteView raw);
  void on_file_start(const binlog::EventView& event);
  /// By file, or by MariaDB GTID: @throws ReceiveError 1236 unless @p next comes after the file that has ended.
  void must_be_next_file(const std::string& next) const;
  void on_format(const binlog::EventView& event);
  void on_heartbeat(const binlog::EventView& event);
  void on_made_up(const binlog::EventView& event);
  void on_stored(const binlog::EventView& event);
  /// When the file being continued was made, by its description; seconds since the epoch, nullopt: not known.
  [[nodiscard]] std::optional<std::uint32_t> kept_creation_time() const;
  /// @throws ReceiveError 1236 when the file being continued is not the one that was received up to here.
  void must_be_same_file(const binlog::EventView& format) const;
  void start_file(const binlog::EventView& format);
  /// The event stands @p ahead bytes (modulo 2^32) after the place where the stream is.
  void jump(const binlog::EventHeader& header, std::uint32_t ahead);
  void replay(const binlog::EventView& event);

  // MariaDB's GTIDs (dump_stream_gtid.cpp).
  /// @p gtid is the last one of its domain now. @throws ReceiveError 1610 when there are too many domains.
  void advance(const gtid::MariadbGtid& gtid);
  void must_be_few_domains(const gtid::MariadbGtidPosition& position) const;
  void on_gtid_list(const binlog::EventView& event);
  /// By GTID: the source has come past @p gtid, up to which it skips the groups of a domain.
  void pass(const gtid::MariadbGtid& gtid);
  void settle();
  /// Where @p told, which the source made up, says how far it has come, everything up to there counts.
  void count_up_to(const binlog::EventHeader& told);
  /// Everything that was stored counts from now on.
  void mark_settled();

  // MySQL's GTID sets (dump_stream_gtid_set.cpp).
  void on_format_by_gtid_set(const binlog::EventView& format);
  /// False when the event is stored already, or is of no use.
  bool reach_by_gtid_set(const binlog::EventView& event);
  /// Goes to @p target in the file, before which the source has left out what we have.
  void skip_to(std::uint64_t target, std::uint32_t server_id);
  void on_heartbeat_by_gtid_set(const binlog::EventView& event);
  void remember_mysql_gtid(const binlog::EventView& event);
  void on_previous_gtids(gtid::MysqlGtidSet before);
  /// GTIDs that stand before the file and were not received. @throws ReceiveError 1236 with AUTO_POSITION.
  void on_lacking(const gtid::MysqlGtidSet& lacking) const;
  /// What was received is not known for sure; the relay log tells.
  void forget_gtid_set();
  /// By file: of an event before the place where receiving goes on.
  void learn_gtids(const binlog::EventView& event);
  void end_learning();
  void must_have_gtid(const binlog::EventView& event, binlog::BoundaryState state) const;
  [[nodiscard]] std::string gtids_before_file() const;

  /// The file has come to its end; @throws ReceiveError when receiving was to go on at a place beyond it.
  void end_replay() const;
  void store(const binlog::EventView& event);
  void remember_gtid(const binlog::EventView& event);
  /// Bytes of a file that the source may leave out.
  [[nodiscard]] std::uint64_t skip_allowance() const;
  [[noreturn]] void fail(const std::string& what) const;

  relay::RelayLog& log_;
  const std::string where_;

  // Of the connection.
  State state_ = State::awaiting_rotate;
  relay::SourceIdentity identity_;
  /// Asked by GTID: what the source still skips groups up to, by domain; empty when it skips nothing any more.
  std::map<std::uint32_t, gtid::MariadbGtid> skipped_;
  /// GTIDs of groups that were stored before it settled: they count with the first boundary, or are thrown away.
  std::vector<gtid::MariadbGtid> unsettled_gtids_;
  std::uint64_t unsettled_end_ = 0;                                      ///< of the last of them
  binlog::ChecksumAlgorithm checksum_ = binlog::ChecksumAlgorithm::off;  ///< of events to come
  binlog::FormatDescription description_;
  std::string file_;              ///< the source's file being sent
  std::uint64_t asked_ = 4;       ///< where the next made-up ROTATE must begin its file
  bool may_begin_later_ = false;  ///< by GTID: the source may begin its first file where the groups are that we lack
  std::uint64_t wanted_ = 4;      ///< where receiving begins in the first file
  std::uint64_t start_ = 0;       ///< where the made-up ROTATE said that it begins
  std::uint64_t may_skip_ = 0;    ///< bytes of the file that the source may still leave out
  std::uint64_t offset_ = 0;      ///< where the next event of the file stands
  std::string continued_file_;    ///< what the relay log can go on with: '' = nothing
  std::uint64_t continued_end_ = 0;
  bool begins_behind_hole_ = false;  ///< replaying: nothing of the file is stored yet but its description
  std::string closed_file_;          ///< what was received last where the relay log cannot go on with it: '' = nothing
  std::uint64_t closed_end_ = 0;
  Bytes unused_format_;   ///< the FORMAT_DESCRIPTION of the file while it is not sure that it is stored
  bool by_gtid_ = false;  ///< MariaDB's
  bool by_gtid_set_ = false;
  bool requires_gtids_ = false;
  bool appendable_ = false;                    ///< by GTID set, replaying: the relay file can be gone on with
  std::optional<gtid::MysqlGtidSet> learned_;  ///< by file, replaying: GTIDs of what stands before

  // Kept from one connection to the next.
  binlog::TransactionBoundary boundary_;
  std::string rotated_to_;  ///< by the last event that was stored: the next file; '' = not a ROTATE, or not known
  std::optional<gtid::MariadbGtid> open_gtid_;  ///< of the transaction being received
  gtid::MariadbGtidPosition gtid_position_;
  std::uint64_t gtid_position_changes_ = 0;
  std::optional<gtid::MysqlGtid> open_mysql_gtid_;  ///< of the transaction being received
  std::optional<gtid::MysqlGtidSet> gtid_set_;
  std::uint64_t gtid_set_changes_ = 0;
  Figures figures_;
};

}  // namespace tributary::source
