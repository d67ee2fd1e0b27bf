"""Section 8 of docs/bitstream.md: the coded frames of a screen layer. The models of pixels are in screen_models.py."""

import copy
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .bits import BitModel, Fields, RangeDecoder, UnsupportedError, refuse_unless
from .container import RGB, YUV420
from .mixing import BIAS, Lazy, error_of, hash_of, learn, mix, off_the_ends, quotient, squash, stretch
from .screen_models import AS_REFERENCE, ESCAPED, Between, ColourModel, PhotoModel, ResidualModel, Site

CELL, ROOT, BORDER = 8, 8, 32  # pixels, cells, pixels
OLDEST = 15
SKIP, COPY, LITERAL, PHOTO = range(4)
FLAG_SKIP, FLAG_SPLIT, FLAG_COPY, FLAG_PHOTO = range(4)


@dataclass
class Settings:
    near: int
    colour_bits: int
    residual_bits: int
    saved: int
    slices: int
    rich: bool
    first_leads: bool
    all_voters: bool
    on_ground: bool
    ground: tuple[int, ...]  # a pixel for each sheet; empty: zeros
    cut: int = 0  # the first frame in slices
    rows: tuple[int, ...] = ()  # units of the slices but the last
    moves: tuple[tuple[int, tuple[int, ...]], ...] = ()  # later rows, each with the number of frames before


@dataclass
class Shape:
    width: int
    height: int
    components: int
    top: int  # greatest sample
    rgb: bool


def sheets_of(header):
    """The shape of each sheet and its planes in component order."""
    width, height, top = header.width, header.height, (1 << header.depth) - 1
    if header.layout != YUV420:
        rgb = header.layout == RGB
        return [(Shape(width, height, 3, top, rgb), (1, 0, 2) if rgb else (0, 1, 2))]
    chroma = Shape((width + 1) // 2, (height + 1) // 2, 2, top, False)
    return [(Shape(width, height, 1, top, False), (0,)), (chroma, (1, 2))]


class Raster:
    """Packed pixels, or other numbers, with a border."""

    def __init__(self, width, height, fill=0):
        self.width, self.height, self.stride = width, height, width + 2 * BORDER
        self.cells = [fill] * (self.stride * (height + 2 * BORDER))

    def index(self, x, y):
        return (y + BORDER) * self.stride + x + BORDER

    def get(self, x, y):
        return self.cells[self.index(x, y)]

    def set(self, x, y, value):
        self.cells[self.index(x, y)] = value

    def fill(self, value):
        """All but the border."""
        for y in range(self.height):
            first = self.index(0, y)
            self.cells[first : first + self.width] = [value] * self.width


def load(header, planes):
    rasters = []
    for shape, numbers in sheets_of(header):
        raster = Raster(shape.width, shape.height)
        for y in range(shape.height):
            for x in range(shape.width):
                raster.set(x, y, sum(int(planes[n][y, x]) << (10 * k) for k, n in enumerate(numbers)))
        rasters.append(raster)
    return rasters


def store(header, rasters):
    planes = [None] * 3
    for (shape, numbers), raster in zip(sheets_of(header), rasters, strict=True):
        cells = np.array(raster.cells, np.int64).reshape(-1, raster.stride)
        inside = cells[BORDER : BORDER + shape.height, BORDER : BORDER + shape.width]
        for k, number in enumerate(numbers):
            planes[number] = inside >> (10 * k) & 1023
    return planes


@dataclass(frozen=True)
class Vector:
    dx: int = 0
    dy: int = 0
    reference: int = 0
    fx: int = 0
    fy: int = 0

    @property
    def way(self):
        return 16 * self.dx + self.fx, 16 * self.dy + self.fy

    def whole(self):
        return Vector(self.dx, self.dy, self.reference)


def vector_of(way, reference):
    (dx, fx), (dy, fy) = (divmod(steps, 16) for steps in way)
    return Vector(dx, dy, reference, fx, fy)


@dataclass(frozen=True)
class Block:
    mode: int = SKIP
    level: int = 0
    vector: Vector = Vector()
    second: Vector | None = None


@dataclass
class Node:
    level: int
    column: int
    row: int

    @property
    def cells(self):
        return ROOT >> self.level


class BlockMap:
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.blocks = {}

    def at(self, column, row):
        return self.blocks.get((column, row), Block())

    def fill(self, node, block):
        for row in range(node.row, min(node.row + node.cells, self.rows)):
            for column in range(node.column, min(node.column + node.cells, self.columns)):
                self.blocks[column, row] = block


def flag_contexts(node, top, current, previous, ages):
    column, row, cells = node.column, node.row, node.cells
    right, bottom = min(column + cells, current.columns), min(row + cells, current.rows)
    left, above = current.at(column - 1, row), current.at(column, row - 1)
    above_right = current.at(column + cells, row - 1)
    before = previous.at(column, row)
    inside = [(x, y) for y in range(row, bottom) for x in range(column, right)]
    active = 0
    for x, y in inside:
        if previous.at(x, y).mode != SKIP:
            active |= 1 << ((y - row) * 2 // cells * 2 + (x - column) * 2 // cells)
    youngest, oldest = min(ages[place] for place in inside), max(ages[place] for place in inside)
    then = 0 if active == 0 else before.mode or 4
    later = (previous.at(right, row).mode != SKIP) | (previous.at(column, bottom).mode != SKIP) << 1
    return (
        hash_of(1, left.mode, above.mode, above_right.mode, then),
        hash_of(2, youngest, oldest, left.mode != SKIP, above.mode != SKIP),
        hash_of(3, column, top + row),
        hash_of(4, active, before.level, before.mode, left.level, above.level),
        hash_of(5, left.mode, above.mode, active, later, min(youngest, 3)),
        hash_of(6, left.vector == above.vector, before.vector == left.vector, left.mode, above.mode, then),
    )


class FlagModel:
    def __init__(self):
        self.tables = Lazy(lambda _: BitModel())
        self.weights = Lazy(lambda _: [4096] * 6 + [0, 0])

    def decode(self, coder, flag, node, contexts):
        kind = flag * 4 + node.level
        models = []
        for i, context in enumerate(contexts):
            mixed = (context ^ kind * 0x9E3779B1 & 0xFFFFFFFF) * 0x85EBCA6B & 0xFFFFFFFF
            models.append(self.tables[i, mixed >> 18])
        inputs = [quotient(stretch(m), 2) if m.count < 3 else stretch(m) for m in models] + [BIAS, 0]
        weights = self.weights[kind]
        p = off_the_ends(squash(mix(weights, inputs)))
        bit = coder.bit_with(p)
        learn(weights, inputs, error_of(bit, p))
        for model in models:
            model.learn(bit, 250)
        return bit


class VectorModel:
    def __init__(self):
        self.index, self.reference, self.offset = (Lazy(lambda _: BitModel()) for _ in range(3))
        self.second = Lazy(lambda _: BitModel())

    def decode(self, coder, candidates, expected, mode, node, references):
        for i, candidate in enumerate(candidates):
            if coder.bit(self.index[mode, i, node.level]):
                return candidate
        reference = 0
        while reference < len(references) - 1 and coder.bit(self.reference[reference]):
            reference += 1
        if mode == PHOTO:
            return vector_of(self.decode_way(coder, 2, expected), reference)
        return Vector(*self.decode_way(coder, 0, (0, 0)), reference)

    def decode_second(self, coder, candidates, expected, around, node):
        if not coder.bit(self.second[around]):
            return None
        for i, candidate in enumerate(candidates):
            if coder.bit(self.index["second", i, node.level]):
                return candidate
        return vector_of(self.decode_way(coder, 4, expected), 0)

    def decode_way(self, coder, axis, expected):
        return tuple(steps + self.decode_offset(coder, axis + i) for i, steps in enumerate(expected))

    def decode_offset(self, coder, axis):
        if coder.bit(self.offset[axis, "zero"]):
            return 0
        negative = coder.bit(self.offset[axis, "sign"])
        exponent = 0
        while exponent < 14 and coder.bit(self.offset[axis, "more", exponent]):
            exponent += 1
        value = 1
        for i in reversed(range(exponent)):
            value = value << 1 | coder.bit(self.offset[axis, exponent, i])
        return -value if negative else value


def candidate_vectors(node, mode, current, previous, recent, below):
    left, above = current.at(node.column - 1, node.row), current.at(node.column, node.row - 1)
    above_right = current.at(node.column + node.cells, node.row - 1)

    def vectors_of(*blocks):
        return [b.vector if mode == PHOTO else b.vector.whole() for b in blocks if b.mode != SKIP]

    vectors = [] if below is None else [Vector(0, 0, below)]
    vectors += vectors_of(left, above)
    vectors += [] if mode == COPY else [Vector()]
    vectors += vectors_of(above_right, previous.at(node.column, node.row))
    vectors += [] if mode == PHOTO else recent
    ways = zip(*(block.vector.way for block in (left, above, above_right)), strict=True)
    return list(dict.fromkeys(vectors))[:12], tuple(sorted(steps)[1] for steps in ways)


def second_candidates(node, first, current, previous):
    left, above = current.at(node.column - 1, node.row), current.at(node.column, node.row - 1)
    known = [block.second for block in (left, above, previous.at(node.column, node.row)) if block.second]
    from_around = left.second or above.second
    expected = from_around.way if from_around else tuple(2 * steps for steps in first.way)
    return list(dict.fromkeys(known)), expected, sum(block.second is not None for block in (left, above))


class References(list):
    """One sheet of what vectors refer to, by number; and of the older frame."""

    def __init__(self, frames, older):
        super().__init__(frames)
        self.older = older


@dataclass
class Changed:
    pixels: int = 0
    literals: int = 0


class SheetCoder:
    """One sheet of one slice: rows top to bottom of the sheet."""

    def __init__(self, shape, top, bottom, settings, below):
        self.shape, self.top, self.rows, self.below = shape, top, bottom - top, below
        self.settings = settings
        self.current = Raster(shape.width, self.rows)
        self.background = Raster(shape.width, self.rows)
        self.columns, cell_rows = -(-shape.width // CELL), -(-self.rows // CELL)
        self.blocks, self.before = BlockMap(self.columns, cell_rows), BlockMap(self.columns, cell_rows)
        self.ages = {(x, y): OLDEST for y in range(cell_rows) for x in range(self.columns)}
        self.flags, self.vectors, self.recent = FlagModel(), VectorModel(), []
        self.colours, self.escapes = ColourModel(shape, settings), ResidualModel(shape, settings)
        self.photos = PhotoModel(shape, settings)
        self.changed = Changed()

    def with_rows_of(self, sheets, top, bottom):
        """This one's models with rows top to bottom as they are in other coders of the sheet."""
        moved = SheetCoder(self.shape, top, bottom, self.settings, self.below)
        for name in ("flags", "vectors", "recent", "colours", "escapes", "photos"):
            setattr(moved, name, getattr(self, name))
        moved.photos.row = None
        for sheet in sheets:
            for y in range(max(top, sheet.top), min(bottom, sheet.top + sheet.rows)):
                for x in range(self.shape.width):
                    moved.current.set(x, y - top, sheet.current.get(x, y - sheet.top))
                    moved.background.set(x, y - top, sheet.background.get(x, y - sheet.top))
                for x in range(self.columns):
                    there, here = (x, (y - sheet.top) // CELL), (x, (y - top) // CELL)
                    moved.ages[here] = sheet.ages[there]
                    moved.blocks.blocks[here] = sheet.blocks.at(*there)
        return moved

    def decode_frame(self, coder, references, luma):
        self.next_map()
        for row in range(0, self.blocks.rows, ROOT):
            for column in range(0, self.columns, ROOT):
                self.decode_node(coder, Node(0, column, row), references)
        self.fill_from_history(references)
        for cell_row in range(self.blocks.rows):
            self.decode_rows(coder, cell_row, references, luma)
        self.finish_frame(references[0])

    def repeat_frame(self):
        self.next_map()
        self.changed = Changed()
        self.grow_old()

    def next_map(self):
        self.before, self.blocks = self.blocks, BlockMap(self.columns, self.blocks.rows)

    def grow_old(self):
        for place, age in self.ages.items():
            self.ages[place] = 0 if self.blocks.at(*place).mode != SKIP else min(age + 1, OLDEST)

    def decode_node(self, coder, node, references):
        if node.column >= self.columns or node.row >= self.blocks.rows:
            return
        contexts = flag_contexts(node, self.top // CELL, self.blocks, self.before, self.ages)

        def flag(kind):
            return self.flags.decode(coder, kind, node, contexts)

        if flag(FLAG_SKIP):
            self.blocks.fill(node, Block(SKIP, node.level))
            return
        if node.level < 3 and flag(FLAG_SPLIT):
            half = node.cells // 2
            for i in range(4):
                child = Node(node.level + 1, node.column + (i & 1) * half, node.row + (i >> 1) * half)
                self.decode_node(coder, child, references)
            return
        mode = COPY if flag(FLAG_COPY) else PHOTO if flag(FLAG_PHOTO) else LITERAL
        candidates = candidate_vectors(node, mode, self.blocks, self.before, self.recent, self.below)
        vector = self.vectors.decode(coder, *candidates, mode, node, references)
        refuse_unless(references[vector.reference] is not None, "a reference that is not there yet")
        refuse_unless(self.inside(node, vector), "a block outside its reference")
        second = None
        if mode == PHOTO:
            if references.older:
                candidates = second_candidates(node, vector, self.blocks, self.before)
                second = self.vectors.decode_second(coder, *candidates, node)
                refuse_unless(second is None or self.inside(node, second), "a second place outside the older frame")
        elif vector != Vector():
            self.recent = [vector, *(other for other in self.recent if other != vector)][:10]
        self.blocks.fill(node, Block(mode, node.level, vector, second))

    def inside(self, node, vector):
        left, top = node.column * CELL + vector.dx, self.top + node.row * CELL + vector.dy
        right = min((node.column + node.cells) * CELL, self.shape.width) + vector.dx
        bottom = self.top + min((node.row + node.cells) * CELL, self.rows) + vector.dy
        return left >= 0 and top >= 0 and right <= self.shape.width and bottom <= self.shape.height

    def cells(self):
        """Every cell that is not skipped: its block and its pixels."""
        for row in range(self.blocks.rows):
            for column in range(self.columns):
                block = self.blocks.at(column, row)
                if block.mode != SKIP:
                    xs = range(column * CELL, min(column * CELL + CELL, self.shape.width))
                    ys = range(row * CELL, min(row * CELL + CELL, self.rows))
                    yield block, [(x, y) for y in ys for x in xs]

    def fill_from_history(self, references):
        self.marks = Raster(self.shape.width, self.rows, AS_REFERENCE)
        self.changed = Changed()
        for block, pixels in self.cells():
            self.changed.pixels += len(pixels)
            if block.mode in (LITERAL, PHOTO):
                self.changed.literals += len(pixels)
            reference, vector = references[block.vector.reference], block.vector
            for x, y in pixels:
                self.current.set(x, y, reference.get(x + vector.dx, self.top + y + vector.dy))

    def decode_rows(self, coder, cell_row, references, luma):
        modes = [self.blocks.at(column, cell_row).mode for column in range(self.columns)]
        for y in range(cell_row * CELL, min(cell_row * CELL + CELL, self.rows)):
            if PHOTO in modes:
                self.photos.begin_row(y)
            for x in range(self.shape.width):
                block = self.blocks.at(x // CELL, cell_row)
                if block.mode in (LITERAL, PHOTO):
                    self.decode_pixel(coder, x, y, block, references, luma)

    def decode_pixel(self, coder, x, y, block, references, luma):
        guide = 0
        if luma:
            places = (0, 0), (1, 0), (0, 1), (1, 1)
            guide = hash_of(11, *(luma.current.get(2 * x + i, 2 * y + j) for i, j in places))
        between = None
        if block.second or block.vector != block.vector.whole():
            places = [(references[block.vector.reference], block.vector)]
            places += [(references.older, block.second)] if block.second else []
            between = Between(self.shape, places)
        site = Site(self, x, y, references[block.vector.reference], block.vector, guide, between)
        if block.mode == LITERAL:
            pixel, mark = self.colours.decode(coder, self.escapes, site)
        else:
            pixel = self.photos.decode(coder, site, x)
            mark = AS_REFERENCE if pixel == site.ref(0, 0) else ESCAPED
        self.current.set(x, y, pixel)
        self.marks.set(x, y, mark)

    def finish_frame(self, previous):
        for _, pixels in self.cells():
            for x, y in pixels:
                then = previous.get(x, self.top + y)
                if self.current.get(x, y) != then:
                    self.background.set(x, y, then)
        self.grow_old()


class Slice:
    def __init__(self, sheets):
        self.sheets = sheets
        self.repeat = Lazy(lambda _: BitModel())
        self.repeats = 0

    def with_rows_of(self, slices, top, bottom):
        """This one's models with the canvas' rows top to bottom as they are in other slices."""
        moved = copy.copy(self)
        moved.sheets = [
            sheet.with_rows_of([other.sheets[k] for other in slices], (top + k) >> k, (bottom + k) >> k)
            for k, sheet in enumerate(self.sheets)
        ]
        return moved

    def decode_frame(self, coder, references):
        """What changed."""
        repeat = coder.bit(self.repeat[self.repeats])
        self.repeats = (self.repeats << 1 | repeat) & 255
        for k, sheet in enumerate(self.sheets):
            if repeat:
                sheet.repeat_frame()
            else:
                sheet.decode_frame(coder, references[k], self.sheets[0] if k else None)
        return [sheet.changed for sheet in self.sheets]


@dataclass
class History:
    """Frames as lists of rasters, by the number that vectors know them by."""

    saved: int
    slots: list
    area: int
    pushed: int = 0
    next_recent: int = 0
    next_saved: int = 0
    literals: int = 0

    def older(self):
        """The frame before the previous one."""
        return self.slots[1 + (self.next_recent - 1) % 4] if self.pushed > 1 else None

    def push(self, frame, changed):
        self.literals += changed.literals
        if self.pushed:
            cut = changed.pixels > self.area // 3 and changed.literals > self.area // 8
            if self.saved and (cut or self.literals > self.area // 16):
                self.slots[5 + self.next_saved] = self.slots[0]
                self.next_saved = (self.next_saved + 1) % self.saved
                self.literals = 0
            self.slots[1 + self.next_recent] = self.slots[0]
            self.next_recent = (self.next_recent + 1) % 4
        self.slots[0] = frame
        self.pushed += 1


def read_settings(f, header):
    top = (1 << header.depth) - 1
    near = f.varint(0, top // 2)
    colour_bits, residual_bits, saved, slices, flags = (f.u8() for _ in range(5))
    if flags > 31:
        raise UnsupportedError("models")
    ground = tuple(read_pixel(f, shape) for shape, _ in sheets_of(header) if flags & 8)
    units = -(-header.height // unit_of(header))
    refuse_unless(8 <= colour_bits <= 22 and 4 <= residual_bits <= 16, "table size")
    refuse_unless(saved <= 24 and 1 <= slices <= min(16, units), "saved frames or slices")
    size = (header.width * header.height).bit_length()
    cut, rows, moves = 0, (), ()

    def read_rows():
        rows = tuple(f.varint() for _ in range(slices - 1))
        refuse_unless(all(rows) and sum(rows) < units, "a slice without rows")
        return rows

    if slices > 1:
        cut, rows = f.varint(), read_rows()
        moves = tuple((f.varint(1, 2**20), read_rows()) for _ in range(f.varint(0, 2**20)))
    refuse_unless(colour_bits <= max(10, size) and residual_bits <= max(6, size - 4), "tables for a larger picture")
    area = (header.width + 2 * BORDER) * (header.height + 2 * BORDER)
    tables = (160 << colour_bits) + (1536 << residual_bits)
    sheets = len(sheets_of(header))
    refuse_unless(area * 4 * (saved + 10) + tables * slices * sheets <= 3 * 2**30, "too much memory")
    models = (bool(flags & bit) for bit in (1, 2, 4, 16))
    return Settings(near, colour_bits, residual_bits, saved, slices, *models, ground, cut, rows, moves)


def read_pixel(f, shape):
    pixel = f.varint(0, (1 << 10 * shape.components) - 1)
    refuse_unless(all(pixel >> 10 * k & 1023 <= shape.top for k in range(shape.components)), "a sample out of range")
    return pixel


def unit_of(header):
    return CELL * (2 if header.layout == YUV420 else 1)


class Layer:
    """Draws frames from one range coder for each slice."""

    def __init__(self, header, settings, dictionary, has_below):
        self.header, self.shapes = header, [shape for shape, _ in sheets_of(header)]
        nothing = [Raster(shape.width, shape.height) for shape in self.shapes]
        self.ground = [Raster(shape.width, shape.height) for shape in self.shapes]
        for raster, colour in zip(self.ground, settings.ground, strict=False):
            raster.fill(colour)
        if settings.on_ground:
            nothing = self.ground
        slots = [nothing] + [None] * (4 + settings.saved) + [load(header, planes) for planes in dictionary]
        self.below = len(slots) if has_below else None
        slots += [None] * has_below
        self.history = History(settings.saved, slots, sum(shape.width * shape.height for shape in self.shapes))
        sheets = [SheetCoder(shape, 0, shape.height, settings, self.below) for shape in self.shapes]
        for sheet, raster in zip(sheets, self.ground, strict=True):
            sheet.current = copy.deepcopy(raster)
        self.slices, self.settings, self.drawn = [Slice(sheets)], settings, 0
        # The slices' units by the frame from which on they have them.
        frame = settings.cut
        self.borders = {frame: settings.rows} if settings.rows else {}
        for later, rows in settings.moves:
            self.borders[frame := frame + later] = rows

    def cut_if_due(self):
        rows = self.borders.pop(self.drawn, None)
        if rows is None:
            return
        whole = self.slices[0]
        if len(self.slices) == 1:
            self.slices += [copy.deepcopy(whole) for _ in rows]
        owners = [whole] if whole.sheets[0].rows == self.shapes[0].height else self.slices
        tops = [unit_of(self.header) * sum(rows[:i]) for i in range(len(self.slices))] + [self.header.height]
        self.slices = [s.with_rows_of(owners, *part) for s, part in zip(self.slices, pairwise(tops), strict=True)]

    def draw(self, coders, below=None):
        """The next frame's planes; `below` are those of the canvas."""
        slots = self.history.slots
        if below is not None:
            slots[self.below] = load(self.header, below)
        self.cut_if_due()
        self.drawn += 1
        older = self.history.older()
        references = [
            References([slot and slot[k] for slot in slots], older and older[k]) for k in range(len(self.shapes))
        ]
        changes = [c for s, coder in zip(self.slices, coders, strict=False) for c in s.decode_frame(coder, references)]
        changed = Changed(sum(c.pixels for c in changes), sum(c.literals for c in changes))
        if changed.pixels:
            self.history.push(joined(self.shapes, self.slices), changed)
        return store(self.header, slots[0] if self.history.pushed else self.ground)


def decode(header, payload, frames, dictionary=(), below=None):
    """All frames of a layer, as lists of planes; `below` holds as many pictures, or is None."""
    draw = frames_of(header, payload, frames, dictionary, below is not None)
    return [draw(below and below[number]) for number in range(frames)]


def frames_of(header, payload, frames, dictionary, has_below):
    """A function that draws the next frame over the canvas below (None where there is none)."""
    f = Fields(payload)
    settings = read_settings(f, header)
    coders = [RangeDecoder(f.block()) for _ in range(settings.slices - 1)] + [RangeDecoder(f.rest())]
    layer = Layer(header, settings, dictionary, has_below)
    left = frames

    def draw(below):
        nonlocal left
        drawn = layer.draw(coders, below if has_below else None)
        left -= 1
        if left == 0:
            for coder in coders:
                coder.done()
        return drawn

    return draw


def joined(shapes, slices):
    """A new frame of the slices' rows."""
    frame = [Raster(shape.width, shape.height) for shape in shapes]
    for part in slices:
        for raster, sheet in zip(frame, part.sheets, strict=True):
            for y in range(sheet.rows):
                source, target = sheet.current.index(0, y), raster.index(0, sheet.top + y)
                raster.cells[target : target + raster.width] = sheet.current.cells[source : source + raster.width]
    return frame
