#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace tributary::admin {

/// Threads for work that may block. A thread is made when no idle one is left and there are fewer than the limit, and
/// ends when it has been idle for a while. Thread safe.
class BlockingThreads {
 public:
  explicit BlockingThreads(std::size_t max_threads) : max_threads_(max_threads) {}
  /// Waits for all work that was given.
  ~BlockingThreads();
  BlockingThreads(const BlockingThreads&) = delete;
  BlockingThreads& operator=(const BlockingThreads&) = delete;

  /// Runs @p work, which must not throw, on one of the threads; at once unless max_threads are busy.
  /// @throws Error 1135 when no thread can be made; the work is not run then.
  void run(std::function<void()> work);

 private:
  using Threads = std::list<std::jthread>;

  void add_thread();
  void serve(Threads::iterator self);
  void join_finished();

  const std::size_t max_threads_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<std::function<void()>> work_;
  std::size_t idle_ = 0;  ///< threads that wait for work
  bool ending_ = false;
  Threads threads_;
  Threads finished_;  ///< ended or about to; to be joined
};

}  // namespace tributary::admin
