#pragma once

#include <string>
#include <string_view>

namespace tributary::channel {

/// Throws Error 3076 unless @p name is UTF-8 of at most 64 characters without control characters or a trailing
/// blank, and Error 3139 for the two names that MySQL reserves for group replication. '' (the default channel) is
/// valid. MySQL checks channel names like table names: sql/rpl_msr.cc, check_table_name().
void check_channel_name(std::string_view name);

/// The form under which names are compared: ASCII letters in lower case.
std::string channel_key(std::string_view name);

/// Base name of the channel's relay files below @p basename ("<host>-relay-bin"): nothing is added for the default
/// channel, else '-' and the escaped name, cut and made unique by a checksum where it would not fit a file name.
std::string relay_base_name(std::string_view basename, std::string_view channel);

}  // namespace tributary::channel
