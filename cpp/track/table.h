// Tables of numeric time series, packed without loss: integers of 64 bits and binary64 floats, which come
// back bit for bit. A column of floats is stored as what probably computed it (quotients, steps, a sinusoid)
// with corrections in units of the last place, or as its bits.
#pragma once

#include <string>
#include <vector>

#include "bits/bytes.h"

namespace aicodec::track {

// mantissa * 10^exponent, computed in binary64: the product, or the quotient for a negative exponent.
struct Decimal {
  int64_t mantissa = 0;
  int64_t exponent = 0;

  double value() const;
};
inline constexpr int64_t kMaxExponent = 22;
inline constexpr int64_t kMaxMantissa = int64_t{1} << 53;

// How a column of floats is computed from row number i and an integer k of its row.
enum class Form : uint8_t {
  kBits,      // the float whose place among all floats is k
  kQuotient,  // k / divisor
  kSteps,     // offset + scale * k
  kSinusoid,  // offset + scale * sin(rate * i + phase); no k
};
inline constexpr uint64_t kForms = 4;

struct Formula {
  Form form = Form::kBits;
  int64_t divisor = 1;
  Decimal offset, scale, rate, phase;
};

struct Column {
  std::string name;
  bool is_float = false;
  std::vector<int64_t> values;  // of floats: their bits
};

struct Table {
  uint64_t rows = 0;
  bool by_rows = false;  // whether it was a list of records: only a note for who unpacks it
  std::vector<Column> columns;
};
inline constexpr uint64_t kMaxRows = 1 << 20;
inline constexpr uint64_t kMaxColumns = 256;
inline constexpr uint64_t kMaxCells = 1 << 22;
inline constexpr uint64_t kMaxName = 255;

// `guesses[c]` are formulas to try for column c besides those that need no guess. Precondition: within the
// limits, each column as long as `rows`.
Bytes pack(const Table& table, const std::vector<std::vector<Formula>>& guesses);

Result<Table> unpack(ByteSpan bytes);

}  // namespace aicodec::track
