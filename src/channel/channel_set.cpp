#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/core.h>

#include "tributary/channel/channel.hpp"
#include "tributary/channel/channel_name.hpp"
#include "tributary/target/checkpoint.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/log.hpp"
#include "tributary/util/random.hpp"

#include "channel_implementation.hpp"

namespace tributary::channel {

ChannelSet::ChannelSet(ChannelDefaults defaults, state::Store& store) : defaults_(std::move(defaults)), store_(store) {
  defaults_.skipped_gtids = std::make_shared<SkippedGtids>(store_);
  for (state::ChannelRecord& record : store_.channels()) {
    std::string key = channel_key(record.name);
    channels_.emplace(std::move(key), std::make_shared<Channel>(std::move(record), defaults_, store_));
  }
}

ChannelSet::~ChannelSet() {
  shutdown();
}

void ChannelSet::start_wanted() {
  static constexpr auto k_pause = std::chrono::seconds(5);
  auto waiting = all();
  std::erase_if(waiting, [](const auto& channel) { return channel->start_wanted(); });
  if (waiting.empty()) return;
  starter_ = std::jthread([waiting = std::move(waiting)](const std::stop_token& stop) mutable {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    while (!waiting.empty() && !stop.stop_requested()) {
      never.wait_for(lock, stop, k_pause, [] { return false; });
      std::erase_if(waiting, [&](const auto& channel) { return stop.stop_requested() || channel->start_wanted(true); });
    }
  });
}

void ChannelSet::shutdown() {
  starter_ = {};
  const auto channels = all();
  for (const auto& channel : channels) channel->request_shutdown();
  for (const auto& channel : channels) channel->join();
}

std::shared_ptr<Channel> ChannelSet::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = channels_.find(channel_key(name));
  return found == channels_.end() ? nullptr : found->second;
}

std::shared_ptr<Channel> ChannelSet::find_or_create(const std::string& name) {
  check_channel_name(name);
  const std::lock_guard lock(mutex_);
  std::string key = channel_key(name);
  if (const auto found = channels_.find(key); found != channels_.end()) return found->second;
  if (channels_.size() >= k_max_channels) {
    throw Error(3080, "Maximum number of replication channels allowed exceeded.");
  }
  state::ChannelRecord record;
  record.name = name;
  // The uuid also keys the checkpoint in the target: a channel that is removed and made again starts with none.
  record.uuid = random_uuid();
  store_.save_channel(record);
  auto channel = std::make_shared<Channel>(std::move(record), defaults_, store_);
  channels_.emplace(std::move(key), channel);
  return channel;
}

std::vector<std::shared_ptr<Channel>> ChannelSet::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Channel>> result;
  result.reserve(channels_.size());
  for (const auto& [key, channel] : channels_) result.push_back(channel);
  return result;
}

void ChannelSet::set_skip_counter(std::uint32_t events) {
  const auto channels = all();
  const bool none_can = std::all_of(channels.begin(), channels.end(), [](const auto& channel) {
    return channel->status().config.gtid_mode == "auto_position";
  });
  if (events > 0 && !channels.empty() && none_can) throw_skip_needs_gtid();
  skip_counter_ = events;
}

SettingValues ChannelSet::settings(const std::optional<std::string>& channel) const {
  SettingValues values;
  if (channel) values = store_.channel_settings(*channel);
  values.merge(store_.global_settings());
  values.merge(default_settings(defaults_.parallel_workers, defaults_.row_writer));
  return values;
}

void ChannelSet::set(const std::optional<std::string>& channel, const ApplierSetting& setting,
                     const std::optional<std::string>& value) {
  if (channel) {
    store_.save_channel_setting(*channel, std::string(setting.name), value);
  } else {
    store_.save_global_setting(std::string(setting.name), value);
  }
}

void ChannelSet::remove(const std::string& name) {
  const auto channel = find(name);
  if (!channel) throw Error(3074, fmt::format("Replica channel '{}' does not exist.", name));
  channel->retire();
  // Until the store has forgotten it as well, only another RESET ALL finds it.
  const std::lock_guard lock(mutex_);
  store_.remove_channel(channel->name());
  channels_.erase(channel_key(name));
}

}  // namespace tributary::channel
