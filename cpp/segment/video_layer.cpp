#include "segment/video_layer.h"

#include <algorithm>

#include "bits/range_coder.h"

namespace aicodec {
namespace {

enum Config : uint8_t { kLayoutMask = 3, kTenBit = 4, kKnownBits = 7 };
enum ColourFlag : uint8_t { kFullRange = 1, kChromaCentred = 2 };

// Sizes go in classes by the packet before: repeats of a shown frame (a few bytes) come in patterns.
struct TableModels {
  NumberModel size[3];
  BitModel droppable[3][2];

  static int size_class(uint64_t size) { return size < 16 ? 0 : size < 1024 ? 1 : 2; }
};

// Codes one row of the table; with a RangeDecoder the arguments' values are ignored.
template <typename Coder>
void code_row(Coder& coder, TableModels& models, uint64_t& size, bool& droppable, uint64_t last_size,
              bool last_droppable) {
  const int row = TableModels::size_class(last_size);
  size = models.size[row].code(coder, size);
  droppable = coder.bit(models.droppable[TableModels::size_class(size)][last_droppable], droppable);
}

}  // namespace

Bytes write_video_layer(const VideoLayer& layer, bool rgb_canvas) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(static_cast<uint8_t>(layer.format.layout) |
                              (layer.format.bit_depth > 8 ? kTenBit : 0)));
  if (rgb_canvas) {
    out.u8(layer.colour.matrix);
    out.u8(static_cast<uint8_t>((layer.colour.full_range ? kFullRange : 0) |
                                (layer.colour.chroma_centred ? kChromaCentred : 0)));
  }
  RangeEncoder coder;
  TableModels models;
  uint64_t last_size = 0;
  bool last_droppable = false;
  for (const VideoPacket& packet : layer.packets) {
    uint64_t size = packet.data.size();
    bool droppable = packet.droppable;
    code_row(coder, models, size, droppable, last_size, last_droppable);
    last_size = size;
    last_droppable = droppable;
  }
  out.block(coder.finish());
  for (const VideoPacket& packet : layer.packets) out.raw(packet.data);
  return out.take();
}

Result<VideoLayer> read_video_layer(ByteSpan bytes, bool rgb_canvas, uint64_t frames) {
  ByteReader in(bytes);
  VideoLayer layer;
  const uint8_t config = in.u8();
  const uint8_t layout = config & kLayoutMask;
  if (config > kKnownBits || layout == 0 || layout == 3) in.fail(Error::kUnsupportedFeature);
  layer.format = {static_cast<Layout>(layout), static_cast<uint8_t>(config & kTenBit ? 10 : 8)};
  if (rgb_canvas) {
    layer.colour.matrix = in.u8();
    const uint8_t flags = in.u8();
    if (flags > 3 || !matrix_supported(layer.colour.matrix)) in.fail(Error::kUnsupportedFeature);
    layer.colour.full_range = flags & kFullRange;
    layer.colour.chroma_centred = flags & kChromaCentred;
  }
  RangeDecoder coder(in.block());
  AICODEC_TRY(in.status());
  TableModels models;
  uint64_t last_size = 0;
  bool last_droppable = false;
  for (uint64_t i = 0; i < frames; ++i) {
    uint64_t size = 0;
    bool droppable = false;
    code_row(coder, models, size, droppable, last_size, last_droppable);
    if (coder.overrun()) return Error::kTruncated;
    // This also keeps the table in proportion to the bytes that the file has.
    if (size == 0) return Error::kBadValue;
    layer.packets.push_back({in.raw(size), droppable});
    AICODEC_TRY(in.status());
    last_size = size;
    last_droppable = droppable;
  }
  AICODEC_TRY(coder.finish());
  AICODEC_TRY(in.finish());
  return layer;
}

}  // namespace aicodec
