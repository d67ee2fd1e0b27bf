#include "screen/layer_header.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace aicodec::screen {
namespace {

enum Flag : uint8_t { kRich = 1, kFirstLeads = 2, kAllVoters = 4, kGround = 8, kOnGround = 16 };

// What a decoder is ready to allocate for one layer.
constexpr uint64_t kMaxMemory = uint64_t{3} << 30;
// Of a segment: borders cannot move more often, nor later.
constexpr uint64_t kMaxFrames = uint64_t{1} << 20;

// The units of all slices but the last.
void write_rows(ByteWriter& out, const SliceCuts& cuts) {
  uint32_t before = 0;
  for (const uint32_t unit : cuts.units) out.varint(unit - std::exchange(before, unit));
}

Status read_rows(ByteReader& in, int slices, uint32_t units, SliceCuts& cuts) {
  uint32_t unit = 0;
  for (int i = 1; i < slices; ++i) {
    const uint64_t more = in.varint_up_to(units);
    AICODEC_TRY(in.status());
    unit += static_cast<uint32_t>(more);
    if (more == 0 || unit >= units) return Error::kBadValue;
    cuts.units.push_back(unit);
  }
  return Ok{};
}

Status read_ground(ByteReader& in, PixelFormat format, Ground& ground) {
  for (int i = 0; i < sheet_count(format); ++i) {
    const SheetShape sheet = sheet_shape(format, 1, 1, i);
    const uint64_t colour = in.varint_up_to((uint64_t{1} << (10 * sheet.components)) - 1);
    AICODEC_TRY(in.status());
    ground[static_cast<size_t>(i)] = static_cast<Pixel>(colour);
    for (int k = 0; k < sheet.components; ++k)
      if (component(static_cast<Pixel>(colour), k) > sheet.max_value) return Error::kBadValue;
  }
  return Ok{};
}

}  // namespace

uint32_t slice_unit(PixelFormat format) { return format.layout == Layout::kYuv420 ? 2 * kCell : kCell; }

uint32_t slice_units(PixelFormat format, uint32_t height) {
  return (height + slice_unit(format) - 1) / slice_unit(format);
}

uint32_t slice_top(PixelFormat format, uint32_t height, int slice, const SliceCuts& cuts) {
  if (slice == 0) return 0;
  return slice < cuts.slices() ? cuts.units[static_cast<size_t>(slice) - 1] * slice_unit(format) : height;
}

uint64_t memory_needed(const LayerHeader& header, PixelFormat format, uint32_t width, uint32_t height) {
  const uint64_t area = (uint64_t{width} + 2 * kBorder) * (uint64_t{height} + 2 * kBorder);
  const uint64_t frames = static_cast<uint64_t>(header.saved) + 10;
  const uint64_t tables =
      (uint64_t{10 * 16} << header.models.colour_bits) + (uint64_t{24 * 64} << header.models.residual_bits);
  return area * sizeof(Pixel) * frames +
         tables * static_cast<uint64_t>(header.cuts.slices() * sheet_count(format));
}

void write_layer_header(ByteWriter& out, const LayerHeader& header, PixelFormat format) {
  out.varint(static_cast<uint64_t>(header.models.near));
  out.u8(static_cast<uint8_t>(header.models.colour_bits));
  out.u8(static_cast<uint8_t>(header.models.residual_bits));
  out.u8(static_cast<uint8_t>(header.saved));
  out.u8(static_cast<uint8_t>(header.cuts.slices()));
  out.u8((header.models.rich ? kRich : 0) | (header.models.first_leads ? kFirstLeads : 0) |
         (header.models.all_voters ? kAllVoters : 0) | (header.ground != Ground{} ? kGround : 0) |
         (header.on_ground ? kOnGround : 0));
  if (header.ground != Ground{})
    for (int sheet = 0; sheet < sheet_count(format); ++sheet)
      out.varint(header.ground[static_cast<size_t>(sheet)]);
  if (header.cuts.units.empty()) return;
  out.varint(header.cuts.frame);
  write_rows(out, header.cuts);
  out.varint(header.moves.size());
  uint64_t frame = header.cuts.frame;
  for (const SliceCuts& move : header.moves) {
    out.varint(move.frame - std::exchange(frame, move.frame));
    write_rows(out, move);
  }
}

Result<LayerHeader> read_layer_header(ByteReader& in, PixelFormat format, uint32_t width, uint32_t height) {
  LayerHeader header;
  header.models.near = static_cast<int>(in.varint_up_to(format.max_value() / 2));
  header.models.colour_bits = in.u8();
  header.models.residual_bits = in.u8();
  header.saved = in.u8();
  const int slices = in.u8();
  const uint8_t flags = in.u8();
  AICODEC_TRY(in.status());
  if (flags > (kRich | kFirstLeads | kAllVoters | kGround | kOnGround)) return Error::kUnsupportedFeature;
  header.models.rich = (flags & kRich) != 0;
  header.models.first_leads = (flags & kFirstLeads) != 0;
  header.models.all_voters = (flags & kAllVoters) != 0;
  header.on_ground = (flags & kOnGround) != 0;
  if ((flags & kGround) != 0) AICODEC_TRY(read_ground(in, format, header.ground));
  const uint32_t units = slice_units(format, height);
  if (slices < 1 || slices > kMaxSlices || static_cast<uint32_t>(slices) > units) return Error::kBadValue;
  if (slices > 1) {
    header.cuts.frame = in.varint();
    AICODEC_TRY(read_rows(in, slices, units, header.cuts));
    uint64_t frame = header.cuts.frame;
    const uint64_t moves = in.varint_up_to(kMaxFrames);
    AICODEC_TRY(in.status());
    for (uint64_t i = 0; i < moves; ++i) {
      const uint64_t later = in.varint_up_to(kMaxFrames);
      AICODEC_TRY(in.status());
      if (later == 0) return Error::kBadValue;
      SliceCuts& move = header.moves.emplace_back();
      move.frame = frame += later;
      AICODEC_TRY(read_rows(in, slices, units, move));
    }
  }
  const ModelSettings& models = header.models;
  if (models.colour_bits < 8 || models.colour_bits > 22 || models.residual_bits < 4 ||
      models.residual_bits > 16 || header.saved > kMaxSaved)
    return Error::kBadValue;
  // A few bytes must not make a decoder allocate gigabytes for a small picture.
  const int size = static_cast<int>(std::bit_width(uint64_t{width} * height));
  if (models.colour_bits > std::max(10, size) || models.residual_bits > std::max(6, size - 4) ||
      memory_needed(header, format, width, height) > kMaxMemory)
    return Error::kTooLarge;
  return header;
}

}  // namespace aicodec::screen
