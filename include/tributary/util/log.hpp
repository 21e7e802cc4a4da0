#pragma once

#include <string>
#include <string_view>

#include <fmt/core.h>

namespace tributary {

enum class LogLevel { debug, info, warning, error };

/// Writes one line to the daemon's log. Thread safe. Never pass a password or a statement that may hold one.
void log_line(LogLevel level, std::string_view message);
/// True when lines of @p level are written; to skip costly formatting.
bool log_enabled(LogLevel level);

template <typename... Args>
void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}

/// How log lines leave: to a file, or to standard error when @p file is empty. Call once, before threads start.
void log_open(const std::string& file, LogLevel level);
/// Parses debug, info, warning, error; throws std::invalid_argument naming the allowed words.
LogLevel parse_log_level(std::string_view name);
/// Opens the log file anew, after log rotation has moved it away. Thread safe; does nothing for standard error.
void log_reopen();
/// Flushes what is buffered, for the last lines before the process ends.
void log_flush();

}  // namespace tributary
