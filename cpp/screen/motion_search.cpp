#include "screen/motion_search.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "screen/lanes.h"
#include "screen/subpixel.h"

namespace aicodec::screen {
namespace {

// What a bit of a vector weighs against differences of samples.
constexpr int kWeightOfBit = 2;
constexpr int kNever = 1 << 30;

int bits_of(int difference) {
  const unsigned size = static_cast<unsigned>(std::abs(difference));
  return 2 * static_cast<int>(std::bit_width(size)) + 1;
}

// About what a vector takes.
int bits_of(Vector vector, const CandidateVectors& candidates) {
  for (int i = 0; i < candidates.count; ++i)
    if (candidates.vectors[static_cast<size_t>(i)] == vector) return 1 + i;
  if (!VectorModel::is_in_reach(candidates.expected, vector)) return kNever / 4;
  const Way more = way_of(vector) - candidates.expected;
  return 5 + bits_of(more.dx) + bits_of(more.dy);
}

// From the best vector so far on: pixel by pixel as long as that helps, then to ever finer steps around it.
// `attempt` takes a vector if it is better, and says whether it did: then it has set `best` to it.
template <typename Attempt>
void descend(const Vector& best, int rounds, const Attempt& attempt) {
  constexpr Way kAround[8] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}};
  const auto improve = [&](int step, int ways) {
    const Way centre = way_of(best);
    bool better = false;
    for (int i = 0; i < ways; ++i)
      better |= attempt(vector_of(centre + Way{step * kAround[i].dx, step * kAround[i].dy}, 0));
    return better;
  };
  while (rounds-- > 0 && improve(kSteps, 4)) continue;
  for (int step = kSteps / 2; step > 0; step /= 2) improve(step, 8);
}

}  // namespace

MotionSearch::Plane::Plane(int plane_width, int plane_height)
    : width(plane_width),
      height(plane_height),
      stride(width + 2 * kPad),
      samples(static_cast<size_t>(stride) * static_cast<size_t>(height + 2 * kPad)) {}

void MotionSearch::Plane::extend() {
  for (int y = 0; y < height; ++y) {
    std::fill_n(at(-kPad, y), kPad, *at(0, y));
    std::fill_n(at(width, y), kPad, *at(width - 1, y));
  }
  for (int y = 1; y <= kPad; ++y) {
    std::copy_n(at(-kPad, 0), stride, at(-kPad, -y));
    std::copy_n(at(-kPad, height - 1), stride, at(-kPad, height - 1 + y));
  }
}

void MotionSearch::load(const Raster& raster, Planes& planes) const {
  const int count = shape_.components == 2 ? 2 : 1;
  while (static_cast<int>(planes.size()) < count) planes.emplace_back(shape_.width, shape_.height);
  for (int k = 0; k < count; ++k) {
    Plane& plane = planes[static_cast<size_t>(k)];
    for (int y = 0; y < shape_.height; ++y) {
      const Pixel* from = raster.at(0, y);
      int16_t* to = plane.at(0, y);
      for (int x = 0; x < shape_.width; ++x) to[x] = static_cast<int16_t>(component(from[x], k));
    }
    plane.extend();
  }
}

void MotionSearch::reduce(const Plane& from, std::vector<Plane>& to) {
  if (to.empty())
    to.emplace_back((from.width + kReduced - 1) / kReduced, (from.height + kReduced - 1) / kReduced);
  Plane& small = to[0];
  for (int y = 0; y < small.height; ++y)
    for (int x = 0; x < small.width; ++x) {
      int sum = 0;
      for (int i = 0; i < kReduced; ++i)
        for (int j = 0; j < kReduced; ++j) sum += *from.at(x * kReduced + j, y * kReduced + i);
      *small.at(x, y) = static_cast<int16_t>(sum / (kReduced * kReduced));
    }
}

void MotionSearch::prepare(const Raster& frame, const Raster& previous, const Raster* older,
                           const Raster* below) {
  load(frame, now_);
  load(previous, previous_);
  has_older_ = older != nullptr;
  if (has_older_) load(*older, older_);
  if (below != nullptr) load(*below, below_);
  reduce(now_[0], small_now_);
  reduce(previous_[0], small_previous_);
}

Vector MotionSearch::look_around(int x, int y) const {
  constexpr int kReach = 12;  // in small samples
  constexpr int kSide = 16;
  constexpr int kWeightOfStep = 4;
  const Plane& now = small_now_[0];
  const Plane& then = small_previous_[0];
  const int left = x / kReduced, top = y / kReduced;
  const int width = std::min(kSide, now.width - left), height = std::min(kSide, now.height - top);
  int least = kNever;
  Vector best;
  for (int dy = std::max(-kReach, -top); dy <= std::min(kReach, now.height - top - height); ++dy)
    for (int dx = std::max(-kReach, -left); dx <= std::min(kReach, now.width - left - width); ++dx) {
      int sum = kWeightOfStep * (std::abs(dx) + std::abs(dy));
      for (int r = 0; r < height && sum < least; ++r) {
        const int16_t* a = now.at(left, top + r);
        const int16_t* b = then.at(left + dx, top + r + dy);
        for (int c = 0; c < width; ++c) sum += std::abs(a[c] - b[c]);
      }
      if (sum >= least) continue;
      least = sum;
      best = {dx * kReduced, dy * kReduced};
    }
  return best;
}

bool MotionSearch::contains(const Area& a, Vector v) const {
  return std::max(std::abs(v.dx), std::abs(v.dy)) < kVectorLimit && a.x + v.dx >= 0 && a.y + v.dy >= 0 &&
         a.x + a.width + v.dx <= shape_.width && a.y + a.height + v.dy <= shape_.height;
}

void MotionSearch::predict(const Planes& planes, const Area& a, Vector v, Block& out) const {
  for (size_t k = 0; k < planes.size(); ++k) {
    const Plane& plane = planes[k];
    if (v.is_whole())
      for (int r = 0; r < a.height; ++r)
        std::copy_n(plane.at(a.x + v.dx, a.y + r + v.dy), kMost, out.samples[k][r]);
    else
      interpolate(plane.at(a.x + v.dx, a.y + v.dy), plane.stride, v.fraction, a.height, shape_.max_value,
                  out.samples[k]);
  }
}

// The errors' sum, and that of what is left of them beside their neighbours': a photo pixel's predictors see
// those.
int MotionSearch::cost(const Area& a, const Block& block, const Block* other) const {
  const auto absolute = [](Lanes v) { return max_of(v, all_lanes(0) - v); };
  int total = 0;
  for (size_t k = 0; k < now_.size(); ++k) {
    // Errors of a row, and before the first one the one left of it.
    alignas(16) int16_t rows[2][8 + kMost];
    Lanes sums[2] = {all_lanes(0), all_lanes(0)};
    alignas(16) int16_t inside[kMost] = {};
    std::fill_n(inside, a.width, int16_t{-1});
    for (int r = 0; r < a.height; ++r) {
      int16_t* here = rows[r & 1] + 8;
      const int16_t* now = now_[k].at(a.x, a.y + r);
      for (int half = 0; half < kMost; half += 8) {
        Lanes expected = load_lanes(block.samples[k][r] + half);
        if (other != nullptr)
          expected = shift_right<1>(expected + load_lanes(other->samples[k][r] + half) + all_lanes(1));
        store_lanes(here + half, load_anywhere(now + half) - expected);
      }
      std::fill(here + a.width, here + kMost, int16_t{0});
      here[-1] = here[0];
      const int16_t* above = r > 0 ? rows[(r & 1) ^ 1] + 8 : here;
      for (int half = 0; half < kMost; half += 8) {
        const Lanes error = load_lanes(here + half);
        const Lanes around = shift_right<1>(load_anywhere(here + half - 1) + load_lanes(above + half));
        Lanes& sum = sums[half / 8];
        sum = sum_to_limit(sum_to_limit(sum, absolute(error)),
                           absolute(error - around) & load_lanes(inside + half));
      }
    }
    alignas(16) uint16_t lanes[kMost];
    for (int half = 0; half < kMost; half += 8) store_lanes(lanes + half, sums[half / 8]);
    for (const uint16_t lane : lanes) total += lane;
  }
  return total;
}

Vector MotionSearch::find(const Area& area, std::span<const Vector> likely,
                          const CandidateVectors& candidates, int below) const {
  Vector best;
  int least = kNever;
  Block block;
  const auto attempt = [&](Vector v) {
    const bool is_below = v.reference == below && v == Vector{0, 0, v.reference, 0};
    if ((v.reference != 0 && !is_below) || !contains(area, v)) return false;
    predict(is_below ? below_ : previous_, area, v, block);
    const int sum = cost(area, block, nullptr) + kWeightOfBit * bits_of(v, candidates);
    if (sum >= least) return false;
    least = sum;
    best = v;
    return true;
  };
  attempt({});
  for (int i = 0; i < candidates.count; ++i) attempt(candidates.vectors[static_cast<size_t>(i)]);
  if (best.reference != 0) return best;
  for (const Vector v : likely) attempt(v);
  descend(best, 16, attempt);
  return best;
}

std::optional<Vector> MotionSearch::find_second(const Area& area, Vector first,
                                                const CandidateVectors& candidates, int below) const {
  if (!has_older_) return std::nullopt;
  Block one, other;
  predict(first.reference == below ? below_ : previous_, area, first, one);
  const int alone = cost(area, one, nullptr);
  Vector best;
  int least = kNever;
  const auto attempt = [&](Vector v) {
    if (!contains(area, v)) return false;
    predict(older_, area, v, other);
    const int sum = cost(area, one, &other) + kWeightOfBit * bits_of(v, candidates);
    if (sum >= least) return false;
    least = sum;
    best = v;
    return true;
  };
  const Way way = way_of(first);
  for (const Vector v : {Vector{}, vector_of(candidates.expected, 0), vector_of(way + way, 0)}) attempt(v);
  for (int i = 0; i < candidates.count; ++i) attempt(candidates.vectors[static_cast<size_t>(i)]);
  descend(best, 8, attempt);
  return least < alone ? std::optional(best) : std::nullopt;
}

}  // namespace aicodec::screen
