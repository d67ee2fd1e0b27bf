"""Sections 8.4 and 8.6 of docs/bitstream.md: tables of time series, and the sine of their formulas."""

import struct
from dataclasses import dataclass

from .bits import BitModel, NumberModel, RangeDecoder, refuse_unless, text_of, unzigzag

LETTERS = "abcdefghijklmnopqrstuvwxyz_"


@dataclass
class Column:
    name: str
    is_float: bool
    values: list  # int or float, one for each row


def read_table(data):
    """(number of rows, columns)."""
    return _Reader(data).table()


def power_of_ten(mantissa, exponent):
    """mantissa * 10^exponent as one product or quotient in binary64."""
    ten = float(10 ** abs(exponent))
    return mantissa / ten if exponent < 0 else mantissa * ten


def signed64(v):
    v &= 2**64 - 1
    return v - 2**64 if v >> 63 else v


def rank_of(v):
    bits = struct.unpack("<q", struct.pack("<d", v))[0] if v == v else 0x7FF8000000000000
    return bits ^ (2**63 - 1) if bits < 0 else bits


def float_of_rank(rank):
    return struct.unpack("<d", struct.pack("<q", rank ^ (2**63 - 1) if rank < 0 else rank))[0]


class _Reader:
    def __init__(self, data):
        self.decoder = RangeDecoder(data)
        self.flags, self.small = BitModel(), BitModel()
        models = (NumberModel() for _ in range(6))
        self.counts, self.lengths, self.divisors, self.periods, self.mantissas, self.exponents = models

    def unsigned(self, model, high):
        value = self.decoder.unsigned(model)
        refuse_unless(value <= high, "a number out of range")
        return value

    def even(self, bits):
        value = 0
        for _ in range(bits):
            value = value * 2 + self.decoder.even()
        return value

    def table(self):
        rows, columns = self.unsigned(self.counts, 2**20), self.unsigned(self.counts, 256)
        refuse_unless(rows * columns <= 2**22, "a table too large")
        self.decoder.bit(self.flags)
        found = [self.column(rows) for _ in range(columns)]
        self.decoder.done()
        return rows, found

    def column(self, rows):
        name = text_of(bytes(self.letter() for _ in range(self.unsigned(self.lengths, 255))))
        if not self.decoder.bit(self.flags):
            return Column(name, False, self.integers(rows, *self.predictor()))
        formula = self.formula()
        numbers = [0] * rows if formula[0] == 3 else self.integers(rows, *self.predictor())
        corrected = formula[0] and self.decoder.bit(self.flags)
        corrections = self.integers(rows, 0, 0) if corrected else [0] * rows
        values = [number_of(formula, row, k) for row, k in enumerate(numbers)]
        ranks = [signed64(rank_of(v) + c) for v, c in zip(values, corrections, strict=True)]
        return Column(name, True, [float_of_rank(rank) for rank in ranks])

    def letter(self):
        if not self.decoder.bit(self.small):
            return self.even(8)
        place = self.even(5)
        refuse_unless(place < len(LETTERS), "no such letter")
        return ord(LETTERS[place])

    def formula(self):
        form = self.even(2)
        if form == 1:
            return form, self.unsigned(self.divisors, 2**53 - 1) + 1
        return (form, *(self.decimal() for _ in range((0, 0, 2, 4)[form])))

    def decimal(self):
        mantissa, exponent = self.decoder.signed(self.mantissas), self.decoder.signed(self.exponents)
        refuse_unless(abs(mantissa) <= 2**53 and abs(exponent) <= 22, "a decimal out of range")
        return power_of_ten(float(mantissa), exponent)

    def predictor(self):
        """(order, period); period 0 where there is none."""
        if self.decoder.even():
            return 1, self.unsigned(self.periods, 4095) + 1
        return self.even(2), 0

    def integers(self, rows, order, period):
        zero, wide, number, was_zero, values = [BitModel(), BitModel()], BitModel(), NumberModel(), 1, []
        for row in range(rows):
            was_zero, residual = self.decoder.bit(zero[was_zero]), 0
            if not was_zero:
                coded = self.even(64) if self.decoder.bit(wide) else self.decoder.unsigned(number)
                residual = unzigzag((coded + 1) % 2**64)
            values.append(signed64(guess(values, row, order, period) + residual))
        return values


def guess(values, row, order, period):
    if period and row >= period:
        return values[row - period]
    a, b, c = (values[row - back] if back <= row else 0 for back in (1, 2, 3))
    return (0, a, 2 * a - b, 3 * a - 3 * b + c)[min(order, row)]


def number_of(formula, row, k):
    form, *numbers = formula
    if form == 0:
        return float_of_rank(k)
    if form == 1:
        return float(k) / float(numbers[0])
    offset, scale, *angle = numbers
    return offset + scale * (float(k) if form == 2 else sine(angle[0] * float(row) + angle[1]))


# Section 9.6: a number as a pair whose second is below half a unit in the last place of the first.


def two_sum(a, b):
    s = a + b
    v = s - a
    return s, (a - (s - v)) + (b - v)


def halves(v):
    t = float.fromhex("0x1.0000002p27") * v
    high = t - (t - v)
    return high, v - high


def two_product(a, b):
    p, (ah, al), (bh, bl) = a * b, halves(a), halves(b)
    return p, ((ah * bh - p) + ah * bl + al * bh) + al * bl


def add(a, b):
    s, t = two_sum(a[0], b[0]), two_sum(a[1], b[1])
    u = two_sum(s[0], s[1] + t[0])
    return two_sum(u[0], u[1] + t[1])


def multiply(a, b):
    p = two_product(a[0], b[0])
    return two_sum(p[0], p[1] + (a[0] * b[1] + a[1] * b[0]))


def divide(a, b):
    q = a[0] / b
    p = two_product(q, b)
    return two_sum(q, ((a[0] - p[0]) - p[1] + a[1]) / b)


def sine(x):
    if not -(2.0**30) < x < 2.0**30:
        return 0.0
    big = 1.5 * 2.0**52
    n = (x * float.fromhex("0x1.45f306dc9c883p-1") + big) - big
    r = two_sum(x, 0.0)
    for part in ("0x1.921fb54442d18p+0", "0x1.1a62633145c07p-54", "-0x1.f1976b7ed8fbcp-110"):
        high, low = two_product(n, float.fromhex(part))
        r = add(r, (-high, -low))
    square, quarter = multiply(r, r), int(n) % 4
    total, first = ((1.0, 0.0), 1) if quarter % 2 else (r, 2)
    term = total
    for k in range(first, 30, 2):
        term = divide(multiply(term, square), -float(k) * float(k + 1))
        total = add(total, term)
    return total[0] + total[1] if quarter < 2 else -(total[0] + total[1])
