// The loops of the tile VM, compiled once per instruction set (base/isa.h). A strip of kVectors vectors of
// neighbouring pixels goes through a program as threaded code: each handler ends in a tail call of the next
// one and passes the strip it computed in vector registers, so that a chain of operations touches memory only
// for operands that are not the value just computed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace aicodec::shader {

inline constexpr int kVectors = 8;

struct TileCode;
// Of a type that the instruction set's file knows; elsewhere only a number for "which one".
using TileHandler = void (*)();

// One step. Operands and results lie at byte offsets from the arena's beginning, which is a TileState.
struct TileCode {
  TileHandler handler;
  uint32_t in[3];    // offsets of operands
  uint32_t step[3];  // from one vector of an operand to the next: the vector's size, or 0 where all are equal
  uint32_t out;
  int32_t immediate;  // of the operation, or how many steps to jump
};

// A source picture's channel, as sample.h wants it.
struct TilePlane {
  const uint8_t* data;
  ptrdiff_t stride;
};

struct TileState {
  TilePlane below[3], prev[3];
  uint32_t width, height;
  uint32_t max_value;
  uint32_t x, y;    // of the strip's first pixel
  uint32_t origin;  // what the strip counts from: x, or y in a program for rows
  uint8_t* out[3];  // where its samples go, a byte each or a uint16
  // A program for pixels goes down a column of strips until y is end_row.
  uint32_t first_row, end_row;
  uint8_t* column[3];   // where the samples of row 0 would go
  ptrdiff_t stride[3];  // in bytes, from row to row
  // Offsets of the rows' values, a strip each that begins at first_row, and of where the pixels' program
  // wants each.
  const uint32_t* row_from;
  const uint32_t* row_to;
  size_t row_values;
};

// Where a handler takes an operand from: a strip in the arena, the registers, or one vector in the arena that
// holds for the whole strip.
enum Source : uint8_t { kStrip, kRegisters, kSame };
inline constexpr size_t kSources = 3;

// Handlers of one operation: the sources of its operands, and whether the result goes into the arena besides
// the registers. Operands that there are not count as kStrip.
constexpr size_t variant_of(Source first, Source second, Source third, bool stored) {
  return first + kSources * (second + kSources * (third + kSources * size_t(stored)));
}
inline constexpr size_t kVariants = 2 * kSources * kSources * kSources;
// The only variant of long operations, which work from memory to memory wherever their operands lie.
inline constexpr size_t kLongVariant = variant_of(kStrip, kStrip, kStrip, true);

// Steps that are no operation of the program's.
enum class Control : uint8_t {
  kFinish,   // ends the code
  kNextRow,  // the next strip of the column, from the step `immediate` on; ends the code after the last
  kCount,    // out = origin + 0, 1, 2 ... as floats
  kCopy,     // out = in[0]
  kStore,    // out = the registers
  kAll,      // out = all ones
  kBegin,    // loop: the counter at out = immediate
  kTest,     // in[0] condition, out the mask of pixels still in the loop, in[1] where the mask of pixels that
             // leave goes; jumps by immediate where none leaves
  kLatch,    // out = in[0] where the mask in[1] is set
  kLeave,    // jumps by immediate where the mask in[0] is empty
  kAgain,    // the counter at out less one; jumps by immediate unless it is 0
  kEmit,     // a float in[0] as samples of the channel `immediate`
  kEmitInt,  // an integer likewise
  kTestRegisters,  // as kTest and kEmit, of the registers
  kEmitRegisters,
};
inline constexpr size_t kControls = 15;

struct TileKernels {
  uint32_t vector_bytes;
  // By operation and variant; null where the variant does not exist.
  TileHandler (*operation)(size_t op, size_t variant);
  TileHandler (*control)(Control which);
  void (*run)(const TileCode* code, char* arena);
};

AICODEC_DECLARE_KERNELS(TileKernels, kTileKernels)

}  // namespace aicodec::shader
