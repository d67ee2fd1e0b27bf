"""Sections 8.5 to 8.8 of docs/bitstream.md: the three models of pixels."""

import math
from fractions import Fraction

from .bits import BitModel
from .mixing import (
    BIAS,
    Lazy,
    ShortModel,
    TwoMixers,
    clamp,
    hash_of,
    quotient,
    rough,
)
from .screen_odds import RankOdds, ResidualOdds

NO_PIXEL = 0xFFFFFFFF
AS_REFERENCE, ESCAPED = 1, 2


def component(pixel, k):
    return pixel >> (10 * k) & 1023


class Site:
    """The place of a pixel: `at` looks into the frame being drawn, `ref` into the reference."""

    def __init__(self, sheet, x, y, reference, vector, guide, between=None):
        self.stride = sheet.current.stride
        self.here, self.background, self.marks = sheet.current.cells, sheet.background.cells, sheet.marks.cells
        self.i = sheet.current.index(x, y)
        self.reference = reference.cells
        self.j = reference.index(x + vector.dx, sheet.top + y + vector.dy)
        self.guide = guide
        self.between, self.place = between, (x, sheet.top + y)

    def at(self, dx, dy):
        return self.here[self.i + dx + dy * self.stride]

    def ref(self, dx, dy):
        if self.between:
            return self.between.get(self.place[0] + dx, self.place[1] + dy)
        return self.reference[self.j + dx + dy * self.stride]

    def back(self, dx, dy):
        return self.background[self.i + dx + dy * self.stride]

    def mark(self, dx, dy):
        return self.marks[self.i + dx + dy * self.stride]

    def done(self, dx, dy):
        return self.mark(dx, dy) & 1

    def escaped(self):
        return sum(self.mark(*place) >> 1 for place in ((-1, 0), (0, -1), (1, -1), (-1, -1)))


TAPS = (
    (0, 0, 0, 64, 0, 0, 0, 0),
    (0, 1, -3, 63, 4, -2, 1, 0),
    (-1, 2, -5, 62, 8, -3, 1, 0),
    (-1, 3, -8, 60, 13, -4, 1, 0),
    (-1, 4, -10, 58, 17, -5, 1, 0),
    (-1, 4, -11, 52, 26, -8, 3, -1),
    (-1, 3, -9, 47, 31, -10, 4, -1),
    (-1, 4, -11, 45, 34, -10, 4, -1),
    (-1, 4, -11, 40, 40, -11, 4, -1),
)


def taps_of(f):
    return TAPS[f] if f <= 8 else TAPS[16 - f][::-1]


class Between:
    """The pixels between a reference's that a photo block looks at, or the mean of two references'."""

    def __init__(self, shape, places):
        self.shape, self.places = shape, places

    def get(self, x, y):
        pixel = 0
        for k in range(self.shape.components):
            samples = [self.sample(reference, vector, x, y, k) for reference, vector in self.places]
            pixel |= (samples[0] if len(samples) == 1 else (sum(samples) + 1) >> 1) << (10 * k)
        return pixel

    def sample(self, reference, vector, x, y, k):
        def stored(column, row):
            column, row = clamp(column, 0, self.shape.width - 1), clamp(row, 0, self.shape.height - 1)
            return component(reference.get(column, row), k)

        def across(row):
            left = x + vector.dx - 3
            return (sum(tap * stored(left + t, row) for t, tap in enumerate(taps_of(vector.fx))) + 2) >> 2

        top = y + vector.dy - 3
        down = sum(tap * across(top + t) for t, tap in enumerate(taps_of(vector.fy)))
        return clamp((down + 512) >> 10, 0, self.shape.top)


def bits_of(*flags):
    """The flags as a number, the first one lowest."""
    return sum(bool(flag) << place for place, flag in enumerate(flags))


class Slot:
    def __init__(self, check=0):
        self.check = check
        self.colours = [NO_PIXEL] * 3
        self.streak = self.hits = 0

    def hit(self):
        self.streak = min(self.streak + 1, 15)
        self.hits = (self.hits << 1 | 1) & 255

    def learn(self, colour):
        first, second, third = self.colours
        if first == colour:
            self.hit()
            return
        self.hits = self.hits << 1 & 255
        if second == colour:
            self.streak = int(self.streak > 7)
        else:
            self.streak, third = 0, second
        self.colours = [colour, first, third]


class Candidates:
    def __init__(self, refused):
        self.refused = [refused]
        self.rows = []  # [colour, score]

    def add(self, colour, score):
        if colour == NO_PIXEL or colour in self.refused:
            return
        for row in self.rows:
            if row[0] == colour:
                row[1] += score
                return
        self.rows.append([colour, score])

    def take_best(self):
        best = max(range(len(self.rows)), key=lambda i: self.rows[i][1])  # the first of equals
        colour = self.rows[best][0]
        self.rows[best] = self.rows[-1]
        self.rows.pop()
        return colour


def _factors():
    factors, factor = [], 1
    for _ in range(35):
        factors.append(factor := factor * 0x85EBCA6B & 0xFFFFFFFF)
    return factors


FACTORS = _factors()


def scrambled(total):
    total &= 0xFFFFFFFF
    return (total ^ total >> 15) * 0x2545F491 & 0xFFFFFFFF


class ColourModel:
    RANKS = 4
    SURE = 4, 6, 3
    EARLY = 1, *SURE

    def __init__(self, shape, settings):
        self.shape = shape
        self.shift = 32 - settings.colour_bits
        # Contexts are voters 0 to 9.
        self.voters = range(15) if settings.all_voters else (0, 1, 3, 4, 6, 10, 11, 12)
        self.contexts = [i for i in self.voters if i < 10]
        self.bias = [BIAS] if settings.all_voters else []
        self.most_escaped = 2 if settings.all_voters else 1
        self.odds = None if settings.rich or settings.all_voters else RankOdds()
        self.slots = [Lazy(lambda _: Slot()) for _ in range(10)]
        self.confidence = Lazy(self.first_confidence)
        self.mixers = TwoMixers(len(self.voters), 3604 if settings.all_voters else 2048, 2)
        self.flat = Lazy(lambda _: BitModel(65000, 4))
        self.fast = Lazy(lambda _: BitModel(64000, 4))
        self.hit_amid_escapes = BitModel()
        self.unranked = 0

    def first_confidence(self, key):
        _, voter, vote, trust = key
        return BitModel(14000 if vote == 0 else 30000 + 2000 * (trust >> 4) if voter < 10 else 40000)

    def decode(self, coder, residuals, s):
        """The pixel and its mark."""
        excluded, w = NO_PIXEL, s.at(-1, 0)
        if self.is_flat(s):
            if coder.bit(self.flat[self.flat_context(s)]):
                return w, AS_REFERENCE
            excluded = w
        amid_escapes = self.odds and excluded == NO_PIXEL and s.escaped() == 4
        if amid_escapes and self.skips_ranks():
            colour = residuals.decode(coder, s)
            known = [s.at(*p) for p in ((-1, 0), (0, -1), (-1, -1), (1, -1))] + [s.ref(0, 0)]
            escaped = 0 if colour in known else ESCAPED
            return colour, escaped | (AS_REFERENCE if colour == s.ref(0, 0) else 0)
        places = self.places(s)
        if excluded == NO_PIXEL:
            found = [self.slots[i][places[i][0]] for i in self.SURE]
            colour = found[0].colours[0]
            if self.is_sure(found, [places[i][1] for i in self.SURE]):
                if coder.bit(self.fast[self.fast_context(s, found)]):
                    for slot in found:
                        slot.hit()
                    if amid_escapes:
                        self.hit_amid_escapes.learn(1, 255)
                    return colour, AS_REFERENCE if colour == s.ref(0, 0) else 0
                excluded = colour
        self.open(s, places)
        colour = self.ranked(coder, s, excluded)
        mark = 0
        if colour == NO_PIXEL:
            colour, mark = residuals.decode(coder, s), ESCAPED
        if amid_escapes:
            self.hit_amid_escapes.learn(int(mark == 0), 255)
        for slot in self.opened.values():
            slot.learn(colour)
        return colour, mark | (AS_REFERENCE if colour == s.ref(0, 0) else 0)

    def skips_ranks(self):
        """Amid escaped pixels: whether no colour is asked for."""
        if self.hit_amid_escapes.p >= 1500:
            return False
        self.unranked += 1
        return self.unranked % 16 != 0

    @staticmethod
    def is_flat(s):
        w = s.at(-1, 0)
        places = ((0, -1), (1, -1), (1, 0), (-1, -1), (-2, 0), (0, -2), (0, 1), (2, -1), (-2, -1), (-3, 0))
        return all(w == s.ref(*p) for p in ((0, 0), (1, 0), (0, 1))) and all(w == s.at(*p) for p in places)

    @staticmethod
    def flat_context(s):
        w = s.at(-1, 0)
        return bits_of(
            all(s.done(*p) for p in ((-1, 0), (0, -1), (-1, -1), (1, -1))),
            w == s.at(1, 1),
            w == s.at(2, -2),
            w == s.ref(1, 1),
            w == s.back(0, 0),
            w == s.at(-4, 0) and w == s.at(-8, 0),
            w == s.at(2, 0),
            w == s.at(0, -3),
            w == s.at(4, -1),
            w == s.at(0, 2),
            s.done(-2, 0) and s.done(0, -2),
        )

    def places(self, s):
        """Of each context the number of its slot, and the check."""

        def around(first, *places):
            return sum(FACTORS[first + i] * s.at(*place) for i, place in enumerate(places))

        def run(dx, dy, most):
            length = 0
            while length < most and s.at(dx * (length + 1), dy * (length + 1)) == s.at(
                dx * (length + 2), dy * (length + 2)
            ):
                length += 1
            return length

        w, n = FACTORS[0] * s.at(-1, 0), FACTORS[1] * s.at(0, -1)
        guide = FACTORS[4] * s.guide
        three = n + around(2, (-1, -1), (1, -1))
        seven = three + around(5, (-2, 0), (0, -2))
        twelve = seven + around(7, (1, -2), (-1, -2), (2, -1), (-2, -1), (-3, 0))
        far = (2, -2), (-2, -2), (3, -1), (-3, -1), (-4, 0), (0, -3), (-1, -3), (1, -3), (-5, 0)
        refs = (0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)
        p = FACTORS[21] * s.ref(0, 0)
        later = around(26, (1, 0), (0, 1))
        sums = {
            0: w + n,
            1: three + FACTORS[6] * s.at(0, -2),
            2: w + seven + guide,
            3: twelve,
            4: twelve + around(12, *far),
            5: w + n + p + later + FACTORS[34] * (s.mark(-1, 0) + 2 * s.mark(0, -1)),
            6: three + sum(FACTORS[21 + i] * s.ref(*place) for i, place in enumerate(refs)),
            7: w + n + FACTORS[3] * s.at(1, -1) + FACTORS[32] * run(-1, 0, 24) + FACTORS[33] * run(0, -1, 12),
            8: w + n + p + FACTORS[30] * s.back(0, 0) + FACTORS[31] * s.back(1, 0),
            9: w + n + later + around(28, (1, 1), (-1, 1)),
        }
        late = scrambled(w + guide)
        found = {}
        for i in self.contexts:
            h = scrambled(sums[i])
            slot = h >> self.shift
            if i in self.EARLY:
                slot, h = slot & ~3 | late >> 30, h + late
            found[i] = slot, h & 0xFFFF
        return found

    @staticmethod
    def is_sure(found, checks):
        a, b, c = found
        return (
            all(slot.check == check for slot, check in zip(found, checks, strict=True))
            and a.colours[0] == b.colours[0] == c.colours[0]
            and a.streak >= 3
            and b.streak >= 3
            and c.streak >= 8
            and a.hits & 7 == 7
            and b.hits & 7 == 7
            and c.hits & 15 == 15
        )

    @staticmethod
    def fast_context(s, found):
        a, b, c = found
        colour = a.colours[0]
        sure_a, sure_b = ((slot.streak >= 15) + (slot.streak >= 7) for slot in (a, b))
        return ((sure_a * 3 + sure_b) * 2 + (c.streak >= 15)) * 64 + bits_of(
            colour == s.at(0, -1),
            s.done(1, -1),
            s.done(0, -1),
            s.done(-1, 0),
            colour == s.at(-1, 0),
            colour == s.ref(0, 0),
        )

    def open(self, s, places):
        """The slots of all contexts, and what each voter names with which trust."""
        self.opened, self.votes, self.trust = {}, {}, {}
        for i, (number, check) in places.items():
            slot = self.slots[i][number]
            if slot.check != check:
                slot.__init__(check)
            self.opened[i] = slot
            self.votes[i] = slot.colours[0]
            self.trust[i] = slot.streak << 4 | slot.hits & 15
        w, n, nw, ne, ww = s.at(-1, 0), s.at(0, -1), s.at(-1, -1), s.at(1, -1), s.at(-2, 0)
        p, b, wnw = s.ref(0, 0), s.back(0, 0), s.at(-2, -1)
        equal = w == n, w == nw, n == ne, n == nw, w == ww, n == s.at(0, -2)
        mw, mn = s.mark(-1, 0), s.mark(0, -1)
        places = (-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2)
        marks = 0
        for place, where in enumerate(places):
            marks |= s.mark(*where) << place
        self.near_marks = marks & 63
        votes = p, w, n, b, self.gradient(s)
        trust = [
            self.near_marks | bits_of(p == w, p == n) << 6,
            bits_of(*equal, w == p, w == b),
            bits_of(*equal, n == p, w == b),
            bits_of(
                mw & 1,
                mn & 1,
                s.back(-1, 0) == w,
                s.back(0, -1) == n,
                s.back(1, -1) == ne,
                s.back(-1, -1) == nw,
                b == w,
                b == p,
            ),
            bits_of(*equal, nw == wnw, ww == wnw),
        ]
        for i in self.voters:
            if i >= 10:
                self.votes[i], self.trust[i] = votes[i - 10], trust[i - 10]

    def gradient(self, s):
        pixel = 0
        for k in range(self.shape.components):
            value = component(s.at(-1, 0), k) + component(s.at(0, -1), k) - component(s.at(-1, -1), k)
            pixel |= clamp(value, 0, self.shape.top) << (10 * k)
        return pixel

    def ranked(self, coder, s, excluded):
        """The ranked colour that is right, or none."""
        candidates = Candidates(excluded)
        for i in self.voters:
            candidates.add(self.votes[i], self.score(i))
        ranks = 1 if self.odds and s.escaped() == 4 else 2 if s.escaped() > self.most_escaped else self.RANKS
        for rank in range(ranks):
            if rank == 1:
                for i, slot in self.opened.items():
                    candidates.add(slot.colours[1], 68 if i > 2 else 60)
                    candidates.add(slot.colours[2], 30)
                for place, score in (((-1, -1), 25), ((1, -1), 25), ((1, 0), 20), ((0, 1), 20)):
                    candidates.add(s.at(*place), score)
            if not candidates.rows:
                break
            colour = candidates.take_best()
            if rank == 0:
                candidates.refused.append(colour)
            if self.hit(coder, s, rank, colour):
                return colour
        return NO_PIXEL

    def score(self, voter):
        trust = self.trust[voter]
        if self.odds:
            return self.odds.score(voter, trust)
        return max(rough(self.confidence[0, voter, 1, trust]) + 800, 20)

    def vote(self, i, rank, colour):
        if self.votes[i] == colour:
            return 1
        if i < 10 and rank:
            colours = self.opened[i].colours
            return 2 if colours[1] == colour else 3 if colours[2] == colour else 0
        return 0

    def hit(self, coder, s, rank, colour):
        votes = [self.vote(i, rank, colour) for i in self.voters]
        voters = [(rank, i, vote, self.trust[i]) for i, vote in zip(self.voters, votes, strict=True)]
        w, n, ne, nw, e, p = s.at(-1, 0), s.at(0, -1), s.at(1, -1), s.at(-1, -1), s.at(1, 0), s.ref(0, 0)
        flags = bits_of(colour == s.back(0, 0), colour == p, s.done(0, -1), s.done(-1, 0))
        agreeing = min(sum(vote > 0 for vote in votes), 15)
        first = rank, agreeing, min(s.escaped(), 3), flags
        second = (
            rank,
            bits_of(
                colour == w,
                colour == n,
                colour == e,
                colour == ne,
                colour == nw,
                w == n,
                n == ne,
                w == nw,
                s.done(-1, 0),
                s.done(1, -1),
            ),
        )
        around = rank, self.near_marks, bits_of(colour == w, colour == n, colour == p, colour == e)
        if self.odds:
            return self.odds.decode(coder, voters, (first, (second, 0), (around, 0, 0)))
        models = [self.confidence[key] for key in voters]
        bit = self.mixers.decode(coder, [*map(rough, models), *self.bias], (first, second), around)
        for model in models:
            model.learn(bit, 255)
        return bit


def median(a, b, c):
    """The median predictor with c at the corner."""
    low, high = min(a, b), max(a, b)
    return low if c >= high else high if c <= low else a + b - c


def magnitude(value):
    a = abs(value)
    return a if a < 3 else 3 if a < 5 else 4 if a < 9 else 5 if a < 17 else 6 if a < 33 else 7


def signed_magnitude(value):
    return magnitude(value) + (8 if value < 0 else 0)


def error_class(error):
    return sum(error >= bound for bound in (1, 3, 6, 11, 20, 36, 70))


class Span:
    """Of the first `leaders` components the one that varies most around a pixel leads; the ends of its range."""

    PLACES = ((-1, 0), (0, -1), (-1, -1), (1, -1)), ((0, 0), (1, 0), (0, 1)), ((1, 0), (0, 1))
    MORE = (-2, 0), (0, -2), (2, 0), (0, 2), (2, -1), (1, 1)

    def __init__(self, s, components, leaders):
        around = [s.at(*p) for p in self.PLACES[0]] + [s.ref(*p) for p in self.PLACES[1]]
        around += [s.at(*p) for p in self.PLACES[2]] + [s.ref(-1, 0)] + [s.at(*p) for p in self.MORE]
        self.width = -1
        for k in range(leaders):
            low = min(around, key=lambda pixel: component(pixel, k))  # the first of equals
            high = max(around, key=lambda pixel: component(pixel, k))
            width = component(high, k) - component(low, k)
            if width > self.width:
                self.low, self.high, self.width, self.lead = low, high, width, k
        self.low_value = component(self.low, self.lead)
        self.order = [self.lead] + [k for k in range(components) if k != self.lead]


class ResidualModel:
    def __init__(self, shape, settings):
        self.shape = shape
        self.step = 2 * settings.near + 1
        self.mask = (1 << settings.residual_bits) - 1
        self.odds = None if settings.rich else ResidualOdds(settings.residual_bits)
        self.leaders = 1 if settings.first_leads else shape.components
        self.lines = Lazy(lambda _: ShortModel())
        self.mixers = TwoMixers(24, 16384 // 12, 4)
        self.by_span, self.by_neighbour, self.by_first = ({} for _ in range(3))  # key: (rest, times)
        self.rest_hit = Lazy(lambda _: BitModel())
        self.low_bits = Lazy(lambda _: BitModel())
        self.rest_history = 0

    def decode(self, coder, s):
        top = self.shape.top
        span = Span(s, self.shape.components, self.leaders)
        residuals, first, result = [], 0, 0
        for turn, k in enumerate(span.order):
            if turn == 1:
                rest, unasked = self.decode_rest(coder, s, span, first, self.is_small(s, span, residuals[0]))
                if rest is not None:
                    break
            predicted = self.predict(s, k, span.lead)
            base = first if self.shape.rgb and turn else 0
            value = clamp(predicted.value + base, 0, top)
            if turn and span.width >= 10:
                value = self.on_line(span, first, k)
            self.set_contexts(s, span, predicted, turn, value, base, residuals)
            residuals.append(self.decode_residual(coder, value))
            value = clamp(value + residuals[-1] * self.step, 0, top)
            if turn == 0:
                first = value
            result |= value << (10 * k)
        if self.shape.components > 1:
            self.rest_history = self.rest_history << 1 | (rest is not None)
            if rest is None:
                rest = result & ~(1023 << (10 * span.lead))
            for guess, model in unasked:
                model.learn(int(guess == rest))
            self.remember(s, span, first, rest)
            result |= rest
        return result

    def is_small(self, s, span, first_residual):
        """Whether residuals after the first one will be small."""
        errors = (self.predict(s, k, span.lead).error for k in span.order[1:])
        return self.odds and abs(first_residual) <= 2 and sum(map(error_class, errors)) <= 4

    def domain(self, pixel, k, lead):
        return component(pixel, k) - (component(pixel, lead) if self.shape.rgb and k != lead else 0)

    def predictors(self, s, x, y, k, lead):
        """The twelve predictions for the pixel at (x, y) from the site."""

        def at(dx, dy):
            return self.domain(s.at(x + dx, y + dy), k, lead)

        def ref(dx, dy):
            return self.domain(s.ref(x + dx, y + dy), k, lead)

        w, n, nw, ne, ww, nn = at(-1, 0), at(0, -1), at(-1, -1), at(1, -1), at(-2, 0), at(0, -2)
        p = ref(0, 0)
        above = at(-2, -1) + nw + n + ne + at(2, -1)
        before = at(-2, -2) + at(-1, -2) + nn + at(1, -2) + at(2, -2)
        return [
            w,
            n,
            w + n - nw,
            median(w, n, nw),
            p,
            p + ((w - ref(-1, 0) + n - ref(0, -1)) >> 1),
            w + ne - n,
            2 * n - nn,
            2 * w - ww,
            2 * above - before - w - ww - ne - at(2, -1),
            ((w + n) >> 1) + ((ne - nw) >> 2),
            n + ne - at(1, -2),
        ]

    def predict(self, s, k, lead):
        here = self.predictors(s, 0, 0, k, lead)
        near = [(2, -1, 0), (2, 0, -1), (1, 1, -1)]
        actual = [self.domain(s.at(x, y), k, lead) for _, x, y in near]
        guesses = [self.predictors(s, x, y, k, lead) for _, x, y in near]
        errors = [sum(near[j][0] * abs(guesses[j][i] - actual[j]) for j in range(3)) for i in range(12)]
        weights = [65536 // (min(error, 255) + 2) ** 2 for error in errors]
        total = sum(weights) or 1
        value = (2 * sum(w * p for w, p in zip(weights, here, strict=True)) + total) // (2 * total)
        west, north = actual[0] - guesses[0][3], actual[1] - guesses[1][3]
        return Prediction(value, min(errors), errors.index(min(errors)), here, west, north)

    def on_line(self, span, first, k):
        low, high = component(span.low, k), component(span.high, k)
        value = quotient((high - low) * (first - span.low_value) * 2 + span.width, 2 * span.width)
        return clamp(low + value, 0, self.shape.top)

    def neighbour(self, west, lead):
        """What of the left pixel is remembered: all of it, or how far its components are apart."""
        if not self.odds:
            return west
        apart = [(component(west, k) - component(west, lead) + 1040) >> 5 for k in range(3)]
        return lead << 21 | apart[0] << 14 | apart[1] << 7 | apart[2]

    def memories(self, s, span, first):
        """Where the rest of a pixel is remembered: three tables and their keys."""
        return (
            (self.by_span, (hash_of(7 + span.lead, span.low, span.high) >> 16) + first & 0xFFFF),
            (self.by_neighbour, (hash_of(3, self.neighbour(s.at(-1, 0), span.lead)) >> 16) + first & 0xFFFF),
            (self.by_first, (span.lead, first)),
        )

    def remember(self, s, span, first, rest):
        for table, key in self.memories(s, span, first):
            known, times = table.get(key, (0, 0))
            table[key] = (rest, min(times + 1, 31)) if times and known == rest else (rest, 1)

    def decode_rest(self, coder, s, span, first, is_small):
        """All components after the first at once, or None; and guesses that were not asked, with their models."""
        (a, a_times), (b, b_times), (c, c_times) = (
            table.get(key, (0, 0)) for table, key in self.memories(s, span, first)
        )
        other = b if b_times else c
        guesses = []
        if a_times:
            guesses.append((a, (0, min(a_times, 15) * 4 + (b == a) * 2 + (b_times > 0))))
        if not a_times or other != a:
            guesses.append((other, (1, min(b_times, 7) * 8 + min(c_times, 7))))
        unasked = []
        for guess, key in guesses:
            model = self.rest_hit[*key, self.rest_history & 7]
            if is_small and model.p < 20000:
                unasked.append((guess, model))
            elif coder.bit(model):
                return guess, unasked
        return None, unasked

    def set_contexts(self, s, span, p, turn, value, base, residuals):
        width, lead = span.width, span.lead
        e = error_class(p.error)
        last, first = (residuals[-1], residuals[0]) if turn else (0, 0)

        def fine_share(v):
            if width < 10:
                return (64 + v - value) & 127
            return 128 + clamp(quotient((v - span.low_value) * 24, width + 1), 0, 23)

        def share(pixel):
            v = component(pixel, lead)
            if width < 10:
                return 8 + magnitude(v - value)
            return clamp(quotient((v - span.low_value) * 8, width + 1), 0, 7)

        def edge(pixel):
            return fine_share(component(pixel, lead))

        def off(i):
            return clamp(p.here[i] - (value - base), -40, 40)

        w, n, ne, nw, ww, nn = (share(s.at(*q)) for q in ((-1, 0), (0, -1), (1, -1), (-1, -1), (-2, 0), (0, -2)))
        pr, pe, pw, pn, ps = (share(s.ref(*q)) for q in ((0, 0), (1, 0), (-1, 0), (0, -1), (0, 1)))
        edge_w, edge_n, edge_ne = edge(s.at(-1, 0)), edge(s.at(0, -1)), edge(s.at(1, -1))
        by_line = 1 + magnitude(value - (p.value + base)) if turn and width >= 10 else 0
        parts = [
            (e, 16 + by_line * 8 + magnitude(width) if by_line else magnitude(p.here[3] - p.here[4])),
            (signed_magnitude(p.west_error), signed_magnitude(p.north_error), int(e > 4)),
            (value >> 2, signed_magnitude(first) if turn else e),
            (w, n, ne, pr, value >> 5),
            (pr, pe, pw, pn, ps, w, n),
            (w, ww, n, nw, ne, nn),
            (span.low, span.high, fine_share(value)),
            (edge_w, edge_n, edge_ne, last),
            (off(0), off(1)),
            (off(2), e, s.guide),
            (off(7), off(8)),
            (off(9), by_line, signed_magnitude(first)),
            (off(4), off(5)),
            (off(6), off(11)),
            (off(10), last),
            (off(3), off(p.best)),
            (edge(s.ref(0, 0)), w, n, share(s.at(1, 0)), share(s.at(0, 1))),
            (s.at(-1, 0), s.at(0, -1), value),
            (edge_w, edge_n, edge(s.at(-1, -1)), magnitude(width)),
            (s.back(0, 0), value, last),
            (edge_n, edge_ne, edge(s.at(2, -1)), w),
            (edge_w, edge(s.at(-1, -1)), edge(s.at(-2, 0)), n),
            (s.ref(0, 0), value),
            (signed_magnitude(first), signed_magnitude(last), e, by_line),
        ]
        seed = (turn * 3 + span.order[turn] + 1) * 0x10001
        if self.odds:
            if turn == 0:
                self.around = 0
                for each in (w, ww, n, nw, ne, nn):
                    self.around = self.around << 4 | each
            off_2, off_6, off_7, off_8, off_9, off_10, off_11 = (64 + off(i) for i in (2, 6, 7, 8, 9, 10, 11))
            first_class = signed_magnitude(first)
            parts = [
                (value >> 2 << 4 | (first_class if turn else e),),
                (self.around,),
                (span.low, span.high, value >> 2),
                (off_2 << 3 | e, s.guide),
                (off_7 << 7 | off_8,),
                (off_9 << 8 | by_line << 4 | first_class,),
                (off_6 << 7 | off_11,),
                (off_10, last),
            ]
        self.hashes = [hash_of(seed + i, *part) for i, part in enumerate(parts)]
        self.turn, self.error_class = turn, e
        self.span_class = 4 + min(by_line // 2, 3) if by_line else sum(width >= bound for bound in (3, 10, 64))

    def decode_residual(self, coder, expected):
        above, below = ((room + self.step // 2) // self.step for room in (self.shape.top - expected, expected))
        if self.odds:
            classes = self.error_class, self.span_class
            return self.odds.decode(coder, self.hashes, self.turn, classes, above, below)
        if self.bit(coder, 0, 0):
            return 0
        negative = self.bit(coder, 0, 1) if above and below else above == 0
        most = below if negative else above
        exponent = 0
        while 2 << exponent <= most and self.bit(coder, 0, 2 + min(exponent, 6) + 7 * negative):
            exponent += 1
        value = 1
        for i in reversed(range(exponent)):
            if (value << 1 | 1) << i > most:
                bit = 0
            elif i == exponent - 1 and exponent <= 5:
                bit = self.bit(coder, 0, 15 + exponent)
            elif i == exponent - 1:
                bit = self.bit(coder, 1, 10 + exponent)
            elif i == exponent - 2 and exponent >= 4:
                bit = self.bit(coder, 1, min(exponent - 2, 7) * 2 + (value & 1))
            else:
                model = self.low_bits[self.turn, exponent, i, value & 1]
                bit = coder.bit_with(model.p)
                model.learn(bit, 1022)
            value = value << 1 | bit
        return -value if negative else value

    def bit(self, coder, line, node):
        models = [
            self.lines[i, ((h + line * 0x9E3779B1 & 0xFFFFFFFF) >> 8) & self.mask, node]
            for i, h in enumerate(self.hashes)
        ]
        place = self.turn, line, node
        places = (*place, self.error_class), (*place, self.span_class)
        bit = self.mixers.decode(coder, [*map(rough, models)], places, place)
        for i, model in enumerate(models):
            model.learn(bit, 255 if i < 3 else 127)
        return bit


class Prediction:
    def __init__(self, value, error, best, here, west_error, north_error):
        self.value, self.error, self.best, self.here = value, error, best, here
        self.west_error, self.north_error = west_error, north_error


class PhotoModel:
    def __init__(self, shape, settings):
        self.shape = shape
        self.step = 2 * settings.near + 1
        self.row = None  # the last one visited
        self.traces = [{}, {}]  # of the row above and of this one: (x, k): Trace
        self.odds = Lazy(lambda _: 0)
        self.large = Lazy(lambda _: BitModel())

    def begin_row(self, y):
        self.traces = [self.traces[1] if self.row == y - 1 else {}, {}]
        self.row = y

    def decode(self, coder, s, x):
        result = first_value = first_residual = 0
        for k in range(self.shape.components):
            predicted, predictions, lines = self.predict(s, x, k, first_residual)
            base = first_value if self.shape.rgb and k else 0
            expected = clamp(predicted + base, 0, self.shape.top)
            residual = self.decode_residual(coder, lines)
            value = clamp(expected + residual * self.step, 0, self.shape.top)
            result |= value << (10 * k)
            self.traces[1][x, k] = Trace([abs(p - (value - base)) for p in predictions], residual)
            if k == 0:
                first_value, first_residual = value, residual
        return result

    def domain(self, pixel, k):
        return component(pixel, k) - (component(pixel, 0) if self.shape.rgb and k else 0)

    def predict(self, s, x, k, first_residual):
        w, n, nw, ne = (self.domain(s.at(*q), k) for q in ((-1, 0), (0, -1), (-1, -1), (1, -1)))
        r, rw, rn = (self.domain(s.ref(*q), k) for q in ((0, 0), (-1, 0), (0, -1)))
        predictions = [
            w,
            n,
            w + n - nw,
            median(w, n, nw),
            r,
            r + ((w - rw + n - rn) >> 1),
            w + ne - n,
            ((w + n) >> 1) + ((ne - nw) >> 2),
        ]
        above, row = self.traces
        west = row.get((x - 1, k), NO_TRACE)
        north, east, corner = (above.get((x + i, k), NO_TRACE) for i in (0, 1, -1))
        weights = [
            self.weight(2 * a + 2 * b + c) for a, b, c in zip(west.errors, north.errors, east.errors, strict=True)
        ]
        total = sum(weights)
        value = (sum(a * b for a, b in zip(weights, predictions, strict=True)) + (total >> 1)) // total
        off = [abs(p - value) for p in predictions]
        energy = self.energy_class(
            sum(min(distance, 255) for distance in off)
            + 2 * (abs(west.residual) + abs(north.residual))
            + abs(east.residual)
        )
        contexts = (
            (bits_of(*(p > value for p in predictions)), energy // 4),
            (energy, signed_magnitude(first_residual if k else predictions[3] - value)),
            (signed_magnitude(west.residual), signed_magnitude(north.residual)),
            (signed_magnitude(east.residual), signed_magnitude(corner.residual)),
            (self.energy_class(off[4] + off[5]), signed_magnitude(r - value)),
        )
        return value, predictions, [(i, k, context) for i, context in enumerate(contexts)]

    @staticmethod
    def weight(error):
        d = error + 2
        j = d.bit_length() - 1
        f = Fraction(2 * d, 2**j) - 2
        scaled = 2 - f if f < 1 else (3 - f) / 2
        return 1 + math.floor(scaled * Fraction(2) ** (14 - 2 * j))

    @staticmethod
    def energy_class(energy):
        width = (energy + 1).bit_length()
        half = (energy + 1) >> (width - 2) & 1 if width > 1 else 0
        return min(2 * (width - 1) + half, 15)

    def decode_residual(self, coder, lines):
        coded = {}  # by node: the bit and its probability

        def node(number):
            p = self.probability(lines, number)
            coded[number] = coder.bit_with(p), p
            return coded[number][0]

        magnitude, negative = 0, False
        if not node(0):
            negative = node(1)
            size = 1
            while size < 7 and node(1 + size):
                size += 1
            magnitude = size if size < 3 else self.decode_rest(coder, size, node)
        for number, (bit, p) in coded.items():
            missed = (65535 - p) >> 1 if bit else -(p >> 1)
            for line in lines:
                odds = self.odds[line, number] + (min(missed + 256, 32767) >> 9)
                self.odds[line, number] = clamp(odds, -32768, 32767)
        return -magnitude if negative else magnitude

    def decode_rest(self, coder, size, node):
        exponent = size - 2
        while size == 7 and exponent < 10 and coder.bit(self.large[exponent - 5]):
            exponent += 1
        rest = 0
        for i in range(exponent):
            rest = rest << 1 | (node(5 + size) if i == 0 and size < 7 else coder.even())
        return 2**exponent + 1 + rest

    def probability(self, lines, number):
        odds = 0
        for line in lines:
            odds = clamp(odds + self.odds[line, number], -32768, 32767)
        z = 2 * (32767 - odds if odds >= 0 else 32768 + odds)
        for _ in range(2):
            z = z * z >> 16
        rare = max(16, z >> 1)
        return 65535 - rare if odds >= 0 else rare


class Trace:
    """What was seen when a component was coded: how far off each predictor was, and the residual."""

    def __init__(self, errors, residual):
        self.errors, self.residual = errors, residual


NO_TRACE = Trace([0] * 8, 0)
