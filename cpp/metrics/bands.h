// How a metric shares its rows among threads: every row has a slot of its own for its sums, and the slots are
// added up in order afterwards, so that the result does not depend on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <thread>

#include "base/parallel.h"

namespace aicodec {

// Splits rows 0..rows-1 into bands of at least `grain` rows that begin at even rows, one per thread at least
// where there are rows enough (one thread gets one band), and calls work(begin, end) for each, as
// parallel_for does.
inline void for_bands(uint32_t rows, uint32_t grain, unsigned threads,
                      const std::function<void(uint32_t, uint32_t)>& work) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  // Three bands a thread even out a busy core.
  const uint32_t wanted = threads == 1 ? 1 : threads * 3;
  const uint32_t even = std::max(grain, (rows + wanted - 1) / wanted) + 1;
  const uint32_t band = even & ~1u;
  parallel_for((rows + band - 1) / band, threads, [&](size_t i) {
    const uint32_t begin = uint32_t(i) * band;
    work(begin, std::min(rows, begin + band));
  });
}

}  // namespace aicodec
