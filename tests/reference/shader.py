"""Section 9 of docs/bitstream.md: the shader layer, drawn for all pixels of a frame at once."""

from dataclasses import dataclass

import numpy as np

from . import functions as fn
from .bits import Fields, refuse_unless
from .functions import F, S, U, signed
from .program import Program, read_program
from .table import read_table


@dataclass
class ShaderLayer:
    program: Program
    columns: list


def read_shader_layer(payload, header, frames):
    f = Fields(payload)
    columns = []
    if f.flags(1):
        rows, columns = read_table(f.block())
        refuse_unless(rows == frames and columns, "a track that does not go with the segment")
    program = read_program(f.rest())
    refuse_unless(program.parameters <= len(columns), "a parameter that no column has")
    refuse_unless(program.work * header.width * header.height <= 2**37, "too much work for a frame")
    return ShaderLayer(program, columns)


def draw(layer, header, first_frame, k, below, prev):
    """Frame k of the segment as an RGB picture of the canvas's depth; `below` and `prev` are such pictures or None."""
    with np.errstate(all="ignore"):
        return _Frame(layer, header, first_frame, k, below, prev).draw()


def _divided(a, b):
    """Rounded down; 0 by 0."""
    x, y = signed(a).astype(np.int64), signed(b).astype(np.int64)
    return np.where(y == 0, 0, x // np.where(y == 0, 1, y)).astype(U)


_PLAIN = {
    "mul": lambda a, b: a * b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "div": lambda a, b: a / b,
    "neg": lambda a: F(0) - a,
    "min": fn.minimum,
    "max": fn.maximum,
    "abs": fn.absolute,
    "sqrt": np.sqrt,
    "length": lambda a, b: np.sqrt(a * a + b * b),
    "floor": fn.floor,
    "fract": lambda a: a - fn.floor(a),
    "mod": lambda a, b: a - b * fn.floor(a / b),
    "mix": fn.mix,
    "clamp": fn.clamp,
    "smoothstep": fn.smoothstep,
    "sin": fn.sin,
    "cos": fn.cos,
    "sin_turns": fn.sin_turns,
    "cos_turns": fn.cos_turns,
    "exp": fn.exp,
    "exp2": fn.exp2,
    "log": fn.log,
    "log2": fn.log2,
    "pow": fn.power,
    "atan2": fn.atan2,
    "noise": fn.noise,
    "gnoise": fn.gnoise,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "select": np.where,
    "to_int": fn.to_int,
    "to_float": fn.to_float,
    "hash": fn.hash_of,
    "unit": fn.unit,
    "equal_int": lambda a, b: a == b,
    "less_int": lambda a, b: signed(a) < signed(b),
    "add_int": lambda a, b: a + b,
    "sub_int": lambda a, b: a - b,
    "mul_int": lambda a, b: a * b,
    "and_int": lambda a, b: a & b,
    "or_int": lambda a, b: a | b,
    "xor_int": lambda a, b: a ^ b,
    "shift_left": lambda a, b: a << (b & U(31)),
    "shift_right": lambda a, b: (signed(a) >> (b & U(31)).astype(S)).astype(U),
    "select_int": np.where,
    "and_bool": lambda a, b: a & b,
    "or_bool": lambda a, b: a | b,
    "not_bool": lambda a: ~a,
    "bool_int": lambda a: a.astype(U),
    "div_int": _divided,
    "mod_int": lambda a, b: np.where(b == 0, U(0), a - _divided(a, b) * b),
}


class _Frame:
    def __init__(self, layer, header, first_frame, k, below, prev):
        self.code = layer.program.code
        self.width, self.height = header.width, header.height
        self.top = (1 << header.depth) - 1
        self.pictures = {"below": below, "prev": prev}
        row, column = np.divmod(np.arange(self.width * self.height), self.width)
        self.x, self.y = column, row
        (n1, d1), (n2, d2) = header.frame_duration, header.time_base
        t = float(first_frame + k) * (float(n1) * float(n2)) / (float(d1) * float(d2))
        numbers = [column, row, t, self.width, self.height, first_frame + k, k]
        kinds = [F, F, F, F, F, U, U]
        self.inputs = [self.spread(np.asarray(v).astype(kind)) for v, kind in zip(numbers, kinds, strict=True)]
        for track in layer.columns:
            value = np.asarray(track.values[k], np.float64 if track.is_float else np.int64)
            self.inputs.append(self.spread(value.astype(F)))
        self.values = {}

    def spread(self, value):
        return np.broadcast_to(value, self.x.shape)

    def draw(self):
        at = 0
        while not self.code[at].op.text.startswith("rgb"):
            at = self.step(at)
        found = [self.sample(self.code[at].op.text, self.load(operand)) for operand in self.code[at].operands]
        return [plane.astype(np.int64).reshape(self.height, self.width) for plane in found]

    def sample(self, output, v):
        if output == "rgb_int":
            return np.clip(signed(v), 0, self.top)
        inside = np.where(v > F(0), fn.minimum(v, F(1)), F(0))
        return np.floor(inside * F(self.top) + F(0.5))

    def load(self, operand):
        source, *which = operand
        if source == "constant":
            return self.spread(which[1])
        return self.values[which[0]] if source == "value" else self.inputs[which[0]]

    def step(self, at):
        """Runs the instruction, of a loop all turns, and returns the number of the next."""
        i = self.code[at]
        if i.op.text == "loop":
            return self.loop(at)
        operands = [self.load(operand) for operand in i.operands]
        if i.op.text == "fbm":
            value = fn.fbm(*operands, i.immediate)
        elif i.op.text in _PLAIN:
            value = _PLAIN[i.op.text](*operands)
        else:
            name, _, how = i.op.text.partition("_")
            value = self.read(self.pictures[name], how, i.immediate, operands)
        self.values[i.first] = value
        return at + 1

    def loop(self, begin):
        carried = [self.load(operand) for operand in self.code[begin].operands]
        final, inside = carried, self.spread(np.bool_(True))
        for _ in range(self.code[begin].immediate):
            self.values.update(enumerate(carried, self.code[begin].first))
            at = begin + 1
            while (i := self.code[at]).op.text != "end":
                if i.op.text != "break_if":
                    at = self.step(at)
                    continue
                condition, *last = (self.load(operand) for operand in i.operands)
                leaves = inside & condition
                final = [np.where(leaves, a, b) for a, b in zip(last, final, strict=True)]
                inside = inside & ~leaves
                at += 1
            carried = [self.load(operand) for operand in i.operands]
            if not inside.any():
                break
        final = [np.where(inside, a, b) for a, b in zip(carried, final, strict=True)]
        self.values.update(enumerate(final, i.first))
        return at + 1

    def read(self, picture, how, immediate, offsets):
        channel = immediate[0] if how == "int" else immediate
        plane = np.zeros((self.height, self.width), np.int64) if picture is None else picture[channel]
        sides = self.width, self.height
        if how == "int":
            _, wrap, *places = immediate
            x, y = (
                (at + d) % side if wrap else np.clip(at + d, 0, side - 1)
                for at, d, side in zip((self.x, self.y), places, sides, strict=True)
            )
            return plane[y, x].astype(U)
        half = F(0.5) if how == "nearest" else F(0)
        px, py = (
            clamped(at.astype(F) + d + half if half else at.astype(F) + d, F(side - 1))
            for at, d, side in zip((self.x, self.y), offsets, sides, strict=True)
        )
        x0, y0 = px.astype(np.int64), py.astype(np.int64)
        scale = F(1) / F(self.top)
        if how == "nearest":
            return plane[y0, x0].astype(F) * scale
        x1, y1 = np.minimum(x0 + 1, self.width - 1), np.minimum(y0 + 1, self.height - 1)
        a, b, c, d = (plane[y, x].astype(F) for y in (y0, y1) for x in (x0, x1))
        fx, fy = px - x0.astype(F), py - y0.astype(F)
        return fn.mix(fn.mix(a, b, fx), fn.mix(c, d, fx), fy) * scale


def clamped(v, high):
    low = np.where(v > F(0), v, F(0))
    return np.where(low < high, low, high)
