// The loops of escape_kernels.h, written for the compiler to vectorise; see base/isa.h for how they are
// built.
#include "fit/escape_kernels.h"

namespace aicodec::fit::AICODEC_KERNELS {
namespace {

constexpr uint32_t kLanes = 32;
// It is not looked after every turn whether all points have escaped. Turns in all: 255.
constexpr int kTurns = 5;
constexpr int kRounds = 51;

struct Points {
  float a[kLanes], b[kLanes], p[kLanes], q[kLanes];
  int32_t inside[kLanes];  // -1, or 0 once it has escaped
  int32_t count[kLanes];
};

void turn(Points& points, float bailout) {
  for (uint32_t i = 0; i < kLanes; ++i) {
    const float a = points.a[i], b = points.b[i];
    points.inside[i] &= a * a + b * b > bailout ? 0 : -1;
    points.count[i] -= points.inside[i];
    points.a[i] = a * a - b * b + points.p[i];
    points.b[i] = 2.0f * a * b + points.q[i];
  }
}

void count(Points& points, float bailout) {
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kTurns; ++i) turn(points, bailout);
    int32_t any = 0;
    for (uint32_t i = 0; i < kLanes; ++i) any |= points.inside[i];
    if (any == 0) return;
  }
}

void row(const EscapeView& view, uint32_t y, uint32_t n, uint8_t* out) {
  const float down = static_cast<float>(y) * view.pitch + view.top;
  for (uint32_t begin = 0; begin < n; begin += kLanes) {
    Points points;
    for (uint32_t i = 0; i < kLanes; ++i) {
      points.a[i] = static_cast<float>(begin + i) * view.pitch + view.left;
      points.b[i] = down;
      points.p[i] = view.julia ? view.re : points.a[i];
      points.q[i] = view.julia ? view.im : points.b[i];
      points.inside[i] = -1;
      points.count[i] = 0;
    }
    count(points, view.bailout);
    for (uint32_t i = 0; i < kLanes && begin + i < n; ++i)
      out[begin + i] = static_cast<uint8_t>(points.count[i]);
  }
}

}  // namespace

extern const EscapeKernels kEscapeKernels;
const EscapeKernels kEscapeKernels = {row};

}  // namespace aicodec::fit::AICODEC_KERNELS
