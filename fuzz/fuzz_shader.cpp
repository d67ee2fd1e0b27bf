// Shader programs and tracks as a file brings them. What the reader accepts must come back the same after it
// was written again, and both VMs must draw the same samples, those of the program and those that tell of its
// values. The first byte chooses.
#include <algorithm>
#include <cstdlib>
#include <limits>

#include "observed.h"
#include "shader/serialize.h"
#include "shader/tile_vm.h"
#include "shader/vm_reference.h"
#include "track/table.h"

namespace {

using namespace aicodec;

void require(bool condition) {
  if (!condition) std::abort();
}

// Of a frame: enough for every input to reach the VMs in little time.
constexpr uint64_t kMaxWork = 6'000'000;

struct Case {
  bool deep;        // samples of 10 bits
  bool extreme;     // inputs of the frame that no usual file has
  uint32_t width;   // narrower than a strip of pixels, or wider than one
  uint32_t height;  // more than one thread draws at a time, or less

  explicit Case(uint8_t first)
      : deep(first % 4 == 1),
        extreme(first & 64),
        width(first & 16 ? 150 : 37),
        height(first & 32 ? 35 : 2) {}
};

bool same(const shader::Program& a, const shader::Program& b) {
  const auto same_code = [](const shader::Instruction& x, const shader::Instruction& y) {
    return x.op == y.op && x.immediate == y.immediate && x.first == y.first && x.count == y.count;
  };
  return a.operands == b.operands && a.constants == b.constants &&
         std::equal(a.code.begin(), a.code.end(), b.code.begin(), b.code.end(), same_code);
}

// What a track may hold: all that a binary32 can be.
std::vector<float> parameters() {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> some = {0.75f, -0.0f,  -3.0f,  Limits::infinity(), Limits::quiet_NaN(), 1e-40f,
                                   0.0f,  -1e30f, 8.5e6f, -Limits::infinity()};
  std::vector<float> all;
  while (all.size() < shader::kMaxParameters) all.push_back(some[all.size() % some.size()]);
  return all;
}

void require_same_samples(const shader::Program& program, const Case& chosen) {
  const Result<shader::Summary> summary = shader::verify(program);
  if (!summary.ok() || summary->work * chosen.width * chosen.height > kMaxWork) return;
  const PixelFormat format{Layout::kRgb, uint8_t(chosen.deep ? 10 : 8)};
  const auto picture = [&] { return Picture(format, chosen.width, chosen.height); };
  Picture below = picture(), prev = picture(), tiles = picture(), reference = picture();
  below.clear();
  prev.clear();
  for (uint32_t x = 0; x < chosen.width; ++x) below.plane(0).row<uint8_t>(1)[x] = uint8_t(x * 3);
  for (uint32_t x = 0; x < chosen.width; ++x) prev.plane(2).row<uint8_t>(0)[x] = uint8_t(x * 5);
  below.clamp_samples();
  prev.clamp_samples();
  static const std::vector<float> kParameters = parameters();
  const shader::Frame frame{chosen.extreme ? -0.0f : 1.5f,
                            chosen.extreme ? 1u << 31 : 45,
                            3,
                            kParameters,
                            below.view(),
                            prev.view()};
  shader::TileVm(program).draw(frame, tiles, 1);
  shader::draw_reference(program, frame, reference);
  std::vector<uint8_t> a(tiles.packed_size()), b(a.size());
  tiles.pack(a.data());
  reference.pack(b.data());
  require(a == b);
}

void fuzz_program(ByteSpan bytes, const Case& chosen) {
  const Result<shader::Program> program = shader::read_program(bytes);
  if (!program.ok()) return;
  const Bytes written = shader::write_program(program.value());
  const Result<shader::Program> again = shader::read_program(written);
  require(again.ok() && same(again.value(), program.value()));
  const Result<shader::Summary> summary = shader::verify(program.value());
  require(summary.ok());
  require_same_samples(program.value(), chosen);
  const uint32_t max_value = chosen.deep ? 1023 : 255;
  require_same_samples(shader::observed(program.value(), summary->types, max_value), chosen);
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
    fuzz_program(bytes, Case(data[0]));
  return 0;
}
