#include "picture/picture.h"

#include <algorithm>
#include <cstring>

namespace aicodec {
namespace {

struct NamedFormat {
  std::string_view name;
  PixelFormat format;
};

constexpr NamedFormat kFormats[] = {
    {"rgb24", {Layout::kRgb, 8}},      {"rgb30", {Layout::kRgb, 10}},
    {"yuv420p", {Layout::kYuv420, 8}}, {"yuv420p10", {Layout::kYuv420, 10}},
    {"yuv444p", {Layout::kYuv444, 8}}, {"yuv444p10", {Layout::kYuv444, 10}},
};

// Copies a plane row by row, `bytes` of each.
void copy_rows(uint8_t* to, ptrdiff_t to_stride, const uint8_t* from, ptrdiff_t from_stride, size_t bytes,
               uint32_t rows) {
  for (uint32_t y = 0; y < rows; ++y) std::memcpy(to + y * to_stride, from + y * from_stride, bytes);
}

}  // namespace

std::string_view format_name(PixelFormat format) {
  for (const NamedFormat& known : kFormats)
    if (known.format == format) return known.name;
  return "unknown";
}

Result<PixelFormat> format_from_name(std::string_view name) {
  for (const NamedFormat& known : kFormats)
    if (known.name == name) return known.format;
  return Error::kUnsupportedFeature;
}

Status check_size(uint32_t width, uint32_t height) {
  if (width == 0 || height == 0) return Error::kBadValue;
  if (width > kMaxSide || height > kMaxSide || uint64_t{width} * height > kMaxPixels) return Error::kTooLarge;
  return Ok{};
}

Picture::Picture(PixelFormat format, uint32_t width, uint32_t height)
    : format_(format), width_(width), height_(height) {
  std::array<size_t, 3> offsets;
  size_t total = 0;
  for (int p = 0; p < 3; ++p) {
    Plane& plane = planes_[p];
    plane.width = format.plane_side(p, width);
    plane.height = format.plane_side(p, height);
    const size_t row = size_t{plane.width} * format.sample_bytes();
    plane.stride = static_cast<ptrdiff_t>((row + kSampleAlignment - 1) / kSampleAlignment * kSampleAlignment);
    offsets[p] = total;
    total += plane.stride * size_t{plane.height};
  }
  total += kSampleAlignment;
  bytes_ = allocate_samples(total);
  for (int p = 0; p < 3; ++p) planes_[p].data = bytes_.get() + offsets[p];
}

void Picture::clear() { std::memset(bytes_.get(), 0, bytes_.get_deleter().size); }

PictureView Picture::view() const {
  PictureView view{format_, width_, height_, {}};
  for (int p = 0; p < 3; ++p)
    view.planes[p] = {planes_[p].data, planes_[p].stride, planes_[p].width, planes_[p].height};
  return view;
}

size_t Picture::packed_size() const {
  size_t total = 0;
  for (const Plane& plane : planes_) total += size_t{plane.width} * plane.height * format_.sample_bytes();
  return total;
}

void Picture::pack(uint8_t* out) const {
  for (const Plane& plane : planes_) {
    const size_t row = size_t{plane.width} * format_.sample_bytes();
    copy_rows(out, static_cast<ptrdiff_t>(row), plane.data, plane.stride, row, plane.height);
    out += row * plane.height;
  }
}

void Picture::unpack(const uint8_t* in) {
  for (const Plane& plane : planes_) {
    const size_t row = size_t{plane.width} * format_.sample_bytes();
    copy_rows(plane.data, plane.stride, in, static_cast<ptrdiff_t>(row), row, plane.height);
    in += row * plane.height;
  }
}

void Picture::clamp_samples() {
  if (format_.sample_bytes() == 1) return;
  const uint16_t top = static_cast<uint16_t>(format_.max_value());
  for (const Plane& plane : planes_)
    for (uint32_t y = 0; y < plane.height; ++y) {
      uint16_t* row = plane.row<uint16_t>(y);
      for (uint32_t x = 0; x < plane.width; ++x) row[x] = std::min(row[x], top);
    }
}

Status Picture::copy_from(const PictureView& source) {
  if (!view().same_shape(source)) return Error::kWrongPicture;
  for (int p = 0; p < 3; ++p) {
    const Plane& plane = planes_[p];
    copy_rows(plane.data, plane.stride, source.planes[p].data, source.planes[p].stride,
              size_t{plane.width} * format_.sample_bytes(), plane.height);
  }
  return Ok{};
}

}  // namespace aicodec
