#include "picture/colour.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "picture/colour_kernels.h"

namespace aicodec {
namespace {

constexpr uint32_t kRowsPerTask = 32;  // even, so that tasks never share a row of chroma

const ColourKernels& kernels() { return AICODEC_PICK_KERNELS(kColourKernels); }

// Numerator over 10^4 of the luma weights of red and blue: H.273, table 4.
struct LumaWeights {
  int64_t red, blue;
};

Result<LumaWeights> luma_weights(uint8_t matrix) {
  switch (matrix) {
    case 1:
      return LumaWeights{2126, 722};
    case 5:
    case 6:
      return LumaWeights{2990, 1140};
    case 7:
      return LumaWeights{2120, 870};
    case 9:
      return LumaWeights{2627, 593};
    default:
      return Error::kUnsupportedFeature;
  }
}

// The nearest integer to a / b for b > 0.
int32_t round_div(int64_t a, int64_t b) { return int32_t((a >= 0 ? a + b / 2 : a - b / 2) / b); }

// Where black lies and how far white and full chroma are from it.
struct SampleRange {
  int64_t y_offset, y_span, c_offset, c_span;
};

SampleRange sample_range(uint8_t depth, bool full) {
  const int64_t one = int64_t{1} << (depth - 8), top = (int64_t{1} << depth) - 1;
  if (full) return {0, top, 128 * one, top};
  return {16 * one, 219 * one, 128 * one, 224 * one};
}

ToRgb to_rgb_gains(LumaWeights w, uint8_t from_depth, bool full, uint8_t to_depth) {
  const SampleRange range = sample_range(from_depth, full);
  const int64_t top = (int64_t{1} << to_depth) - 1, green = 10000 - w.red - w.blue;
  // Chroma rows hold 16 times the sample, so their gains are 2^12 per unit.
  const int64_t chroma = 4096 * top, span = range.c_span;
  return {round_div(65536 * top, range.y_span),
          int32_t(range.y_offset),
          int32_t(16 * range.c_offset),
          round_div(chroma * 2 * (10000 - w.red), span * 10000),
          round_div(-chroma * 2 * (10000 - w.blue) * w.blue, span * green * 10000),
          round_div(-chroma * 2 * (10000 - w.red) * w.red, span * green * 10000),
          round_div(chroma * 2 * (10000 - w.blue), span * 10000),
          int32_t(top)};
}

FromRgb from_rgb_gains(LumaWeights w, uint8_t from_depth, uint8_t to_depth, bool full) {
  const SampleRange range = sample_range(to_depth, full);
  const int64_t top = (int64_t{1} << from_depth) - 1, green = 10000 - w.red - w.blue;
  const int64_t luma = 65536 * range.y_span,
                chroma = 8192 * range.c_span;  // chroma rows hold 8 times the sample
  const auto y = [&](int64_t weight) { return round_div(luma * weight, top * 10000); };
  const auto c = [&](int64_t weight, int64_t own) {
    return round_div(chroma * weight, 2 * top * (10000 - own));
  };
  return {{y(w.red), y(green), y(w.blue)},
          {c(-w.red, w.blue), c(-green, w.blue), c(10000 - w.blue, w.blue)},
          {c(10000 - w.red, w.red), c(-green, w.red), c(-w.blue, w.red)},
          int32_t(range.y_offset),
          int32_t(range.c_offset),
          (1 << to_depth) - 1};
}

// One row of chroma plane `plane` for luma row `y`, 16-fold, into `out`.
void chroma_row(const PictureView& from, int plane, uint32_t y, bool centred, int16_t* out) {
  const ConstPlane& c = from.planes[plane];
  const bool wide = from.format.sample_bytes() == 2;
  if (from.format.layout != Layout::kYuv420) {
    if (wide)
      kernels().scale_16(c.row<uint16_t>(y), out, c.width);
    else
      kernels().scale_8(c.row<uint8_t>(y), out, c.width);
    return;
  }
  const uint32_t near = y / 2;
  const uint32_t far = y % 2 ? std::min(near + 1, c.height - 1) : near - (near > 0);
  if (wide)
    kernels().upsample_16(c.row<uint16_t>(near), c.row<uint16_t>(far), out, c.width, centred);
  else
    kernels().upsample_8(c.row<uint8_t>(near), c.row<uint8_t>(far), out, c.width, centred);
}

template <typename In, typename Out, typename Kernel>
void rgb_row(const PictureView& from, const Colour& colour, const ToRgb& gains, uint32_t y, Kernel kernel,
             int16_t* cb, int16_t* cr, Out* const rgb[3]) {
  chroma_row(from, 1, y, colour.chroma_centred, cb);
  chroma_row(from, 2, y, colour.chroma_centred, cr);
  kernel(from.planes[0].row<In>(y), cb, cr, rgb[0], rgb[1], rgb[2], from.width, gains);
}

// Row `y` of a YCbCr picture as three rows of RGB samples of type Out.
template <typename Out>
void yuv_row_to_rgb(const PictureView& from, const Colour& colour, const ToRgb& gains, uint32_t y,
                    int16_t* cb, int16_t* cr, Out* const rgb[3]) {
  if constexpr (sizeof(Out) == 1) {
    if (from.format.sample_bytes() == 1)
      rgb_row<uint8_t>(from, colour, gains, y, kernels().to_rgb_8_8, cb, cr, rgb);
    else
      rgb_row<uint16_t>(from, colour, gains, y, kernels().to_rgb_16_8, cb, cr, rgb);
  } else {
    if (from.format.sample_bytes() == 1)
      rgb_row<uint8_t>(from, colour, gains, y, kernels().to_rgb_8_16, cb, cr, rgb);
    else
      rgb_row<uint16_t>(from, colour, gains, y, kernels().to_rgb_16_16, cb, cr, rgb);
  }
}

// Calls row(y) for every row, tasks of kRowsPerTask on several threads.
template <typename Row>
void for_rows(uint32_t height, unsigned threads, const Row& make_row) {
  parallel_for((height + kRowsPerTask - 1) / kRowsPerTask, threads, [&](size_t task) {
    const uint32_t first = uint32_t(task) * kRowsPerTask;
    make_row(first, std::min(first + kRowsPerTask, height));
  });
}

// Samples of a plane at another depth. RGB is full range (10-bit white is 1023), YCbCr scales by 4.
void change_depth(const ConstPlane& from, uint8_t from_depth, const Plane& to, uint8_t to_depth, bool rgb) {
  for (uint32_t y = 0; y < to.height; ++y) {
    if (from_depth == to_depth) {
      std::copy_n(from.data + y * from.stride, size_t{to.width} * (to_depth > 8 ? 2 : 1),
                  to.data + y * to.stride);
    } else if (to_depth == 8) {
      const uint16_t* in = from.row<uint16_t>(y);
      uint8_t* out = to.row<uint8_t>(y);
      if (!rgb)
        kernels().narrow(in, out, to.width);
      else
        for (uint32_t x = 0; x < to.width; ++x)
          out[x] = uint8_t((std::min<int>(in[x], 1023) * 255 + 511) / 1023);
    } else {
      const uint8_t* in = from.row<uint8_t>(y);
      uint16_t* out = to.row<uint16_t>(y);
      for (uint32_t x = 0; x < to.width; ++x) out[x] = uint16_t(in[x] << 2 | (rgb ? in[x] >> 6 : 0));
    }
  }
}

void store(const Plane& plane, uint32_t sample_bytes, uint32_t y, const uint16_t* row) {
  if (sample_bytes == 2)
    std::copy_n(row, plane.width, plane.row<uint16_t>(y));
  else
    std::transform(row, row + plane.width, plane.row<uint8_t>(y), [](uint16_t v) { return uint8_t(v); });
}

template <typename T>
void downsample(const T* __restrict top, const T* __restrict bottom, uint32_t width, bool centred,
                int32_t* __restrict out) {
  const auto tall = [&](size_t x) { return top[x] + bottom[x]; };
  const size_t last = (width + size_t{1}) / 2 - 1, right = std::min<size_t>(2 * last + 1, width - 1);
  if (centred) {
    for (size_t i = 0; i < last; ++i)
      out[i] = 2 * (top[2 * i] + bottom[2 * i] + top[2 * i + 1] + bottom[2 * i + 1]);
    out[last] = 2 * (tall(2 * last) + tall(right));
    return;
  }
  for (size_t i = 1; i < last; ++i)
    out[i] = top[2 * i - 1] + bottom[2 * i - 1] + 2 * (top[2 * i] + bottom[2 * i]) + top[2 * i + 1] +
             bottom[2 * i + 1];
  out[0] = 3 * tall(0) + tall(std::min<size_t>(1, width - 1));
  if (last > 0) out[last] = tall(2 * last - 1) + 2 * tall(2 * last) + tall(right);
}

// Row `y` of `plane` at 4:2:0 positions, 8-fold: the mean of the samples that a chroma sample stands for.
void downsampled_row(const PictureView& from, int plane, uint32_t y, bool centred, int32_t* out) {
  const ConstPlane& p = from.planes[plane];
  const uint32_t top = 2 * y, bottom = std::min(2 * y + 1, from.height - 1);
  if (from.format.sample_bytes() == 1)
    downsample(p.row<uint8_t>(top), p.row<uint8_t>(bottom), from.width, centred, out);
  else
    downsample(p.row<uint16_t>(top), p.row<uint16_t>(bottom), from.width, centred, out);
}

void full_row(const PictureView& from, int plane, uint32_t y, int32_t gain, int32_t* out) {
  const auto times_gain = [gain](int32_t sample) { return gain * sample; };
  const ConstPlane& p = from.planes[plane];
  if (from.format.sample_bytes() == 1)
    std::transform(p.row<uint8_t>(y), p.row<uint8_t>(y) + from.width, out, times_gain);
  else
    std::transform(p.row<uint16_t>(y), p.row<uint16_t>(y) + from.width, out, times_gain);
}

void rgb_to_yuv(const PictureView& from, const FromRgb& gains, bool centred, Picture& to, unsigned threads) {
  const bool halved = to.format().layout == Layout::kYuv420;
  const uint32_t bytes = to.format().sample_bytes();
  for_rows(from.height, threads, [&](uint32_t first, uint32_t end) {
    std::vector<int32_t> rgb[3] = {std::vector<int32_t>(from.width), std::vector<int32_t>(from.width),
                                   std::vector<int32_t>(from.width)};
    std::vector<uint16_t> out(from.width);
    const auto write = [&](int plane, uint32_t y, const int32_t* weights, int32_t offset) {
      const Plane target = to.plane(plane);
      kernels().dot(rgb[0].data(), rgb[1].data(), rgb[2].data(), weights, offset, gains.max_value, out.data(),
                    target.width);
      store(target, bytes, y, out.data());
    };
    for (uint32_t y = first; y < end; ++y) {
      for (int p = 0; p < 3; ++p) full_row(from, p, y, 1, rgb[p].data());
      write(0, y, gains.y, gains.y_offset);
      if (halved && y % 2 == 1) continue;
      for (int p = 0; p < 3; ++p) {
        if (halved)
          downsampled_row(from, p, y / 2, centred, rgb[p].data());
        else
          full_row(from, p, y, 8, rgb[p].data());
      }
      write(1, halved ? y / 2 : y, gains.cb, gains.c_offset);
      write(2, halved ? y / 2 : y, gains.cr, gains.c_offset);
    }
  });
}

// Chroma of `from` at the resolution and depth of `to` (one of them 4:2:0, the other 4:4:4).
void resample_chroma(const PictureView& from, bool centred, Picture& to) {
  const int from_depth = from.format.bit_depth, to_depth = to.format().bit_depth;
  const bool up = from.format.layout == Layout::kYuv420;
  const int32_t scale = up ? 16 : 8;
  std::vector<int16_t> tall(from.width + 2);
  std::vector<int32_t> wide(from.width + 2);
  std::vector<uint16_t> out(from.width + 2);
  for (int p = 1; p < 3; ++p) {
    const Plane target = to.plane(p);
    for (uint32_t y = 0; y < target.height; ++y) {
      if (up) {
        chroma_row(from, p, y, centred, tall.data());
        std::copy_n(tall.data(), target.width, wide.data());
      } else {
        downsampled_row(from, p, y, centred, wide.data());
      }
      for (uint32_t x = 0; x < target.width; ++x) {
        const int32_t value = to_depth >= from_depth
                                  ? ((wide[x] << (to_depth - from_depth)) + scale / 2) / scale
                                  : (wide[x] + 2 * scale) / (4 * scale);
        out[x] = uint16_t(std::min<int32_t>(value, int32_t(to.format().max_value())));
      }
      store(target, to.format().sample_bytes(), y, out.data());
    }
  }
}

// Fills rgb rows for every row of `from` and hands them to use(y, rows).
template <typename Out, typename Use>
void each_rgb_row(const PictureView& from, const Colour& colour, const ToRgb& gains, unsigned threads,
                  const Use& use) {
  for_rows(from.height, threads, [&](uint32_t first, uint32_t end) {
    std::vector<int16_t> chroma(2 * (from.width + 2));
    std::vector<Out> samples(3 * size_t{from.width});
    Out* const rows[3] = {samples.data(), samples.data() + from.width, samples.data() + 2 * from.width};
    for (uint32_t y = first; y < end; ++y) {
      yuv_row_to_rgb(from, colour, gains, y, chroma.data(), chroma.data() + from.width + 2, rows);
      use(y, rows);
    }
  });
}

template <typename Out>
void yuv_to_rgb_planes(const PictureView& from, const Colour& colour, const ToRgb& gains, Picture& to,
                       unsigned threads) {
  each_rgb_row<Out>(from, colour, gains, threads, [&](uint32_t y, Out* const rows[3]) {
    for (int p = 0; p < 3; ++p) std::copy_n(rows[p], from.width, to.plane(p).row<Out>(y));
  });
}

}  // namespace

uint8_t effective_matrix(const Colour& colour, uint32_t width, uint32_t height) {
  if (colour.matrix != 2) return colour.matrix;
  return height > 576 || width > 1024 ? 1 : 6;
}

bool matrix_supported(uint8_t matrix) { return matrix == 2 || luma_weights(matrix).ok(); }

Status convert(const PictureView& from, const Colour& colour, Picture& to, unsigned threads) {
  if (from.width != to.width() || from.height != to.height()) return Error::kWrongPicture;
  const PixelFormat source = from.format, target = to.format();
  if (source.layout == target.layout || (source.is_yuv() && target.is_yuv())) {
    const bool same = source.layout == target.layout;
    for (int p = 0; p < (same ? 3 : 1); ++p)
      change_depth(from.planes[p], source.bit_depth, to.plane(p), target.bit_depth, !source.is_yuv());
    if (!same) resample_chroma(from, colour.chroma_centred, to);
    return Ok{};
  }
  const Result<LumaWeights> weights = luma_weights(effective_matrix(colour, from.width, from.height));
  if (!weights.ok()) return weights.error();
  if (target.is_yuv()) {
    rgb_to_yuv(from, from_rgb_gains(weights.value(), source.bit_depth, target.bit_depth, colour.full_range),
               colour.chroma_centred, to, threads);
    return Ok{};
  }
  const ToRgb gains = to_rgb_gains(weights.value(), source.bit_depth, colour.full_range, target.bit_depth);
  if (target.sample_bytes() == 2)
    yuv_to_rgb_planes<uint16_t>(from, colour, gains, to, threads);
  else
    yuv_to_rgb_planes<uint8_t>(from, colour, gains, to, threads);
  return Ok{};
}

Status convert_to_rgb(const PictureView& from, const Colour& colour, uint8_t bit_depth, void* out,
                      unsigned threads) {
  const size_t row = 3 * size_t{from.width};
  auto* const bytes = static_cast<uint8_t*>(out);
  auto* const words = static_cast<uint16_t*>(out);
  if (!from.format.is_yuv()) {
    if (from.format.bit_depth != bit_depth) return Error::kWrongPicture;
    for_rows(from.height, threads, [&](uint32_t first, uint32_t end) {
      for (uint32_t y = first; y < end; ++y) {
        const auto& p = from.planes;
        if (bit_depth == 8)
          kernels().interleave_8(p[0].row<uint8_t>(y), p[1].row<uint8_t>(y), p[2].row<uint8_t>(y),
                                 bytes + y * row, from.width);
        else
          kernels().interleave_16(p[0].row<uint16_t>(y), p[1].row<uint16_t>(y), p[2].row<uint16_t>(y),
                                  words + y * row, from.width);
      }
    });
    return Ok{};
  }
  const Result<LumaWeights> weights = luma_weights(effective_matrix(colour, from.width, from.height));
  if (!weights.ok()) return weights.error();
  const ToRgb gains = to_rgb_gains(weights.value(), from.format.bit_depth, colour.full_range, bit_depth);
  if (bit_depth == 8)
    each_rgb_row<uint8_t>(from, colour, gains, threads, [&](uint32_t y, uint8_t* const rows[3]) {
      kernels().interleave_8(rows[0], rows[1], rows[2], bytes + y * row, from.width);
    });
  else
    each_rgb_row<uint16_t>(from, colour, gains, threads, [&](uint32_t y, uint16_t* const rows[3]) {
      kernels().interleave_16(rows[0], rows[1], rows[2], words + y * row, from.width);
    });
  return Ok{};
}

void deinterleave_rgb(const void* in, Picture& to) {
  const size_t row = 3 * size_t{to.width()};
  for (uint32_t y = 0; y < to.height(); ++y) {
    if (to.format().sample_bytes() == 1)
      kernels().deinterleave_8(static_cast<const uint8_t*>(in) + y * row, to.plane(0).row<uint8_t>(y),
                               to.plane(1).row<uint8_t>(y), to.plane(2).row<uint8_t>(y), to.width());
    else
      kernels().deinterleave_16(static_cast<const uint16_t*>(in) + y * row, to.plane(0).row<uint16_t>(y),
                                to.plane(1).row<uint16_t>(y), to.plane(2).row<uint16_t>(y), to.width());
  }
}

}  // namespace aicodec
