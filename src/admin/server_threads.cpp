#include "server_threads.hpp"

#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "tributary/util/error.hpp"

namespace tributary::admin {
namespace {

constexpr std::uint16_t k_cannot_create_thread = 1135;  // ER_CANT_CREATE_THREAD
constexpr std::chrono::seconds k_idle_time{10};

}  // namespace

BlockingThreads::~BlockingThreads() {
  Threads threads;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
    threads.splice(threads.end(), finished_);
  }
  changed_.notify_all();
  threads.clear();  // joins
}

void BlockingThreads::run(std::function<void()> work) {
  join_finished();
  {
    const std::lock_guard lock(mutex_);
    if (work_.size() >= idle_ && threads_.size() < max_threads_) add_thread();
    work_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void BlockingThreads::add_thread() {
  // The new thread waits for mutex_, which the caller holds, before it looks at its own place in the list.
  const auto place = threads_.emplace(threads_.end());
  try {
    *place = std::jthread([this, place] { serve(place); });
  } catch (const std::system_error& error) {
    threads_.erase(place);
    throw Error(
        k_cannot_create_thread,
        fmt::format("Can't create a new thread (errno {}); the system's limits of threads or memory are reached",
                    error.code().value()));
  }
}

void BlockingThreads::serve(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    const bool woken = changed_.wait_for(lock, k_idle_time, [this] { return ending_ || !work_.empty(); });
    --idle_;
    if (!work_.empty()) {
      std::function<void()> work = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      work();
      work = nullptr;
      lock.lock();
    } else if (ending_) {
      return;  // the destructor has taken the lists
    } else if (!woken) {
      finished_.splice(finished_.end(), threads_, self);
      return;
    }
  }
}

void BlockingThreads::join_finished() {
  Threads finished;  // joined when it goes out of scope, with the lock released
  const std::lock_guard lock(mutex_);
  finished.swap(finished_);
}

}  // namespace tributary::admin
