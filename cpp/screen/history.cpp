#include "screen/history.h"

namespace aicodec::screen {

std::shared_ptr<Frame> make_frame(PixelFormat format, uint32_t width, uint32_t height, const Ground& ground) {
  auto frame = std::make_shared<Frame>();
  for (int sheet = 0; sheet < sheet_count(format); ++sheet) {
    const SheetShape shape = sheet_shape(format, width, height, sheet);
    Raster& raster = frame->sheets.emplace_back(shape.width, shape.height);
    const Pixel colour = ground[static_cast<size_t>(sheet)];
    if (colour != 0) raster.fill(colour);
  }
  return frame;
}

std::shared_ptr<Frame> make_frame(const PictureView& picture) {
  auto frame = make_frame(picture.format, picture.width, picture.height);
  load_frame(picture, *frame);
  return frame;
}

void load_frame(const PictureView& picture, Frame& frame) {
  for (int sheet = 0; sheet < sheet_count(picture.format); ++sheet) {
    Raster& raster = frame.sheets[static_cast<size_t>(sheet)];
    load_sheet(picture, sheet, 0, raster.height(), 0, raster);
  }
}

History::History(std::shared_ptr<Frame> first, int saved, std::vector<SharedFrame> dictionary, bool has_below)
    : has_below_(has_below), saved_(static_cast<size_t>(saved)) {
  for (const Raster& sheet : first->sheets)
    area_ += static_cast<uint64_t>(sheet.width()) * static_cast<uint64_t>(sheet.height());
  slots_.resize(1 + kRecent + saved_);
  slots_.insert(slots_.end(), dictionary.begin(), dictionary.end());
  if (has_below) slots_.emplace_back();
  slots_[0] = std::move(first);
}

int History::older() const {
  return pushed_ < 2 ? -1 : static_cast<int>(1 + (next_recent_ + kRecent - 1) % kRecent);
}

References History::references(int sheet) const {
  References references;
  for (const SharedFrame& frame : slots_)
    references.push_back(frame ? &frame->sheets[static_cast<size_t>(sheet)] : nullptr);
  references.older = older();
  references.is_first = is_empty();
  return references;
}

std::shared_ptr<Frame> History::blank() {
  if (!spare_.empty()) {
    auto frame = std::move(spare_.back());
    spare_.pop_back();
    return frame;
  }
  auto frame = std::make_shared<Frame>();
  for (const Raster& sheet : slots_[0]->sheets) frame->sheets.push_back(Raster::untouched_like(sheet));
  return frame;
}

void History::put(size_t slot, SharedFrame frame) {
  slots_[slot].swap(frame);
  // Nobody else holds it: its memory serves again.
  if (frame && frame.use_count() == 1) spare_.push_back(std::const_pointer_cast<Frame>(frame));
}

void History::push(std::shared_ptr<Frame> frame, const Changed& changed) {
  literals_since_ += changed.literals;
  if (pushed_ > 0) {
    const bool cut = changed.pixels > area_ / 3 && changed.literals > area_ / 8;
    if (saved_ > 0 && (cut || literals_since_ > area_ / 16)) {
      put(1 + kRecent + next_saved_, slots_[0]);
      next_saved_ = (next_saved_ + 1) % saved_;
      literals_since_ = 0;
    }
    put(1 + next_recent_, slots_[0]);
    next_recent_ = (next_recent_ + 1) % kRecent;
  }
  frame->number = ++pushed_;
  put(0, std::move(frame));
}

}  // namespace aicodec::screen
