#pragma once

#include "tributary/binlog/event.hpp"
#include "tributary/binlog/format_description.hpp"

namespace tributary::binlog {

/// Where an event stands in relation to transactions ("groups" in MariaDB's words).
enum class BoundaryState {
  outside,  ///< between transactions: format description, rotate, GTID list, ...
  begins,   ///< first event of a transaction
  inside,
  ends,    ///< last event: after it the transaction is whole
  single,  ///< a transaction of one event (a DDL without a GTID event before it)
};

/// Follows a stream of events and tells where transactions begin and end. An explicit state machine; the one place
/// that knows the rules of binlog-format 6.6 and 7.1: MariaDB standalone groups, QUERY BEGIN/COMMIT/ROLLBACK, XID,
/// XA_PREPARE, XA START/COMMIT, TRANSACTION_PAYLOAD, DDL. Needs no more of an event than its header and the first
/// bytes of a query. An unknown event type inside a transaction is part of it.
class TransactionBoundary {
 public:
  /// @throws Error 1610 when the event breaks the rules (a GTID event inside a transaction, say).
  BoundaryState feed(const EventView& event, const FormatDescription& description);
  /// True between transactions.
  [[nodiscard]] bool at_boundary() const { return state_ == State::outside; }
  /// Back to the state before the first event, as after a reconnect that starts at a boundary.
  void reset() { state_ = State::outside; }

 private:
  enum class State {
    outside,
    after_gtid,       ///< a MySQL GTID event was seen, the next query decides
    standalone,       ///< MariaDB FL_STANDALONE: ends with its QUERY
    in_transaction,   ///< ends with XID, COMMIT, ROLLBACK or XA_PREPARE
    before_statement  ///< INTVAR, RAND, USER_VAR or LOAD blocks outside of a transaction: ends with their QUERY
  };
  State state_ = State::outside;
};

}  // namespace tributary::binlog
