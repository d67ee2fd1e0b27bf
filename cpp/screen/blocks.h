// What the encoder and the decoder of a screen layer share: how a frame's blocks are coded, in raster order.
// A block keeps what is below, repeats the frame before, copies from a dictionary picture, or holds its
// samples.
#pragma once

#include <algorithm>
#include <cstring>

#include "bits/range_coder.h"
#include "screen/screen_layer.h"

namespace aicodec::screen {

inline constexpr uint32_t kBlock = 16;

// Block modes; from kFirstPicture on: a copy from that dictionary picture.
enum Mode : uint64_t { kLiteral = 0, kBelow = 1, kPrevious = 2, kFirstPicture = 3 };

// Part of a plane that a block covers.
struct Area {
  uint32_t x0, y0, x1, y1;
};

inline Area area_of(PixelFormat format, int plane, uint32_t x, uint32_t y, uint32_t width, uint32_t height) {
  const bool half = plane > 0 && format.layout == Layout::kYuv420;
  const uint32_t shift = half ? 1 : 0;
  return {x >> shift, y >> shift, std::min((x + kBlock) >> shift, format.plane_side(plane, width)),
          std::min((y + kBlock) >> shift, format.plane_side(plane, height))};
}

struct Models {
  NumberModel mode[3];
  SignedModel residual[3][3];
};

// One plane of a literal block, sample by sample: the mean of its left and upper neighbours, or what is
// below, and a residual in steps of 2 near + 1. `target` is null for a decoder.
template <typename Sample, typename Coder>
void code_samples(Coder& coder, SignedModel (&models)[3], const Area& area, const Plane& plane,
                  const ConstPlane* target, bool use_below, int32_t near, int32_t top) {
  const int32_t step = 2 * near + 1;
  int64_t last = 0;
  for (uint32_t y = area.y0; y < area.y1; ++y) {
    Sample* row = plane.row<Sample>(y);
    for (uint32_t x = area.x0; x < area.x1; ++x) {
      int32_t guess = (top + 1) / 2;
      if (use_below)
        guess = row[x];
      else if (x > 0 && y > 0)
        guess = (row[x - 1] + plane.row<Sample>(y - 1)[x]) / 2;
      else if (x > 0 || y > 0)
        guess = x > 0 ? row[x - 1] : plane.row<Sample>(y - 1)[x];
      int64_t residual = 0;
      if (target) {
        const int32_t error = target->row<Sample>(y)[x] - guess;
        residual = (error + (error < 0 ? -near : near)) / step;
      }
      last = models[std::min<int64_t>(last < 0 ? -last : last, 2)].code(coder, residual);
      const int64_t bounded = std::clamp<int64_t>(last, -top, top);
      row[x] = static_cast<Sample>(std::clamp<int64_t>(guess + bounded * step, 0, top));
    }
  }
}

template <typename Coder>
void code_literal(Coder& coder, Models& models, Picture& canvas, const PictureView* source, bool has_below,
                  uint32_t x, uint32_t y, uint32_t near) {
  const PixelFormat format = canvas.format();
  const int32_t top = static_cast<int32_t>(format.max_value());
  for (int p = 0; p < 3; ++p) {
    const Area area = area_of(format, p, x, y, canvas.width(), canvas.height());
    const ConstPlane* target = source ? &source->planes[p] : nullptr;
    const auto code = [&]<typename Sample>(Sample) {
      code_samples<Sample>(coder, models.residual[p], area, canvas.plane(p), target, has_below,
                           static_cast<int32_t>(near), top);
    };
    if (format.sample_bytes() == 2)
      code(uint16_t{});
    else
      code(uint8_t{});
  }
}

// Calls `row(a, b, bytes)` for the rows of a block in two pictures until it gives false; whether it never
// did.
template <typename Byte, typename Function>
bool for_rows(const std::array<BasicPlane<Byte>, 3>& to, const PictureView& from, uint32_t x, uint32_t y,
              const Function& row) {
  for (int p = 0; p < 3; ++p) {
    const Area area = area_of(from.format, p, x, y, from.width, from.height);
    const size_t size = from.format.sample_bytes();
    for (uint32_t line = area.y0; line < area.y1 && area.x0 < area.x1; ++line)
      if (!row(to[p].data + line * to[p].stride + area.x0 * size,
               from.planes[p].data + line * from.planes[p].stride + area.x0 * size,
               (area.x1 - area.x0) * size))
        return false;
  }
  return true;
}

inline std::array<Plane, 3> planes_of(Picture& picture) {
  return {picture.plane(0), picture.plane(1), picture.plane(2)};
}

inline void copy_block(Picture& to, const PictureView& from, uint32_t x, uint32_t y) {
  for_rows(planes_of(to), from, x, y, [](uint8_t* a, const uint8_t* b, size_t n) {
    std::memcpy(a, b, n);
    return true;
  });
}

}  // namespace aicodec::screen
