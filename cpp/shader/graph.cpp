#include "shader/graph.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace aicodec::shader {
namespace {

// A loop without a way out is unrolled if that makes at most so many nodes, and the whole graph at most so
// many.
constexpr size_t kMaxUnrolled = 512;
constexpr size_t kMaxNodes = 4096;

bool reads_pixels(Op op) {
  return op == Op::kBelow || op == Op::kBelowNearest || op == Op::kBelowInt || op == Op::kPrev ||
         op == Op::kPrevNearest || op == Op::kPrevInt;
}

class Builder {
 public:
  explicit Builder(const Program& program) : program_(program) {
    std::vector<size_t> open;
    size_t values = 0;
    for (size_t at = 0; at < program.code.size(); ++at) {
      const Instruction& i = program.code[at];
      first_value_.push_back(values);
      const bool list = i.op == Op::kLoop || i.op == Op::kEnd;
      values += list ? i.count : info(i.op).result != Type::kNone;
      ends_.push_back(at);
      if (i.op == Op::kLoop) open.push_back(at);
      if (i.op != Op::kEnd) continue;
      ends_[open.back()] = at;
      open.pop_back();
    }
    node_of_.resize(values);
  }

  Graph run() {
    body(0, program_.code.size(), -1);
    return std::move(graph_);
  }

 private:
  // Instructions first .. end - 1, all of one loop's body or of the program.
  void body(size_t first, size_t end, int loop) {
    for (size_t at = first; at < end; ++at) {
      const Instruction& i = program_.code[at];
      const std::vector<int> in = operands(i);
      if (i.op == Op::kLoop) {
        make_loop(at, loop, in);
        at = ends_[at];
      } else if (i.op == Op::kBreak) {
        graph_.loops[size_t(loop)].breaks.push_back({in[0], {in.begin() + 1, in.end()}});
      } else if (i.op == Op::kOutput || i.op == Op::kOutputInt) {
        std::copy_n(in.begin(), 3, graph_.outputs.begin());
        graph_.integer_outputs = i.op == Op::kOutputInt;
      } else {
        node_of_[first_value_[at]] = operation(i, in);
      }
    }
  }

  void make_loop(size_t at, int parent, const std::vector<int>& initial) {
    const size_t end = ends_[at], inside = end - at;
    const Instruction& head = program_.code[at];
    const size_t unrolled = inside * size_t(head.immediate);
    if (!breaks_out(at, end) && unrolled <= kMaxUnrolled && graph_.nodes.size() + unrolled <= kMaxNodes) {
      std::vector<int> carried = initial;
      for (int32_t turn = 0; turn < head.immediate; ++turn) {
        std::copy(carried.begin(), carried.end(), node_of_.begin() + ptrdiff_t(first_value_[at]));
        body(at + 1, end, parent);
        carried = operands(program_.code[end]);
      }
      std::copy(carried.begin(), carried.end(), node_of_.begin() + ptrdiff_t(first_value_[end]));
      return;
    }
    const int number = int(graph_.loops.size());
    graph_.loops.push_back(
        {parent, head.immediate, level_of_loop(at, end, parent, initial), initial, {}, {}, {}, {}});
    const auto add = [&](Node::Kind kind, size_t first) {
      std::vector<int> made;
      for (size_t k = 0; k < initial.size(); ++k) {
        Node node;
        node.kind = kind;
        node.detail = uint32_t(k);
        node.loop = number;
        node.level = graph_.loops[size_t(number)].level;
        made.push_back(node_of_[first + k] = append(node));
      }
      return made;
    };
    graph_.loops[size_t(number)].carried = add(Node::Kind::kCarried, first_value_[at]);
    body(at + 1, end, number);
    graph_.loops[size_t(number)].next = operands(program_.code[end]);
    graph_.loops[size_t(number)].results = add(Node::Kind::kResult, first_value_[end]);
  }

  bool breaks_out(size_t at, size_t end) const {
    for (size_t i = at + 1; i < end; ++i) {
      if (program_.code[i].op == Op::kBreak) return true;
      i = std::max(i, ends_[i]);
    }
    return false;
  }

  // The level of all that goes into it together: its values stay together.
  Level level_of_loop(size_t at, size_t end, int parent, const std::vector<int>& initial) {
    Level level = parent < 0 ? Level::kFrame : graph_.loops[size_t(parent)].level;
    for (const int node : initial) level = joined(level, graph_.nodes[size_t(node)].level);
    for (size_t i = at + 1; i <= end; ++i) {
      const Instruction& inside = program_.code[i];
      if (reads_pixels(inside.op)) return Level::kPixel;
      for (size_t k = 0; k < inside.count; ++k) {
        const Operand& operand = program_.operands_of(inside)[k];
        const bool own = operand.source == Operand::Source::kValue && operand.index >= first_value_[at];
        if (!own) level = joined(level, graph_.nodes[size_t(node_of(operand))].level);
      }
    }
    return level;
  }

  std::vector<int> operands(const Instruction& i) {
    std::vector<int> nodes;
    for (size_t k = 0; k < i.count; ++k) nodes.push_back(node_of(program_.operands_of(i)[k]));
    return nodes;
  }

  int node_of(const Operand& operand) {
    if (operand.source == Operand::Source::kValue) return node_of_[operand.index];
    Node node;
    if (operand.source == Operand::Source::kConstant) {
      node.detail = bits_of(program_.constants[operand.index]);
    } else {
      node.kind = Node::Kind::kInput;
      node.detail = operand.index;
      if (operand.index == uint16_t(Input::kX)) node.level = Level::kColumn;
      if (operand.index == uint16_t(Input::kY)) node.level = Level::kRow;
    }
    return unique(node);
  }

  int operation(const Instruction& i, const std::vector<int>& in) {
    Node node;
    node.kind = Node::Kind::kOperation;
    node.op = i.op;
    node.immediate = i.immediate;
    if (reads_pixels(i.op)) node.level = Level::kPixel;
    for (size_t k = 0; k < in.size(); ++k) {
      node.in[k] = in[k];
      node.level = joined(node.level, graph_.nodes[size_t(in[k])].level);
      const int region = graph_.region(in[k]);
      if (graph_.lies_in(region, node.loop)) node.loop = region;
    }
    return unique(node);
  }

  int unique(const Node& node) {
    const auto key = std::make_tuple(node.kind, node.op, node.immediate, node.detail, node.in);
    const auto [found, is_new] = known_.try_emplace(key, int(graph_.nodes.size()));
    if (is_new) append(node);
    return found->second;
  }
  int append(const Node& node) {
    graph_.nodes.push_back(node);
    return int(graph_.nodes.size()) - 1;
  }

  const Program& program_;
  Graph graph_;
  std::vector<size_t> first_value_, ends_;  // by instruction
  std::vector<int> node_of_;                // by value
  std::map<std::tuple<Node::Kind, Op, int32_t, uint32_t, std::array<int, 3>>, int> known_;
};

}  // namespace

Graph build_graph(const Program& program) { return Builder(program).run(); }

}  // namespace aicodec::shader
