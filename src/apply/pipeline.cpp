#include "pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace tributary::apply {
namespace {

/// InnoDB renews what it says of transactions and locks when nobody has asked for 100 ms (CACHE_MIN_IDLE_TIME_NS,
/// storage/innobase/trx/trx0i_s.cc): all workers are told at the same time, nearly, and then not for longer than that.
constexpr auto k_tell_again = std::chrono::milliseconds(150);

constexpr auto k_look_again = std::chrono::milliseconds(50);

}  // namespace

Pipeline::Pipeline(std::size_t workers, ChunkMemory& memory) : memory_(memory), queues_(workers), inside_(workers) {}

Pipeline::~Pipeline() {
  memory_.remove(bytes_ + building_);
}

void Pipeline::builds(std::size_t bytes) {
  memory_.add(bytes);
  memory_.remove(building_);
  building_ = bytes;
}

bool Pipeline::push(Chunk chunk, bool for_first_worker) {
  builds(0);
  std::unique_lock lock(mutex_);
  const auto has_room = [&] {
    return end_requested_ || bytes_ == 0 || bytes_ + chunk.bytes <= k_chunks * chunk_bytes();
  };
  // Nobody tells when it is another channel that makes room.
  while (!coordinator_.wait_for(lock, k_look_again, has_room)) {
  }
  if (end_requested_) return false;
  bytes_ += chunk.bytes;
  memory_.add(chunk.bytes);
  ++queued_;
  const auto owner =
      for_first_worker ? queues_.begin() : std::find_if(queues_.begin(), queues_.end(), [&chunk](const Queue& queue) {
        return queue.taken == chunk.batch;
      });
  if (owner == queues_.end()) {
    free_.push_back(std::move(chunk));
    wake_for_free_locked();
  } else {
    owner->chunks.push_back(std::move(chunk));
    owner->ready.notify_one();
  }
  return true;
}

/// One worker for what is free: it wakes the next one when it has taken its batch.
void Pipeline::wake_for_free_locked() {
  if (free_.empty()) return;
  const auto idle = std::find_if(queues_.begin(), queues_.end(), [this](const Queue& queue) {
    return queue.waiting && !queue.woken && ready_locked(queue);
  });
  if (idle == queues_.end()) return;
  idle->woken = true;
  idle->ready.notify_one();
}

bool Pipeline::hungry_locked() const {
  return queued_ == 0 && std::any_of(queues_.begin(), queues_.end(), [](const Queue& queue) { return queue.waiting; });
}

bool Pipeline::idle() const {
  const std::lock_guard lock(mutex_);
  return queued_ == 0 && std::all_of(queues_.begin(), queues_.end(), [](const Queue& queue) { return queue.waiting; });
}

std::uint64_t Pipeline::committed() const {
  const std::lock_guard lock(mutex_);
  return committed_;
}

bool Pipeline::wait_hungry() {
  std::unique_lock lock(mutex_);
  coordinator_.wait(lock, [&] { return end_requested_ || hungry_locked(); });
  return !end_requested_;
}

bool Pipeline::wait_committed_locked(std::unique_lock<std::mutex>& lock, std::uint64_t batch,
                                     std::optional<std::chrono::milliseconds> patience) {
  const auto has_come = [&] { return end_requested_ || committed_ >= batch; };
  if (has_come()) return true;
  Waiter waiter;
  waiter.batch = batch;
  waiters_.push_back(&waiter);
  if (patience) {
    waiter.come.wait_for(lock, *patience, has_come);
  } else {
    waiter.come.wait(lock, has_come);
  }
  std::erase(waiters_, &waiter);
  return has_come();
}

bool Pipeline::wait_committed(std::uint64_t batch) {
  std::unique_lock lock(mutex_);
  wait_committed_locked(lock, batch, std::nullopt);
  return !end_requested_;
}

void Pipeline::end() {
  {
    const std::lock_guard lock(mutex_);
    end_requested_ = true;
    coordinator_.notify_all();
    ending_.notify_all();
    for (Queue& queue : queues_) queue.ready.notify_all();
    for (Waiter* const waiter : waiters_) waiter->come.notify_all();
  }
  ended_.request_stop();
}

std::optional<Failure> Pipeline::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool Pipeline::wait_left(std::uint32_t milliseconds) {
  std::unique_lock lock(mutex_);
  return coordinator_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return inside_ == 0; });
}

bool Pipeline::ready_locked(const Queue& queue) const {
  if (!queue.chunks.empty()) return true;
  if (queue.in_batch || free_.empty()) return false;
  return queue.connected || std::none_of(queues_.begin(), queues_.end(),
                                         [](const Queue& other) { return other.connected && other.waiting; });
}

void Pipeline::wait_ready_locked(std::unique_lock<std::mutex>& lock, Queue& queue,
                                 std::optional<std::chrono::milliseconds> patience) {
  const auto is_over = [&] {
    if (end_requested_ || ready_locked(queue)) return true;
    queue.woken = false;  // for what another has taken
    return false;
  };
  if (is_over()) return;
  queue.waiting = true;
  queue.woken = false;
  coordinator_.notify_one();
  if (patience) {
    queue.ready.wait_for(lock, *patience, is_over);
  } else {
    queue.ready.wait(lock, is_over);
  }
  queue.waiting = false;
}

Pipeline::Work Pipeline::wait_work(std::size_t worker, bool connected, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  Queue& queue = queues_[worker];
  queue.connected = connected;
  // In the middle of a batch its session has a transaction open: it waits as long as the coordinator takes.
  wait_ready_locked(lock, queue, queue.in_batch ? std::nullopt : std::optional(patience));
  if (end_requested_) return Work::ended;
  return ready_locked(queue) ? Work::ready : Work::none;
}

void Pipeline::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  // What it was woken for is another's.
  wake_for_free_locked();
  ending_.wait_for(lock, time, [this] { return end_requested_; });
}

std::optional<Chunk> Pipeline::next(std::size_t worker) {
  std::unique_lock lock(mutex_);
  Queue& queue = queues_[worker];
  queue.connected = true;
  wait_ready_locked(lock, queue, std::nullopt);
  return take_locked(queue);
}

std::optional<Chunk> Pipeline::try_next(std::size_t worker) {
  const std::lock_guard lock(mutex_);
  Queue& queue = queues_[worker];
  queue.connected = true;
  return take_locked(queue);
}

std::optional<Chunk> Pipeline::take_locked(Queue& queue) {
  if (end_requested_ || !ready_locked(queue)) return std::nullopt;
  // In the order of the source: else what it waits for might be left to nobody.
  if (!queue.in_batch && !free_.empty() && (queue.chunks.empty() || free_.front().batch < queue.chunks.front().batch)) {
    const auto end = std::find_if(free_.begin(), free_.end(),
                                  [batch = free_.front().batch](const Chunk& chunk) { return chunk.batch != batch; });
    queue.chunks.insert(queue.chunks.begin(), std::make_move_iterator(free_.begin()), std::make_move_iterator(end));
    free_.erase(free_.begin(), end);
  }
  Chunk chunk = std::move(queue.chunks.front());
  queue.chunks.pop_front();
  queue.taken = chunk.batch;
  queue.in_batch = !chunk.end && !chunk.ddl;
  --queued_;
  wake_for_free_locked();
  return chunk;
}

const Pipeline::Queue* Pipeline::head_locked() const {
  const auto found = std::find_if(queues_.begin(), queues_.end(),
                                  [this](const Queue& queue) { return queue.call && queue.batch == committed_ + 1; });
  return found == queues_.end() ? nullptr : &*found;
}

Pipeline::Turn Pipeline::wait_turn(std::uint64_t batch, std::chrono::milliseconds patience, TargetCall& call) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (end_requested_) return Turn::ended;
    if (committed_ >= batch) return Turn::come;
    if (wait_committed_locked(lock, batch, patience)) continue;
    const Queue* const head = head_locked();
    if (head == nullptr) continue;
    const std::uint32_t told = head->call->number == call.number ? call.told : 0;
    if (std::chrono::steady_clock::now() - head->called < patience + told * k_tell_again) continue;
    call = *head->call;
    call.told = told + 1;
    return Turn::stalled;
  }
}

void Pipeline::calls(std::size_t worker, std::uint64_t batch, std::uint64_t connection_id) {
  const std::lock_guard lock(mutex_);
  Queue& queue = queues_[worker];
  queue.call = TargetCall{++calls_, connection_id, 0};
  queue.batch = batch;
  queue.called = std::chrono::steady_clock::now();
}

void Pipeline::returned(std::size_t worker) {
  const std::lock_guard lock(mutex_);
  queues_[worker].call.reset();
}

void Pipeline::finished(const Chunk& chunk) {
  const std::lock_guard lock(mutex_);
  bytes_ -= chunk.bytes;
  memory_.remove(chunk.bytes);
  coordinator_.notify_one();
  if (!chunk.end && !chunk.ddl) return;
  committed_ = chunk.batch;
  for (Waiter* const waiter : waiters_) {
    if (waiter->batch <= committed_) waiter->come.notify_one();
  }
}

void Pipeline::fail(Failure failure) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = std::move(failure);
  }
  end();
}

void Pipeline::left() {
  const std::lock_guard lock(mutex_);
  --inside_;
  coordinator_.notify_one();
}

}  // namespace tributary::apply
