#include "host_resolver.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <fmt/core.h>
#include <netdb.h>
#include <sys/socket.h>

#include "receive_error.hpp"

namespace tributary::source {
namespace {

struct Lookup {
  std::mutex mutex;
  std::condition_variable_any finished;
  bool done = false;
  int error = 0;
  std::vector<std::string> addresses;
};

struct AddressListDeleter {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

int look_up(const std::string& host, int flags, std::vector<std::string>& addresses) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* raw = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw); error != 0) return error;
  const std::unique_ptr<addrinfo, AddressListDeleter> list(raw);
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text);
    }
  }
  return addresses.empty() ? EAI_NONAME : 0;
}

[[noreturn]] void throw_unknown(const std::string& host, const std::string& why) {
  throw ReceiveError(Remedy::reconnect, receive_code::k_cannot_resolve,
                     fmt::format("Unknown source host '{}' ({})", host, why));
}

}  // namespace

std::vector<std::string> resolve_host(const std::string& host, const StopSignal& stop, std::chrono::seconds limit) {
  std::vector<std::string> addresses;
  if (look_up(host, AI_NUMERICHOST, addresses) == 0) return addresses;
  // getaddrinfo() cannot be interrupted; a thread that outlives its question is the price of not waiting for it.
  auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host] {
    std::vector<std::string> found;
    const int error = look_up(host, 0, found);
    const std::lock_guard lock(lookup->mutex);
    lookup->addresses = std::move(found);
    lookup->error = error;
    lookup->done = true;
    lookup->finished.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  const bool done = lookup->finished.wait_for(lock, stop.token(), limit, [&] { return lookup->done; });
  if (stop.requested()) return {};
  if (!done) {
    throw_unknown(host, fmt::format("no answer from the name service in {} seconds", limit.count()));
  }
  if (lookup->error != 0) throw_unknown(host, ::gai_strerror(lookup->error));
  return std::move(lookup->addresses);
}

}  // namespace tributary::source
