"""Sections 8.2, 8.6 and 8.7 of docs/bitstream.md where bits are not mixed: odds are added up."""

from .bits import BitModel
from .mixing import STRETCH, Lazy, clamp


def chance_of(odds):
    z = 2 * (32767 - odds) if odds >= 0 else 2 * (32768 + odds)
    square = z * z >> 16
    rare = max(3, square * square >> 17)
    return 65535 - rare if odds >= 0 else rare


def error_of(bit, chance):
    return (65535 - chance) >> 1 if bit else -(chance >> 1)


def wrapped(value):
    """In 32 bits, two's complement."""
    return (value + 2**31) % 2**32 - 2**31


class RankOdds:
    VOTERS = 0, 1, 3, 4, 6, 10, 11, 12

    def __init__(self):
        self.voters = Lazy(self.first_odds)
        self.places = Lazy(lambda _: 0)

    @staticmethod
    def first_odds(key):
        _, voter, vote, trust = key
        return 2 * STRETCH[14000 if vote == 0 else 30000 + 2000 * (trust >> 4) if voter < 10 else 40000]

    def score(self, voter, trust):
        yes, no = (self.voters[0, voter, vote, trust] for vote in (1, 0))
        return 20 + max(0, wrapped(yes - no) >> 5)

    def decode(self, coder, voters, places):
        total = wrapped(sum(self.voters[key] for key in voters) + sum(self.places[key] for key in places))
        chance = chance_of(clamp(total, -32767, 32767))
        bit = coder.bit_with(chance)
        error = error_of(bit, chance)
        for key in voters:
            self.voters[key] = wrapped(self.voters[key] + ((error + 128) >> 8))
        for key in places:
            self.places[key] = wrapped(self.places[key] + ((error + 64) >> 7))
        return bit


def limited(value):
    return clamp(value, -32768, 32767)


class Line:
    def __init__(self):
        self.odds = [0] * 32
        self.age = 0


class ResidualOdds:
    CONTEXTS = 8

    def __init__(self, residual_bits):
        self.mask = (1 << residual_bits) - 1
        self.lines = Lazy(lambda _: Line())
        self.common = Lazy(lambda _: Line())
        self.weights = Lazy(lambda _: 24000)
        self.larger = Lazy(lambda _: BitModel())
        self.low_bits = Lazy(lambda _: BitModel())

    def decode(self, coder, hashes, turn, classes, above, below):
        """A residual of at most `below` down and `above` up. `classes`: of the error and of the span."""
        self.coder, self.turn, self.span_class = coder, turn, classes[1]
        self.open = [self.lines[i, h >> 8 & self.mask] for i, h in enumerate(hashes)]
        self.last = self.common[turn, *classes]
        residual = 0
        if not self.bit(0):
            negative = self.bit(1) if above and below else above == 0
            size = self.size(below if negative else above, 16 if negative else 8)
            residual = -size if negative else size
        for line in (*self.open, self.last):
            line.age = min(line.age + 1, 31)
        return residual

    def size(self, most, first_node):
        exponent = 0
        while 2 << exponent <= most:
            if not (self.bit(first_node + exponent) if exponent < 7 else self.coder.bit(self.larger[self.turn])):
                break
            exponent += 1
        value = 1
        for i in reversed(range(exponent)):
            if (value << 1 | 1) << i > most:
                bit = 0
            elif i == exponent - 1 and exponent <= 6:
                bit = self.bit(2 + exponent if exponent <= 5 else first_node + 7)
            elif i == exponent - 2 and exponent >= 4:
                bit = self.bit(24 + 2 * min(exponent - 4, 3) + (value & 1))
            else:
                model = self.low_bits[self.turn, exponent, i, value & 1]
                bit = self.coder.bit_with(model.p)
                model.learn(bit, 1022)
            value = value << 1 | bit
        return value

    def bit(self, node):
        total = self.last.odds[node] >> 2
        keys = [(self.turn, self.span_class, i, node) for i in range(self.CONTEXTS)]
        for line, key in zip(self.open, keys, strict=True):
            total = limited(total + (line.odds[node] * self.weights[key] >> 16))
        chance = chance_of(limited(2 * limited(2 * total)))
        bit = self.coder.bit_with(chance)
        error = error_of(bit, chance)
        for line, key in zip(self.open, keys, strict=True):
            step = ((line.odds[node] * (error * 8000 >> 16) >> 16) + 1) >> 1
            self.weights[key] = limited(self.weights[key] + step)
        for line in (*self.open, self.last):
            share = max(28800 // (2 * line.age + 3), 1200)
            line.odds[node] = limited(line.odds[node] + (((error * share >> 16) + 1) >> 1))
        return bit
