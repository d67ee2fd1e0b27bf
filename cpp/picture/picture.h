// What a picture is: up to three planes of 8- or 16-bit samples. Every layer draws into a Picture, every
// metric reads a PictureView; how samples become colours is colour.h's business.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "picture/sample_memory.h"

namespace aicodec {

// A picture is at most kMaxSide wide and high, and has at most kMaxPixels pixels (an 8K frame four times
// over): a decoder checks both before it allocates.
inline constexpr uint32_t kMaxSide = 65536;
inline constexpr uint64_t kMaxPixels = uint64_t{1} << 27;

// The planes of a picture: R, G, B or Y, Cb, Cr; kYuv420 halves both sides of the chroma planes, rounding up.
enum class Layout : uint8_t { kRgb = 0, kYuv420 = 1, kYuv444 = 2 };

// Layout and bits per sample (8 or 10). 8-bit samples are bytes, 10-bit ones native uint16 in 0..1023.
struct PixelFormat {
  Layout layout = Layout::kRgb;
  uint8_t bit_depth = 8;

  bool operator==(const PixelFormat&) const = default;
  bool is_yuv() const { return layout != Layout::kRgb; }
  uint32_t sample_bytes() const { return bit_depth > 8 ? 2 : 1; }
  uint32_t max_value() const { return (1u << bit_depth) - 1; }
  // Side of plane `plane` (0..2) of a picture with side `side`.
  uint32_t plane_side(int plane, uint32_t side) const {
    return plane > 0 && layout == Layout::kYuv420 ? (side + 1) / 2 : side;
  }
};

// "rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p" or "yuv444p10".
std::string_view format_name(PixelFormat format);
// The format with that name; kUnsupportedFeature if there is none.
Result<PixelFormat> format_from_name(std::string_view name);
// kBadValue for a zero side, kTooLarge for one over the limits.
Status check_size(uint32_t width, uint32_t height);

// A plane that somebody else owns. `stride` is in bytes.
template <typename Byte>
struct BasicPlane {
  Byte* data = nullptr;
  ptrdiff_t stride = 0;
  uint32_t width = 0;
  uint32_t height = 0;

  // Row `y` as samples of type T (uint8_t for 8-bit pictures, uint16_t for 10-bit ones).
  template <typename T>
  auto row(uint32_t y) const {
    if constexpr (std::is_const_v<Byte>)
      return reinterpret_cast<const T*>(data + y * stride);
    else
      return reinterpret_cast<T*>(data + y * stride);
  }
};
using Plane = BasicPlane<uint8_t>;
using ConstPlane = BasicPlane<const uint8_t>;

// A picture that somebody else owns.
struct PictureView {
  PixelFormat format;
  uint32_t width = 0;
  uint32_t height = 0;
  std::array<ConstPlane, 3> planes;

  bool same_shape(const PictureView& other) const {
    return format == other.format && width == other.width && height == other.height;
  }
};

// An owning picture. Planes lie one after another in one allocation; rows start at multiples of 64 bytes and
// have at least 64 readable bytes after them, so that kernels may overrun a row.
class Picture {
 public:
  Picture() = default;
  // Samples are not initialised: clear() or draw all of them. Precondition: check_size(width, height).ok().
  Picture(PixelFormat format, uint32_t width, uint32_t height);
  Picture(Picture&&) noexcept = default;
  Picture& operator=(Picture&&) noexcept = default;

  PixelFormat format() const { return format_; }
  uint32_t width() const { return width_; }
  uint32_t height() const { return height_; }
  Plane plane(int index) { return planes_[index]; }
  PictureView view() const;
  // Sets every sample to zero.
  void clear();
  // Bytes of all samples without padding: what pack() writes.
  size_t packed_size() const;
  // Writes all planes to `out`, rows without padding, plane after plane. Precondition: packed_size() bytes.
  void pack(uint8_t* out) const;
  // The reverse of pack().
  void unpack(const uint8_t* in);
  // Lowers 10-bit samples over 1023 to 1023. Whoever fills a picture from outside calls it: everything that
  // reads a picture relies on samples being in range.
  void clamp_samples();
  // Copies every sample of `view`; kWrongPicture if its shape is another.
  Status copy_from(const PictureView& view);

 private:
  PixelFormat format_;
  uint32_t width_ = 0;
  uint32_t height_ = 0;
  std::array<Plane, 3> planes_;
  SampleMemory bytes_;
};

}  // namespace aicodec
