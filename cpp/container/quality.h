// What an encoder measured of the frames it made, kept for whoever looks at the file: an optional chunk. No
// decoder needs it, and nobody can rely on it as on a digest.
#pragma once

#include <vector>

#include "bits/bytes.h"

namespace aicodec {

enum class QualityMetric : uint8_t { kSsimulacra2 = 0, kPsnr = 1, kXpsnr = 2, kSsim = 3, kMsSsim = 4 };
inline constexpr uint8_t kLastQualityMetric = 4;

// Scores are whole numbers of 1/quality_steps(metric) of the metric's unit.
struct QualityRow {
  uint64_t frames = 0;  // that were measured, 1 to kMaxFrames
  int64_t mean = 0;     // over those, as the metric pools
  int64_t fifth_percentile = 0;

  bool operator==(const QualityRow&) const = default;
};

// `rows` has the whole file's row first, then one for each segment, in order; a file of one segment has one
// row.
struct QualityNote {
  QualityMetric metric = QualityMetric::kSsimulacra2;
  std::vector<QualityRow> rows;

  bool operator==(const QualityNote&) const = default;
};

// Points and decibels are kept to a hundredth, what lies between 0 and 1 to a ten-thousandth.
constexpr int quality_steps(QualityMetric metric) { return metric >= QualityMetric::kSsim ? 10000 : 100; }

// `rows` must not be empty.
Bytes write_quality(const QualityNote& note);

// kUnsupportedFeature for a metric that is not known.
Result<QualityNote> read_quality(ByteSpan payload);

}  // namespace aicodec
