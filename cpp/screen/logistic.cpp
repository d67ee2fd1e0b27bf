#include "screen/logistic.h"

#include <algorithm>

namespace aicodec::screen {
namespace {

// e^(-1/256), rounded to double; its powers by repeated multiplication (IEEE arithmetic: the same
// everywhere).
constexpr double kStep = 0x1.fe00ffaabffbcp-1;

constexpr LogisticTables make_tables() {
  LogisticTables tables{};
  double power = 1.0;  // e^(-x / 256)
  for (int x = 0; x <= kMaxStretch; ++x) {
    const int high = static_cast<int>(65536.0 / (1.0 + power));
    tables.squash[kMaxStretch + x] = static_cast<uint16_t>(high > 65535 ? 65535 : high);
    tables.squash[kMaxStretch - x] = static_cast<uint16_t>(high > 65535 ? 1 : 65536 - high);
    power *= kStep;
  }
  for (int i = 0; i <= 2 * kMaxStretch; ++i)
    tables.safe[i] = std::clamp<uint16_t>(tables.squash[i], 3, 65533);
  // stretch(p) is the least x with squash(x) >= p.
  int x = -kMaxStretch;
  for (int p = 0; p < 65536; ++p) {
    while (x < kMaxStretch && tables.squash[x + kMaxStretch] < p) ++x;
    tables.stretch[p] = static_cast<int16_t>(x);
  }
  for (int i = 0; i < 4096; ++i) tables.rough[i] = tables.stretch[16 * i + 8];
  return tables;
}

}  // namespace

constinit const LogisticTables kLogistic = make_tables();

}  // namespace aicodec::screen
