#include "screen/block_model.h"

#include <algorithm>

#include "screen/pixel.h"

namespace aicodec::screen {
namespace {

int middle(int a, int b, int c) { return std::max(std::min(a, b), std::min(std::max(a, b), c)); }

}  // namespace

FlagContexts flag_contexts(const Node& node, int top, const BlockMap& current, const BlockMap& previous,
                           const Ages& ages) {
  const int column = node.column;
  const int row = node.row;
  const int cells = node.cells();
  const Block& left = current.at(column - 1, row);
  const Block& above = current.at(column, row - 1);
  const bool has_right = row > 0 && column + cells < current.columns();
  const Block& above_right = has_right ? current.at(column + cells, row - 1) : current.at(-1, -1);
  const Block& before = previous.at(column, row);
  const int right = std::min(column + cells, current.columns());
  const int bottom = std::min(row + cells, current.rows());
  uint32_t active = 0;    // in the frame before, by quarter
  uint8_t age = kOldest;  // of the cell that changed last
  uint32_t ages_hash = 0;
  for (int y = row; y < bottom; ++y)
    for (int x = column; x < right; ++x) {
      const int quarter = (y - row) * 2 / cells * 2 + (x - column) * 2 / cells;
      if (previous.at(x, y).mode != Mode::kSkip) active |= 1u << quarter;
      const uint8_t cell_age = ages[static_cast<size_t>(y) * current.columns() + static_cast<size_t>(x)];
      age = std::min(age, cell_age);
      ages_hash = std::max<uint32_t>(ages_hash, cell_age);
    }
  const auto mode = [](const Block& block) { return static_cast<uint32_t>(block.mode); };
  const uint32_t then = active == 0 ? 0 : mode(before) == 0 ? 4 : mode(before);
  // The right and lower neighbours, as they were.
  const uint32_t later =
      static_cast<uint32_t>(previous.at(right < current.columns() ? right : -1, row).mode != Mode::kSkip) |
      static_cast<uint32_t>(previous.at(column, bottom < current.rows() ? bottom : -1).mode != Mode::kSkip)
          << 1;
  return {
      hash_of(1, mode(left), mode(above), mode(above_right), then),
      hash_of(2, age, ages_hash, left.mode != Mode::kSkip, above.mode != Mode::kSkip),
      hash_of(3, column, top + row),
      hash_of(4, active, before.level, mode(before), left.level, above.level),
      hash_of(5, mode(left), mode(above), active, later, std::min<int>(age, 3)),
      hash_of(6, left.vector == above.vector, before.vector == left.vector, mode(left), mode(above), then)};
}

FlagModel::FlagModel() {
  for (auto& table : tables_) table.resize(size_t{1} << kTableBits);
  MixWeights<8> start{};
  for (int i = 0; i < kFlagContexts; ++i) start.w[i] = (1 << kWeightBits) / 4;
  weights_.fill(start);
}

void RecentVectors::push(Vector vector) {
  const auto end = vectors_.begin() + count_;
  auto found = std::find(vectors_.begin(), end, vector);
  if (found == end && count_ < kKept) ++count_;
  if (found == vectors_.end()) --found;
  std::move_backward(vectors_.begin(), found, found + 1);
  vectors_[0] = vector;
}

CandidateVectors candidate_vectors(const Node& node, Mode mode, const BlockMap& current,
                                   const BlockMap& previous, const RecentVectors& recent, int below) {
  CandidateVectors candidates;
  const bool photo = mode == Mode::kPhoto;
  const auto add_block = [&](const Block& block) {
    if (block.mode != Mode::kSkip) candidates.add(photo ? block.vector : block.vector.whole());
  };
  const Block& left = current.at(node.column - 1, node.row);
  const Block& above = current.at(node.column, node.row - 1);
  const bool has_right = node.row > 0 && node.column + node.cells() < current.columns();
  const Block& above_right =
      has_right ? current.at(node.column + node.cells(), node.row - 1) : current.at(-1, -1);
  if (below >= 0) candidates.add({0, 0, static_cast<uint8_t>(below)});
  add_block(left);
  add_block(above);
  if (mode != Mode::kCopy) candidates.add({});
  add_block(above_right);
  add_block(previous.at(node.column, node.row));
  if (photo) {
    const Way a = way_of(left.vector), b = way_of(above.vector), c = way_of(above_right.vector);
    candidates.expected = {middle(a.dx, b.dx, c.dx), middle(a.dy, b.dy, c.dy)};
    return candidates;
  }
  for (int i = 0; i < recent.count(); ++i) candidates.add(recent[i]);
  return candidates;
}

CandidateVectors second_candidates(const Node& node, Vector first, const BlockMap& current,
                                   const BlockMap& previous) {
  CandidateVectors candidates;
  const Block& left = current.at(node.column - 1, node.row);
  const Block& above = current.at(node.column, node.row - 1);
  for (const Block* block : {&left, &above, &previous.at(node.column, node.row)})
    if (block->second) candidates.add(*block->second);
  // What moves evenly has come twice as far.
  const Way way = way_of(first);
  candidates.expected = left.second ? way_of(*left.second) : above.second ? way_of(*above.second) : way + way;
  return candidates;
}

}  // namespace aicodec::screen
