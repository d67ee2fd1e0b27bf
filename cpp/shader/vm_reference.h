// The reference VM: evaluates a program for one pixel after another, in the most obvious way. It defines what
// a program means; tests and a fuzzer compare the tile VM with it bit for bit.
#pragma once

#include "shader/frame.h"
#include "shader/program.h"

namespace aicodec::shader {

// Draws all of `rgb`, a kRgb picture. Precondition: verify(program).ok(), enough parameters.
void draw_reference(const Program& program, const Frame& frame, Picture& rgb);

}  // namespace aicodec::shader
