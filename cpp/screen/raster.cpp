#include "screen/raster.h"

namespace aicodec::screen {
namespace {

// Planes of a sheet in component order.
struct SheetPlanes {
  int count;
  int plane[3];
};

SheetPlanes planes_of(PixelFormat format, int sheet) {
  if (format.layout == Layout::kRgb) return {3, {1, 0, 2}};  // G, R, B
  if (format.layout == Layout::kYuv444) return {3, {0, 1, 2}};
  return sheet == 0 ? SheetPlanes{1, {0}} : SheetPlanes{2, {1, 2}};
}

template <typename T>
void load_row(const T* a, const T* b, const T* c, Pixel* out, int width) {
  if (c != nullptr)
    for (int x = 0; x < width; ++x) out[x] = Pixel{a[x]} | Pixel{b[x]} << 10 | Pixel{c[x]} << 20;
  else if (b != nullptr)
    for (int x = 0; x < width; ++x) out[x] = Pixel{a[x]} | Pixel{b[x]} << 10;
  else
    for (int x = 0; x < width; ++x) out[x] = a[x];
}

template <typename T>
void store_row(const Pixel* in, int shift, T* out, int width) {
  for (int x = 0; x < width; ++x) out[x] = static_cast<T>(in[x] >> shift & 1023);
}

}  // namespace

SheetShape sheet_shape(PixelFormat format, uint32_t width, uint32_t height, int sheet) {
  const SheetPlanes planes = planes_of(format, sheet);
  return {static_cast<int>(format.plane_side(planes.plane[0], width)),
          static_cast<int>(format.plane_side(planes.plane[0], height)), planes.count,
          static_cast<int>(format.max_value()), !format.is_yuv()};
}

void load_sheet(const PictureView& picture, int sheet, int top, int bottom, int origin, Raster& raster) {
  const SheetPlanes planes = planes_of(picture.format, sheet);
  const bool wide = picture.format.bit_depth > 8;
  for (int y = top; y < bottom; ++y) {
    const auto row = [&](int k, auto sample) {
      using T = decltype(sample);
      return k < planes.count ? picture.planes[static_cast<size_t>(planes.plane[k])].template row<const T>(
                                    static_cast<uint32_t>(y))
                              : nullptr;
    };
    Pixel* out = raster.at(0, y - origin);
    if (wide)
      load_row(row(0, uint16_t{}), row(1, uint16_t{}), row(2, uint16_t{}), out, raster.width());
    else
      load_row(row(0, uint8_t{}), row(1, uint8_t{}), row(2, uint8_t{}), out, raster.width());
  }
}

void store_sheet(const Raster& raster, int origin, int sheet, int top, int bottom, Picture& picture) {
  const SheetPlanes planes = planes_of(picture.format(), sheet);
  for (int k = 0; k < planes.count; ++k) {
    Plane plane = picture.plane(planes.plane[k]);
    for (int y = top; y < bottom; ++y) {
      const Pixel* in = raster.at(0, y - origin);
      if (picture.format().bit_depth > 8)
        store_row(in, 10 * k, plane.row<uint16_t>(static_cast<uint32_t>(y)), raster.width());
      else
        store_row(in, 10 * k, plane.row<uint8_t>(static_cast<uint32_t>(y)), raster.width());
    }
  }
}

}  // namespace aicodec::screen
