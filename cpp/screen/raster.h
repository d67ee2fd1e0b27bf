// Rasters of packed pixels with a border of zeros, and the way from pictures into them and back. A picture is
// one sheet, or two where chroma is halved: luma (one component) and chroma (two).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "picture/picture.h"
#include "screen/pixel.h"

namespace aicodec::screen {

// Contexts may look this far outside a raster; there they see zeros.
inline constexpr int kBorder = 32;

// Gives memory as it comes: finding a large raster's pages takes longer than filling them, and can be left to
// the threads that fill them.
template <typename T>
struct Untouched : std::allocator<T> {
  Untouched() = default;
  template <typename U>
  Untouched(const Untouched<U>&) noexcept {}
  // Without a value nothing is written.
  template <typename U>
  void construct(U* place) {
    ::new (static_cast<void*>(place)) U;
  }
};

template <typename T>
class BasicRaster {
 public:
  BasicRaster() = default;
  BasicRaster(int width, int height, T fill = T{})
      : width_(width),
        height_(height),
        stride_(width + 2 * kBorder),
        cells_(static_cast<size_t>(stride_) * static_cast<size_t>(height + 2 * kBorder), fill) {}
  // As large as another, pixels and border of no meaning.
  static BasicRaster untouched_like(const BasicRaster& other) {
    BasicRaster raster;
    raster.width_ = other.width_;
    raster.height_ = other.height_;
    raster.stride_ = other.stride_;
    raster.cells_.resize(other.cells_.size());
    return raster;
  }

  int width() const { return width_; }
  int height() const { return height_; }
  ptrdiff_t stride() const { return stride_; }
  // All pixels, but not the border.
  void fill(T value) {
    for (int y = 0; y < height_; ++y) std::fill_n(at(0, y), width_, value);
  }
  T* at(int x, int y) { return cells_.data() + (y + kBorder) * stride_ + x + kBorder; }
  const T* at(int x, int y) const { return cells_.data() + (y + kBorder) * stride_ + x + kBorder; }

 private:
  int width_ = 0;
  int height_ = 0;
  ptrdiff_t stride_ = 0;
  std::vector<T, Untouched<T>> cells_;
};
using Raster = BasicRaster<Pixel>;

// What is common to all rasters of one sheet.
struct SheetShape {
  int width = 0;
  int height = 0;
  int components = 3;
  int max_value = 255;
  // Components are G, R, B, and R and B are predicted by their distance from G.
  bool rgb = false;
};

// The colour of each sheet before anything is drawn.
using Ground = std::array<Pixel, 2>;

inline int sheet_count(PixelFormat format) { return format.layout == Layout::kYuv420 ? 2 : 1; }
SheetShape sheet_shape(PixelFormat format, uint32_t width, uint32_t height, int sheet);

// Rows [top, bottom) of the sheet between a picture and a raster whose row 0 is the sheet's row `origin`.
void load_sheet(const PictureView& picture, int sheet, int top, int bottom, int origin, Raster& raster);
void store_sheet(const Raster& raster, int origin, int sheet, int top, int bottom, Picture& picture);

}  // namespace aicodec::screen
