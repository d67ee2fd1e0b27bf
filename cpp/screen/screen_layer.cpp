#include "screen/screen_layer.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "bits/range_coder.h"
#include "screen/slice_coder.h"

namespace aicodec {

using namespace screen;

struct ScreenDecoder::State {
  ScreenShape shape;
  LayerHeader header;
  uint64_t frames_left = 0;
  uint64_t drawn = 0;
  History history;
  std::vector<SliceCoder> slices;
  std::vector<SliceCoder> later;  // those that begin at the cut, until then
  size_t moves = 0;               // of the borders so far
  std::vector<RangeDecoder> streams;
  std::optional<Error> error;

  void make_next_slice();
  // Before a frame: cuts, or moves borders, if it is time.
  void cut_if_due(unsigned threads);
};

// What a cut needs is made while the first frames are drawn, when other cores have nothing to do: finding
// that much memory can take longer than a frame may.
void ScreenDecoder::State::make_next_slice() {
  try {
    later.emplace_back(shape, header.models, history.below(), SliceCoder::Rows::kNone);
  } catch (const std::bad_alloc&) {
    // This is one of several threads; cut_if_due() tries again where it can be told.
  }
}

void ScreenDecoder::State::cut_if_due(unsigned threads) {
  if (slices.size() < streams.size()) {
    if (drawn != header.cuts.frame) return;
    while (later.size() < streams.size() - 1)
      later.emplace_back(shape, header.models, history.below(), SliceCoder::Rows::kNone);
    SliceCoder::cut(slices, std::exchange(later, {}), header.cuts, threads);
  } else if (moves < header.moves.size() && drawn == header.moves[moves].frame) {
    SliceCoder::move(slices, header.moves[moves++], threads);
  }
}

ScreenDecoder::ScreenDecoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
ScreenDecoder::~ScreenDecoder() = default;

Result<std::unique_ptr<ScreenDecoder>> ScreenDecoder::create(ByteSpan payload, ScreenShape shape,
                                                             uint64_t frames, bool has_below,
                                                             const Dictionary& dictionary) {
  ByteReader in(payload);
  const Result<LayerHeader> header = read_layer_header(in, shape.format, shape.width, shape.height);
  if (!header.ok()) return header.error();
  std::vector<ByteSpan> streams;
  for (int i = 0; i + 1 < header->cuts.slices(); ++i) streams.push_back(in.block());
  streams.push_back(in.raw(in.remaining()));
  AICODEC_TRY(in.status());
  if (dictionary.size() > kMaxDictionary) return Error::kTooLarge;
  std::vector<SharedFrame> pictures;
  for (const auto& picture : dictionary) {
    if (picture->format() != shape.format || picture->width() != shape.width ||
        picture->height() != shape.height)
      return Error::kWrongPicture;
    pictures.push_back(make_frame(picture->view()));
  }
  auto state = std::make_unique<State>(
      State{shape,
            header.value(),
            frames,
            0,
            History(first_reference(header.value(), shape), header->saved, std::move(pictures), has_below),
            {},
            {},
            0,
            {},
            {}});
  state->slices.emplace_back(shape, header->models, state->history.below(), SliceCoder::Rows::kAll);
  state->slices[0].start_from(header->ground);
  for (const ByteSpan stream : streams) state->streams.emplace_back(stream);
  return std::unique_ptr<ScreenDecoder>(new ScreenDecoder(std::move(state)));
}

Status ScreenDecoder::draw(Picture& canvas, unsigned threads) {
  State& s = *state_;
  if (s.error) return *s.error;
  if (s.frames_left == 0) return Error::kNoFrame;
  if (canvas.format() != s.shape.format || canvas.width() != s.shape.width ||
      canvas.height() != s.shape.height)
    return Error::kWrongPicture;
  if (s.history.below() >= 0) s.history.set_below(make_frame(canvas.view()));
  std::vector<References> references;
  for (int sheet = 0; sheet < sheet_count(s.shape.format); ++sheet)
    references.push_back(s.history.references(sheet));
  s.cut_if_due(threads);
  const bool make = s.slices.size() + s.later.size() < s.streams.size();
  std::vector<uint8_t> sound(s.slices.size());
  parallel_for(s.slices.size() + make, threads, [&](size_t i) {
    if (i < s.slices.size())
      sound[i] = s.slices[i].code_frame(s.streams[i], references, nullptr, nullptr, false);
    else
      s.make_next_slice();
  });
  --s.frames_left;
  ++s.drawn;
  Changed changed;
  for (size_t i = 0; i < s.streams.size(); ++i) {
    if (s.streams[i].overrun())
      s.error = Error::kTruncated;
    else if (i < s.slices.size() && !sound[i])
      s.error = Error::kBadValue;
    else if (s.frames_left == 0)
      if (const Status end = s.streams[i].finish(); !end.ok()) s.error = end.error();
    if (s.error) return *s.error;
    if (i < s.slices.size()) changed += s.slices[i].changed();
  }
  // Each slice's rows go into the history and onto the canvas.
  std::shared_ptr<Frame> frame = changed.pixels > 0 ? s.history.blank() : nullptr;
  parallel_for(s.slices.size(), threads, [&](size_t i) {
    if (frame) s.slices[i].copy_to(*frame);
    for (size_t sheet = 0; sheet < s.slices[i].sheets().size(); ++sheet) {
      const SheetCoder& coder = s.slices[i].sheets()[sheet];
      store_sheet(coder.current(), coder.top(), static_cast<int>(sheet), coder.top(),
                  coder.top() + coder.rows(), canvas);
    }
  });
  if (frame) s.history.push(std::move(frame), changed);
  return Ok{};
}

}  // namespace aicodec
