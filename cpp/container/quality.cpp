#include "container/quality.h"

#include "container/stream_header.h"

namespace aicodec {
namespace {

// Far beyond any metric: what a file may claim stays a number that can be added to.
constexpr int64_t kMaxScore = int64_t{1} << 40;

int64_t read_score(ByteReader& in, int64_t base) {
  const int64_t difference = in.svarint();
  if (difference < -kMaxScore || difference > kMaxScore) {
    in.fail(Error::kBadValue);
    return 0;
  }
  return base + difference;
}

}  // namespace

Bytes write_quality(const QualityNote& note) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(note.metric));
  for (const QualityRow& row : note.rows) {
    out.varint(row.frames);
    out.svarint(row.mean);
    out.svarint(row.fifth_percentile - row.mean);
  }
  return out.take();
}

Result<QualityNote> read_quality(ByteSpan payload) {
  ByteReader in(payload);
  QualityNote note;
  const uint8_t metric = in.u8();
  if (metric > kLastQualityMetric) in.fail(Error::kUnsupportedFeature);
  note.metric = static_cast<QualityMetric>(metric);
  do {
    QualityRow row;
    row.frames = in.varint_up_to(kMaxFrames);
    if (row.frames == 0) in.fail(Error::kBadValue);
    row.mean = read_score(in, 0);
    row.fifth_percentile = read_score(in, row.mean);
    note.rows.push_back(row);
  } while (in.ok() && in.remaining() > 0);
  AICODEC_TRY(in.finish());
  return note;
}

}  // namespace aicodec
