"""Ten reference shaders of 20 to 300 operations, in the text form of docs/shader.md, by name.

They read the coordinates and the time alone: no track, no other picture. shader_peers.py times them against other
ways to draw the same.
"""

from __future__ import annotations

GRADIENT = """
def color(x, y, t):
    u, v = x / width, y / height
    k = clamp(0.5 + 0.5 * (u * cos(t * 0.4) + v * sin(t * 0.4)), 0, 1)
    r = mix(mix(0.05, 0.95, u), mix(0.2, 0.6, u), v)
    g = mix(mix(0.15, 0.35, k), mix(0.75, 0.5, k), v)
    b = mix(0.55, 0.1, k * k)
    return rgb(r, g, b)
"""

PLASMA = """
def color(x, y, t):
    u, v = x / width, y / height
    a = sin(u * 9.5 + t) + sin(v * 7.5 - t * 1.3) + sin((u + v) * 5.5 + t * 0.7)
    c = a + sin(length(u - 0.5 + 0.3 * sin(t), v - 0.5) * 18 - t * 2)
    return rgb(0.5 + 0.45 * sin(c), 0.5 + 0.4 * sin(c + 2.1), 0.5 + 0.35 * sin(c + 4.2))
"""

RINGS = """
def color(x, y, t):
    u, v = (x - width * 0.5) / height, (y - height * 0.5) / height
    p = length(u - 0.45 * cos(t * 0.6), v - 0.3 * sin(t * 0.8))
    q = length(u + 0.35, v + 0.15)
    k = smoothstep(0.35, 0.65, fract(p * 6.5 - t * 0.5))
    m = smoothstep(0.25, 0.8, fract(q * 4.5 + t * 0.3))
    glow = 0.25 / (1 + p * p * 9)
    return rgb(k * 0.8 + glow, mix(m, k, 0.4) * 0.7 + glow * 0.5, 0.9 - m * 0.75)
"""

CHECKER = """
def color(x, y, t):
    u, v = x - width * 0.5, y - height * 0.5
    zoom = 48 + 16 * sin(t * 0.9)
    c, s = cos(t * 0.5) / zoom, sin(t * 0.5) / zoom
    a, b = floor(u * c - v * s), floor(u * s + v * c)
    shade = 1 - 0.35 * length(u / width, v / height)
    k = 0.9 * shade if mod(a + b, 2) < 1 else 0.15
    return rgb(k, k * 0.95, mix(k, 0.3, 0.25))
"""

ZONE_PLATE = """
def color(x, y, t):
    u, v = x - width * 0.5 - 90 * sin(t * 0.7), y - height * 0.5 - 60 * cos(t * 0.9)
    k = 0.5 + 0.5 * cos_turns((u * u + v * v) * 0.00005 - t * 0.8)
    fade = clamp(1.1 - length(u, v) / width, 0, 1)
    return rgb(k * fade, k * fade * 0.92, 0.08 + k * fade * 0.85)
"""

MANDELBROT = """
def color(x, y, t):
    scale = 2.6 * exp2(t * -0.35) / height
    cx, cy = (x - width * 0.5) * scale - 0.7436, (y - height * 0.5) * scale + 0.1318
    a, b, n = 0.0, 0.0, 0
    for i in range(96):
        if a * a + b * b > 16:
            break
        a, b = a * a - b * b + cx, 2 * a * b + cy
        n = i + 1
    k = sqrt(n / 96)
    inside = n == 96
    red = 0.0 if inside else 0.15 + 0.8 * k
    green = 0.0 if inside else 0.1 + 0.7 * k * k
    blue = 0.05 if inside else 0.35 + 0.5 * sin(k * 5)
    return rgb(red, green, blue)
"""

CLOUDS = """
def color(x, y, t):
    u, v = x / 210 + t * 0.3, y / 150
    warp = gnoise(u * 0.7 + 3.5, v * 0.7 - t * 0.1, 3)
    k = smoothstep(-0.15, 0.55, fbm(u + warp * 0.4, v + warp * 0.3, 5, 7))
    h = y / height
    r = mix(mix(0.2, 0.45, h), 1, k)
    g = mix(mix(0.45, 0.65, h), 1, k)
    b = mix(mix(0.85, 0.9, h), 0.98, k)
    return rgb(r, g, b)
"""

SHAPES = """
def cover(distance):
    return clamp(0.5 - distance, 0, 1)


def turned(x, y, angle):
    c, s = cos(angle), sin(angle)
    return (x * c - y * s, x * s + y * c)


def leaf(x, y, size, angle):
    a, b = turned(x, y, angle)
    return max(sd_circle(a - size, b - size * 0.5, size * 1.1), sd_circle(a - size, b + size * 0.5, size * 1.1))


def flower(x, y, size, angle):
    distance = leaf(x, y, size, angle)
    for k in range(5):
        distance = min(distance, leaf(x, y, size, angle + (k + 1) * 1.0472))
    return distance


def color(x, y, t):
    u, v = x - width * 0.5, y - height * 0.5
    c = mix((0.1, 0.12, 0.2), (0.25, 0.2, 0.35), y / height)
    c = mix(c, (0.55, 0.25, 0.5), cover(flower(u - 230 - 40 * sin(t * 0.6), v + 60, 75, t * -0.5)))
    c = mix(c, (0.15, 0.55, 0.35), cover(flower(u, v, 110, t * 0.4)))
    c = mix(c, (0.95, 0.8, 0.3), cover(sd_circle(u, v, 42 + 6 * sin(t * 3))))
    a, b = turned(u + 420, v - 120, t * -0.7)
    c = mix(c, (0.85, 0.3, 0.25), cover(sd_box(a, b, 130, 45) - 14))
    c = mix(c, (1, 1, 1), cover(abs(sd_box(a, b, 160, 75)) - 3))
    p = sd_circle(u - 430, v + 130 * sin(t * 1.1), 70)
    q = sd_circle(u - 520, v + 130 * cos(t * 1.3), 85)
    h = clamp(0.5 + 0.5 * (q - p) / 60, 0, 1)
    c = mix(c, (0.3, 0.6, 0.95), cover(mix(q, p, h) - 60 * h * (1 - h)))
    c = mix(c, (0.9, 0.9, 0.85), cover(sd_segment(u, v, -600, 330, 600, 330 + 40 * sin(t)) - 5))
    return rgb(c)
"""

MARCH = """
def color(x, y, t):
    u, v = (x - width * 0.5) / height, (y - height * 0.5) / height
    n = 1 / sqrt(u * u + v * v + 1.44)
    dx, dy, dz = u * n, v * n, 1.2 * n
    sway = 0.35 * sin(t * 0.8)
    depth, steps = 0.5, 0
    for i in range(40):
        px, py, pz = dx * depth, dy * depth, dz * depth - 3.2
        ball = sqrt((px - sway) * (px - sway) + py * py + pz * pz) - 0.85
        rim = sqrt((px + sway) * (px + sway) + pz * pz) - 1.5
        ring = sqrt(rim * rim + (py - 0.3) * (py - 0.3)) - 0.22
        gap = min(min(ball, ring), 0.9 - py)
        if gap < 0.002:
            break
        depth = depth + gap
        steps = i + 1
    far = clamp(1 - depth / 9, 0, 1)
    glow = steps / 40
    return rgb(far * 0.9 + glow * 0.2, far * far * 0.7 + glow * 0.3, 0.15 + far * 0.35 + glow * glow * 0.4)
"""

SWIRL = """
def color(x, y, t):
    u, v = (x - width * 0.5) / height, (y - height * 0.5) / height
    r = length(u, v)
    angle = atan2(v, u) / tau + 0.35 * log(r + 0.02) + t * 0.08
    arms = 0.5 + 0.5 * cos_turns(angle * 3)
    core = exp(r * r * -14)
    value = clamp(pow(arms, 1.7) * 0.8 + core, 0, 1)
    return rgb(hsv(angle + r * 0.6, 0.75 - core * 0.5, value))
"""

REFERENCE_SHADERS: dict[str, str] = {
    "gradient": GRADIENT,
    "plasma": PLASMA,
    "rings": RINGS,
    "checker": CHECKER,
    "zone plate": ZONE_PLATE,
    "mandelbrot": MANDELBROT,
    "clouds": CLOUDS,
    "shapes": SHAPES,
    "march": MARCH,
    "swirl": SWIRL,
}
