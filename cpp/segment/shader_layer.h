// The `shader` layer: a program for the pixels and the track that drives its parameters.
#pragma once

#include "segment/decoder.h"
#include "shader/program.h"
#include "track/table.h"

namespace aicodec {

struct ShaderLayer {
  shader::Program program;
  // One row for each frame, the columns being the program's parameters in order; no columns without
  // parameters.
  track::Table track;
};

// `packed_track` is the track's serialised form, empty without one.
Bytes write_shader_layer(ByteSpan packed_program, ByteSpan packed_track);

// kBadValue where the track does not fit the program or has not `frames` rows.
Result<ShaderLayer> read_shader_layer(ByteSpan bytes, uint64_t frames);

// Ready to draw. kBadValue for the bottom layer of a stack if it reads what is below, kTooLarge for more work
// than a frame may make.
Result<std::unique_ptr<LayerDecoder>> make_shader_layer(const Layer& layer, const Segment& segment,
                                                        const StreamHeader& header, bool is_bottom);

}  // namespace aicodec
