#include "shader/late_roots.h"

#include <map>
#include <tuple>

namespace aicodec::shader {
namespace {

class Rewriter {
 public:
  explicit Rewriter(const Graph& from) : from_(from), uses_(from.nodes.size()) {
    const auto use = [&](const std::vector<int>& nodes) {
      for (const int n : nodes) ++uses_[size_t(n)];
    };
    for (const Node& node : from.nodes)
      for (const int in : node.in)
        if (in >= 0) ++uses_[size_t(in)];
    for (const GraphLoop& loop : from.loops) {
      use(loop.initial);
      use(loop.next);
      for (const GraphLoop::Break& out : loop.breaks) {
        ++uses_[size_t(out.condition)];
        use(out.values);
      }
    }
    for (const int n : from.outputs) ++uses_[size_t(n)];
  }

  Graph run() {
    to_.loops = from_.loops;
    to_.integer_outputs = from_.integer_outputs;
    for (size_t n = 0; n < from_.nodes.size(); ++n) new_.push_back(copied(int(n)));
    for (GraphLoop& loop : to_.loops) {
      for (std::vector<int>* list : {&loop.initial, &loop.carried, &loop.next, &loop.results})
        renumber(*list);
      for (GraphLoop::Break& out : loop.breaks) {
        out.condition = new_[size_t(out.condition)];
        renumber(out.values);
      }
    }
    for (size_t c = 0; c < 3; ++c) to_.outputs[c] = new_[size_t(from_.outputs[c])];
    return std::move(to_);
  }

 private:
  void renumber(std::vector<int>& nodes) const {
    for (int& n : nodes) n = new_[size_t(n)];
  }

  int copied(int n) {
    Node node = from_.nodes[size_t(n)];
    const bool alone = uses_of(node.in[0]) == 1 && uses_of(node.in[1]) == 1;
    for (int& in : node.in)
      if (in >= 0) in = new_[size_t(in)];
    const bool is_extreme =
        node.kind == Node::Kind::kOperation && (node.op == Op::kMin || node.op == Op::kMax);
    if (is_extreme && alone) {
      const int found = extreme(node.op, node.in[0], node.in[1]);
      if (found >= 0) return found;
    }
    return append(node, uses_[size_t(n)] == 1);
  }
  int uses_of(int n) const { return n < 0 ? 0 : uses_[size_t(n)]; }

  // Min or Max of two nodes that nothing else reads; -1 where nothing is gained.
  int extreme(Op op, int a, int b) {
    const Node x = at(a), y = at(b);
    // Infinity less infinity has no order.
    if (is(a, Op::kSub) && is(b, Op::kSub) && x.in[1] == y.in[1] && is_finite(x.in[1])) {
      const bool rooted = is_root(x.in[0]) && is_root(y.in[0]);
      const int inner = rooted ? root_of(op, x.in[0], y.in[0]) : made(op, x.in[0], y.in[0]);
      return made(Op::kSub, inner, x.in[1]);
    }
    return is_root(a) && is_root(b) ? root_of(op, a, b) : -1;
  }
  // Distances that nothing else reads, and roots made of them.
  bool is_root(int n) const {
    return alone_[size_t(n)] && (is(n, Op::kLength) || (is(n, Op::kSqrt) && is_made_[size_t(n)]));
  }
  int root_of(Op op, int a, int b) { return made(Op::kSqrt, extreme_square(op, square(a), square(b))); }
  // As Length computes it before its root.
  int square(int n) {
    const Node root = at(n);
    if (root.op == Op::kSqrt) return root.in[0];
    const int x = made(Op::kMul, root.in[0], root.in[0]), y = made(Op::kMul, root.in[1], root.in[1]);
    return made(Op::kAdd, x, y);
  }
  // What both squares add to another is added once: none is negative.
  int extreme_square(Op op, int a, int b) {
    const Node x = at(a), y = at(b);
    if (is(a, Op::kAdd) && is(b, Op::kAdd)) {
      if (x.in[0] == y.in[0]) return made(Op::kAdd, x.in[0], made(op, x.in[1], y.in[1]));
      if (x.in[1] == y.in[1]) return made(Op::kAdd, made(op, x.in[0], y.in[0]), x.in[1]);
    }
    return made(op, a, b);
  }

  const Node& at(int n) const { return to_.nodes[size_t(n)]; }
  bool is(int n, Op op) const { return at(n).kind == Node::Kind::kOperation && at(n).op == op; }
  bool is_finite(int n) const {
    return at(n).kind == Node::Kind::kConstant && (at(n).detail & 0x7F800000u) != 0x7F800000u;
  }

  int made(Op op, int a, int b = -1) {
    const auto [found, is_new] = known_.try_emplace({op, a, b}, int(to_.nodes.size()));
    if (!is_new) return found->second;
    Node node;
    node.kind = Node::Kind::kOperation;
    node.op = op;
    node.in = {a, b, -1};
    for (const int in : {a, b}) {
      if (in < 0) continue;
      node.level = joined(node.level, at(in).level);
      const int region = to_.region(in);
      if (to_.lies_in(region, node.loop)) node.loop = region;
    }
    append(node, true);
    is_made_.back() = true;
    return found->second;
  }
  int append(const Node& node, bool alone) {
    to_.nodes.push_back(node);
    alone_.push_back(alone);
    is_made_.push_back(false);
    return int(to_.nodes.size()) - 1;
  }

  const Graph& from_;
  Graph to_;
  std::vector<int> uses_;  // of the old nodes
  std::vector<int> new_;   // by old node
  std::vector<bool> alone_, is_made_;
  std::map<std::tuple<Op, int, int>, int> known_;
};

}  // namespace

Graph with_late_roots(const Graph& graph) { return Rewriter(graph).run(); }

}  // namespace aicodec::shader
