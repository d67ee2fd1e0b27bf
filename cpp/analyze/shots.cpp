#include "analyze/shots.h"

#include <algorithm>

namespace aicodec {
namespace {

// Chosen on real clips, where motion inside a shot scores up to 320 and joins of unlike clips score from 430,
// nearly all of them over 700.
constexpr uint32_t kCut = 400;           // the score of a cut after a calm shot
constexpr uint32_t kRestless = 500;      // lost blocks of a cut between shots that never match themselves
constexpr uint32_t kOtherColours = 250;  // the histogram's share of such a cut
constexpr uint64_t kMemory = 12;         // frames before a cut that say how restless the shot is

// One number for ranking. A histogram counts only as far as blocks changed too: stripes that move may shift
// it a lot from frame to frame without being a new scene.
uint32_t score(const Change& change) { return change.blocks + std::min(change.histogram, change.blocks) / 2; }

uint32_t colours(const Change& change) { return change.histogram; }

// The second largest value of `measure` in [first, last): what the video does all the time, not counting one
// outlier (the blended half of a cut, or a flash that ends in another scene).
template <typename Iterator, typename Measure>
uint32_t usual(Iterator first, Iterator last, Measure measure) {
  uint32_t largest = 0, second = 0;
  for (; first != last; ++first) {
    const uint32_t value = measure(first->change);
    second = std::max(second, std::min(value, largest));
    largest = std::max(largest, value);
  }
  return second;
}

}  // namespace

ShotDetector::ShotDetector(uint32_t min_length, uint32_t max_length)
    : min_length_(min_length), max_length_(max_length) {}

Result<std::vector<uint64_t>> ShotDetector::push(const PictureView& picture) {
  if (pushed_ == 0) {
    width_ = picture.width;
    height_ = picture.height;
  } else if (picture.width != width_ || picture.height != height_) {
    return Error::kWrongPicture;
  }
  thumbnails_.push_back(make_thumbnail(picture));
  const size_t held = thumbnails_.size();
  steps_.push_back({held > 1 ? change_between(thumbnails_[held - 2], thumbnails_[held - 1]) : Change{}});
  if (held > kFlash + 4) thumbnails_.pop_front();
  ++pushed_;

  std::vector<uint64_t> starts;
  if (pushed_ > kFlash + 1) examine(pushed_ - 1 - kFlash);
  if (pushed_ > kLookahead) decide(pushed_ - 1 - kLookahead, starts);
  return starts;
}

std::vector<uint64_t> ShotDetector::finish() {
  std::vector<uint64_t> starts;
  for (uint64_t n = std::max<uint64_t>(pushed_, kFlash) - kFlash; n < pushed_; ++n)
    if (n > 0) examine(n);
  for (uint64_t n = std::max<uint64_t>(pushed_, kLookahead) - kLookahead; n < pushed_; ++n) decide(n, starts);
  split_long(pushed_, starts);
  *this = ShotDetector(min_length_, max_length_);
  return starts;
}

// Looks at a frame once all that this takes has been pushed: kFlash more frames, or the whole video.
void ShotDetector::examine(uint64_t frame) {
  if (score(step(frame).change) < kCut) return;
  step(frame).fade = is_fade(frame);
  absorb_flash(frame);
}

// Whether `frame` is among three steps of equal length: a fade's first step, its last or one between.
bool ShotDetector::is_fade(uint64_t frame) const {
  const auto straight = [&](uint64_t first) {
    return on_a_line(thumbnail(first), thumbnail(first + 1), thumbnail(first + 2));
  };
  for (uint64_t end = frame; end <= frame + 2 && end < pushed_; ++end)
    if (end >= 3 && straight(end - 3) && straight(end - 2)) return true;
  return false;
}

// If frame `frame` begins a flash, rewrites the changes as if its frames had been copies of the one before.
void ShotDetector::absorb_flash(uint64_t frame) {
  const uint64_t last = std::min<uint64_t>(frame + kFlash, pushed_ - 1);
  for (uint64_t back = frame + 1; back <= last; ++back) {
    const uint32_t in = score(step(frame).change), out = score(step(back).change);
    if (out < kCut) continue;
    const Change across = change_between(thumbnail(frame - 1), thumbnail(back));
    if (10 * score(across) > 6 * std::min(in, out)) continue;
    for (uint64_t n = frame; n < back; ++n) step(n) = {};
    step(back).change = across;
    return;
  }
}

bool ShotDetector::is_cut(uint64_t frame) const {
  const Change& now = step(frame).change;
  if (score(now) < kCut || step(frame).fade) return false;
  const auto here = steps_.begin() + ptrdiff_t(frame - first_step_);
  const auto before = here - std::min<ptrdiff_t>(kMemory, here - steps_.begin());
  const auto after = here + 1 + std::min<ptrdiff_t>(kCalm, steps_.end() - (here + 1));
  // Of two neighbours (a cut with one blended frame) the stronger is the cut.
  if (here != steps_.begin() && score(here[-1].change) >= score(now)) return false;
  if (here + 1 != steps_.end() && score(here[1].change) > score(now)) return false;
  const auto level = [&](auto measure) {
    return std::max(usual(before, here, measure), usual(here + 1, after, measure));
  };
  const uint32_t restless = level(score);
  if (score(now) >= kCut + restless && score(now) >= 2 * restless) return true;
  return now.blocks >= kRestless && now.histogram >= kOtherColours && now.histogram >= 3 * level(colours);
}

void ShotDetector::decide(uint64_t frame, std::vector<uint64_t>& starts) {
  if (frame > 0 && is_cut(frame)) {
    if (frame - start_ >= min_length_) {
      split_long(frame, starts);
      starts.push_back(frame);
      start_ = frame;
    }
    step(frame) = {};  // a cut says nothing about how restless the shots beside it are
  } else if (frame - start_ >= uint64_t{max_length_} + min_length_) {
    split_long(frame, starts);
  }
  const uint64_t needed = std::min(start_, std::max(frame, kMemory) - kMemory);
  while (first_step_ < needed) {
    steps_.pop_front();
    ++first_step_;
  }
}

// Ends the current segment early as often as it takes to let the one before `end` be short enough.
void ShotDetector::split_long(uint64_t end, std::vector<uint64_t>& starts) {
  while (end - start_ > max_length_) {
    const uint64_t latest = start_ + max_length_;
    const uint64_t high = std::clamp(end - min_length_, start_ + min_length_, latest);
    const uint64_t low = std::clamp(latest - max_length_ / 4, start_ + min_length_, high);
    uint64_t best = low;
    for (uint64_t n = low; n <= high; ++n)
      if (score(step(n).change) >= score(step(best).change)) best = n;
    starts.push_back(best);
    start_ = best;
  }
}

}  // namespace aicodec
