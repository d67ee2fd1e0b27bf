// A shader program whose samples tell of every value that the given one has at its end: of each bit of an
// integer, of the sign of a zero, of infinities and no numbers. A difference between two evaluations of a
// value seldom reaches the samples by itself: most programs are saturated, or use the value for little.
#pragma once

#include "shader/program.h"

namespace aicodec::shader {

// Values that are the same all along a row, a column or a frame are read for every pixel: on the way there
// they may lose what they had. Samples are the low bits of a hash, `max_value` ones. Precondition:
// verify(program) gave `types`. The result may be over a limit.
Program observed(const Program& program, const std::vector<Type>& types, uint32_t max_value);

}  // namespace aicodec::shader
