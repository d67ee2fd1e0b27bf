// A screen layer's coded frames from a stranger, without a file around them: the first bytes choose canvas,
// number of frames, pictures below and dictionary, the rest is the payload. Nothing may crash, hang or take
// memory out of proportion; what is drawn must not depend on threads, and have samples in range.
#include <cstdlib>

#include "picture/hash.h"
#include "screen/screen_layer.h"

namespace {

using namespace aicodec;

constexpr size_t kHead = 5;

constexpr PixelFormat kFormats[] = {{Layout::kRgb, 8},     {Layout::kRgb, 10},   {Layout::kYuv420, 8},
                                    {Layout::kYuv420, 10}, {Layout::kYuv444, 8}, {Layout::kYuv444, 10}};

struct Input {
  ScreenShape shape;
  uint64_t frames;
  bool has_below;
  size_t pictures;
};

// Small canvases, where a second has many tries; some are high and narrow: room for slices.
Input input_of(const uint8_t* head) {
  const PixelFormat format = kFormats[head[0] % 6];
  const bool high = (head[4] & 8) != 0;
  const uint32_t width = 1u + head[1] % (high ? 6 : 24);
  const uint32_t height = 1u + head[2] % 40 + (high ? 128 : 0);
  return {{format, width, height}, 1u + head[3] % 6, (head[4] & 1) != 0, head[4] >> 1 & 3u};
}

// A picture with something to see, another one for every seed.
Picture pattern(ScreenShape shape, uint32_t seed) {
  Picture picture(shape.format, shape.width, shape.height);
  for (int p = 0; p < 3; ++p) {
    Plane plane = picture.plane(p);
    for (uint32_t y = 0; y < plane.height; ++y)
      for (uint32_t x = 0; x < plane.width; ++x) {
        const uint32_t value = ((x / 5 ^ y / 3) * 37 + seed * 11) & shape.format.max_value();
        if (shape.format.bit_depth > 8)
          plane.row<uint16_t>(y)[x] = static_cast<uint16_t>(value);
        else
          plane.row<uint8_t>(y)[x] = static_cast<uint8_t>(value);
      }
  }
  return picture;
}

void require_in_range(const Picture& picture) {
  if (picture.format().bit_depth == 8) return;
  const PictureView view = picture.view();
  for (const ConstPlane& plane : view.planes)
    for (uint32_t y = 0; y < plane.height; ++y)
      for (uint32_t x = 0; x < plane.width; ++x)
        if (plane.row<const uint16_t>(y)[x] > picture.format().max_value()) std::abort();
}

// The frames' hashes, and at the end whether all were drawn.
std::vector<uint64_t> draw_all(const Input& input, ByteSpan payload, const Dictionary& dictionary,
                               unsigned threads) {
  std::vector<uint64_t> drawn;
  const auto decoder = ScreenDecoder::create(payload, input.shape, input.frames, input.has_below, dictionary);
  if (!decoder.ok()) return drawn;
  for (uint64_t frame = 0; frame < input.frames; ++frame) {
    Picture canvas = pattern(input.shape, static_cast<uint32_t>(frame));
    const Status status = decoder.value()->draw(canvas, threads);
    if (!status.ok()) {
      drawn.push_back(static_cast<uint64_t>(status.error()));
      return drawn;
    }
    require_in_range(canvas);
    drawn.push_back(picture_hash(canvas.view()));
  }
  return drawn;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < kHead) return 0;
  const Input input = input_of(data);
  const ByteSpan payload(data + kHead, size - kHead);
  Dictionary dictionary;
  for (size_t i = 0; i < input.pictures; ++i)
    dictionary.push_back(
        std::make_shared<const Picture>(pattern(input.shape, static_cast<uint32_t>(100 + i))));
  const std::vector<uint64_t> drawn = draw_all(input, payload, dictionary, 1);
  // Slices are what threads share out.
  if (drawn.size() > 1 && input.shape.height > 8 && draw_all(input, payload, dictionary, 3) != drawn)
    std::abort();
  return 0;
}
