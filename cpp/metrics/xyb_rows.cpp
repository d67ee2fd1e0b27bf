#include "metrics/xyb_rows.h"

#include <algorithm>
#include <cmath>

#include "metrics/pixel_kernels.h"

namespace aicodec {

std::vector<float> srgb_table(uint8_t bit_depth) {
  std::vector<float> table(size_t{1} << bit_depth);
  for (size_t i = 0; i < table.size(); ++i) {
    const double v = double(i) / double(table.size() - 1);
    table[i] = float(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
  }
  return table;
}

XybRows::XybRows(const RowSource& source, uint32_t begin, uint32_t end, LinearPicture* halved)
    : kernels_(AICODEC_PICK_KERNELS(kSsimulacra2Kernels)),
      source_(source),
      begin_(begin),
      end_(end),
      next_(begin < kBlurReach ? 0 : begin - kBlurReach),
      halved_(halved),
      stride_((size_t{source.width} + 16) & ~size_t{15}),
      xyb_(3 * kSlots * stride_),
      linear_(source.samples ? 6 * stride_ : 0),
      zero_(stride_) {}

void XybRows::move_to(uint32_t y) {
  for (const uint32_t last = std::min(y + kBlurReach, source_.height - 1); next_ <= last; ++next_)
    make_row(next_);
}

void XybRows::window(int plane, uint32_t y, const float** rows) const {
  for (uint32_t i = 0; i < kBlurRows; ++i) {
    const bool inside = y + i >= kBlurReach && y + i - kBlurReach < source_.height;
    rows[i] = inside ? slot(plane, y + i - kBlurReach) : zero_.data();
  }
}

void XybRows::make_row(uint32_t y) {
  const uint32_t width = source_.width;
  const float* rgb[3];
  for (int c = 0; c < 3; ++c) {
    if (!source_.samples) {
      rgb[c] = source_.linear->planes[c].row(y);
      continue;
    }
    float* row = linear_row(c, y);
    const ConstPlane& plane = source_.samples->planes[c];
    if (source_.samples->format.sample_bytes() == 2)
      kernels_.look_up_16(plane.row<uint16_t>(y), source_.table, row, width);
    else
      kernels_.look_up_8(plane.row<uint8_t>(y), source_.table, row, width);
    row[width] = row[width - 1];
    rgb[c] = row;
  }
  kernels_.to_xyb(rgb[0], rgb[1], rgb[2], slot(0, y), slot(1, y), slot(2, y), width);
  const bool pair_ends = y % 2 == 1 || y + 1 == source_.height;
  if (halved_ && pair_ends && y >= begin_ && y < end_) halve_pair(y);
}

// Writes the halved row that ends with row y; the last row of an odd height stands for both.
void XybRows::halve_pair(uint32_t y) {
  const PixelKernels& pixels = AICODEC_PICK_KERNELS(kPixelKernels);
  const uint32_t top = y & ~1u;
  for (int c = 0; c < 3; ++c) {
    const float* first = source_.samples ? linear_row(c, top) : source_.linear->planes[c].row(top);
    const float* second = source_.samples ? linear_row(c, y) : source_.linear->planes[c].row(y);
    float* out = halved_->planes[c].row(y / 2);
    pixels.halve(first, second, out, halved_->width);
    out[halved_->width] = out[halved_->width - 1];
  }
}

}  // namespace aicodec
