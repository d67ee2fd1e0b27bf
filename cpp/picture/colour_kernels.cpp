// The loops of colour_kernels.h, written for the compiler to vectorise; see base/isa.h for how they are
// built.
#include "picture/colour_kernels.h"

namespace aicodec::AICODEC_KERNELS {
namespace {

constexpr int32_t kHalf = 1 << 15;

inline int32_t clamp(int32_t v, int32_t top) { return v < 0 ? 0 : v > top ? top : v; }

template <typename T>
void upsample(const T* near, const T* far, int16_t* out, uint32_t chroma_width, bool centred) {
  const auto tall = [=](uint32_t i) { return 3 * near[i] + far[i]; };
  const uint32_t last = chroma_width - 1;
  if (centred) {
    out[0] = int16_t(4 * tall(0));
    for (uint32_t i = 0; i < last; ++i) {
      const int a = tall(i), b = tall(i + 1);
      out[2 * i + 1] = int16_t(3 * a + b);
      out[2 * i + 2] = int16_t(a + 3 * b);
    }
    out[2 * last + 1] = int16_t(4 * tall(last));
  } else {
    for (uint32_t i = 0; i < last; ++i) {
      const int a = tall(i), b = tall(i + 1);
      out[2 * i] = int16_t(4 * a);
      out[2 * i + 1] = int16_t(2 * (a + b));
    }
    out[2 * last] = out[2 * last + 1] = int16_t(4 * tall(last));
  }
}

template <typename T>
void scale(const T* in, int16_t* out, uint32_t width) {
  for (uint32_t x = 0; x < width; ++x) out[x] = int16_t(in[x] * 16);
}

template <typename In, typename Out>
void to_rgb(const In* y, const int16_t* cb, const int16_t* cr, Out* r, Out* g, Out* b, uint32_t width,
            const ToRgb& gains) {
  const ToRgb k = gains;
  for (uint32_t x = 0; x < width; ++x) {
    const int32_t luma = k.y_gain * (y[x] - k.y_offset) + kHalf;
    const int32_t u = cb[x] - k.c_offset, v = cr[x] - k.c_offset;
    r[x] = Out(clamp((luma + k.red_cr * v) >> 16, k.max_value));
    g[x] = Out(clamp((luma + k.green_cb * u + k.green_cr * v) >> 16, k.max_value));
    b[x] = Out(clamp((luma + k.blue_cb * u) >> 16, k.max_value));
  }
}

template <typename T>
void interleave(const T* r, const T* g, const T* b, T* out, uint32_t width) {
  for (uint32_t x = 0; x < width; ++x) {
    out[3 * x] = r[x];
    out[3 * x + 1] = g[x];
    out[3 * x + 2] = b[x];
  }
}

template <typename T>
void deinterleave(const T* in, T* r, T* g, T* b, uint32_t width) {
  for (uint32_t x = 0; x < width; ++x) {
    r[x] = in[3 * x];
    g[x] = in[3 * x + 1];
    b[x] = in[3 * x + 2];
  }
}

void dot(const int32_t* r, const int32_t* g, const int32_t* b, const int32_t* weights, int32_t offset,
         int32_t max_value, uint16_t* out, uint32_t width) {
  const int32_t wr = weights[0], wg = weights[1], wb = weights[2];
  for (uint32_t x = 0; x < width; ++x)
    out[x] = uint16_t(clamp(((wr * r[x] + wg * g[x] + wb * b[x] + kHalf) >> 16) + offset, max_value));
}

void narrow(const uint16_t* in, uint8_t* out, uint32_t width) {
  for (uint32_t x = 0; x < width; ++x) out[x] = uint8_t(clamp((in[x] + 2) >> 2, 255));
}

}  // namespace

extern const ColourKernels kColourKernels;
const ColourKernels kColourKernels = {
    upsample<uint8_t>,
    upsample<uint16_t>,
    scale<uint8_t>,
    scale<uint16_t>,
    to_rgb<uint8_t, uint8_t>,
    to_rgb<uint16_t, uint8_t>,
    to_rgb<uint8_t, uint16_t>,
    to_rgb<uint16_t, uint16_t>,
    interleave<uint8_t>,
    interleave<uint16_t>,
    deinterleave<uint8_t>,
    deinterleave<uint16_t>,
    dot,
    narrow,
};

}  // namespace aicodec::AICODEC_KERNELS
