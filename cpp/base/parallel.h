// Threads for loops over independent pieces of work. Threads live as long as one call: a pool that outlives
// it would hang in a process forked from ours (data loaders fork), and starting one costs about 20 us,
// little beside the milliseconds that a picture takes.
#pragma once

#include <cstddef>
#include <functional>

namespace aicodec {

// Calls work(0) .. work(count - 1), each once, on at most `threads` threads (0: one per core), the caller's
// among them. Returns when all are done. `work` must not throw and must be safe to call from many threads.
void parallel_for(size_t count, unsigned threads, const std::function<void(size_t)>& work);

}  // namespace aicodec
