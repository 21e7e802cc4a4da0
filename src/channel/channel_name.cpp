#include "tributary/channel/channel_name.hpp"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "tributary/channel/channel.hpp"
#include "tributary/util/bytes.hpp"
#include "tributary/util/crc32.hpp"
#include "tributary/util/error.hpp"
#include "tributary/util/utf8.hpp"

namespace tributary::channel {
namespace {

/// Characters of valid UTF-8; the highest number when it is not valid.
std::size_t count_utf8_characters(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) {
    const std::size_t length = utf8_character_length(text);
    if (length == 0) return std::string_view::npos;
    text.remove_prefix(length);
  }
  return count;
}

}  // namespace

void check_channel_name(std::string_view name) {
  static constexpr std::array<std::string_view, 2> k_reserved{"group_replication_applier",
                                                              "group_replication_recovery"};
  const std::string key = channel_key(name);
  if (std::find(k_reserved.begin(), k_reserved.end(), key) != k_reserved.end()) {
    throw Error(3139, fmt::format("CHANGE REPLICATION SOURCE cannot be performed on channel '{}'.", name));
  }
  const std::size_t characters = count_utf8_characters(name);
  const bool has_control =
      std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
  if (characters > ChannelSet::k_max_name_characters || has_control || (!name.empty() && name.back() == ' ')) {
    throw Error(3076, "Couldn't create channel: Channel name is either invalid or too long.");
  }
}

std::string channel_key(std::string_view name) {
  std::string key(name);
  for (char& c : key) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return key;
}

std::string relay_base_name(std::string_view basename, std::string_view channel) {
  if (channel.empty()) return std::string(basename);
  // A name of 64 characters can need 320 bytes; file names end at 255. MySQL cuts at 192 bytes, which can make two
  // channels one: a checksum keeps them apart.
  static constexpr std::size_t k_longest = 120;
  std::string escaped = relay::escape_channel_name(channel);
  if (escaped.size() > k_longest) {
    escaped.resize(k_longest - 9);
    escaped += fmt::format("-{:08x}", crc32(as_bytes(channel)));
  }
  return fmt::format("{}-{}", basename, escaped);
}

}  // namespace tributary::channel
