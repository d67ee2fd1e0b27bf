// Codes the frames of a `screen` layer in one way of deciding, and measures what a decoder will have to do.
#pragma once

#include <numeric>
#include <optional>

#include "base/result.h"
#include "bits/range_coder.h"
#include "screen/layer_header.h"
#include "screen/planner.h"

namespace aicodec::screen {

struct LayerInput {
  std::shared_ptr<Frame> source;
  std::shared_ptr<Frame> below;
  std::vector<uint8_t> kept;
};

struct LayerEncoder {
  LayerEncoder(const ScreenShape& layer_shape, const LayerHeader& layer_header, unsigned thread_count,
               const PlannerSettings& settings, const std::vector<SharedFrame>& pictures, bool has_below);

  ScreenShape shape;
  LayerHeader header;
  unsigned threads;
  History history;
  std::vector<SliceCoder> slices;
  std::vector<RangeEncoder> streams;
  std::vector<Planner> planners;         // per sheet
  std::vector<std::vector<Plan>> plans;  // per slice and sheet
  uint64_t frames = 0;
  uint64_t lessons = 0;         // those of them that were no repeats
  std::shared_ptr<Frame> last;  // the source of the frame before
  bool may_cut = true;
  bool may_cut_at_once = true;  // with a frame that itself takes far too long
  size_t first_count = 1;       // of slices from the second frame on that is no repeat
  uint64_t most_at_once = 0;    // the work of the frame after the first that took most
  uint64_t load = 0;            // pixels coded as such in a frame, of late
  uint64_t cost = 0;            // what a frame takes, in sixteenths of a bit, of late
  uint64_t spent_before = 0;    // the last frame
  // Models as they were before a frame that may turn out to take too long, and the place in its stream.
  std::optional<SliceCoder> models_before;
  RangeEncoder stream_before;
  std::vector<uint64_t> work;  // of decoding, by unit of rows, of late
  uint64_t counted_work = 0;   // see ScreenEncoder::work()

  // kBadValue if what was planned cannot be told; the encoder is then not to be used any more.
  Status code(const LayerInput& input);
  // Whether many pixels of the last frames were coded.
  bool is_dense() const;
  // And whether they took many bits: such frames are slow to decode.
  bool is_busy() const;
  // Whether frames took so long to decode, in the mean of all after the first, that there is no time for
  // more.
  bool has_been_slow() const;
  // So long that a decoder does not keep up.
  bool has_been_too_slow() const;
  // Whether a frame takes so long that slices should begin with the second one.
  bool is_far_too_slow() const;
  // Whether some frame took so long that slices should have begun with it.
  bool has_been_far_too_slow() const;
  // Before a frame that is no repeat: begins slices if so, or moves the borders between them.
  void cut_if_busy();
  void cut(const std::vector<uint32_t>& units);
  void move_if_uneven();
  std::vector<uint32_t> balanced(size_t count) const;
  uint64_t most_work(const std::vector<uint32_t>& units) const;
  uint64_t all_work() const { return std::accumulate(work.begin(), work.end(), uint64_t{0}); }
  uint64_t area() const { return uint64_t{shape.width} * shape.height; }
  // After a frame, of which so many pixels were coded as such.
  void measure_load(uint64_t literals);
  void measure_work();
  // Of the frame just coded, by unit of rows; adds up what all slices and what the busiest has to do.
  std::vector<uint64_t> work_of_frame(uint64_t& all, uint64_t& most) const;
  void plan();
  // Codes what is planned; false if it cannot be told.
  bool code_slices(const LayerInput& input, bool repeat);
  // The same where one slice is planned, which is cut into two if drawing it turns out to take far too long.
  bool code_or_cut(const LayerInput& input);
  bool may_be_sudden() const;
  // Of all streams so far, in sixteenths of a bit.
  uint64_t spent() const;
  Bytes finish();
};

}  // namespace aicodec::screen
