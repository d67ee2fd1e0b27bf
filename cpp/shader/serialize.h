// Programs in bits: op codes and distances by adaptive models, constants where they are first used. A program
// has one serialised form, and every program that read_program() gives has passed verify().
#pragma once

#include "bits/bytes.h"
#include "shader/program.h"

namespace aicodec::shader {

// Precondition: verify(program).ok().
Bytes write_program(const Program& program);

// kTruncated, kTrailingData, and what verify() says.
Result<Program> read_program(ByteSpan bytes);

}  // namespace aicodec::shader
