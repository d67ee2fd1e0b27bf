#include "screen/photo_model.h"

#include <algorithm>

namespace aicodec::screen {

const PhotoModel::Paths PhotoModel::kPaths = make_paths();

PhotoModel::Paths PhotoModel::make_paths() {
  Paths paths{};
  for (int signed_class = 0; signed_class < 16; ++signed_class)
    for (int bit = 0; bit < 2; ++bit) {
      Path& path = paths[static_cast<size_t>(2 * signed_class + bit)];
      const auto tell = [&](int node, bool one) {
        path.asked[node] = 0xFFFF;
        path.ones[node] = one ? 0xFFFF : 0;
      };
      const int size = signed_class & 7;
      tell(0, size == 0);
      if (size == 0) continue;
      tell(1, signed_class > 8);
      for (int i = 1; i <= std::min(size, kLastClass - 1); ++i) tell(kClassNode + i, i < size);
      if (size > 2 && size < kLastClass) tell(kFirstBitNode + size, bit != 0);
    }
  return paths;
}

PhotoModel::PhotoModel(const SheetShape& shape, int near)
    : shape_(shape),
      near_(near),
      errors_(static_cast<size_t>(2 * (shape.width + 2) * shape.components)),
      traces_(errors_.size()),
      lines_(static_cast<size_t>(shape.components * kLines)) {}

void PhotoModel::begin_row(int y) {
  const size_t size = errors_.size() / 2;
  here_ = y & 1 ? size : 0;
  above_ = size - here_;
  const auto clear = [&](size_t from) {
    std::fill_n(&errors_[from], size, Errors{});
    std::fill_n(&traces_[from], size, Trace{});
  };
  clear(here_);
  if (y != row_ + 1) clear(above_);
  row_ = y;
}

}  // namespace aicodec::screen
