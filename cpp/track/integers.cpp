#include "track/integers.h"

namespace aicodec::track {
namespace {

// About how many bits the residuals take.
double cost(const std::vector<int64_t>& values, const Predictor& predictor) {
  double bits = 0;
  int64_t zeros = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t difference =
        static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(predictor.guess(values.data(), i));
    const int64_t residual = static_cast<int64_t>(difference);
    if (residual == 0) {
      bits += zeros++ < 8 ? 0.5 : 0.02;
      continue;
    }
    zeros = 0;
    bits += 3 + 1.4 * int(std::bit_width(static_cast<uint64_t>(residual < 0 ? ~residual : residual)));
  }
  return bits;
}

}  // namespace

Predictor best_predictor(const std::vector<int64_t>& values) {
  Predictor best;
  double least = cost(values, best);
  const auto attempt = [&](const Predictor& candidate, double extra) {
    const double bits = cost(values, candidate) + extra;
    if (bits < least) {
      least = bits;
      best = candidate;
    }
  };
  for (uint64_t order = 1; order <= Predictor::kMaxOrder; ++order) attempt({order, 0}, 0);
  const uint64_t longest = std::min<uint64_t>(values.size() / 2, 64);
  for (uint64_t period = 2; period <= longest; ++period) attempt({1, period}, 8);
  return best;
}

}  // namespace aicodec::track
