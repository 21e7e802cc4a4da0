// Applies a relay log until everything is applied: apply_crash_helper <directory> <base name> <channel> <port>
// Crash tests end it at a named point (environment variable TRIBUTARY_CRASH_POINT).

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "tributary/apply/applier.hpp"

#include "memory_catalogue.hpp"

int main(int argc, char** argv) {
  using namespace tributary;
  if (argc != 5) return 2;
  test::MemoryCatalogue catalogue;
  relay::RelayLogOptions relay_options;
  relay_options.directory = argv[1];
  relay_options.base_name = argv[2];
  relay_options.channel = argv[3];
  relay::RelayLog log(relay_options, catalogue);
  apply::ApplierOptions options;
  options.channel = argv[3];
  options.channel_uuid = "11111111-2222-3333-4444-555555555555";
  options.target.port = static_cast<std::uint16_t>(std::stoul(argv[4]));
  options.target.user = "root";
  apply::Applier applier(options, log, [](const target::Checkpoint&) {});
  std::jthread thread([&applier](const std::stop_token& stop) { applier.run(stop); });
  for (;;) {
    const apply::ApplierStatus status = applier.status();
    if (status.caught_up) return 0;
    if (status.error_code != 0 && !status.running) {
      std::fprintf(stderr, "%s\n", status.error_message.c_str());
      return 1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}
