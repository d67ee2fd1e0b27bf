// The hash of a picture: what conformance manifests, `verify` and a segment's digest compare. It is defined
// in docs/bitstream.md ("Frame hash") so that numpy computes it as easily as C++; it guards against mistakes,
// not against forgers.
#pragma once

#include <cstdint>

#include "picture/picture.h"

namespace aicodec {

// Over the packed samples (Picture::pack order) taken as little-endian 64-bit words w[0..n), the last padded
// with zeros: mix(sum of mix(w[i] ^ (i + 1) * kGolden) + number of bytes), modulo 2^64.
uint64_t picture_hash(const PictureView& picture);

// Gathers the hashes of a segment's frames, in order, into one.
class SegmentDigest {
 public:
  void add(uint64_t frame_hash);
  uint64_t value() const { return sum_; }

 private:
  uint64_t sum_ = 0;
  uint64_t count_ = 0;
};

}  // namespace aicodec
