"""Section 7 of docs/bitstream.md in numpy integers. A picture is a list of int64 planes."""

import numpy as np

from .bits import UnsupportedError
from .container import RGB, YUV420, YUV444

K = {1: (2126, 722), 5: (2990, 1140), 6: (2990, 1140), 7: (2120, 870), 9: (2627, 593)}


def nearest(num, den):
    """num / den to nearest, halves away from zero."""
    magnitude = (2 * abs(num) + den) // (2 * den)
    return magnitude if num >= 0 else -magnitude


def yuv_depth(plane, s, d):
    if s < d:
        return plane << 2
    return np.minimum((plane + 2) >> 2, 255) if s > d else plane


def chroma16(chroma, width, height, centred):
    """Chroma of 4:2:0 at every luma position, 16-fold."""
    y, x = np.arange(height), np.arange(width)
    near = y // 2
    far = np.clip(near + np.where(y & 1, 1, -1), 0, len(chroma) - 1)
    t = np.pad(3 * chroma[near] + chroma[far], ((0, 0), (1, 1)), mode="edge")
    i = x // 2 + 1
    before, here, after = t[:, i - 1], t[:, i], t[:, i + 1]
    if centred:
        return np.where(x & 1, 3 * here + after, before + 3 * here)
    return np.where(x & 1, 2 * (here + after), 4 * here)


def subsampled8(chroma, centred):
    """Chroma of 4:4:4 at the positions of 4:2:0, 8-fold."""
    height, width = chroma.shape
    rows, columns = np.arange((height + 1) // 2) * 2, np.arange((width + 1) // 2) * 2
    a = chroma[rows] + chroma[np.minimum(rows + 1, height - 1)]
    here, after = a[:, columns], a[:, np.minimum(columns + 1, width - 1)]
    if centred:
        return 2 * (here + after)
    return a[:, np.maximum(columns - 1, 0)] + 2 * here + after


def weights(matrix, height, width):
    """Kr, Kg, Kb"""
    if matrix == 2:
        matrix = 1 if height > 576 or width > 1024 else 6
    if matrix not in K:
        raise UnsupportedError("matrix")
    kr, kb = K[matrix]
    return kr, 10000 - kr - kb, kb


def spans(depth, full):
    """y0, ys, cs"""
    u, top = 1 << (depth - 8), (1 << depth) - 1
    return (0, top, top) if full else (16 * u, 219 * u, 224 * u)


def to_rgb(y, cb16, cr16, s, d, matrix, full):
    kr, kg, kb = weights(matrix, *y.shape)
    u, top = 1 << (s - 8), (1 << d) - 1
    y0, ys, cs = spans(s, full)
    gy = nearest(65536 * top, ys)
    rv = nearest(4096 * top * 2 * (10000 - kr), 10000 * cs)
    gu = nearest(-4096 * top * 2 * (10000 - kb) * kb, 10000 * kg * cs)
    gv = nearest(-4096 * top * 2 * (10000 - kr) * kr, 10000 * kg * cs)
    bu = nearest(4096 * top * 2 * (10000 - kb), 10000 * cs)
    luma, cb, cr = gy * (y - y0) + 32768, cb16 - 16 * 128 * u, cr16 - 16 * 128 * u
    return [np.clip(v >> 16, 0, top) for v in (luma + rv * cr, luma + gu * cb + gv * cr, luma + bu * cb)]


def convert(planes, source, target, matrix, full, centred):
    """A YCbCr picture of format source = (layout, depth) in format target."""
    (layout, s), (wanted, d) = source, target
    y, chroma = planes[0], planes[1:]
    height, width = y.shape
    if wanted == RGB:
        wide = [chroma16(c, width, height, centred) if layout == YUV420 else 16 * c for c in chroma]
        return to_rgb(y, *wide, s, d, matrix, full)
    if layout == wanted:
        return [yuv_depth(plane, s, d) for plane in planes]
    top = (1 << d) - 1
    if wanted == YUV444:
        folded, fold = [chroma16(c, width, height, centred) for c in chroma], 16
    else:
        folded, fold = [subsampled8(c, centred) for c in chroma], 8
    if d >= s:
        folded = [np.minimum(((c << (d - s)) + fold // 2) // fold, top) for c in folded]
    else:
        folded = [np.minimum((c + 2 * fold) // (4 * fold), top) for c in folded]
    return [yuv_depth(y, s, d), *folded]


def from_rgb(planes, s, target, matrix, full, centred):
    """An RGB picture of depth s in YCbCr format target = (layout, depth)."""
    wanted, d = target
    k = weights(matrix, *planes[0].shape)
    source_top, top = (1 << s) - 1, (1 << d) - 1
    y0, ys, cs = spans(d, full)

    def weighted(parts, own, offset):
        total = sum(w * part for w, part in zip(own, parts, strict=True))
        return np.clip(((total + 32768) >> 16) + offset, 0, top)

    def chroma(own):
        """For the colour of number `own`."""
        signs = [10000 - k[i] if i == own else -k[i] for i in range(3)]
        return [nearest(8192 * cs * v, 2 * source_top * (10000 - k[own])) for v in signs]

    folded = [subsampled8(p, centred) if wanted == YUV420 else 8 * p for p in planes]
    luma = weighted(planes, [nearest(65536 * ys * v, 10000 * source_top) for v in k], y0)
    c0 = 128 << (d - 8)
    return [luma, weighted(folded, chroma(2), c0), weighted(folded, chroma(0), c0)]
