// When the frames of a segment are shown. At a steady rate that follows from the header and costs nothing;
// otherwise durations are coded as differences from the nominal one, which repeats itself cheaply.
#pragma once

#include <vector>

#include "container/segment_head.h"
#include "container/stream_header.h"

namespace aicodec {

// Frames + 1 strictly increasing ticks: the start of each frame, then the end of the last.
using Times = std::vector<int64_t>;

// Whether every time is the nominal one, so that nothing need be stored.
bool is_regular(const Times& times, const StreamHeader& header, uint64_t first_frame);
Times regular_times(const StreamHeader& header, const SegmentHead& head);

// Precondition: strictly increasing, within kMaxTime.
Bytes write_times(const Times& times, const StreamHeader& header, uint64_t first_frame);
Result<Times> read_times(ByteSpan bytes, const StreamHeader& header, const SegmentHead& head);

}  // namespace aicodec
