#include "numeric/sine64.h"

#include <initializer_list>

namespace aicodec {
namespace {

// A number as the sum of two, the second below half a unit in the last place of the first (Dekker 1971).
struct Pair {
  double high, low;
};

Pair sum(double a, double b) {
  const double s = a + b, v = s - a;
  return {s, (a - (s - v)) + (b - v)};
}
Pair product(double a, double b) {
  const auto split = [](double v) {
    const double t = 0x1.0000002p27 * v, high = t - (t - v);
    return Pair{high, v - high};
  };
  const double p = a * b;
  const Pair x = split(a), y = split(b);
  return {p, ((x.high * y.high - p) + x.high * y.low + x.low * y.high) + x.low * y.low};
}
Pair add(Pair a, Pair b) {
  const Pair s = sum(a.high, b.high), t = sum(a.low, b.low);
  const Pair u = sum(s.high, s.low + t.high);
  return sum(u.high, u.low + t.low);
}
Pair multiply(Pair a, Pair b) {
  const Pair p = product(a.high, b.high);
  return sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}
Pair divide(Pair a, double b) {
  const double q = a.high / b;
  const Pair p = product(q, b);
  return sum(q, ((a.high - p.high) - p.low + a.low) / b);
}

// first + first * (-r^2 / (k (k + 1))) * (1 + ...), k from `k` in steps of 2: sine from r and 2, cosine from
// 1 and 1.
Pair series(Pair first, Pair square, int k) {
  Pair term = first, total = first;
  for (; k < 30; k += 2) {
    term = divide(multiply(term, square), -double(k) * double(k + 1));
    total = add(total, term);
  }
  return total;
}

}  // namespace

double sine64(double x) {
  if (!(x > -0x1p30 && x < 0x1p30)) return 0;
  // The nearest quarter turn.
  const double turns = x * 0x1.45f306dc9c883p-1, n = (turns + 0x1.8p52) - 0x1.8p52;
  // pi / 2 in three parts.
  Pair r = sum(x, 0);
  for (const double part : {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110}) {
    const Pair p = product(n, part);
    r = add(r, {-p.high, -p.low});
  }
  const Pair square = multiply(r, r);
  const int quarter = int(static_cast<long long>(n) & 3);
  const Pair found = quarter % 2 == 0 ? series(r, square, 2) : series({1, 0}, square, 1);
  return quarter < 2 ? found.high + found.low : -(found.high + found.low);
}

}  // namespace aicodec
