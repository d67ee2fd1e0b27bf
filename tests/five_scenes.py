"""Ten seconds of five kinds of scene, driven by a table of 300 records: a file of a few hundred bytes."""

from __future__ import annotations

import math

RECORDS = [
    {"frame": i, "time": i / 30, "complexity": 0.5 + 0.3 * math.sin(0.1 * i), "scene_type": i % 5} for i in range(300)
]

# A gradient, plasma, rings, noise and a fractal.
FIVE_SCENES = """
def color(x, y, t):
    u, v, k, kind = x / width, y / height, param(2), param(3)
    r = length(u - 0.5, v - 0.5)
    c, a, b, n = u * 3 - 2, 0.0, 0.0, 0
    for i in range(40):
        if a * a + b * b > 4:
            break
        a, b, n = a * a - b * b + c, 2 * a * b + v * 2 - 1, n + 1
    s = u + v if kind < 1 else sin(u * 9 + t) * sin(v * 7 - t) if kind < 2 else sin(r * 40 - t * 5)
    s = s if kind < 3 else fbm(u * 8, v * 8, 4) if kind < 4 else n / 40
    return rgb(s * k, s * s, 1 - s * k)
"""
