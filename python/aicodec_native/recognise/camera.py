"""A camera over a still: pan, zoom and rotation of one frame of the clip, or of each frame's predecessor.

Motion is a similarity about the picture's middle: source = middle + scale * turned(target - middle) + shift.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.proposal import Proposal, psnr
from aicodec_native.recognise.series import Track

_SIZE = 160
_STEPS = 12
_MIN_PSNR, _MIN_GAIN = 40.0, 6.0
# Frames to each side.
_FAR = 8
# How far a sample's place may be off by rounding, in pixels.
_TOLERANCE = 0.02


def propose(clip: Clip) -> Iterator[Proposal]:
    if len(clip) < 3 or not clip.moves or min(clip.width, clip.height) < 32:
        return
    # A first look at two frames in the middle says whether one motion explains them.
    some = len(clip) // 2
    levels = _Levels(clip)
    still = float(np.mean((levels.small(some) - levels.small(some - 1)) ** 2))
    motion, error = _motion(levels, some - 1, some, np.array([1.0, 0.0, 0.0, 0.0]))
    limit = (clip.top / 10 ** (_MIN_PSNR / 20)) ** 2
    if error > min(still / 10 ** (_MIN_GAIN / 10), 4 * limit) or _is_whole(motion):
        return
    # In a scene with depth what is near moves faster: frames farther apart tell.
    if clip.is_rough and _far_error(levels, some, motion) > limit:
        return
    yield from _over_still(clip, levels, 4 * limit)
    yield from _over_previous(clip, levels, 4 * limit)


def _far_error(levels: _Levels, some: int, motion: Floats) -> float:
    """Of the frames around a frame whose motion is known, if it goes on like that."""
    reach = min(_FAR, some - 1)
    whole = motion
    for _ in range(2 * reach - 1):
        whole = _composed(motion, whole)
    return _motion(levels, some - reach, some + reach, whole)[1]


class _Levels:
    """Grey frames, reduced by averaging to about _SIZE columns."""

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self.factor = max(1, clip.width // _SIZE)
        self._small: dict[int, Floats] = {}

    def small(self, index: int) -> Floats:
        if index not in self._small:
            f = self.factor
            rgb = self._clip.rgb(index)
            height, width = rgb.shape[0] // f * f, rgb.shape[1] // f * f
            grey = rgb[:height, :width].astype(np.float32).sum(axis=2) / 3
            self._small[index] = grey.reshape(height // f, f, width // f, f).mean(axis=(1, 3)).astype(np.float64)
        return self._small[index]


def _is_whole(motion: Floats) -> bool:
    """A shift by whole pixels alone: the screen layer copies that by itself."""
    shift = np.abs(motion[2:] - np.round(motion[2:])).max()
    return bool(np.abs(motion[:2] - [1, 0]).max() < 1e-5 and shift < 0.02)


def _motion(levels: _Levels, source: int, target: int, start: Floats) -> tuple[Floats, float]:
    """(cosine part, sine part, shift x, shift y) that takes target pixels to source pixels, shifts in pixels; and the
    mean squared error inside. By Gauss and Newton, from coarse to fine.
    """
    p = np.array(start, np.float64)
    error = np.inf
    for blur in (8, 4, 2, 1):
        one, other = _blurred(levels.small(source), blur), _blurred(levels.small(target), blur)
        for _ in range(_STEPS):
            step, error = _step(one, other, p, levels.factor)
            p += step
            if np.abs(step * [100, 100, 1, 1]).max() < 2e-3:
                break
    return p, error


def _blurred(image: Floats, size: int) -> Floats:
    if size == 1:
        return image
    out = image
    for axis in (0, 1):
        sums = np.cumsum(np.insert(out, 0, 0.0, axis=axis), axis=axis)
        count = out.shape[axis]
        low, high = np.clip(np.arange(count) - size // 2, 0, count), np.clip(np.arange(count) + size // 2 + 1, 0, count)
        shape = [1, 1]
        shape[axis] = count
        out = (sums.take(high, axis) - sums.take(low, axis)) / (high - low).reshape(shape)
    return out


def _step(source: Floats, target: Floats, p: Floats, factor: int) -> tuple[Floats, float]:
    height, width = target.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    # In full pixels about the middle, as the program computes.
    u, v = (x - (width - 1) / 2) * factor, (y - (height - 1) / 2) * factor
    at_x = (p[0] * u - p[1] * v + p[2]) / factor + (width - 1) / 2
    at_y = (p[1] * u + p[0] * v + p[3]) / factor + (height - 1) / 2
    inside = (at_x >= 1) & (at_x < width - 2) & (at_y >= 1) & (at_y < height - 2)
    if inside.sum() < 0.3 * inside.size:
        return np.zeros(4), np.inf
    at_x, at_y, u, v = at_x[inside], at_y[inside], u[inside], v[inside]
    value, along_x, along_y = _sampled(source, at_x, at_y)
    rest = target[inside] - value
    along_x, along_y = along_x / factor, along_y / factor
    jacobian = np.stack([along_x * u + along_y * v, along_y * u - along_x * v, along_x, along_y], axis=1)
    matrix = jacobian.T @ jacobian
    step = np.linalg.lstsq(matrix + 1e-9 * np.diag(np.diag(matrix)), jacobian.T @ rest, rcond=None)[0]
    return step, float(np.mean(rest**2))


def _sampled(image: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
    """Value and slopes between four neighbours."""
    i, j = x.astype(np.int64), y.astype(np.int64)
    fx, fy = x - i, y - j
    a, b, c, d = image[j, i], image[j, i + 1], image[j + 1, i], image[j + 1, i + 1]
    value = (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy
    return value, (b - a) * (1 - fy) + (d - c) * fy, (c - a) * (1 - fx) + (d - b) * fx


def _composed(first: Floats, then: Floats) -> Floats:
    """The motion that goes by `then` and after that by `first`."""
    a, b = complex(first[0], first[1]), complex(then[0], then[1])
    shift = a * complex(then[2], then[3]) + complex(first[2], first[3])
    whole = a * b
    return np.array([whole.real, whole.imag, shift.real, shift.imag])


def _over_still(clip: Clip, levels: _Levels, limit: float) -> Iterator[Proposal]:
    """The first frame, or the last one, as it is nearer to all the others: a zoom out shows it all at its end."""
    one = np.array([1.0, 0.0, 0.0, 0.0])
    for still, order in ((0, range(1, len(clip))), (len(clip) - 1, range(len(clip) - 2, -1, -1))):
        motions = np.tile(one, (len(clip), 1))
        last, before = one, one
        for index in order:
            guess = _composed(last, _composed(last, _inverse(before)))
            motions[index], error = _motion(levels, still, index, guess)
            if error > limit:
                break
            before, last = last, motions[index]
        else:
            proposal = _written(clip, "camera over a still", "below", motions, still)
            if psnr(proposal, clip, clip.keys) >= _MIN_PSNR:
                yield proposal
                return


def _inverse(motion: Floats) -> Floats:
    turn = 1 / complex(motion[0], motion[1])
    shift = -turn * complex(motion[2], motion[3])
    return np.array([turn.real, turn.imag, shift.real, shift.imag])


def _over_previous(clip: Clip, levels: _Levels, limit: float) -> Iterator[Proposal]:
    motions = np.tile([1.0, 0.0, 0.0, 0.0], (len(clip), 1))
    for index in range(1, len(clip)):
        motions[index], error = _motion(levels, index - 1, index, motions[index - 1])
        if error > limit:
            return
    motions[0] = motions[1]
    proposal = _written(clip, "camera", "prev", motions, None)
    if psnr(proposal, clip, clip.keys[1:]) >= _MIN_PSNR:
        yield proposal


def _written(clip: Clip, name: str, source: str, motions: npt.NDArray[np.float64], still: int | None) -> Proposal:
    track = Track(clip.times, fineness=4)
    reach = _TOLERANCE / (clip.width / 2)
    a, b = track.expression(motions[:, 0] - 1, reach), track.expression(motions[:, 1], reach)
    dx, dy = (track.expression(motions[:, axis], _TOLERANCE) for axis in (2, 3))
    middle_x, middle_y = (clip.width - 1) / 2, (clip.height - 1) / 2
    sample = f"{source}({{}}, {{}})".format(f"u * {a} - v * {b} + {dx}", f"v * {a} + u * {b} + {dy}")
    if still is None:
        sample = f"{sample} if local_frame > 0 else (0.0, 0.0, 0.0)"
    text = f"""def color(x, y, t):
    u, v = x - {middle_x!r}, y - {middle_y!r}
    return rgb({sample})
"""
    return Proposal(name, text, track.columns, [] if still is None else [still] * len(clip))
