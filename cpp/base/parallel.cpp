#include "base/parallel.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "base/intrinsics.h"

namespace aicodec {
namespace {

constexpr size_t kMaxHelpers = 63;
// How long a thread looks for what it waits for before it sleeps: about as long as waking it would take.
constexpr std::chrono::microseconds kAwake{50};

// What all threads of one loop share. Lives in the caller.
struct Loop {
  size_t count;
  const std::function<void(size_t)>& work;
  std::atomic<size_t> next{0};

  void run() {
    for (size_t i = next++; i < count; i = next++) work(i);
  }
};

// A thread's place. Its state is what it does, and a number that grows with each loop it is given: a caller
// that waits for the end of its own loop is not taken in by the next one.
class Helper {
 public:
  // Reserves it for the caller, starting its thread if there is none; false if it is busy.
  bool claim() {
    uint32_t state = state_.load(std::memory_order_relaxed);
    const uint32_t phase = state % kPhases;
    if (phase > kIdle) return false;
    const uint32_t claimed = state - phase + kPhases + kClaimed;
    if (!state_.compare_exchange_strong(state, claimed, std::memory_order_acquire)) return false;
    if (phase == kIdle || start()) return true;
    state_.store(state, std::memory_order_release);
    return false;
  }

  // After claim(). Gives the number by which leave() knows the loop.
  uint32_t give(Loop& loop) {
    loop_ = &loop;
    const uint32_t round = state_.load(std::memory_order_relaxed) - kClaimed;
    set(round + kAssigned);
    return round;
  }

  // Takes the loop back if the thread has not begun, which on a busy machine may take long; waits until it
  // has ended otherwise.
  void leave(uint32_t round) {
    uint32_t assigned = round + kAssigned;
    if (state_.compare_exchange_strong(assigned, round + kIdle, std::memory_order_acq_rel)) return;
    wait([=](uint32_t state) { return state != round + kRunning; });
  }

 private:
  enum Phase : uint32_t { kNoThread, kIdle, kClaimed, kAssigned, kRunning, kPhases = 8 };

  bool start() {
    try {
      std::thread([this] { serve(); }).detach();
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }

  [[noreturn]] void serve() {
    for (;;) {
      uint32_t state = wait([](uint32_t now) { return now % kPhases == kAssigned; });
      const uint32_t round = state - kAssigned;
      if (!state_.compare_exchange_strong(state, round + kRunning, std::memory_order_acq_rel)) continue;
      loop_->run();
      set(round + kIdle);
    }
  }

  void set(uint32_t state) {
    state_.store(state, std::memory_order_release);
    state_.notify_all();
  }

  template <typename Is>
  uint32_t wait(Is is_it) {
    const auto end = std::chrono::steady_clock::now() + kAwake;
    for (;;) {
      for (int i = 0; i < 64; ++i) {
        const uint32_t state = state_.load(std::memory_order_acquire);
        if (is_it(state)) return state;
        pause();
      }
      if (std::chrono::steady_clock::now() >= end) break;
    }
    for (;;) {
      const uint32_t state = state_.load(std::memory_order_acquire);
      if (is_it(state)) return state;
      state_.wait(state, std::memory_order_acquire);
    }
  }
  static void pause() {
#if defined(AICODEC_X86)
    _mm_pause();
#endif
  }

  alignas(64) std::atomic<uint32_t> state_{kNoThread};
  Loop* loop_ = nullptr;
};
using Helpers = std::array<Helper, kMaxHelpers>;

// Never destroyed: its threads wait there to the process's end. A process forked from ours has none of the
// threads and begins anew.
std::atomic<Helpers*> helpers_now{nullptr};

Helpers& helpers() {
  static const bool forgets_when_forked = [] {
    return pthread_atfork(nullptr, nullptr, [] { helpers_now.store(nullptr); }) == 0;
  }();
  static_cast<void>(forgets_when_forked);
  Helpers* found = helpers_now.load(std::memory_order_acquire);
  if (found != nullptr) return *found;
  Helpers* const made = new Helpers;
  if (helpers_now.compare_exchange_strong(found, made, std::memory_order_acq_rel)) return *made;
  delete made;
  return *found;
}

}  // namespace

unsigned worker_count(unsigned threads) {
  return threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

void parallel_for(size_t count, unsigned threads, const std::function<void(size_t)>& work) {
  const size_t wanted = std::min<size_t>(worker_count(threads), count);
  Loop loop{count, work};
  if (wanted <= 1) return loop.run();
  std::array<std::pair<Helper*, uint32_t>, kMaxHelpers> given;
  size_t helping = 0;
  for (Helper& helper : helpers()) {
    if (helping + 1 >= wanted) break;
    if (helper.claim()) given[helping++] = {&helper, helper.give(loop)};
  }
  loop.run();
  for (size_t i = 0; i < helping; ++i) given[i].first->leave(given[i].second);
}

}  // namespace aicodec
