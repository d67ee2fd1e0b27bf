#include "shader/schedule.h"

#include <algorithm>

namespace aicodec::shader {
namespace {

// What a loop has besides its carried values: numbers above those of the graph's nodes.
enum Extra : int { kActive, kLeaving, kCounter, kExtras };

class Scheduler {
 public:
  Scheduler(const Graph& graph, Level level) : graph_(graph), level_(level) {
    const size_t nodes = graph.nodes.size();
    extra_ = int(nodes);
    result_.values = nodes + kExtras * graph.loops.size();
    done_.resize(nodes);
    live_.resize(nodes);
    same_as_.resize(nodes);
    for (size_t n = 0; n < nodes; ++n) same_as_[n] = int(n);
    for (const Node& node : graph.nodes) {
      int weight = 1;
      for (const int in : node.in)
        if (in >= 0) weight = std::min(weight + weights_[size_t(in)], 1 << 20);
      weights_.push_back(weight);
    }
  }

  Schedule run(const std::vector<int>& roots) {
    for (const int root : roots) mark(root);
    for (size_t k = 0; k < roots.size(); ++k) {
      evaluate(roots[k]);
      if (level_ == Level::kPixel) {
        Step emit;
        emit.control = graph_.integer_outputs ? Control::kEmitInt : Control::kEmit;
        emit.in[0] = roots[k];
        emit.out = int(k);
        push(emit);
      }
    }
    Step last;
    if (level_ == Level::kPixel) {
      last.control = Control::kNextRow;
      last.target = 0;
    }
    push(last);
    // What is emitted is done with: an export would have to be stored besides.
    if (level_ != Level::kPixel)
      for (const int root : roots) result_.exports.push_back(same_as_[size_t(root)]);
    find_labels();
    return std::move(result_);
  }

 private:
  const Node& node(int n) const { return graph_.nodes[size_t(n)]; }
  bool is_here(int n) const { return node(n).level == level_ && !is_scalar(n); }
  // Constants and inputs that are the same all over the frame.
  bool is_scalar(int n) const {
    return node(n).kind == Node::Kind::kConstant ||
           (node(n).kind == Node::Kind::kInput && node(n).level == Level::kFrame);
  }

  // What the roots need, loops' values among it.
  void mark(int root) {
    std::vector<int> waiting = {root};
    const auto add = [&](int n) {
      if (!live_[size_t(n)] && is_here(n)) waiting.push_back(n);
    };
    while (!waiting.empty()) {
      const int n = waiting.back();
      waiting.pop_back();
      if (live_[size_t(n)] || !is_here(n)) continue;
      live_[size_t(n)] = true;
      if (node(n).kind == Node::Kind::kOperation)
        for (const int in : node(n).in)
          if (in >= 0) add(in);
      if (node(n).kind != Node::Kind::kCarried && node(n).kind != Node::Kind::kResult) continue;
      const GraphLoop& loop = graph_.loops[size_t(node(n).loop)];
      const size_t k = node(n).detail;
      add(loop.initial[k]);
      add(loop.next[k]);
      if (node(n).kind == Node::Kind::kResult) add(loop.carried[k]);
      for (const GraphLoop::Break& out : loop.breaks) {
        add(out.condition);
        if (node(n).kind == Node::Kind::kResult) add(out.values[k]);
      }
    }
  }

  void push(Step step) {
    for (int& in : step.in)
      if (in >= 0 && in < extra_) {
        in = same_as_[size_t(in)];
        if (!is_here(in) &&
            std::find(result_.imports.begin(), result_.imports.end(), in) == result_.imports.end())
          result_.imports.push_back(in);
      }
    result_.steps.push_back(step);
  }
  void control(Control which, int out, int in0 = -1, int in1 = -1, int32_t immediate = 0) {
    Step step;
    step.control = which;
    step.out = out;
    step.in = {in0, in1, -1};
    step.immediate = immediate;
    push(step);
  }

  void evaluate(int n) {
    if (!is_here(n) || done_[size_t(n)]) return;
    const Node& wanted = node(n);
    if (wanted.kind == Node::Kind::kResult) {
      run_loop(wanted.loop);
      return;
    }
    done_[size_t(n)] = true;
    if (wanted.kind == Node::Kind::kInput) {
      control(Control::kCount, n);
      return;
    }
    // The heavier operand first, so that the last one is in the registers when it is wanted.
    std::array<int, 3> order = wanted.in;
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return weight(a) > weight(b); });
    for (const int in : order)
      if (in >= 0) evaluate(in);
    Step step;
    step.is_operation = true;
    step.op = wanted.op;
    step.in = wanted.in;
    step.out = n;
    step.immediate = wanted.immediate;
    push(step);
  }
  int weight(int n) const { return n < 0 || done_[size_t(n)] ? 0 : weights_[size_t(n)]; }

  // Evaluates, before the loop, whatever its body reads from outside.
  void evaluate_outside(int number, const std::vector<int>& roots) {
    std::vector<int> waiting = roots;
    std::vector<bool> seen(graph_.nodes.size());
    while (!waiting.empty()) {
      const int n = waiting.back();
      waiting.pop_back();
      if (!is_here(n) || seen[size_t(n)]) continue;
      seen[size_t(n)] = true;
      if (!graph_.lies_in(graph_.region(n), number)) {
        evaluate(n);
      } else if (node(n).kind == Node::Kind::kResult) {
        const GraphLoop& inner = graph_.loops[size_t(node(n).loop)];
        append(roots_of(inner), waiting);
        append(inner.initial, waiting);
      } else {
        for (const int in : node(n).in)
          if (in >= 0) waiting.push_back(in);
      }
    }
  }
  static void append(const std::vector<int>& more, std::vector<int>& to) {
    to.insert(to.end(), more.begin(), more.end());
  }

  // The live values that a turn of the loop has to find.
  std::vector<int> roots_of(const GraphLoop& loop) const {
    std::vector<int> roots;
    for (const GraphLoop::Break& out : loop.breaks) {
      roots.push_back(out.condition);
      for (size_t k = 0; k < loop.results.size(); ++k)
        if (live_[size_t(loop.results[k])]) roots.push_back(out.values[k]);
    }
    for (size_t k = 0; k < loop.carried.size(); ++k)
      if (live_[size_t(loop.carried[k])]) roots.push_back(loop.next[k]);
    return roots;
  }

  void run_loop(int number) {
    const GraphLoop& loop = graph_.loops[size_t(number)];
    const int active = extra_ + kExtras * number + kActive, leaving = active + kLeaving,
              counter = active + kCounter;
    std::vector<size_t> live;
    for (size_t k = 0; k < loop.carried.size(); ++k)
      if (live_[size_t(loop.carried[k])]) live.push_back(k);
    evaluate_outside(number, roots_of(loop));
    for (const size_t k : live) evaluate(loop.initial[k]);
    const size_t first = result_.steps.size();
    for (const size_t k : live) {
      control(Control::kCopy, loop.carried[k], loop.initial[k]);
      done_[size_t(loop.carried[k])] = true;
    }
    if (!loop.breaks.empty()) control(Control::kAll, active);
    control(Control::kBegin, counter, -1, -1, loop.trips);
    const size_t head = result_.steps.size();
    std::vector<size_t> exits;
    for (const GraphLoop::Break& out : loop.breaks) exits.push_back(leave(loop, out, active, leaving));
    for (const size_t k : live) evaluate(loop.next[k]);
    carry(loop, live, head);
    control(Control::kAgain, counter);
    result_.steps.back().target = int(head);
    for (const size_t k : live) {
      const int result = loop.results[k];
      if (loop.breaks.empty())
        same_as_[size_t(result)] = loop.carried[k];
      else if (live_[size_t(result)])
        control(Control::kLatch, result, loop.carried[k], active);
      done_[size_t(result)] = true;
    }
    for (const size_t exit : exits) result_.steps[exit].target = int(result_.steps.size());
    result_.loops.push_back({first, result_.steps.size()});
  }

  // One way out; gives the step that jumps to the end when no pixel is left.
  size_t leave(const GraphLoop& loop, const GraphLoop::Break& out, int active, int leaving) {
    for (size_t k = 0; k < loop.results.size(); ++k)
      if (live_[size_t(loop.results[k])]) evaluate(out.values[k]);
    evaluate(out.condition);
    const size_t test = result_.steps.size();
    control(Control::kTest, active, out.condition, leaving);
    for (size_t k = 0; k < loop.results.size(); ++k)
      if (live_[size_t(loop.results[k])]) control(Control::kLatch, loop.results[k], out.values[k], leaving);
    control(Control::kLeave, -1, active);
    result_.steps[test].target = int(result_.steps.size());
    return result_.steps.size() - 1;
  }

  // The next values into the carried ones' places: computed there where nobody reads the old ones later.
  void carry(const GraphLoop& loop, const std::vector<size_t>& live, size_t head) {
    std::vector<std::pair<int, int>> moves;  // to, from
    for (const size_t k : live) {
      const int carried = loop.carried[k], next = same_as_[size_t(loop.next[k])];
      if (next == carried) continue;
      if (!becomes(carried, next, loop, live, head)) moves.emplace_back(carried, next);
    }
    for (auto& [to, from] : moves) {
      const bool is_overwritten = std::any_of(
          moves.begin(), moves.end(), [&, source = from](const auto& m) { return m.first == source; });
      if (!is_overwritten) continue;
      const int place = int(result_.values++);
      control(Control::kCopy, place, from);
      from = place;
    }
    for (const auto& [to, from] : moves) control(Control::kCopy, to, from);
  }

  bool becomes(int carried, int next, const GraphLoop& loop, const std::vector<size_t>& live, size_t head) {
    auto& steps = result_.steps;
    size_t defined = 0, last_use = 0;
    for (size_t s = head; s < steps.size(); ++s) {
      if (steps[s].is_operation && steps[s].out == next) defined = s;
      if (std::count(steps[s].in.begin(), steps[s].in.end(), carried)) last_use = s;
      if (steps[s].out == carried) return false;
    }
    if (defined == 0 || last_use > defined || !is_here(next) || graph_.region(next) != node(carried).loop)
      return false;
    for (const size_t k : live)
      if (loop.next[k] == carried || (loop.carried[k] != carried && same_as_[size_t(loop.next[k])] == next))
        return false;
    for (size_t s = defined; s < steps.size(); ++s) {
      if (steps[s].out == next && steps[s].is_operation) steps[s].out = carried;
      std::replace(steps[s].in.begin(), steps[s].in.end(), next, carried);
    }
    return true;
  }

  void find_labels() {
    result_.is_label.resize(result_.steps.size() + 1);
    result_.is_lasting.resize(result_.values);
    for (const Step& step : result_.steps)
      if (step.target >= 0) result_.is_label[size_t(step.target)] = true;
    for (const GraphLoop& loop : graph_.loops) {
      for (const int n : loop.carried) result_.is_lasting[size_t(n)] = true;
      for (const int n : loop.results) result_.is_lasting[size_t(n)] = true;
    }
  }

  const Graph& graph_;
  Level level_;
  int extra_;
  Schedule result_;
  std::vector<bool> done_, live_;
  std::vector<int> same_as_, weights_;
};

}  // namespace

Schedule make_schedule(const Graph& graph, Level level, const std::vector<int>& roots) {
  return Scheduler(graph, level).run(roots);
}

}  // namespace aicodec::shader
