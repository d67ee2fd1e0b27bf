"""Screen layers that no encoder emits: the reference decoder runs on dice and what they say is written down.

Every bit of the coded frames is thrown, mostly as its model expects, so that the stream goes everywhere in the format:
all modes at all sizes, vectors into all kinds of references, every rank, escapes of any size.
"""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

from aic_files import block, varint
from reference import screen
from reference.bits import RefusedError
from reference.screen import Vector


class DiceCoder:
    """Stands in for a RangeDecoder and encodes the bits that it gives."""

    def __init__(self, seed: int, luck: float) -> None:
        self.dice = random.Random(seed)
        self.luck = luck  # how many bits are even, whatever their model expects
        self.forced: list[int] = []  # the next bits, instead of dice
        self.low, self.range, self.shifts = 0, 2**32 - 1, 0

    def bit_with(self, p: int) -> int:
        bit = self.forced.pop(0) if self.forced else self._thrown(p)
        ones = self.range * p >> 16
        if bit:
            self.range = ones
        else:
            self.low += ones
            self.range -= ones
        while self.range < 2**24:
            self.low, self.range, self.shifts = self.low << 8, self.range << 8, self.shifts + 1
        return bit

    def _thrown(self, p: int) -> int:
        if self.dice.random() < self.luck:
            return self.dice.getrandbits(1)
        return int(self.dice.random() * 65536 < p)

    def bit(self, model: Any) -> int:
        bit = self.bit_with(model.p)
        model.learn(bit)
        return bit

    def even(self) -> int:
        return self.bit_with(2**15)

    def finish(self) -> bytes:
        """The shortest bytes that lead a decoder to these bits."""
        for spare in (4, 3, 2, 1, 0):
            value = -(-self.low >> 8 * spare)
            if value << 8 * spare < self.low + self.range:
                return value.to_bytes(self.shifts + 4 - spare, "big")
        raise AssertionError


class DiceFlags(screen.FlagModel):
    """Throws a tree with blocks of all sizes and modes."""

    def __init__(self, model: screen.FlagModel, dice: random.Random, chances: tuple[float, ...]) -> None:
        super().__init__()
        self.tables, self.weights = model.tables, model.weights
        self.dice, self.chances = dice, chances

    def __deepcopy__(self, memo: Any) -> screen.FlagModel:
        return copied(screen.FlagModel(), self, "tables", "weights")

    def decode(self, coder: Any, flag: Any, node: Any, contexts: Any) -> Any:
        coder.forced = [int(self.dice.random() < self.chances[flag])]
        return super().decode(coder, flag, node, contexts)


class DiceVectors(screen.VectorModel):
    """Throws vectors that stay inside their reference; notes which references they name."""

    NAMES = ("index", "reference", "offset", "second")

    def __init__(
        self, sheet: Any, slots: list, dice: random.Random, used: set[int], astray: Any, astray_second: Any
    ) -> None:
        super().__init__()
        for name in self.NAMES:
            setattr(self, name, getattr(sheet.vectors, name))
        self.sheet, self.slots, self.dice, self.used, self.astray = sheet, slots, dice, used, astray
        self.astray_second = astray_second

    def decode(self, coder: Any, candidates: Any, expected: Any, mode: Any, node: Any, references: Any) -> Any:
        listed = [vector for vector in candidates if self._sound(node, vector)]
        if not self.astray and listed and self.dice.random() < 0.5:
            vector = self.dice.choice(listed)
            coder.forced = [0] * candidates.index(vector) + [1]
        else:
            vector = self.astray or self._somewhere(node, mode)
            coder.forced = [0] * len(candidates)
            coder.forced += [1] * vector.reference + [0] * (vector.reference < len(references) - 1)
            coder.forced += way_bits(vector.way, expected) if mode == screen.PHOTO else way_bits((vector.dx, vector.dy))
        self.used.add(vector.reference)
        decoded = super().decode(coder, candidates, expected, mode, node, references)
        assert decoded == vector, "the bits lead elsewhere"
        return decoded

    def decode_second(self, coder: Any, candidates: Any, expected: Any, around: Any, node: Any) -> Any:
        vector = None
        coder.forced = [0]
        if self.astray_second or self.dice.random() < 0.5:
            listed = [vector for vector in candidates if self.sheet.inside(node, vector)]
            if not self.astray_second and listed and self.dice.random() < 0.5:
                vector = self.dice.choice(listed)
                coder.forced = [1] + [0] * candidates.index(vector) + [1]
            else:
                vector = replace(self.astray_second or self._somewhere(node, screen.PHOTO), reference=0)
                coder.forced = [1] + [0] * len(candidates) + way_bits(vector.way, expected)
        decoded = super().decode_second(coder, candidates, expected, around, node)
        assert decoded == vector, "the bits lead elsewhere"
        return decoded

    def __deepcopy__(self, memo: Any) -> screen.VectorModel:
        return copied(screen.VectorModel(), self, *self.NAMES)

    def _sound(self, node: Any, vector: Vector) -> bool:
        return self.slots[vector.reference] is not None and self.sheet.inside(node, vector)

    def _somewhere(self, node: Any, mode: Any) -> Vector:
        sheet = self.sheet
        there = {number for number, slot in enumerate(self.slots) if slot is not None}
        there = there - self.used or there
        left, top = node.column * 8, sheet.top + node.row * 8
        width = min(node.cells * 8, sheet.shape.width - left)
        height = min(node.cells * 8, sheet.top + sheet.rows - top)
        x = self.dice.randint(0, sheet.shape.width - width)
        y = self.dice.randint(0, sheet.shape.height - height)
        fractions = (self.dice.choice((0, self.dice.randrange(16))) for _ in range(2 * (mode == screen.PHOTO)))
        return Vector(x - left, y - top, self.dice.choice(sorted(there)), *fractions)


def copied(target: Any, source: Any, *names: str) -> Any:
    for name in names:
        setattr(target, name, copy.deepcopy(getattr(source, name)))
    return target


def way_bits(way: tuple[int, int], expected: tuple[int, int] = (0, 0)) -> list[int]:
    return [bit for steps, before in zip(way, expected, strict=True) for bit in offset_bits(steps - before)]


def offset_bits(offset: int) -> list[int]:
    if not offset:
        return [1]
    exponent = abs(offset).bit_length() - 1
    low = [abs(offset) >> i & 1 for i in reversed(range(exponent))]
    return [0, int(offset < 0)] + [1] * exponent + [0] * (exponent < 14) + low


def settings_of(**fields: Any) -> Any:
    """With `rows` as many slices and one more."""
    if "rows" in fields:
        fields["slices"] = len(fields["rows"]) + 1
    numbers = {"near": 0, "colour_bits": 10, "residual_bits": 6, "saved": 2, "slices": 1}
    models = dict.fromkeys(("rich", "first_leads", "all_voters", "on_ground"), False)
    return screen.Settings(**(models | {"ground": ()} | numbers | fields))


def layer_head(settings: Any) -> bytes:
    flags = settings.rich + 2 * settings.first_leads + 4 * settings.all_voters
    flags += 8 * bool(settings.ground) + 16 * settings.on_ground
    fields = (settings.colour_bits, settings.residual_bits, settings.saved, settings.slices, flags)
    numbers = list(settings.ground)
    if settings.slices > 1:
        numbers += [settings.cut, *settings.rows, len(settings.moves)]
        for later, rows in settings.moves:
            numbers += [later, *rows]
    return varint(settings.near) + bytes(fields) + b"".join(map(varint, numbers))


MIXTURE = (0.3, 0.7, 0.5, 0.3)  # chances of skip, split, copy, photo


def thrown(header: Any, settings: Any, frames: int, *, dictionary: Any = (), below: Any = None, **how: Any) -> bytes:
    """The coded frames of a layer whose vectors name every reference; `header` is the reference decoder's."""
    for seed in range(100):
        streams, unused = throw(
            screen.Layer(header, settings, dictionary, below is not None), frames, seed, below, **how
        )
        if not unused:
            return layer_head(settings) + b"".join(map(block, streams[:-1])) + streams[-1]
    raise ValueError("dice leave references unused")


def throw(
    layer: Any,
    frames: int,
    seed: int,
    below: Any,
    *,
    astray: Any = None,
    astray_second: Any = None,
    chances: tuple[float, ...] = MIXTURE,
    luck: float = 0.15,
) -> tuple[list[bytes], set[int]]:
    """The slices' streams, and the references that no vector names. Astray: the first vector, one that
    is refused, or the first second one; the streams end there."""
    coders = [DiceCoder(seed * 100 + number, luck) for number in range(layer.settings.slices)]
    used: set[int] = set()
    there: set[int] = set()

    def load_dice() -> None:
        layer.cut_if_due()
        for part, coder in zip(layer.slices, coders, strict=False):
            for sheet in part.sheets:
                if not isinstance(sheet.flags, DiceFlags):
                    sheet.flags = DiceFlags(sheet.flags, coder.dice, chances)
                    sheet.vectors = DiceVectors(sheet, layer.history.slots, coder.dice, used, astray, astray_second)
                sheet.vectors.sheet = sheet

    try:
        for number in range(frames):
            load_dice()
            there = {slot for slot, frame in enumerate(layer.history.slots) if frame is not None}
            layer.draw(coders, below and below[number])
    except RefusedError:
        if astray is None and astray_second is None:
            raise
    assert astray is None or used == {astray.reference}
    return [coder.finish() for coder in coders], there - used
