// A program as the tile VM wants it: a graph of pure nodes, equal ones merged, short loops unrolled, and
// every node with the level at which it varies. Since operations are total and have no effects, a node may be
// computed anywhere its operands are known: outside a loop that does not change it, or once for a row, a
// column or a frame.
#pragma once

#include <array>
#include <vector>

#include "shader/program.h"

namespace aicodec::shader {

// Where a value changes: nowhere in a frame, from row to row, from column to column, or both ways.
enum class Level : uint8_t { kFrame = 0, kRow = 1, kColumn = 2, kPixel = 3 };

// The level of what is computed from both.
constexpr Level joined(Level a, Level b) { return Level(uint8_t(a) | uint8_t(b)); }

struct Node {
  enum class Kind : uint8_t { kConstant, kInput, kOperation, kCarried, kResult };
  Kind kind = Kind::kConstant;
  Op op = Op::kMul;
  int32_t immediate = 0;
  uint32_t detail = 0;  // the constant's bits, the input's number, or which of its loop's values
  int loop = -1;        // the innermost one it lies in; of kResult: its own one, which it lies outside of
  std::array<int, 3> in = {-1, -1, -1};
  Level level = Level::kFrame;
};

struct GraphLoop {
  struct Break {
    int condition;
    std::vector<int> values;
  };
  int parent = -1;
  int32_t trips = 1;
  Level level = Level::kFrame;
  std::vector<int> initial, carried, next, results;
  std::vector<Break> breaks;
};

struct Graph {
  std::vector<Node> nodes;  // operands before their users, apart from a loop's next values
  std::vector<GraphLoop> loops;
  std::array<int, 3> outputs = {};
  bool integer_outputs = false;

  // The loop that a node is evaluated in, -1 for none.
  int region(int node) const {
    const Node& n = nodes[size_t(node)];
    return n.kind == Node::Kind::kResult ? loops[size_t(n.loop)].parent : n.loop;
  }
  // Whether loop `inner` is `outer` or lies in it.
  bool lies_in(int inner, int outer) const {
    while (inner >= 0 && inner != outer) inner = loops[size_t(inner)].parent;
    return inner == outer;
  }
};

// Precondition: verify(program).ok().
Graph build_graph(const Program& program);

}  // namespace aicodec::shader
