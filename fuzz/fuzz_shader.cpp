// Shader programs and tracks as a file brings them. What the reader accepts must come back the same after it
// was written again, and both VMs must draw the same samples. The first byte chooses.
#include <algorithm>
#include <cstdlib>

#include "shader/serialize.h"
#include "shader/tile_vm.h"
#include "shader/vm_reference.h"
#include "track/table.h"

namespace {

using namespace aicodec;

void require(bool condition) {
  if (!condition) std::abort();
}

// Enough for every input to reach the VMs in little time.
constexpr uint64_t kMaxWork = 20000;

bool same(const shader::Program& a, const shader::Program& b) {
  const auto same_code = [](const shader::Instruction& x, const shader::Instruction& y) {
    return x.op == y.op && x.immediate == y.immediate && x.first == y.first && x.count == y.count;
  };
  return a.operands == b.operands && a.constants == b.constants &&
         std::equal(a.code.begin(), a.code.end(), b.code.begin(), b.code.end(), same_code);
}

// A picture may be narrower than a strip, or wider than one.
void fuzz_program(ByteSpan bytes, bool wide, uint32_t width) {
  const Result<shader::Program> program = shader::read_program(bytes);
  if (!program.ok()) return;
  const Bytes written = shader::write_program(program.value());
  const Result<shader::Program> again = shader::read_program(written);
  require(again.ok() && same(again.value(), program.value()));
  const Result<shader::Summary> summary = shader::verify(program.value());
  require(summary.ok());
  if (summary->work > kMaxWork) return;

  const PixelFormat format{Layout::kRgb, uint8_t(wide ? 10 : 8)};
  Picture below(format, width, 2), prev(format, width, 2), tiles(format, width, 2),
      reference(format, width, 2);
  below.clear();
  prev.clear();
  for (uint32_t x = 0; x < width; ++x) below.plane(0).row<uint8_t>(1)[x] = uint8_t(x * 3);
  for (uint32_t x = 0; x < width; ++x) prev.plane(2).row<uint8_t>(0)[x] = uint8_t(x * 5);
  below.clamp_samples();
  prev.clamp_samples();
  std::vector<float> parameters(shader::kMaxParameters, 0.75f);
  const shader::Frame frame{1.5f, 45, 3, parameters, below.view(), prev.view()};
  shader::TileVm(program.value()).draw(frame, tiles, 1);
  shader::draw_reference(program.value(), frame, reference);
  std::vector<uint8_t> a(tiles.packed_size()), b(a.size());
  tiles.pack(a.data());
  reference.pack(b.data());
  require(a == b);
}

void fuzz_track(ByteSpan bytes) {
  const Result<track::Table> table = track::unpack(bytes);
  if (!table.ok() || table->rows * table->columns.size() > 20000) return;
  const Bytes written = track::pack(table.value(), {});
  const Result<track::Table> again = track::unpack(written);
  require(again.ok() && again->rows == table->rows && again->columns.size() == table->columns.size());
  for (size_t c = 0; c < table->columns.size(); ++c) {
    require(again->columns[c].name == table->columns[c].name);
    require(again->columns[c].values == table->columns[c].values);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, size - 1);
  if (data[0] % 4 == 0)
    fuzz_track(bytes);
  else
    fuzz_program(bytes, data[0] % 4 == 1, data[0] & 16 ? 150 : 37);
  return 0;
}
