#include "screen/slice_coder.h"

#include <cstring>

namespace aicodec::screen {

void SliceCoder::copy_to(Frame& frame) const {
  for (size_t i = 0; i < sheets_.size(); ++i) {
    const Raster& rows = sheets_[i].current();
    for (int y = 0; y < rows.height(); ++y)
      std::memcpy(frame.sheets[i].at(0, sheets_[i].top() + y), rows.at(0, y),
                  static_cast<size_t>(rows.width()) * sizeof(Pixel));
  }
}

}  // namespace aicodec::screen
