#include "segment/timing.h"

#include "bits/range_coder.h"

namespace aicodec {
namespace {

// The two models: after a frame of nominal length, and after any other.
struct DurationModels {
  SignedModel offset;
  SignedModel change[2];
};

int64_t nominal_duration(const StreamHeader& header, uint64_t frame) {
  return header.nominal_time(frame + 1) - header.nominal_time(frame);
}

}  // namespace

bool is_regular(const Times& times, const StreamHeader& header, uint64_t first_frame) {
  for (size_t i = 0; i < times.size(); ++i)
    if (times[i] != header.nominal_time(first_frame + i)) return false;
  return true;
}

Times regular_times(const StreamHeader& header, const SegmentHead& head) {
  Times times(head.frames + 1);
  for (uint64_t i = 0; i <= head.frames; ++i) times[i] = header.nominal_time(head.first_frame + i);
  return times;
}

Bytes write_times(const Times& times, const StreamHeader& header, uint64_t first_frame) {
  RangeEncoder coder;
  DurationModels models;
  models.offset.code(coder, times[0] - header.nominal_time(first_frame));
  int64_t last = 0;
  for (size_t i = 0; i + 1 < times.size(); ++i) {
    const int64_t change = times[i + 1] - times[i] - nominal_duration(header, first_frame + i);
    models.change[last != 0].code(coder, change);
    last = change;
  }
  return coder.finish();
}

Result<Times> read_times(ByteSpan bytes, const StreamHeader& header, const SegmentHead& head) {
  RangeDecoder coder(bytes);
  DurationModels models;
  Times times;
  const int64_t offset = models.offset.code(coder, 0);
  if (offset > kMaxTime || offset < -kMaxTime) return Error::kBadValue;
  times.push_back(header.nominal_time(head.first_frame) + offset);
  int64_t last = 0;
  for (uint64_t i = 0; i < head.frames; ++i) {
    last = models.change[last != 0].code(coder, 0);
    if (coder.overrun()) return Error::kTruncated;
    if (last > kMaxTime || last < -kMaxTime) return Error::kBadValue;
    const int64_t duration = nominal_duration(header, head.first_frame + i) + last;
    if (duration <= 0 || times.back() + duration > kMaxTime || times.back() < -kMaxTime)
      return Error::kBadValue;
    times.push_back(times.back() + duration);
  }
  AICODEC_TRY(coder.finish());
  return times;
}

}  // namespace aicodec
