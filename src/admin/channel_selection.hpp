#pragma once

#include <memory>
#include <string>
#include <vector>

#include "execution.hpp"

namespace tributary::admin {

using ChannelPointer = std::shared_ptr<channel::Channel>;

/// The channel @p name. The default channel always exists in MySQL: nullptr when it was never configured.
/// @throws Error 3074 for any other unknown name.
ChannelPointer find_channel(const std::string& name, const Execution& execution);

/// The channel of a statement that names none and needs one: the default channel when it is configured, nullptr when
/// there is no channel at all. @throws Error 3079 when only named ones exist.
ChannelPointer only_channel(const Execution& execution);

/// Error 3079.
[[noreturn]] void throw_name_a_channel();

/// The channels that START or STOP acts on. Without a name: the default channel when it is configured, with a note
/// that the others were left alone; else all. (docs/sql.md)
std::vector<ChannelPointer> select_channels(const ChannelSelector& selector, const Execution& execution);

/// All channels with a source, by name.
std::vector<ChannelPointer> configured_channels(const Execution& execution);

}  // namespace tributary::admin
