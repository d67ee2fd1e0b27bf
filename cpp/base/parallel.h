// Threads for loops over independent pieces of work. Helping threads wait for the next loop: starting one
// takes longer than a strip of a picture, and so does waking one that sleeps, so it stays awake for a moment
// first.
#pragma once

#include <cstddef>
#include <functional>

namespace aicodec {

// How many threads `threads` stands for: itself, or one per core if it is 0.
unsigned worker_count(unsigned threads);

// Calls work(0) .. work(count - 1), each once, on at most `threads` threads (0: one per core), the caller's
// among them. Returns when all are done. `work` must not throw and must be safe to call from many threads.
// May be called from many threads at once, from within `work`, and in a process that was forked from ours.
void parallel_for(size_t count, unsigned threads, const std::function<void(size_t)>& work);

}  // namespace aicodec
