#include <algorithm>
#include <functional>
#include <iterator>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

#include "channel_selection.hpp"

namespace tributary::admin {
namespace {

[[noreturn]] void throw_not_configured() {
  throw Error(1200, "The server is not configured as replica; fix in config file or with CHANGE REPLICATION SOURCE TO");
}

constexpr std::uint16_t k_was_running = 3083;
constexpr std::uint16_t k_was_stopped = 3084;

bool has_note(const channel::Notes& notes, std::uint16_t code) {
  for (const channel::Note& note : notes) {
    if (note.code == code) return true;
  }
  return false;
}

/// Acts on each channel. A channel is a unit of failure: one that fails does not keep the others from their turn. The
/// first failure is the statement's, further ones are among its warnings.
void for_each(const std::vector<ChannelPointer>& channels, const Execution& execution,
              const std::function<void(channel::Channel&)>& act) {
  std::exception_ptr first_failure;
  for (const ChannelPointer& channel : channels) {
    execution.check_not_interrupted();
    try {
      act(*channel);
    } catch (const Error& error) {
      if (first_failure) {
        execution.session.warnings.push_back({"Error", error.code(), error.what()});
      } else {
        first_failure = std::current_exception();
      }
    }
  }
  if (first_failure) std::rethrow_exception(first_failure);
}

/// The global sql_slave_skip_counter is for the one applier that is started next.
void give_skip_counter(const std::vector<ChannelPointer>& channels, const StartReplica& statement,
                       const Execution& execution) {
  const std::uint32_t count = execution.channels.skip_counter();
  if (count == 0 || !statement.threads.sql || !execution.channels.defaults().target) return;
  std::vector<ChannelPointer> stopped;
  std::copy_if(channels.begin(), channels.end(), std::back_inserter(stopped),
               [](const ChannelPointer& channel) { return !channel->status().applier.running; });
  if (stopped.empty()) return;
  if (stopped.size() > 1) {
    throw Error(
        3086,
        "When sql_replica_skip_counter > 0, it is not allowed to start more than one SQL thread by using 'START "
        "REPLICA [SQL_THREAD]'. Value of sql_replica_skip_counter can only be used by one SQL thread at a time. "
        "Please use 'START REPLICA [SQL_THREAD] FOR CHANNEL' to start the SQL thread which will use the value "
        "of sql_replica_skip_counter.");
  }
  stopped.front()->set_skip_counter(count);
  execution.channels.set_skip_counter(0);
}

}  // namespace

wire::StatementResult run(const StartReplica& statement, Execution& execution) {
  if (!statement.refused_clause.empty()) throw_not_supported("START REPLICA ... " + statement.refused_clause);
  auto channels = select_channels(statement.channel, execution);
  if (statement.until && statement.channel.kind != ChannelSelector::Kind::named) {
    // A place in one source's log, which needs a channel named as it does in MySQL.
    if (statement.channel.kind == ChannelSelector::Kind::all && channels.size() > 1) throw_name_a_channel();
    only_channel(execution);
  }
  give_skip_counter(channels, statement, execution);
  // MariaDB's START ALL SLAVES is content with none.
  if (channels.empty() && !statement.all_slaves) throw_not_configured();
  for_each(channels, execution, [&](channel::Channel& channel) {
    const channel::Notes notes = channel.start(statement.threads, statement.until);
    execution.add(notes);
    if (statement.all_slaves && !has_note(notes, k_was_running)) {
      execution.note(1937, fmt::format("SLAVE '{}' started", channel.name()));
    }
  });
  return wire::OkResult{};
}

wire::StatementResult run(const StopReplica& statement, Execution& execution) {
  const auto channels = select_channels(statement.channel, execution);
  if (channels.empty() && !statement.all_slaves) {
    execution.note(k_was_stopped, "Replication thread(s) for channel '' are already stopped.");
  }
  for_each(channels, execution, [&](channel::Channel& channel) {
    const channel::Notes notes = channel.stop(statement.threads);
    execution.add(notes);
    if (statement.all_slaves && !has_note(notes, k_was_stopped)) {
      execution.note(1938, fmt::format("SLAVE '{}' stopped", channel.name()));
    }
  });
  return wire::OkResult{};
}

wire::StatementResult run(const ResetReplica& statement, Execution& execution) {
  std::vector<ChannelPointer> channels;
  switch (statement.channel.kind) {
    case ChannelSelector::Kind::all:
      channels = execution.channels.all();
      break;
    case ChannelSelector::Kind::named:
      channels = {find_channel(statement.channel.name, execution)};
      break;
    // What was received is never thrown away for a channel that was not named.
    case ChannelSelector::Kind::unnamed:
      channels = {only_channel(execution)};
      break;
  }
  std::erase(channels, nullptr);  // the default channel, never configured: there is nothing to forget
  for_each(channels, execution, [&](channel::Channel& channel) {
    if (statement.all) {
      execution.channels.remove(channel.name());
    } else {
      channel.reset();
    }
  });
  return wire::OkResult{};
}

}  // namespace tributary::admin
