// Receives from one source into a directory and nothing else: for measuring the receiver, and for killing it.
//   receive_only HOST PORT USER PASSWORD DIRECTORY SERVER_ID START_FILE START_POSITION [UNTIL_FILE UNTIL_POSITION]
// A START_FILE of "gtid:0-1-5" begins by MariaDB GTID. Ends when UNTIL is received, on SIGTERM, or on a fatal error.

#include <fmt/core.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <sstream>
#include <thread>

#include "tributary/relay/relay_log.hpp"
#include "tributary/source/receiver.hpp"
#include "tributary/util/file.hpp"
#include "tributary/util/log.hpp"

namespace {

using namespace tributary;  // NOLINT(google-build-using-namespace): a program of its own

/// The catalogue in a text file, one record per line.
class FileCatalogue final : public relay::RelayCatalogue {
 public:
  explicit FileCatalogue(std::filesystem::path path) : path_(std::move(path)) {
    if (!std::filesystem::exists(path_)) return;
    std::istringstream lines(read_file(path_));
    relay::RelayFileRecord record;
    while (lines >> record.file_number >> record.file_name >> record.source_file_name >> record.source.server_id >>
           record.boundary_offset >> record.created_at) {
      records_[record.file_number] = record;
      last_number_ = record.file_number;
    }
  }
  std::vector<relay::RelayFileRecord> load() override {
    std::vector<relay::RelayFileRecord> all;
    for (const auto& [number, record] : records_) all.push_back(record);
    return all;
  }
  void save(const relay::RelayFileRecord& record) override {
    records_[record.file_number] = record;
    last_number_ = std::max(last_number_, record.file_number);
    std::string text;
    for (const auto& [number, entry] : records_) {
      text += fmt::format("{} {} {} {} {} {}\n", number, entry.file_name, entry.source_file_name, entry.source.server_id,
                          entry.boundary_offset, entry.created_at);
    }
    replace_file(path_, text);
  }
  void remove(std::uint64_t file_number) override { records_.erase(file_number); }
  std::uint64_t last_number() override { return last_number_; }

 private:
  std::filesystem::path path_;
  std::map<std::uint64_t, relay::RelayFileRecord> records_;
  std::uint64_t last_number_ = 0;
};

volatile std::sig_atomic_t stop_requested = 0;
void on_signal(int /*number*/) { stop_requested = 1; }

int run(const std::vector<std::string>& arguments) {
  const std::filesystem::path directory = arguments[4];
  std::filesystem::create_directories(directory);
  log_open(directory / "receive_only.log", LogLevel::info);
  FileCatalogue catalogue(directory / "catalogue.txt");
  relay::RelayLogOptions log_options;
  log_options.directory = directory;
  log_options.base_name = "relay-bin";
  relay::RelayLog log(log_options, catalogue);

  source::SourceOptions options;
  options.host = arguments[0];
  options.port = static_cast<std::uint16_t>(std::stoul(arguments[1]));
  options.user = arguments[2];
  options.password = arguments[3];
  options.server_id = static_cast<std::uint32_t>(std::stoul(arguments[5]));
  options.connect_retry = 1;
  options.heartbeat_period = 5;
  options.start_file = arguments[6];
  options.start_position = std::stoull(arguments[7]);
  if (options.start_file.starts_with("gtid:")) {
    options.gtid_mode = source::SourceOptions::GtidMode::mariadb_slave_pos;
    options.start_gtid = options.start_file.substr(5);
    options.start_file.clear();
  }
  source::Receiver receiver(options, log, nullptr);
  const auto began = std::chrono::steady_clock::now();
  std::atomic<bool> ended = false;
  std::jthread thread([&](const std::stop_token& stop) {
    receiver.run(stop);
    ended = true;
  });
  const bool until = arguments.size() > 9;
  const std::uint64_t until_position = until ? std::stoull(arguments[9]) : 0;
  relay::RelayPosition seen;
  while (!ended && stop_requested == 0) {
    log.wait_published(seen, std::stop_token(), 20);
    seen = log.published_end();
    const auto received = log.received_end();
    if (until && received.source_file_name >= arguments[8] && received.offset >= until_position) break;
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  const auto stop_began = std::chrono::steady_clock::now();
  thread.request_stop();
  thread.join();
  const std::chrono::duration<double> stopping = std::chrono::steady_clock::now() - stop_began;
  const source::ReceiverStatus status = receiver.status();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto cpu = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  std::cout << fmt::format("events={} bytes={} seconds={:.3f} user={:.3f} system={:.3f} rss_kib={} gtid={} file={} position={} "
                           "stopping={:.3f}\n",
                           status.events, status.bytes, seconds.count(), cpu(usage.ru_utime), cpu(usage.ru_stime),
                           usage.ru_maxrss, status.gtid_io_pos, status.read_file, status.read_position,
                           stopping.count());
  if (status.error_code != 0) std::cout << fmt::format("error {}: {}\n", status.error_code, status.error_message);
  return status.error_code == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int count, char** values) {
  if (count < 9) {
    std::cerr << "usage: receive_only HOST PORT USER PASSWORD DIRECTORY SERVER_ID START_FILE START_POSITION "
                 "[UNTIL_FILE UNTIL_POSITION]\n";
    return EXIT_FAILURE;
  }
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  try {
    return run({values + 1, values + count});
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
  }
}
