// The front of a screen layer's payload: the settings of its models and the lengths of its slices' streams.
#pragma once

#include "bits/bytes.h"
#include "picture/picture.h"
#include "screen/sheet_coder.h"

namespace aicodec::screen {

inline constexpr int kMaxSlices = 16;
inline constexpr int kMaxSaved = 24;
inline constexpr int kMaxDictionary = 16;

struct LayerHeader {
  ModelSettings models;
  int slices = 1;
  int saved = 8;  // older frames that history keeps
};

// Luma rows per unit of slicing: slices are whole roots in every sheet.
uint32_t slice_unit(PixelFormat format);
// How many units a picture has: the most slices there can be.
uint32_t slice_units(PixelFormat format, uint32_t height);
// The first luma row of slice `slice` of `slices`; with slice == slices the picture's height.
uint32_t slice_top(PixelFormat format, uint32_t height, int slice, int slices);
// Bytes that a coder with these settings needs, beside the frames of its history.
uint64_t memory_needed(const LayerHeader& header, PixelFormat format, uint32_t width, uint32_t height);

void write_layer_header(ByteWriter& out, const LayerHeader& header);
Result<LayerHeader> read_layer_header(ByteReader& in, PixelFormat format, uint32_t width, uint32_t height);

}  // namespace aicodec::screen
