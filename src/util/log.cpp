#include "tributary/util/log.hpp"

#include <memory>
#include <stdexcept>

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace tributary {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      break;
  }
  return spdlog::level::err;
}

constexpr const char* k_pattern = "%Y-%m-%dT%H:%M:%S.%f%z [%l] [%t] %v";

/// The log file behind an outlet whose sink can be exchanged while other threads write.
struct LogFile {
  std::string path;  ///< '' while the log goes to standard error
  std::shared_ptr<spdlog::sinks::dist_sink_mt> outlet = std::make_shared<spdlog::sinks::dist_sink_mt>();

  [[nodiscard]] spdlog::sink_ptr open() const {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink->set_pattern(k_pattern);
    return sink;
  }
  static LogFile& get() {
    static LogFile instance;
    return instance;
  }
};

}  // namespace

void log_line(LogLevel level, std::string_view message) {
  spdlog::default_logger_raw()->log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
}

bool log_enabled(LogLevel level) {
  return spdlog::default_logger_raw()->should_log(to_spdlog(level));
}

void log_open(const std::string& file, LogLevel level) {
  std::shared_ptr<spdlog::logger> logger;
  if (file.empty()) {
    logger = std::make_shared<spdlog::logger>("tributary", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  } else {
    LogFile& log_file = LogFile::get();
    log_file.path = file;
    log_file.outlet->set_sinks({log_file.open()});
    logger = std::make_shared<spdlog::logger>("tributary", log_file.outlet);
  }
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::info);
  logger->set_pattern(k_pattern);
  spdlog::set_default_logger(std::move(logger));
}

void log_reopen() {
  const LogFile& log_file = LogFile::get();
  if (!log_file.path.empty()) log_file.outlet->set_sinks({log_file.open()});
}

LogLevel parse_log_level(std::string_view name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "info") return LogLevel::info;
  if (name == "warning") return LogLevel::warning;
  if (name == "error") return LogLevel::error;
  throw std::invalid_argument(fmt::format("'{}' is not a log level; use debug, info, warning or error", name));
}

void log_flush() {
  spdlog::default_logger_raw()->flush();
}

}  // namespace tributary
