// What an encoder looks at in the frames that it holds back, before it codes them.
#pragma once

#include "screen/history.h"

namespace aicodec::screen {

bool has_same_pixels(const Frame& now, const Frame& before);

// Whether frames of such a height are sampled: strips of small ones tell little.
bool is_worth_sampling(uint32_t height);
// A frame of one sheet, cut to every fourth of its strips, which are as high as a root of the quadtree.
std::shared_ptr<Frame> sampled(const Frame& frame);

// The colour that most flat cells have, of each sheet; zero where few are.
Ground ground_of(const Frame& frame);

}  // namespace aicodec::screen
