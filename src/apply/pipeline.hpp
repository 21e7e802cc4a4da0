#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "work.hpp"

namespace tributary::apply {

/// Between one coordinator and its workers: bounded queues of chunks, the order of commits, and the end of it all. It
/// serves one attempt: after a failure everything in it is thrown away, and the next attempt reads the relay log again.
class Pipeline {
 public:
  /// @p byte_limit bounds Chunk::bytes of all chunks queued or being executed; one larger chunk passes alone.
  Pipeline(std::size_t workers, std::size_t byte_limit);

  // --- coordinator ---

  /// Hands a chunk to a worker; blocks while the limit is reached. False when the pipeline has ended.
  bool push(std::size_t worker, Chunk chunk);
  /// A worker for a new batch: an idle one, else the one with the fewest chunks waiting.
  [[nodiscard]] std::size_t choose_worker() const;
  /// A worker waits for work and none is queued: what is ready should be handed over now.
  [[nodiscard]] bool hungry() const;
  /// Blocks until hungry(); false when the pipeline has ended.
  bool wait_hungry();
  /// Blocks until @p batch is committed; false when the pipeline has ended before.
  bool wait_committed(std::uint64_t batch);
  /// Ends the pipeline: queued chunks are dropped, open target transactions are rolled back. Any thread.
  void end();
  /// Requested when the pipeline ends: for waiting elsewhere.
  [[nodiscard]] std::stop_token ended() const { return ended_.get_token(); }
  /// The first failure of a worker.
  [[nodiscard]] std::optional<Failure> failure() const;
  /// Blocks until all workers have left, or the time has passed. @return whether they have.
  bool wait_left(std::uint32_t milliseconds);

  // --- workers ---

  /// The worker's next chunk; blocks until there is one. nullopt when the pipeline has ended.
  std::optional<Chunk> next(std::size_t worker);
  /// Blocks until @p batch is committed. False when the pipeline has ended. (Named apart for the commit order.)
  bool wait_turn(std::uint64_t batch) { return wait_committed(batch); }
  /// The chunk was executed; with its end its batch is committed.
  void finished(const Chunk& chunk);
  /// The first failure ends the pipeline.
  void fail(Failure failure);
  /// The worker's last call.
  void left();

 private:
  struct Queue {
    std::deque<Chunk> chunks;
    bool waiting = false;
  };

  [[nodiscard]] bool hungry_locked() const;

  const std::size_t byte_limit_;
  std::stop_source ended_;

  mutable std::mutex mutex_;  ///< guards what follows
  std::condition_variable changed_;
  std::vector<Queue> queues_;
  std::size_t bytes_ = 0;
  std::size_t queued_ = 0;  ///< chunks in all queues
  std::size_t inside_;      ///< workers that have not left
  std::uint64_t committed_ = 0;
  bool end_requested_ = false;
  std::optional<Failure> failure_;
};

}  // namespace tributary::apply
