#include "pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tributary::apply {

Pipeline::Pipeline(std::size_t workers, std::size_t byte_limit)
    : byte_limit_(byte_limit), queues_(workers), inside_(workers) {}

bool Pipeline::push(std::size_t worker, Chunk chunk) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return end_requested_ || bytes_ == 0 || bytes_ + chunk.bytes <= byte_limit_; });
  if (end_requested_) return false;
  bytes_ += chunk.bytes;
  ++queued_;
  queues_[worker].chunks.push_back(std::move(chunk));
  changed_.notify_all();
  return true;
}

std::size_t Pipeline::choose_worker() const {
  const std::lock_guard lock(mutex_);
  const auto load = [](const Queue& queue) { return queue.chunks.size() + (queue.waiting ? 0 : 1); };
  const auto best = std::min_element(queues_.begin(), queues_.end(),
                                     [&](const Queue& a, const Queue& b) { return load(a) < load(b); });
  return static_cast<std::size_t>(best - queues_.begin());
}

bool Pipeline::hungry_locked() const {
  return queued_ == 0 && std::any_of(queues_.begin(), queues_.end(), [](const Queue& queue) { return queue.waiting; });
}

bool Pipeline::hungry() const {
  const std::lock_guard lock(mutex_);
  return hungry_locked();
}

bool Pipeline::wait_hungry() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return end_requested_ || hungry_locked(); });
  return !end_requested_;
}

bool Pipeline::wait_committed(std::uint64_t batch) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return end_requested_ || committed_ >= batch; });
  return !end_requested_;
}

void Pipeline::end() {
  {
    const std::lock_guard lock(mutex_);
    end_requested_ = true;
    changed_.notify_all();
  }
  ended_.request_stop();
}

std::optional<Failure> Pipeline::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

bool Pipeline::wait_left(std::uint32_t milliseconds) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return inside_ == 0; });
}

std::optional<Chunk> Pipeline::next(std::size_t worker) {
  std::unique_lock lock(mutex_);
  Queue& queue = queues_[worker];
  if (queue.chunks.empty()) {
    queue.waiting = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return end_requested_ || !queue.chunks.empty(); });
    queue.waiting = false;
  }
  if (end_requested_) return std::nullopt;
  Chunk chunk = std::move(queue.chunks.front());
  queue.chunks.pop_front();
  --queued_;
  return chunk;
}

void Pipeline::finished(const Chunk& chunk) {
  const std::lock_guard lock(mutex_);
  bytes_ -= chunk.bytes;
  if (chunk.end || chunk.ddl) committed_ = chunk.batch;
  changed_.notify_all();
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
  changed_.notify_all();
}

}  // namespace tributary::apply
