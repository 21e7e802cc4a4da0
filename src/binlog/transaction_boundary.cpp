#include "tributary/binlog/transaction_boundary.hpp"

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "query_text.hpp"

namespace tributary::binlog {
namespace {

/// What an event means for the state machine.
enum class Meaning {
  neutral,      ///< belongs to where it stands, also an unknown type
  new_file,     ///< FORMAT_DESCRIPTION: what a crashed source left open ends without effect
  end_of_file,  ///< ROTATE, STOP: never inside a transaction
  gtid,         ///< MySQL's: says nothing of what follows
  gtid_group,   ///< MariaDB's: stands for BEGIN
  gtid_standalone,
  begin,        ///< QUERY BEGIN or XA START
  end,          ///< XID, COMMIT, ROLLBACK, XA COMMIT, XA ROLLBACK, XA_PREPARE
  statement,    ///< QUERY of any other text, LOAD DATA, TRANSACTION_PAYLOAD, INCIDENT
  preparation,  ///< INTVAR, RAND, USER_VAR, LOAD blocks: belongs to the statement that follows
  rows          ///< only inside of a transaction
};

Meaning query_meaning(const EventView& event, const FormatDescription& description) {
  const std::string_view query = query_text(event, description);
  if (is_statement(query, "BEGIN") || starts_with_statement(query, "XA START")) return Meaning::begin;
  if (is_statement(query, "COMMIT") || is_statement(query, "ROLLBACK") || starts_with_statement(query, "XA COMMIT") ||
      starts_with_statement(query, "XA ROLLBACK")) {
    return Meaning::end;
  }
  return Meaning::statement;
}

Meaning meaning_of(const EventView& event, const FormatDescription& description) {
  switch (event.type()) {
    case EventType::format_description:
      return Meaning::new_file;
    case EventType::rotate:
    case EventType::stop:
      return Meaning::end_of_file;
    case EventType::gtid:
    case EventType::anonymous_gtid:
    case EventType::gtid_tagged:
      return Meaning::gtid;
    case EventType::mariadb_gtid: {
      static constexpr std::size_t k_flags2_offset = 12;  // after seq_no and domain_id
      static constexpr std::uint8_t k_standalone = 0x01;  // FL_STANDALONE
      ByteReader reader(event.body());
      reader.skip(k_flags2_offset);
      return (reader.u8() & k_standalone) != 0 ? Meaning::gtid_standalone : Meaning::gtid_group;
    }
    case EventType::query:
      return query_meaning(event, description);
    case EventType::mariadb_query_compressed:  // BEGIN and COMMIT are too short to be compressed
    case EventType::execute_load_query:
    case EventType::transaction_payload:
    case EventType::incident:
      return Meaning::statement;
    case EventType::xid:
    case EventType::xa_prepare:
      return Meaning::end;
    case EventType::intvar:
    case EventType::rand:
    case EventType::user_var:
    case EventType::begin_load_query:
    case EventType::append_block:
    case EventType::delete_file:
      return Meaning::preparation;
    case EventType::rows_query:
    case EventType::mariadb_annotate_rows:
    case EventType::table_map:
    case EventType::pre_ga_write_rows:
    case EventType::pre_ga_update_rows:
    case EventType::pre_ga_delete_rows:
    case EventType::write_rows_v1:
    case EventType::update_rows_v1:
    case EventType::delete_rows_v1:
    case EventType::write_rows:
    case EventType::update_rows:
    case EventType::delete_rows:
    case EventType::partial_update_rows:
    case EventType::mariadb_write_rows_compressed_v1:
    case EventType::mariadb_update_rows_compressed_v1:
    case EventType::mariadb_delete_rows_compressed_v1:
    case EventType::mariadb_write_rows_compressed:
    case EventType::mariadb_update_rows_compressed:
    case EventType::mariadb_delete_rows_compressed:
    case EventType::mariadb_partial_row_data:
      return Meaning::rows;
    default:
      return Meaning::neutral;
  }
}

[[noreturn]] void throw_misplaced(const EventView& event, const char* where) {
  throw Error(error_code::k_corrupt_event,
              fmt::format("{} event {} (end_log_pos {}): the stream is damaged, or was started at a position that is "
                          "not between two transactions",
                          event_type_name(event.type()), where, event.header().log_pos));
}

}  // namespace

BoundaryState TransactionBoundary::feed(const EventView& event, const FormatDescription& description) {
  const BoundaryState here = at_boundary() ? BoundaryState::outside : BoundaryState::inside;
  if (event.header().is_artificial()) return here;
  const auto move_to = [this](State state, BoundaryState result) {
    state_ = state;
    return result;
  };
  // One column per state, one row per meaning: every pair has its place.
  switch (meaning_of(event, description)) {
    case Meaning::neutral:
      return here;
    case Meaning::new_file:
      return move_to(State::outside, BoundaryState::outside);
    case Meaning::end_of_file:
      if (!at_boundary()) throw_misplaced(event, "inside a transaction");
      return BoundaryState::outside;
    case Meaning::gtid:
      if (!at_boundary()) throw_misplaced(event, "inside a transaction");
      return move_to(State::after_gtid, BoundaryState::begins);
    case Meaning::gtid_group:
      if (!at_boundary()) throw_misplaced(event, "inside a transaction");
      return move_to(State::in_transaction, BoundaryState::begins);
    case Meaning::gtid_standalone:
      if (!at_boundary()) throw_misplaced(event, "inside a transaction");
      return move_to(State::standalone, BoundaryState::begins);
    case Meaning::begin:
      if (state_ == State::in_transaction || state_ == State::standalone)
        throw_misplaced(event, "inside a transaction");
      return move_to(State::in_transaction, at_boundary() ? BoundaryState::begins : BoundaryState::inside);
    case Meaning::end:
      if (!at_boundary()) return move_to(State::outside, BoundaryState::ends);
      // A COMMIT without a BEGIN does nothing, XA COMMIT stands alone; the others show a wrong position.
      if (event.type() != EventType::query) throw_misplaced(event, "outside of a transaction");
      return BoundaryState::single;
    case Meaning::statement:
      if (at_boundary()) return BoundaryState::single;
      if (state_ == State::in_transaction) return BoundaryState::inside;
      return move_to(State::outside, BoundaryState::ends);
    case Meaning::preparation:
      // The blocks of a LOAD DATA that failed in the source are thrown away; no statement follows.
      if (state_ == State::before_statement && event.type() == EventType::delete_file) {
        return move_to(State::outside, BoundaryState::ends);
      }
      if (!at_boundary()) return BoundaryState::inside;
      return move_to(State::before_statement, BoundaryState::begins);
    case Meaning::rows:
      if (at_boundary()) throw_misplaced(event, "outside of a transaction");
      if (state_ == State::after_gtid) state_ = State::in_transaction;
      return BoundaryState::inside;
  }
  return here;
}

}  // namespace tributary::binlog
