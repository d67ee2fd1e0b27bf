// A whole file from a stranger: opened, every chunk parsed, every stack built, one frame of each drawn (with
// the dictionary pictures that it lists). Nothing may crash, hang or take memory out of proportion to the
// input.
#include <algorithm>
#include <cstdlib>

#include "bits/crc32c.h"
#include "container/reader.h"
#include "segment/decoder.h"

namespace {

using namespace aicodec;

// The largest canvas that is drawn: larger ones test the kernels, not the parsers.
constexpr uint64_t kMaxDrawn = 4096;
// Of a stack whose frames need each other, as many are drawn.
constexpr uint64_t kMaxInOrder = 16;

// Sets the checksums of all whole chunks right, which no mutation would ever do.
void repair(Bytes& bytes) {
  for (size_t at = kSignature.size(); at < bytes.size();) {
    const Result<ChunkHead> head = read_chunk_head(ByteSpan(bytes).subspan(at));
    if (!head.ok() || head->total_size() > bytes.size() - at) return;
    const size_t body = head->head_size + head->payload_size;
    const uint32_t crc = crc32c(ByteSpan(bytes).subspan(at, body));
    for (int i = 0; i < 4; ++i) bytes[at + body + i] = static_cast<uint8_t>(crc >> (8 * i));
    at += head->total_size();
  }
}

// Stands in for dav1d: mid-gray frames of the format that the layer promises.
class GraySource final : public VideoSource {
 public:
  GraySource(const Segment& segment, const StreamHeader& header) : segment_(segment), header_(header) {}

  Result<PictureView> frame(size_t layer, uint64_t) override {
    const bool rgb = !header_.format.is_yuv();
    const Result<VideoLayer> video = read_video_layer(segment_.layers[layer].payload, rgb, segment_.frames());
    if (!video.ok()) std::abort();  // StackDecoder::create() has read it
    picture_ = Picture(video->format, header_.width, header_.height);
    const Bytes gray(picture_.packed_size(), 2);  // 514 in 16 bits
    picture_.unpack(gray.data());
    return picture_.view();
  }

 private:
  const Segment& segment_;
  const StreamHeader& header_;
  Picture picture_;
};

void draw(const Bytes& payload, const StreamHeader& header, const DictionaryView& dictionary) {
  const Result<Segment> segment = read_segment(payload, header);
  if (!segment.ok()) return;
  Result<StackDecoder> decoder = StackDecoder::create(segment.value(), header, dictionary);
  if (!decoder.ok() || uint64_t{header.width} * header.height > kMaxDrawn) return;
  GraySource source(segment.value(), header);
  Picture canvas(header.format, header.width, header.height);
  if (!decoder->sequential()) {
    (void)decoder->draw(segment->frames() - 1, source, canvas, 1);
    return;
  }
  const uint64_t frames = std::min(segment->frames(), kMaxInOrder);
  for (uint64_t frame = 0; frame < frames; ++frame)
    if (!decoder->draw(frame, source, canvas, 1).ok()) return;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, data + size);
  repair(bytes);
  const Result<FileReader> reader = FileReader::open(std::make_shared<MemorySource>(std::move(bytes)));
  if (!reader.ok()) return 0;
  (void)reader->quality().ok();
  (void)reader->notes().ok();
  DictionaryView dictionary{std::make_shared<FileDictionary>(reader.value()), 0};
  for (const IndexEntry& entry : reader->entries()) {
    dictionary.usable += entry.kind == IndexEntry::Kind::kDictionary;
    if (entry.kind == IndexEntry::Kind::kPackets) (void)reader->packets(entry).ok();
    const Result<Bytes> payload = reader->payload(entry);
    if (payload.ok() && entry.kind == IndexEntry::Kind::kSegment)
      draw(payload.value(), reader->header(), dictionary);
  }
  return 0;
}
