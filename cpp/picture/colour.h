// From samples to colours and back: depth changes, and conversion between RGB and YCbCr. Integer arithmetic
// only, since a video layer under an RGB canvas passes through here: docs/bitstream.md ("Colour conversion")
// states the same formulas.
#pragma once

#include "picture/picture.h"

namespace aicodec {

// How samples stand for colours: code points of ITU-T H.273 (CICP), 2 meaning "unspecified".
struct Colour {
  uint8_t primaries = 2;
  uint8_t transfer = 2;
  uint8_t matrix = 2;
  bool full_range = false;
  // Where the chroma samples of kYuv420 lie horizontally: between two luma columns (true, as in JPEG) or on
  // the left one (false, as in MPEG-2 and most video). Vertically they always lie between two rows.
  bool chroma_centred = false;

  bool operator==(const Colour&) const = default;
};

// The matrix code point to convert a picture of that size with: `colour.matrix`, or where it is unspecified
// BT.709 (1) for a picture over 576 lines or 1024 columns and BT.601 (6) below.
uint8_t effective_matrix(const Colour& colour, uint32_t width, uint32_t height);

// Whether convert() knows the matrix: BT.709 (1), unspecified (2), BT.470BG (5), BT.601 (6),
// SMPTE 240M (7), BT.2020 non-constant luminance (9).
bool matrix_supported(uint8_t matrix);

// Draws `from` into all of `to` (same width and height), changing depth, chroma resolution and, between RGB
// and YCbCr, colour model. `colour` describes the YCbCr side (it is not used between formats of one kind).
// Fails with kWrongPicture (sizes differ) or kUnsupportedFeature (matrix). Uses up to `threads` threads (0:
// one per core).
Status convert(const PictureView& from, const Colour& colour, Picture& to, unsigned threads = 1);

// As convert() to interleaved RGB: writes height rows of width * 3 samples without padding, uint8_t if
// `bit_depth` is 8 and uint16_t if it is 10. `out` holds width * height * 3 samples.
Status convert_to_rgb(const PictureView& from, const Colour& colour, uint8_t bit_depth, void* out,
                      unsigned threads = 1);

// The reverse for a source given as interleaved RGB; `to` must be kRgb of the samples' depth (8 for uint8_t,
// 10 for uint16_t).
void deinterleave_rgb(const void* in, Picture& to);

}  // namespace aicodec
