// The tile VM: draws a program strip by strip with the best instruction set, bit for bit as the reference VM
// does.
#pragma once

#include <memory>

#include "shader/frame.h"
#include "shader/program.h"

namespace aicodec::shader {

class TileVm {
 public:
  // Precondition: verify(program).ok().
  explicit TileVm(const Program& program);
  ~TileVm();
  TileVm(TileVm&&) noexcept;
  TileVm& operator=(TileVm&&) noexcept;

  // Draws all of `rgb`, a kRgb picture, with up to `threads` threads (0: one per core). Precondition: as many
  // parameters as the program reads.
  void draw(const Frame& frame, Picture& rgb, unsigned threads) const;

  // How many steps there are for a frame, a row, a column and a strip, before choices that hold for a whole
  // frame are made.
  std::array<size_t, 4> steps() const;

 private:
  class Programs;
  std::unique_ptr<Programs> programs_;
};

}  // namespace aicodec::shader
