// Fewer square roots: the least or greatest of several distances needs one.
#pragma once

#include "shader/graph.h"

namespace aicodec::shader {

// The same values, bit for bit (but for the bits of a NaN, which no operation tells from another's): rounded
// roots and differences never change the order of their operands, so min and max go before them.
Graph with_late_roots(const Graph& graph);

}  // namespace aicodec::shader
