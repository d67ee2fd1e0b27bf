// The loops of the gradient machine, compiled once per instruction set (base/isa.h). A block is kBlock
// samples of a value, one after another: an operation turns blocks of operands into a block of results and,
// for those that derivatives go through, blocks of slopes by each operand.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace aicodec::fit {

inline constexpr int kBlock = 64;
inline constexpr size_t kBlockBytes = 4 * kBlock;

// One derivative of a result: the sum of slope times tangent over the operands that depend on the parameter.
struct Chain {
  uint32_t out;
  uint32_t terms;
  uint32_t slope[3], tangent[3];
};

inline constexpr int kAnyLeft = 1, kAnyTaken = 2;

// Blocks are named by their numbers in an arena, which is aligned to 64 bytes.
struct SlopeKernels {
  // Null for an operation that no vector instruction has. `slopes` are null where none is wanted.
  using Operation = void (*)(int32_t immediate, const char* const in[3], char* out, char* const slopes[3]);
  Operation (*operation)(size_t op);
  void (*chain)(const Chain* chains, size_t count, char* arena);
  // out = mask ? yes : no, each a block.
  void (*blend)(const char* mask, const char* yes, const char* no, char* out);
  // taken = mask & condition, mask &= ~condition; kAnyLeft and kAnyTaken.
  int (*leave)(const char* condition, char* mask, char* taken);
  // out[i * rows + j] += rows i and j multiplied, for j >= i: rows of `length` floats (a multiple of kBlock).
  void (*gram)(const float* rows, size_t count, size_t length, double* out);
};

AICODEC_DECLARE_KERNELS(SlopeKernels, kSlopeKernels)

}  // namespace aicodec::fit
