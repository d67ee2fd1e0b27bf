"""Section 8.2 of docs/bitstream.md: what the models of the screen layer share: hashes, logistic tables, mixing."""

from .bits import BitModel

WORD = 0xFFFFFFFF
END = 2840  # of the logistic tables
BIAS = 256


class Lazy(dict):
    """A table whose entries are made when they are first used."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def __missing__(self, key):
        self[key] = value = self.make(key)
        return value


def quotient(a, b):
    """a / b, rounded towards zero."""
    return a // b if a >= 0 else -(-a // b)


def clamp(value, low, high):
    return low if value < low else high if value > high else value


def hash_of(h, *values):
    for value in values:
        h = (h ^ value & WORD) * 0x9E3779B1 & WORD
        h ^= h >> 15
    return h


def _tables():
    power, step = 1.0, float.fromhex("0x1.fe00ffaabffbcp-1")
    squashed = [0] * (2 * END + 1)
    for x in range(END + 1):
        high = int(65536 / (1 + power))
        squashed[END + x], squashed[END - x] = high, 65536 - high
        power *= step
    stretched, x = [], -END
    for p in range(65536):
        while x < END and squashed[x + END] < p:
            x += 1
        stretched.append(x)
    return squashed, stretched


SQUASH, STRETCH = _tables()


def squash(x):
    return SQUASH[clamp(x, -END, END) + END]


def stretch(model):
    return STRETCH[model.p]


def rough(model):
    """Stretched after all but the twelve upper bits of the probability are forgotten."""
    return STRETCH[model.p & ~15 | 8]


def off_the_ends(p):
    return clamp(p, 3, 65533)


def error_of(bit, p):
    return ((65535 if bit else 0) - p) >> 1


def mix(weights, inputs):
    total = 0
    for i in range(0, len(inputs), 2):
        total += (weights[i] * inputs[i] + weights[i + 1] * inputs[i + 1]) >> 4
    return total >> 10


def learn(weights, inputs, error):
    for i, x in enumerate(inputs):
        weights[i] += ((x * error >> 16) + 1) >> 1
        if not -32768 <= weights[i] <= 32767:
            weights[i] = clamp(weights[i], -32768, 32767)


def refining(key):
    """A model that corrects mixed probabilities; the key's last part is the cell of the mixed one."""
    return BitModel(squash(quotient((key[-1] - 16) * END, 16)), 6)


class ShortModel:
    """A bit model of sixteen bits."""

    def __init__(self):
        self.state, self.count = 2**15, 0

    @property
    def p(self):
        return max(1, self.state)

    def learn(self, bit, limit):
        target = 65535 if bit else 0
        self.state += ((target - self.state) * (65536 // (2 * self.count + 3)) + 2**14) >> 15
        self.count = min(self.count + 1, limit)


class TwoMixers:
    """Two sets of weights see the same inputs; a refining model corrects their mean."""

    def __init__(self, count, start, share):
        self.weights = [Lazy(lambda _: [start] * count + [0] * (count % 2)) for _ in range(2)]
        self.refine = Lazy(refining)
        self.share = share  # the refining model's part in the result is 1 / share

    def decode(self, coder, inputs, places, around):
        sets = [weights[place] for weights, place in zip(self.weights, places, strict=True)]
        mixed = [mix(weights, inputs) for weights in sets]
        mean = clamp(sum(mixed) >> 1, -END, END)
        refine = self.refine[(*around, (mean + END) * 32 // (2 * END))]
        result = ((self.share - 1) * mean + rough(refine)) // self.share
        bit = coder.bit_with(off_the_ends(squash(result)))
        refine.learn(bit, 255)
        for weights, x in zip(sets, mixed, strict=True):
            learn(weights, inputs, error_of(bit, squash(x)))
        return bit
