#include "shader/vm_reference.h"

#include "base/float_env.h"
#include "numeric/scalar.h"
#include "shader/sample.h"

namespace aicodec::shader {
namespace {

namespace fn = scalar;

struct LoopState {
  size_t begin;  // the instruction after Loop
  size_t first_value, carried;
  int32_t turns_left;
};

class PixelVm {
 public:
  PixelVm(const Program& program, const Frame& frame, uint32_t width, uint32_t height, uint32_t max_value)
      : program_(program), frame_(frame), width_(width), height_(height), max_value_(max_value) {
    for (const Constant& constant : program.constants) constants_.push_back(bits_of(constant));
  }

  void draw(uint32_t x, uint32_t y, uint32_t out[3]) {
    x_ = x;
    y_ = y;
    values_.clear();
    loops_.clear();
    for (size_t at = 0; at < program_.code.size();) at = step(at, out);
  }

 private:
  uint32_t load(const Operand& operand) const {
    switch (operand.source) {
      case Operand::Source::kValue:
        return values_[operand.index];
      case Operand::Source::kConstant:
        return constants_[operand.index];
      case Operand::Source::kInput:
        break;
    }
    switch (Input(operand.index)) {
      case Input::kX:
        return fn::bits(float(x_));
      case Input::kY:
        return fn::bits(float(y_));
      case Input::kT:
        return fn::bits(frame_.t);
      case Input::kWidth:
        return fn::bits(float(width_));
      case Input::kHeight:
        return fn::bits(float(height_));
      case Input::kFrame:
        return frame_.number;
      case Input::kStep:
        return frame_.step;
      default:
        return fn::bits(frame_.parameters[operand.index - size_t(Input::kParameter)]);
    }
  }

  // Runs one instruction and returns the number of the next.
  size_t step(size_t at, uint32_t out[3]) {
    const Instruction& i = program_.code[at];
    const Operand* operands = program_.operands_of(i);
    switch (i.op) {
      case Op::kLoop:
        loops_.push_back({at + 1, values_.size(), i.count, i.immediate});
        for (size_t k = 0; k < i.count; ++k) carry_.push_back(load(operands[k]));
        take_carried();
        return at + 1;
      case Op::kBreak:
        if (!load(operands[0])) return at + 1;
        for (size_t k = 1; k < i.count; ++k) carry_.push_back(load(operands[k]));
        return leave(end_of(at));
      case Op::kEnd: {
        for (size_t k = 0; k < i.count; ++k) carry_.push_back(load(operands[k]));
        LoopState& loop = loops_.back();
        if (--loop.turns_left == 0) return leave(at);
        values_.resize(loop.first_value);
        take_carried();
        return loop.begin;
      }
      case Op::kOutput:
        for (int k = 0; k < 3; ++k) out[k] = sample_of(fn::from_bits(load(operands[k])));
        return at + 1;
      case Op::kOutputInt:
        for (int k = 0; k < 3; ++k) {
          const int32_t v = int32_t(load(operands[k]));
          out[k] = v < 0 ? 0 : uint32_t(v) > max_value_ ? max_value_ : uint32_t(v);
        }
        return at + 1;
      default: {
        uint32_t in[3] = {};
        for (size_t k = 0; k < i.count; ++k) in[k] = load(operands[k]);
        values_.push_back(evaluate(i, in));
        return at + 1;
      }
    }
  }

  // Clamped to 0 to 1 (NaN to 0), times the largest sample, rounded half up.
  uint32_t sample_of(float v) const {
    const float clamped = v > 0.0f ? (v < 1.0f ? v : 1.0f) : 0.0f;
    return uint32_t(int32_t(clamped * float(max_value_) + 0.5f));
  }

  void take_carried() {
    values_.insert(values_.end(), carry_.begin(), carry_.end());
    carry_.clear();
  }

  // The matching End of the loop that is open at `at`.
  size_t end_of(size_t at) const {
    for (size_t depth = 1;;) {
      const Op op = program_.code[++at].op;
      depth += op == Op::kLoop;
      depth -= op == Op::kEnd;
      if (depth == 0) return at;
    }
  }

  // Ends the innermost loop: values are numbered as if its body had run to the end.
  size_t leave(size_t end) {
    const LoopState loop = loops_.back();
    loops_.pop_back();
    size_t values = loop.first_value + loop.carried;
    for (size_t i = loop.begin; i < end; ++i) {
      const Instruction& inside = program_.code[i];
      const bool list = inside.op == Op::kLoop || inside.op == Op::kEnd;
      values += list ? inside.count : info(inside.op).result != Type::kNone;
    }
    values_.resize(values);
    take_carried();
    return end + 1;
  }

  uint32_t evaluate(const Instruction& i, const uint32_t in[3]) const {
    const float a = fn::from_bits(in[0]), b = fn::from_bits(in[1]), c = fn::from_bits(in[2]);
    const auto truth = [](bool is) { return is ? ~0u : 0u; };
    const auto number = [](float v) { return fn::bits(v); };
    switch (i.op) {
      case Op::kMul:
        return number(a * b);
      case Op::kAdd:
        return number(a + b);
      case Op::kSub:
        return number(a - b);
      case Op::kDiv:
        return number(a / b);
      case Op::kNeg:
        return number(0.0f - a);
      case Op::kMin:
        return number(fn::minimum(a, b));
      case Op::kMax:
        return number(fn::maximum(a, b));
      case Op::kAbs:
        return number(fn::absolute(a));
      case Op::kSqrt:
        return number(fn::square_root(a));
      case Op::kLength:
        return number(fn::length_of(a, b));
      case Op::kFloor:
        return number(fn::floor_of(a));
      case Op::kFract:
        return number(fn::fraction(a));
      case Op::kMod:
        return number(fn::modulo(a, b));
      case Op::kMix:
        return number(fn::mix_of(a, b, c));
      case Op::kClamp:
        return number(fn::clamp_of(a, b, c));
      case Op::kSmoothstep:
        return number(fn::smoothstep_of(a, b, c));
      case Op::kSin:
        return number(fn::sin_radians(a));
      case Op::kCos:
        return number(fn::cos_radians(a));
      case Op::kSinTurns:
        return number(fn::sin_turns(a));
      case Op::kCosTurns:
        return number(fn::cos_turns(a));
      case Op::kExp:
        return number(fn::exp_of(a));
      case Op::kExp2:
        return number(fn::exp2_of(a));
      case Op::kLog:
        return number(fn::log_of(a));
      case Op::kLog2:
        return number(fn::log2_of(a));
      case Op::kPow:
        return number(fn::power(a, b));
      case Op::kAtan2:
        return number(fn::atan2_of(a, b));
      case Op::kValueNoise:
        return number(fn::value_noise(a, b, in[2]));
      case Op::kGradientNoise:
        return number(fn::gradient_noise(a, b, in[2]));
      case Op::kFbm:
        return number(fn::fbm_of(a, b, in[2], i.immediate));
      case Op::kLess:
        return truth(a < b);
      case Op::kLessEqual:
        return truth(a <= b);
      case Op::kEqual:
        return truth(a == b);
      case Op::kSelect:
      case Op::kSelectInt:
        return in[0] ? in[1] : in[2];
      case Op::kAnd:
      case Op::kAndInt:
        return in[0] & in[1];
      case Op::kOr:
      case Op::kOrInt:
        return in[0] | in[1];
      case Op::kXorInt:
        return in[0] ^ in[1];
      case Op::kNot:
        return ~in[0];
      case Op::kBoolInt:
        return in[0] & 1;
      case Op::kToInt:
        return fn::to_integer(a);
      case Op::kToFloat:
        return number(fn::to_float(in[0]));
      case Op::kHash:
        return fn::hash_of(in[0], in[1], in[2]);
      case Op::kUnit:
        return number(fn::unit_of(in[0]));
      case Op::kAddInt:
        return in[0] + in[1];
      case Op::kSubInt:
        return in[0] - in[1];
      case Op::kMulInt:
        return in[0] * in[1];
      case Op::kShiftLeft:
        return in[0] << (in[1] & 31);
      case Op::kShiftRight:
        return fn::arithmetic_right(in[0], int(in[1] & 31));
      case Op::kEqualInt:
        return truth(in[0] == in[1]);
      case Op::kLessInt:
        return truth(fn::signed_less(in[0], in[1]));
      case Op::kDivInt:
        return divided(in[0], in[1]);
      case Op::kModInt:
        return in[1] == 0 ? 0 : in[0] - divided(in[0], in[1]) * in[1];
      case Op::kBelow:
        return number(sample_bilinear(plane_of(frame_.below, i.immediate), x_, y_, a, b));
      case Op::kPrev:
        return number(sample_bilinear(plane_of(frame_.prev, i.immediate), x_, y_, a, b));
      case Op::kBelowNearest:
        return number(sample_nearest(plane_of(frame_.below, i.immediate), x_, y_, a, b));
      case Op::kPrevNearest:
        return number(sample_nearest(plane_of(frame_.prev, i.immediate), x_, y_, a, b));
      case Op::kBelowInt:
        return placed(frame_.below, Place::from(i.immediate));
      case Op::kPrevInt:
        return placed(frame_.prev, Place::from(i.immediate));
      case Op::kLoop:
      case Op::kBreak:
      case Op::kEnd:
      case Op::kOutput:
      case Op::kOutputInt:
        break;
    }
    return 0;
  }

  // Rounds down; 0 by 0.
  static uint32_t divided(uint32_t a, uint32_t b) {
    if (b == 0) return 0;
    const int64_t x = int32_t(a), y = int32_t(b), q = x / y;
    return uint32_t(q - (x % y != 0 && (x < 0) != (y < 0)));
  }

  SamplePlane plane_of(const PictureView& picture, int32_t channel) const {
    return SamplePlane::of(picture, uint32_t(channel), width_, height_, max_value_);
  }
  uint32_t placed(const PictureView& picture, const Place& place) const {
    return sample_placed(plane_of(picture, int32_t(place.channel)), int64_t{x_} + place.dx,
                         int64_t{y_} + place.dy, place.wrap);
  }

  const Program& program_;
  const Frame& frame_;
  uint32_t width_, height_, max_value_;
  uint32_t x_ = 0, y_ = 0;
  std::vector<uint32_t> constants_, values_, carry_;
  std::vector<LoopState> loops_;
};

}  // namespace

void draw_reference(const Program& program, const Frame& frame, Picture& rgb) {
  const FloatEnvironment exact;
  PixelVm vm(program, frame, rgb.width(), rgb.height(), rgb.format().max_value());
  for (uint32_t y = 0; y < rgb.height(); ++y) {
    for (uint32_t x = 0; x < rgb.width(); ++x) {
      uint32_t out[3] = {};
      vm.draw(x, y, out);
      for (int p = 0; p < 3; ++p) {
        if (rgb.format().sample_bytes() == 1)
          rgb.plane(p).row<uint8_t>(y)[x] = uint8_t(out[p]);
        else
          rgb.plane(p).row<uint16_t>(y)[x] = uint16_t(out[p]);
      }
    }
  }
}

}  // namespace aicodec::shader
