// The front of a screen layer's payload: the settings of its models and the lengths of its slices' streams.
#pragma once

#include "bits/bytes.h"
#include "picture/picture.h"
#include "screen/sheet_coder.h"

namespace aicodec::screen {

inline constexpr int kMaxSlices = 16;
inline constexpr int kMaxSaved = 24;
inline constexpr int kMaxDictionary = 16;

// Where the picture is cut into slices, from a frame on.
struct SliceCuts {
  uint64_t frame = 0;
  std::vector<uint32_t> units;  // the first unit of each slice but the first

  int slices() const { return static_cast<int>(units.size()) + 1; }
};

struct LayerHeader {
  ModelSettings models;
  SliceCuts cuts;
  // The borders between as many slices later, by frame; not before the cuts.
  std::vector<SliceCuts> moves;
  int saved = 8;  // older frames that history keeps
  Ground ground = {};
  // What the first frame's pixels are compared with is the ground, too, and not zeros.
  bool on_ground = false;
};

// Luma rows per unit of slicing: slices are whole cells in every sheet.
uint32_t slice_unit(PixelFormat format);
// How many units a picture has: the most slices there can be.
uint32_t slice_units(PixelFormat format, uint32_t height);
// The first luma row of a slice; of the one after the last the picture's height.
uint32_t slice_top(PixelFormat format, uint32_t height, int slice, const SliceCuts& cuts);
// Bytes that a coder with these settings needs, beside the frames of its history.
uint64_t memory_needed(const LayerHeader& header, PixelFormat format, uint32_t width, uint32_t height);

void write_layer_header(ByteWriter& out, const LayerHeader& header, PixelFormat format);
Result<LayerHeader> read_layer_header(ByteReader& in, PixelFormat format, uint32_t width, uint32_t height);

}  // namespace aicodec::screen
