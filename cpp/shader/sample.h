// Samples of the picture below and of the previous frame. Internal linkage on purpose: the kernels compile
// this once for each instruction set (base/isa.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace aicodec::shader {
namespace {

// One channel of a picture; without data every sample is 0.
struct SamplePlane {
  const uint8_t* data;
  ptrdiff_t stride;
  uint32_t width, height;
  float scale;  // 1 / the largest sample, rounded
  bool wide;    // 16 bits a sample

  template <typename View>
  static SamplePlane of(const View& picture, uint32_t channel, uint32_t width, uint32_t height,
                        uint32_t max_value) {
    const auto& plane = picture.planes[channel];
    return {plane.data, plane.stride, width, height, 1.0f / float(max_value), max_value > 255};
  }
  uint32_t at(uint32_t x, uint32_t y) const {
    if (data == nullptr) return 0;
    const uint8_t* row = data + ptrdiff_t(y) * stride;
    return wide ? reinterpret_cast<const uint16_t*>(row)[x] : row[x];
  }
};

// Into 0 to `last`; NaN to 0.
inline float kept_inside(float v, uint32_t last) {
  const float low = v > 0.0f ? v : 0.0f;
  return low < float(last) ? low : float(last);
}

// Between the four samples around (x + dx, y + dy), which is first moved into the picture.
[[maybe_unused]] inline float sample_bilinear(const SamplePlane& p, uint32_t x, uint32_t y, float dx,
                                              float dy) {
  const float px = kept_inside(float(x) + dx, p.width - 1), py = kept_inside(float(y) + dy, p.height - 1);
  const uint32_t x0 = uint32_t(int32_t(px)), y0 = uint32_t(int32_t(py));
  const uint32_t x1 = x0 + 1 < p.width ? x0 + 1 : x0, y1 = y0 + 1 < p.height ? y0 + 1 : y0;
  const float fx = px - float(x0), fy = py - float(y0);
  const float a = float(p.at(x0, y0)), b = float(p.at(x1, y0)), c = float(p.at(x0, y1)),
              d = float(p.at(x1, y1));
  const float top = a + (b - a) * fx, bottom = c + (d - c) * fx;
  return (top + (bottom - top) * fy) * p.scale;
}

// The sample at (x + dx, y + dy) rounded half up, moved into the picture.
[[maybe_unused]] inline float sample_nearest(const SamplePlane& p, uint32_t x, uint32_t y, float dx,
                                             float dy) {
  const float px = kept_inside(float(x) + dx + 0.5f, p.width - 1);
  const float py = kept_inside(float(y) + dy + 0.5f, p.height - 1);
  return float(p.at(uint32_t(int32_t(px)), uint32_t(int32_t(py)))) * p.scale;
}

inline uint32_t place_inside(int64_t v, uint32_t side, bool wrap) {
  if (wrap) {
    const int64_t rest = v % int64_t{side};
    return uint32_t(rest < 0 ? rest + int64_t{side} : rest);
  }
  return v < 0 ? 0 : v >= int64_t{side} ? side - 1 : uint32_t(v);
}

// The sample as stored; beyond the edges the picture repeats, or its edges do.
[[maybe_unused]] inline uint32_t sample_placed(const SamplePlane& p, int64_t x, int64_t y, bool wrap) {
  return p.at(place_inside(x, p.width, wrap), place_inside(y, p.height, wrap));
}

}  // namespace
}  // namespace aicodec::shader
