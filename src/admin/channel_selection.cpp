#include "channel_selection.hpp"

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::admin {
namespace {

bool is_configured(const ChannelPointer& channel) {
  return channel && !channel->status().config.host.empty();
}

}  // namespace

ChannelPointer find_channel(const std::string& name, const Execution& execution) {
  auto channel = execution.channels.find(name);
  if (!channel && !name.empty()) throw Error(3074, fmt::format("Replica channel '{}' does not exist.", name));
  return channel;
}

void throw_name_a_channel() {
  throw Error(3079, "Multiple channels exist on the replica. Please provide channel name as an argument.");
}

ChannelPointer only_channel(const Execution& execution) {
  auto default_channel = execution.channels.find("");
  if (is_configured(default_channel)) return default_channel;
  for (const ChannelPointer& channel : execution.channels.all()) {
    if (!channel->name().empty()) {
      throw_name_a_channel();
    }
  }
  return default_channel;
}

std::vector<ChannelPointer> select_channels(const ChannelSelector& selector, const Execution& execution) {
  if (selector.kind == ChannelSelector::Kind::named) {
    auto channel = find_channel(selector.name, execution);
    if (!channel) return {};
    return {std::move(channel)};
  }
  auto all = configured_channels(execution);
  if (selector.kind == ChannelSelector::Kind::all) return all;
  auto default_channel = execution.channels.find("");
  if (!is_configured(default_channel)) return all;
  if (all.size() > 1) {
    execution.note(3079,
                   fmt::format("Only the default channel '' was meant; {} other channel(s) stay as they are. Name "
                               "them, or say FOR ALL CHANNELS.",
                               all.size() - 1));
  }
  return {std::move(default_channel)};
}

std::vector<ChannelPointer> configured_channels(const Execution& execution) {
  auto channels = execution.channels.all();
  std::erase_if(channels, [](const ChannelPointer& channel) { return !is_configured(channel); });
  return channels;
}

}  // namespace tributary::admin
