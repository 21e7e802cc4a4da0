#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <thread>

#include <fmt/core.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tributary/daemon/daemon.hpp"
#include "tributary/daemon/options.hpp"
#include "tributary/util/log.hpp"

namespace {

constexpr int k_exit_failure = 1;
constexpr int k_exit_usage = 2;

/// Everything that stops this process lands in sigwait() below; threads inherit the mask.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

void wait_for_end(const sigset_t& signals) {
  while (true) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal == SIGHUP) {
      tributary::log_reopen();
      continue;
    }
    tributary::log(tributary::LogLevel::info, "signal {}: stopping", signal);
    return;
  }
}

/// State is crash safe at every instant: when something outside (a hung file system, say) keeps a thread from
/// ending, leaving is better than staying.
void end_in_time(const std::stop_token& done) {
  static constexpr auto k_patience = std::chrono::milliseconds(4500);
  const auto deadline = std::chrono::steady_clock::now() + k_patience;
  while (!done.stop_requested() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (done.stop_requested()) return;
  tributary::log(tributary::LogLevel::error, "a thread did not end in time; leaving all the same, nothing is lost");
  tributary::log_flush();
  _exit(k_exit_failure);
}

/// What many threads need for a moment goes back to the system. (By default glibc takes what was once large and freed
/// for a reason to keep ever more, in each of eight arenas per processor.)
void keep_little_free_memory() {
  static constexpr int k_returned_bytes = 128 << 10;
  static constexpr int k_arenas = 4;
  ::mallopt(M_MMAP_THRESHOLD, k_returned_bytes);
  ::mallopt(M_TRIM_THRESHOLD, k_returned_bytes);
  ::mallopt(M_ARENA_MAX, k_arenas);
}

int run(const tributary::daemon::Options& options, const sigset_t& signals) {
  tributary::daemon::Daemon daemon(options);
  daemon.start();
  wait_for_end(signals);
  const std::jthread guard([](const std::stop_token& done) { end_in_time(done); });
  daemon.stop();
  return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  umask(0077);
  keep_little_free_memory();
  std::optional<tributary::daemon::Options> options;
  try {
    options = tributary::daemon::parse_options(argument_count, arguments, std::cout);
  } catch (const std::exception& error) {
    fmt::print(stderr, "tributaryd: {}\nTry 'tributaryd --help'.\n", error.what());
    return k_exit_usage;
  }
  if (!options) return 0;
  const sigset_t signals = block_signals();
  try {
    tributary::log_open(options->log_file, options->log_level);
    const int status = run(*options, signals);
    tributary::log(tributary::LogLevel::info, "stopped");
    tributary::log_flush();
    return status;
  } catch (const std::exception& error) {
    tributary::log(tributary::LogLevel::error, "cannot run: {}", error.what());
    tributary::log_flush();
    if (!options->log_file.empty()) fmt::print(stderr, "tributaryd: {}\n", error.what());
    return k_exit_failure;
  }
}
