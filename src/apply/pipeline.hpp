#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "tributary/apply/chunk_memory.hpp"

#include "work.hpp"

namespace tributary::apply {

/// A worker's call to the target.
struct TargetCall {
  std::uint64_t number = 0;         ///< calls are numbered from 1
  std::uint64_t connection_id = 0;  ///< the session's, in the target
  std::uint32_t told = 0;           ///< so many times
};

/// Between one coordinator and its workers: bounded queues of chunks, the order of commits, and the end of it all. It
/// serves one attempt: after a failure everything in it is thrown away, and the next attempt reads the relay log again.
class Pipeline {
 public:
  /// Chunks are counted in @p memory while they are queued or being executed; it outlives this.
  Pipeline(std::size_t workers, ChunkMemory& memory);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  // --- coordinator ---

  /// The bytes of statements with which a chunk should be handed over.
  [[nodiscard]] std::size_t chunk_bytes() const { return memory_.chunk_bytes(); }
  /// So many bytes are in the chunk that is not handed over yet.
  void builds(std::size_t bytes);
  /// Hands a chunk over; blocks while k_chunks of chunk_bytes() are on their way, unless there is none. False when the
  /// pipeline has ended. All chunks of a batch go to one worker: to the first one where the chunk that opens it is @p
  /// for_first_worker, else to the next that is free.
  bool push(Chunk chunk, bool for_first_worker = false);
  /// Nothing is under way: what is ready should be handed over now, however little it is.
  [[nodiscard]] bool idle() const;
  /// Blocks until a worker waits for work and none is queued; false when the pipeline has ended.
  bool wait_hungry();
  /// The last batch that is committed.
  [[nodiscard]] std::uint64_t committed() const;
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
  enum class Work : std::uint8_t { ready, none, ended };
  /// The same, without waiting: nullopt too when another worker has taken what there was.
  std::optional<Chunk> try_next(std::size_t worker);
  /// Blocks until try_next() should have a chunk for the worker; `none`: not within @p patience, and the worker is in
  /// the middle of no batch. A worker that is not @p connected leaves it to those that are and have nothing to do.
  Work wait_work(std::size_t worker, bool connected, std::chrono::milliseconds patience);
  /// Returns after @p time, or when the pipeline ends.
  void pause(std::chrono::milliseconds time);
  /// Blocks until @p batch is committed. False when the pipeline has ended. (Named apart for the commit order.)
  bool wait_turn(std::uint64_t batch) { return wait_committed(batch); }
  enum class Turn : std::uint8_t { come, ended, stalled };
  /// The same, for a worker with an open target transaction. `stalled`: the first batch that is not committed has been
  /// in one call to the target for @p patience; @p call then is that call, and it is told again from time to time.
  Turn wait_turn(std::uint64_t batch, std::chrono::milliseconds patience, TargetCall& call);
  /// The worker calls the target for @p batch, in the session @p connection_id; and it has returned.
  void calls(std::size_t worker, std::uint64_t batch, std::uint64_t connection_id);
  void returned(std::size_t worker);
  /// The chunk was executed; with its end its batch is committed.
  void finished(const Chunk& chunk);
  /// The first failure ends the pipeline.
  void fail(Failure failure);
  /// The worker's last call.
  void left();

 private:
  struct Queue {
    std::condition_variable ready;  ///< its worker waits for work
    std::deque<Chunk> chunks;
    bool waiting = false;
    bool woken = false;  ///< since it waits
    bool connected = true;
    std::uint64_t taken = 0;         ///< the batch that its worker has begun with last
    bool in_batch = false;           ///< more chunks of it come
    std::optional<TargetCall> call;  ///< that has not returned
    std::uint64_t batch = 0;         ///< of the call
    std::chrono::steady_clock::time_point called{};
  };

  /// Who waits for a batch to be committed.
  struct Waiter {
    std::uint64_t batch = 0;
    std::condition_variable come;
  };

  [[nodiscard]] bool hungry_locked() const;
  [[nodiscard]] bool ready_locked(const Queue& queue) const;
  [[nodiscard]] const Queue* head_locked() const;
  void wait_ready_locked(std::unique_lock<std::mutex>& lock, Queue& queue,
                         std::optional<std::chrono::milliseconds> patience);
  void wake_for_free_locked();
  std::optional<Chunk> take_locked(Queue& queue);
  /// Waits for the batch or the end, not longer than @p patience. @return whether one of them has come.
  bool wait_committed_locked(std::unique_lock<std::mutex>& lock, std::uint64_t batch,
                             std::optional<std::chrono::milliseconds> patience);

  /// As large as they may be, one being executed and one ready; there are more of smaller ones.
  static constexpr std::size_t k_chunks = 2;

  ChunkMemory& memory_;
  std::size_t building_ = 0;  ///< the coordinator's own
  std::stop_source ended_;

  mutable std::mutex mutex_;             ///< guards what follows
  std::condition_variable coordinator_;  ///< it waits for room, for a hungry worker, for the workers' end
  std::condition_variable ending_;
  std::vector<Waiter*> waiters_;
  std::vector<Queue> queues_;
  std::deque<Chunk> free_;  ///< of batches that no worker has taken yet
  std::size_t bytes_ = 0;
  std::size_t queued_ = 0;  ///< chunks in all queues
  std::size_t inside_;      ///< workers that have not left
  std::uint64_t committed_ = 0;
  std::uint64_t calls_ = 0;
  bool end_requested_ = false;
  std::optional<Failure> failure_;
};

/// A worker's call to the target, which the others may watch.
class WatchedCall {
 public:
  WatchedCall(Pipeline& pipeline, std::size_t worker, std::uint64_t batch, std::uint64_t connection_id)
      : pipeline_(pipeline), worker_(worker) {
    pipeline_.calls(worker_, batch, connection_id);
  }
  ~WatchedCall() { pipeline_.returned(worker_); }
  WatchedCall(const WatchedCall&) = delete;
  WatchedCall& operator=(const WatchedCall&) = delete;

 private:
  Pipeline& pipeline_;
  const std::size_t worker_;
};

}  // namespace tributary::apply
