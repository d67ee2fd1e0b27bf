// Finds where blocks of photographs were in earlier frames, to a fraction of a pixel.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "screen/block_model.h"
#include "screen/raster.h"

namespace aicodec::screen {

struct Area {
  int x, y, width, height;
};

class MotionSearch {
 public:
  explicit MotionSearch(const SheetShape& shape) : shape_(shape) {}

  // Before a frame's searches: the frame, and what blocks may be compared with: the previous frame, the one
  // before that and the canvas below, where there are any.
  void prepare(const Raster& frame, const Raster& previous, const Raster* older, const Raster* below);

  // The best vector for an area of up to 16x16 pixels. Tried first are those in `likely`, and `candidates`,
  // which take fewer bits; of these only what leads to the previous frame or, without moving, to `below`.
  Vector find(const Area& area, std::span<const Vector> likely, const CandidateVectors& candidates,
              int below) const;
  // A vector into the older frame, if the mean of both places is better than `first` alone.
  std::optional<Vector> find_second(const Area& area, Vector first, const CandidateVectors& candidates,
                                    int below) const;
  // Roughly where the square of 64 pixels at (x, y) was in the previous frame, however fast it moves.
  Vector look_around(int x, int y) const;

 private:
  static constexpr int kMost = 16;    // an area's side
  static constexpr int kPad = 24;     // interpolation may look this far outside
  static constexpr int kReduced = 4;  // side of what is one sample for look_around()

  // One component, its sides repeated outside.
  struct Plane {
    Plane(int plane_width, int plane_height);
    const int16_t* at(int x, int y) const {
      return &samples[static_cast<size_t>((y + kPad) * stride + x + kPad)];
    }
    int16_t* at(int x, int y) { return &samples[static_cast<size_t>((y + kPad) * stride + x + kPad)]; }
    void extend();

    int width, height;
    int stride;
    std::vector<int16_t> samples;
  };
  // Those components that are compared: of chroma two, else the first.
  using Planes = std::vector<Plane>;
  struct alignas(16) Block {
    int16_t samples[2][kMost][kMost];
  };

  void load(const Raster& raster, Planes& planes) const;
  static void reduce(const Plane& from, std::vector<Plane>& to);
  bool contains(const Area& area, Vector vector) const;
  void predict(const Planes& planes, const Area& area, Vector vector, Block& out) const;
  // How far `block`, or the mean with `other`, is off.
  int cost(const Area& area, const Block& block, const Block* other) const;

  SheetShape shape_;
  Planes now_, previous_, older_, below_;
  bool has_older_ = false;
  std::vector<Plane> small_now_, small_previous_;
};

}  // namespace aicodec::screen
