#include "track/table.h"

#include <bit>

#include "base/float_env.h"
#include "bits/range_coder.h"
#include "numeric/sine64.h"
#include "track/integers.h"

namespace aicodec::track {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Floats in their order as integers in theirs: neighbours differ by 1.
int64_t rank_of(int64_t bits) { return bits < 0 ? bits ^ INT64_MAX : bits; }
int64_t bits_at(int64_t rank) { return rank < 0 ? rank ^ INT64_MAX : rank; }
int64_t difference(int64_t a, int64_t b) { return static_cast<int64_t>(uint64_t(a) - uint64_t(b)); }
int64_t together(int64_t a, int64_t b) { return static_cast<int64_t>(uint64_t(a) + uint64_t(b)); }

// The bits of what the formula gives; one NaN for all of them.
int64_t computed(const Formula& f, uint64_t row, int64_t k) {
  double v = 0;
  switch (f.form) {
    case Form::kBits:
      return bits_at(k);
    case Form::kQuotient:
      v = double(k) / double(f.divisor);
      break;
    case Form::kSteps:
      v = f.offset.value() + f.scale.value() * double(k);
      break;
    case Form::kSinusoid:
      v = f.offset.value() + f.scale.value() * sine64(f.rate.value() * double(row) + f.phase.value());
      break;
  }
  return v == v ? std::bit_cast<int64_t>(v) : int64_t{0x7FF8000000000000};
}

int64_t rounded(double v) {
  if (!(v > -0x1p52 && v < 0x1p52)) return 0;
  return static_cast<int64_t>(v < 0 ? v - 0.5 : v + 0.5);
}

// The integer of a row that brings the formula nearest to the value.
int64_t integer_for(const Formula& f, int64_t bits) {
  const double v = std::bit_cast<double>(bits);
  switch (f.form) {
    case Form::kBits:
      return rank_of(bits);
    case Form::kQuotient:
      return rounded(v * double(f.divisor));
    case Form::kSteps:
      return rounded((v - f.offset.value()) / f.scale.value());
    case Form::kSinusoid:
      break;
  }
  return 0;
}

// Codes a table each way; with a RangeDecoder what goes in is ignored, and every fault sets error().
template <typename Coder>
class TableCoder {
 public:
  explicit TableCoder(Coder& coder) : coder_(coder) {}

  std::optional<Error> error() const { return error_; }

  uint64_t count(uint64_t value, uint64_t limit) {
    const uint64_t coded = counts_.code(coder_, value);
    if (coded <= limit) return coded;
    fail(Error::kTooLarge);
    return 0;
  }
  bool flag(bool value) { return coder_.bit(flags_, value); }

  std::string name(const std::string& text) {
    std::string coded;
    const uint64_t length = lengths_.code(coder_, text.size());
    if (length > kMaxName) fail(Error::kTooLarge);
    for (uint64_t i = 0; i < length && !error_; ++i) coded += letter(i < text.size() ? text[i] : '\0');
    const auto* bytes = reinterpret_cast<const uint8_t*>(coded.data());
    if (!broken() && !is_utf8({bytes, coded.size()})) fail(Error::kBadValue);
    return coded;
  }

  Formula formula(const Formula& f) {
    Formula coded;
    coded.form = Form(coder_.even_bit(uint8_t(f.form) & 2) * 2 + coder_.even_bit(uint8_t(f.form) & 1));
    if (coded.form == Form::kQuotient) {
      const uint64_t divisor = divisors_.code(coder_, uint64_t(f.divisor - 1)) + 1;
      if (divisor > uint64_t(kMaxMantissa)) fail(Error::kTooLarge);
      coded.divisor = int64_t(divisor & uint64_t(2 * kMaxMantissa - 1));
    }
    if (coded.form == Form::kSteps || coded.form == Form::kSinusoid) {
      coded.offset = decimal(f.offset);
      coded.scale = decimal(f.scale);
    }
    if (coded.form == Form::kSinusoid) {
      coded.rate = decimal(f.rate);
      coded.phase = decimal(f.phase);
    }
    return coded;
  }

  Predictor predictor(const Predictor& p) {
    Predictor coded;
    if (coder_.even_bit(p.period > 0)) {
      coded.order = 1;
      coded.period = periods_.code(coder_, p.period - 1) + 1;
      if (coded.period > Predictor::kMaxPeriod) fail(Error::kTooLarge);
    } else {
      coded.order = uint64_t(coder_.even_bit(p.order & 2)) * 2 + coder_.even_bit(p.order & 1);
    }
    return coded;
  }

  // `length` values; those that are coded come back in `values`.
  void integers(std::vector<int64_t>& values, const Predictor& p) {
    ResidualModel model;
    for (size_t i = 0; i < values.size() && !broken(); ++i) {
      const int64_t guess = p.guess(values.data(), i);
      values[i] = together(guess, model.code(coder_, difference(values[i], guess)));
    }
  }

  bool broken() const {
    if constexpr (std::is_same_v<Coder, RangeDecoder>) return error_ || coder_.overrun();
    return false;
  }

 private:
  void fail(Error error) {
    if (!error_) error_ = error;
  }

  // Small letters and the underscore in five bits, everything else in eight.
  char letter(char c) {
    const bool is_small = (c >= 'a' && c <= 'z') || c == '_';
    const bool small = coder_.bit(small_, is_small);
    const unsigned wanted = small ? (c == '_' ? 26u : unsigned(c - 'a')) : uint8_t(c);
    unsigned coded = 0;
    for (int i = small ? 4 : 7; i >= 0; --i)
      coded = coded << 1 | unsigned(coder_.even_bit((wanted >> i) & 1));
    if (!small) return char(coded);
    if (coded > 26) fail(Error::kBadValue);
    return coded == 26 ? '_' : char('a' + char(coded));
  }

  Decimal decimal(const Decimal& d) {
    const Decimal coded{mantissas_.code(coder_, d.mantissa), exponents_.code(coder_, d.exponent)};
    if (coded.mantissa > kMaxMantissa || coded.mantissa < -kMaxMantissa || coded.exponent > kMaxExponent ||
        coded.exponent < -kMaxExponent) {
      fail(Error::kBadValue);
      return {};
    }
    return coded;
  }

  Coder& coder_;
  std::optional<Error> error_;
  NumberModel counts_, lengths_, divisors_, periods_;
  SignedModel mantissas_, exponents_;
  BitModel flags_, small_;
};

// A column as it is going to be coded.
struct Plan {
  Formula formula;
  std::vector<int64_t> integers;  // none for a sinusoid
  Predictor predictor;
  std::vector<int64_t> corrections;
  bool corrected = false;
};

Plan plan_for(const Column& column, const Formula& formula) {
  Plan plan;
  plan.formula = formula;
  for (size_t i = 0; i < column.values.size(); ++i) {
    const int64_t bits = column.values[i];
    const int64_t k = column.is_float ? integer_for(formula, bits) : bits;
    if (formula.form != Form::kSinusoid) plan.integers.push_back(k);
    if (!column.is_float) continue;
    plan.corrections.push_back(difference(rank_of(bits), rank_of(computed(formula, i, k))));
    plan.corrected |= plan.corrections.back() != 0;
  }
  plan.predictor = best_predictor(plan.integers);
  return plan;
}

template <typename Coder>
void code_column(TableCoder<Coder>& coder, bool is_float, Plan& plan) {
  if (is_float) plan.formula = coder.formula(plan.formula);
  if (plan.formula.form != Form::kSinusoid) {
    plan.predictor = coder.predictor(plan.predictor);
    coder.integers(plan.integers, plan.predictor);
  }
  if (!is_float || plan.formula.form == Form::kBits) return;
  plan.corrected = coder.flag(plan.corrected);
  if (plan.corrected) coder.integers(plan.corrections, {});
}

size_t size_of(const Column& column, Plan plan) {
  RangeEncoder encoder;
  TableCoder coder(encoder);
  code_column(coder, column.is_float, plan);
  return encoder.finish().size();
}

Plan best_plan(const Column& column, const std::vector<Formula>& guesses) {
  Plan best = plan_for(column, {});
  if (!column.is_float) return best;
  size_t least = size_of(column, best);
  std::vector<Formula> formulas = guesses;
  for (const int64_t divisor : {1,    2,     4,     8,     10,    15,    16,    24,    25,     30,     50,
                                60,   64,    100,   120,   128,   144,   240,   255,   256,    1000,   1001,
                                1024, 10000, 24000, 30000, 48000, 60000, 65536, 90000, 100000, 1000000})
    formulas.push_back({Form::kQuotient, divisor, {}, {}, {}, {}});
  for (const Formula& formula : formulas) {
    Plan plan = plan_for(column, formula);
    const size_t size = size_of(column, plan);
    if (size >= least) continue;
    least = size;
    best = std::move(plan);
  }
  return best;
}

}  // namespace

double Decimal::value() const {
  return exponent < 0 ? double(mantissa) / kPowersOfTen[-exponent]
                      : double(mantissa) * kPowersOfTen[exponent];
}

Bytes pack(const Table& table, const std::vector<std::vector<Formula>>& guesses) {
  const FloatEnvironment exact;
  RangeEncoder encoder;
  TableCoder coder(encoder);
  coder.count(table.rows, kMaxRows);
  coder.count(table.columns.size(), kMaxColumns);
  coder.flag(table.by_rows);
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    coder.name(column.name);
    coder.flag(column.is_float);
    Plan plan = best_plan(column, c < guesses.size() ? guesses[c] : std::vector<Formula>{});
    code_column(coder, column.is_float, plan);
  }
  return encoder.finish();
}

Result<Table> unpack(ByteSpan bytes) {
  const FloatEnvironment exact;
  RangeDecoder decoder(bytes);
  TableCoder coder(decoder);
  Table table;
  table.rows = coder.count(0, kMaxRows);
  const uint64_t columns = coder.count(0, kMaxColumns);
  if (coder.error()) return *coder.error();
  if (table.rows * columns > kMaxCells) return Error::kTooLarge;
  table.by_rows = coder.flag(false);
  for (uint64_t c = 0; c < columns; ++c) {
    Column column;
    column.name = coder.name({});
    column.is_float = coder.flag(false);
    Plan plan;
    // A table of a few bytes may have many rows, but no column grows before the bits of the one before are
    // read.
    if (coder.broken()) break;
    plan.integers.resize(table.rows);
    plan.corrections.resize(table.rows);
    code_column(coder, column.is_float, plan);
    if (coder.broken()) break;
    column.values = std::move(plan.integers);
    for (uint64_t i = 0; i < table.rows && column.is_float; ++i) {
      const int64_t plain = computed(plan.formula, i, column.values[i]);
      column.values[i] = plan.corrected ? bits_at(together(rank_of(plain), plan.corrections[i])) : plain;
    }
    table.columns.push_back(std::move(column));
  }
  if (coder.error()) return *coder.error();
  AICODEC_TRY(decoder.finish());
  return table;
}

}  // namespace aicodec::track
