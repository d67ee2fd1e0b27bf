// Encodes a segment's frames as a `screen` layer. The first few frames that are no repeats are held back
// until they have told which component should lead residuals, and how rich their models should be.
#pragma once

#include <optional>
#include <span>

#include "screen/layer_header.h"
#include "screen/screen_layer.h"

namespace aicodec {

enum class ScreenPreset : uint8_t { kFast, kMedium, kSlow };

struct ScreenSettings {
  ScreenPreset preset = ScreenPreset::kMedium;
  // The greatest error of a sample; 0 keeps every one.
  uint32_t near = 0;
  // Or, where it is not zero: the greatest error at edges (tolerance.h), and of flat areas, at most 255.
  uint32_t edge = 0;
  uint32_t flat = 0;
  // Whether the first component always leads where residuals are coded; unknown: the first frames are coded
  // both ways to find out, and but for `fast` with richer models beside. If it is known, only `slow` has
  // those.
  std::optional<bool> first_leads;
  // At most so many at once; the payload does not depend on it.
  unsigned threads = 1;
};

namespace screen {
struct Frame;
struct LayerEncoder;
struct LayerInput;
}  // namespace screen

class ScreenEncoder {
 public:
  // Preconditions: a valid shape; at most 16 dictionary pictures, of that shape.
  ScreenEncoder(ScreenShape shape, ScreenSettings settings, bool has_below, const Dictionary& dictionary);
  ~ScreenEncoder();

  // Codes the next frame. `below` is the canvas as the lower layers leave it, null where there are none.
  // `kept`, if it is not empty, has a byte for each square of kKeptUnit pixels, row by row: where it is not
  // zero, what is below shows, however far from the source. kWrongPicture where a picture has another shape,
  // or `kept` another size or nothing below. kBadValue where what was decided cannot be told in the format: a
  // mistake of the encoder's, after which it is not to be used any more.
  Status add(const PictureView& source, const PictureView* below, std::span<const uint8_t> kept = {});
  // The least bytes that the payload will have, by what is coded: 0 until the first frames are.
  uint64_t size() const;
  // What a decoder with two threads has to do for all frames after the first, one thread's waiting for the
  // other included, in about two nanoseconds (SheetCoder::work_by_row()).
  uint64_t work() const;
  // The last frame as a decoder will draw it. kNoFrame unless one way of coding is left, and has coded a
  // frame.
  Result<Picture> drawn() const;
  // The layer's payload; the encoder is used up. kBadValue as in add().
  Result<Bytes> finish();

 private:
  using States = std::vector<std::unique_ptr<screen::LayerEncoder>>;
  // What is decided on.
  struct Models {
    bool rich = false;
    bool first_leads = false;
    bool small_tables = false;
    bool on_ground = false;
    // A preset that names colours by all voters does it by few, and only in this way of deciding
    // (PlannerSettings::worth_a_vector).
    std::optional<int> few_voters;
  };
  // Looks at the first frame.
  Status begin(const screen::LayerInput& first);
  // Sets models.on_ground by what the first frame takes.
  Status choose_ground(const screen::LayerInput& first, Models& models) const;
  States start(const Models& models) const;
  // All that was held back, coded so; after a trial, if there is one, in slices where it shows that they are
  // needed.
  Result<States> try_out(const Models& models, const screen::LayerEncoder* trial = nullptr) const;
  // Gives few voters up where all have come to be better.
  void drop_few_voters();
  // Whether the first component should lead, if that is clear without coding all that was held back.
  Result<std::optional<bool>> clear_lead() const;
  bool is_worth_time(const screen::LayerEncoder& rich, const screen::LayerEncoder& lean) const;
  static Status code(const screen::LayerInput& input, States& states, unsigned threads);
  // The picture as a frame, in memory that served an earlier one if there is some.
  std::shared_ptr<screen::Frame> loaded(const PictureView& picture);
  void hold_back(screen::LayerInput input);
  // Codes what was held back, after which frames are coded as they come.
  Status decide();

  ScreenShape shape_;
  ScreenSettings settings_;
  bool has_below_;
  std::vector<std::shared_ptr<const Picture>> dictionary_;
  std::optional<screen::Ground> ground_;  // from the first frame on
  std::vector<screen::LayerInput> waiting_;
  bool is_dense_ = false;                               // with `slow`: a decoder has no time
  int unlike_ = 0;                                      // those of them that are no repeat of the one before
  std::vector<std::shared_ptr<screen::Frame>> frames_;  // those that are in use, and at most one that is not
  // One for each way of deciding that the preset tries; the smallest payload wins.
  States states_;
};

}  // namespace aicodec
