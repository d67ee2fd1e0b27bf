#include "screen/residual_model.h"

#include <algorithm>
#include <cstdlib>

namespace aicodec::screen {

ResidualModel::ResidualModel(const SheetShape& shape, const ModelSettings& settings)
    : kernels_(&AICODEC_PICK_KERNELS(kResidualKernels)),
      turn_kernels_(&AICODEC_PICK_KERNELS(kTurnKernels)),
      shape_(shape),
      near_(settings.near),
      joint_(shape.components > 1),
      rich_(settings.rich),
      line_mask_((1u << settings.residual_bits) - 1) {
  sight_.components = shape.components;
  sight_.leaders = settings.first_leads ? 1 : shape.components;
  sight_.max_value = shape.max_value;
  sight_.rgb = shape.rgb;
  for (auto& table : remembered_) table = BigArray<Remembered>(kRemembered);
  if (!rich_) {
    odds_.start(settings.residual_bits);
    return;
  }
  for (auto& table : lines_) table = BigArray<ModelLine>(size_t{1} << settings.residual_bits);
  constexpr size_t kPlaces = size_t{3} * 2 * ModelLine::kModels;
  MixWeights<kContexts> start;
  std::fill_n(start.w, kContexts, static_cast<int16_t>((1 << kWeightBits) / 12));
  for (auto& weights : weights_) weights.assign(kPlaces * 8, start);
  refine_.resize(kPlaces * 33);
  for (size_t i = 0; i < refine_.size(); ++i)
    refine_[i] = BitModel::starting_at(squash((static_cast<int>(i % 33) - 16) * kMaxStretch / 16), 6);
}

void ResidualModel::ask_for_remembered(const Site& s, int expected) {
  const Span& span = surroundings_.span;
  const int lead = span.lead();
  remembered_at_[0] = hash_of(7 + static_cast<uint32_t>(lead), span.low, span.high) >> 16;
  const Pixel west = s.at(-1, 0);
  Pixel beside = west;
  if (!rich_) {
    // How far its components are apart is what a colour blended with grey noise keeps.
    beside = static_cast<uint32_t>(lead);
    for (int k = 0; k < 3; ++k) {
      const int above = component(west, k) - component(west, lead);
      beside = beside << 7 | static_cast<uint32_t>((above + 1024 + 16) >> 5);
    }
  }
  remembered_at_[1] = hash_of(3, beside) >> 16;
  for (int i = 0; i < 2; ++i) prefetch(&remembered(i, expected));
}

void ResidualModel::find_remembered(int first) {
  for (int i = 0; i < 2; ++i) prefetch(known_[i] = &remembered(i, first));
  known_[2] = &by_first_[surroundings_.span.lead()][first];
}

void ResidualModel::remember(Pixel rest) {
  for (Remembered* entry : known_) {
    if (entry->rest == rest && entry->times > 0) {
      entry->times = static_cast<uint8_t>(std::min(entry->times + 1, 31));
    } else {
      *entry = {rest, 1};
    }
  }
}

int ResidualModel::chosen_residual(int wanted, int tolerance) const {
  const int size = std::abs(wanted);
  const auto with_sign = [&](int value) { return wanted < 0 ? -value : value; };
  if (near_ > 0 || tolerance == 0) return with_sign((size + near_) / (2 * near_ + 1));
  if (size <= tolerance) return 0;
  int unit = 1;
  while (2 * unit <= 2 * tolerance) unit *= 2;
  for (; unit > 1; unit /= 2) {
    const int rounded = (size + unit / 2) / unit * unit;
    if (rounded > 0 && std::abs(rounded - size) <= tolerance) return with_sign(rounded);
  }
  return wanted;
}

}  // namespace aicodec::screen
