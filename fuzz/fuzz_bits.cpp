// The readers below the container, each on raw bytes: whatever they accept must come back the same after it
// was written again. The first byte chooses the reader.
#include <cstdlib>

#include "bits/bits.h"
#include "bits/range_coder.h"
#include "container/index.h"
#include "container/packets.h"
#include "container/quality.h"
#include "segment/dictionary.h"
#include "segment/segment.h"
#include "segment/video_layer.h"

namespace {

using namespace aicodec;

void require(bool condition) {
  if (!condition) std::abort();
}

// Written, then read, then written again: the two writings are equal.
template <typename Value, typename Read, typename Write>
void round_trip(const Result<Value>& value, const Read& read, const Write& write) {
  if (!value.ok()) return;
  const Bytes once = write(value.value());
  const Result<Value> again = read(ByteSpan(once));
  require(again.ok());
  require(write(again.value()) == once);
}

void fuzz_fields(ByteSpan bytes) {
  ByteReader in(bytes);
  while (in.ok() && in.remaining() > 0) {
    switch (in.u8() % 6) {
      case 0:
        in.u64();
        break;
      case 1: {
        const uint64_t value = in.varint();
        ByteWriter out;
        out.varint(value);
        require(!in.ok() || ByteReader(out.bytes()).varint() == value);
        break;
      }
      case 2:
        in.svarint();
        break;
      case 3:
        in.block();
        break;
      case 4:
        in.text(1000);
        break;
      default:
        in.varint_up_to(77);
    }
  }
  (void)in.finish();
}

void fuzz_single_bits(ByteSpan bytes) {
  BitReader in(bytes);
  BitWriter out;
  for (int count = 0; in.ok(); count = (count * 7 + 1) % 65) {
    const uint64_t value = in.bits(count);
    if (in.ok()) out.bits(value, count);
  }
  const Bytes written = out.take();
  require(written.size() <= bytes.size());
}

// Numbers from noise, coded again: the coder need not give the same bytes, but the same numbers.
void fuzz_numbers(ByteSpan bytes) {
  RangeDecoder in(bytes);
  SignedModel model;
  std::vector<int64_t> numbers;
  while (!in.overrun() && numbers.size() < 10000) {
    const int64_t number = model.code(in, 0);
    if (std::abs(number) >= int64_t{1} << 61) break;
    numbers.push_back(number);
  }
  RangeEncoder out;
  SignedModel encoder_model, decoder_model;
  for (const int64_t number : numbers) encoder_model.code(out, number);
  const Bytes written = out.finish();
  RangeDecoder again(written);
  for (const int64_t number : numbers) require(decoder_model.code(again, 0) == number);
  require(again.finish().ok());
}

void fuzz_segment(ByteSpan bytes, bool rgb) {
  StreamHeader header;
  header.format = {rgb ? Layout::kRgb : Layout::kYuv420, 8};
  header.frame_duration = {1001, 30};
  const auto write = [&](const Segment& segment) { return write_segment(segment, header); };
  round_trip(read_segment(bytes, header), [&](ByteSpan b) { return read_segment(b, header); }, write);
}

void fuzz_video_layer(ByteSpan bytes, bool rgb) {
  const uint64_t frames = bytes.empty() ? 0 : bytes[0];
  const auto read = [&](ByteSpan b) { return read_video_layer(b, rgb, frames); };
  round_trip(read(bytes.empty() ? bytes : bytes.subspan(1)), read,
             [&](const VideoLayer& layer) { return write_video_layer(layer, rgb); });
}

void fuzz_screen_layer(ByteSpan bytes) {
  StreamHeader header;
  header.width = bytes.empty() ? 1 : 1 + 256 * bytes[0];
  header.height = 4096;
  const auto read = [&](ByteSpan b) { return read_screen_layer(b, header); };
  round_trip(read(bytes.empty() ? bytes : bytes.subspan(1)), read, write_screen_layer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, size - 1);
  switch (data[0] % 14) {
    case 0:
      fuzz_fields(bytes);
      break;
    case 1:
      fuzz_single_bits(bytes);
      break;
    case 2:
      fuzz_numbers(bytes);
      break;
    case 3:
      round_trip(read_header(bytes), read_header, write_header);
      break;
    case 4:
      round_trip(read_track(bytes), read_track, write_track);
      break;
    case 5:
      round_trip(read_tags(bytes), read_tags, write_tags);
      break;
    case 6:
      round_trip(read_packets(bytes), read_packets,
                 [](const PacketGroup& group) { return write_packets(group.track, group.packets); });
      break;
    case 7:
      (void)read_index(bytes, 100, 100 + size).ok();
      break;
    case 8:
    case 9:
      fuzz_segment(bytes, data[0] % 14 == 9);
      break;
    case 10:
    case 11:
      fuzz_video_layer(bytes, data[0] % 14 == 11);
      break;
    case 12:
      round_trip(read_quality(bytes), read_quality, write_quality);
      break;
    default:
      fuzz_screen_layer(bytes);
  }
  return 0;
}
