"""The reference shaders for peers that compile Python: one function of a pixel each, for numba and Taichi alike.

shader_peers.py loads this file once for each of them, with that peer's own functions under these names: sin, cos, exp,
exp2, log, sqrt, floor, atan2 and power; real, whole and word, which convert to binary32 and to 32 bits with and without
a sign. All arithmetic is in 32 bits, as ours is: for numba every float literal becomes a binary32 constant, and Taichi
is told so. What does not depend on the pixel both hoist out of the loops by themselves.
"""
# ruff: noqa: F821

TURN = 6.283185307179586


def fract(v):
    return v - floor(v)


def clamp(v, low, high):
    return min(max(v, low), high)


def mix(a, b, k):
    return a + (b - a) * k


def smoothstep(low, high, v):
    k = clamp((v - low) / (high - low), 0.0, 1.0)
    return k * k * (3.0 - 2.0 * k)


def length(a, b):
    return sqrt(a * a + b * b)


def gradient(x, y, t, w, h):
    u, v = x / w, y / h
    k = clamp(0.5 + 0.5 * (u * cos(t * 0.4) + v * sin(t * 0.4)), 0.0, 1.0)
    r = mix(mix(0.05, 0.95, u), mix(0.2, 0.6, u), v)
    g = mix(mix(0.15, 0.35, k), mix(0.75, 0.5, k), v)
    return r, g, mix(0.55, 0.1, k * k)


def plasma(x, y, t, w, h):
    u, v = x / w, y / h
    a = sin(u * 9.5 + t) + sin(v * 7.5 - t * 1.3) + sin((u + v) * 5.5 + t * 0.7)
    c = a + sin(length(u - 0.5 + 0.3 * sin(t), v - 0.5) * 18.0 - t * 2.0)
    return 0.5 + 0.45 * sin(c), 0.5 + 0.4 * sin(c + 2.1), 0.5 + 0.35 * sin(c + 4.2)


def rings(x, y, t, w, h):
    u, v = (x - w * 0.5) / h, (y - h * 0.5) / h
    p = length(u - 0.45 * cos(t * 0.6), v - 0.3 * sin(t * 0.8))
    q = length(u + 0.35, v + 0.15)
    k = smoothstep(0.35, 0.65, fract(p * 6.5 - t * 0.5))
    m = smoothstep(0.25, 0.8, fract(q * 4.5 + t * 0.3))
    glow = 0.25 / (1.0 + p * p * 9.0)
    return k * 0.8 + glow, mix(m, k, 0.4) * 0.7 + glow * 0.5, 0.9 - m * 0.75


def checker(x, y, t, w, h):
    u, v = x - w * 0.5, y - h * 0.5
    zoom = 48.0 + 16.0 * sin(t * 0.9)
    c, s = cos(t * 0.5) / zoom, sin(t * 0.5) / zoom
    both = floor(u * c - v * s) + floor(u * s + v * c)
    shade = 1.0 - 0.35 * length(u / w, v / h)
    k = 0.9 * shade if both - 2.0 * floor(both / 2.0) < 1.0 else 0.15
    return k, k * 0.95, mix(k, 0.3, 0.25)


def zone_plate(x, y, t, w, h):
    u, v = x - w * 0.5 - 90.0 * sin(t * 0.7), y - h * 0.5 - 60.0 * cos(t * 0.9)
    k = 0.5 + 0.5 * cos(fract((u * u + v * v) * 0.00005 - t * 0.8) * TURN)
    fade = clamp(1.1 - length(u, v) / w, 0.0, 1.0)
    return k * fade, k * fade * 0.92, 0.08 + k * fade * 0.85


def mandelbrot(x, y, t, w, h):
    scale = 2.6 * exp2(t * -0.35) / h
    cx, cy = (x - w * 0.5) * scale - 0.7436, (y - h * 0.5) * scale + 0.1318
    a, b, n = 0.0, 0.0, 0.0
    for _ in range(96):
        if a * a + b * b > 16.0:
            break
        a, b = a * a - b * b + cx, 2.0 * a * b + cy
        n += 1.0
    k = sqrt(n / 96.0)
    red, green, blue = 0.15 + 0.8 * k, 0.1 + 0.7 * k * k, 0.35 + 0.5 * sin(k * 5.0)
    if n == 96.0:
        red, green, blue = 0.0, 0.0, 0.05
    return red, green, blue


def finish_hash(a):
    a = word((a ^ (a >> word(15))) * word(0x2C1B3C6D))
    a = word((a ^ (a >> word(12))) * word(0x297A2D39))
    return a ^ (a >> word(15))


def slope(a, dx, dy):
    gx = real(whole(a & word(0xFFFF))) / 32768.0 - 1.0
    gy = real(whole(a >> word(16))) / 32768.0 - 1.0
    return gx * dx + gy * dy


def quintic(k):
    return k * k * k * (k * (k * 6.0 - 15.0) + 10.0)


def gradient_noise(x, y, seed):
    cx, cy = floor(x), floor(y)
    px, py = word(word(whole(cx)) * word(0x9E3779B1)), word(word(whole(cy)) * word(0x85EBCA77))
    qx, qy = word(px + word(0x9E3779B1)), word(py + word(0x85EBCA77))
    s = word(seed * word(0xC2B2AE3D))
    dx, dy = x - cx, y - cy
    k = quintic(dx)
    top = mix(slope(finish_hash(px ^ py ^ s), dx, dy), slope(finish_hash(qx ^ py ^ s), dx - 1.0, dy), k)
    under = mix(slope(finish_hash(px ^ qy ^ s), dx, dy - 1.0), slope(finish_hash(qx ^ qy ^ s), dx - 1.0, dy - 1.0), k)
    return mix(top, under, quintic(dy))


def clouds(x, y, t, w, h):
    u, v = x / 210.0 + t * 0.3, y / 150.0
    warp = gradient_noise(u * 0.7 + 3.5, v * 0.7 - t * 0.1, word(3))
    px, py = u + warp * 0.4, v + warp * 0.3
    total, height = 0.0, 0.5
    for octave in range(5):
        total += gradient_noise(px, py, word(7 + octave)) * height
        px, py, height = px + px, py + py, height * 0.5
    k = smoothstep(-0.15, 0.55, total)
    down = y / h
    return mix(mix(0.2, 0.45, down), 1.0, k), mix(mix(0.45, 0.65, down), 1.0, k), mix(mix(0.85, 0.9, down), 0.98, k)


def cover(distance):
    return clamp(0.5 - distance, 0.0, 1.0)


def sd_circle(x, y, radius):
    return length(x, y) - radius


def sd_box(x, y, half_width, half_height):
    dx, dy = abs(x) - half_width, abs(y) - half_height
    return length(max(dx, 0.0), max(dy, 0.0)) + min(max(dx, dy), 0.0)


def sd_segment(x, y, x0, y0, x1, y1):
    px, py, bx, by = x - x0, y - y0, x1 - x0, y1 - y0
    k = clamp((px * bx + py * by) / (bx * bx + by * by), 0.0, 1.0)
    return length(px - bx * k, py - by * k)


def leaf(x, y, size, angle):
    c, s = cos(angle), sin(angle)
    a, b = x * c - y * s, x * s + y * c
    return max(sd_circle(a - size, b - size * 0.5, size * 1.1), sd_circle(a - size, b + size * 0.5, size * 1.1))


def flower(x, y, size, angle):
    near = min(leaf(x, y, size, angle), leaf(x, y, size, angle + 1.0472))
    near = min(near, min(leaf(x, y, size, angle + 2.0944), leaf(x, y, size, angle + 3.1416)))
    return min(near, min(leaf(x, y, size, angle + 4.1888), leaf(x, y, size, angle + 5.236)))


def shapes(x, y, t, w, h):
    u, v = x - w * 0.5, y - h * 0.5
    k = y / h
    r, g, b = mix(0.1, 0.25, k), mix(0.12, 0.2, k), mix(0.2, 0.35, k)
    k = cover(flower(u - 230.0 - 40.0 * sin(t * 0.6), v + 60.0, 75.0, t * -0.5))
    r, g, b = mix(r, 0.55, k), mix(g, 0.25, k), mix(b, 0.5, k)
    k = cover(flower(u, v, 110.0, t * 0.4))
    r, g, b = mix(r, 0.15, k), mix(g, 0.55, k), mix(b, 0.35, k)
    k = cover(sd_circle(u, v, 42.0 + 6.0 * sin(t * 3.0)))
    r, g, b = mix(r, 0.95, k), mix(g, 0.8, k), mix(b, 0.3, k)
    c, s = cos(t * -0.7), sin(t * -0.7)
    px, py = (u + 420.0) * c - (v - 120.0) * s, (u + 420.0) * s + (v - 120.0) * c
    k = cover(sd_box(px, py, 130.0, 45.0) - 14.0)
    r, g, b = mix(r, 0.85, k), mix(g, 0.3, k), mix(b, 0.25, k)
    k = cover(abs(sd_box(px, py, 160.0, 75.0)) - 3.0)
    r, g, b = mix(r, 1.0, k), mix(g, 1.0, k), mix(b, 1.0, k)
    p = sd_circle(u - 430.0, v + 130.0 * sin(t * 1.1), 70.0)
    q = sd_circle(u - 520.0, v + 130.0 * cos(t * 1.3), 85.0)
    m = clamp(0.5 + 0.5 * (q - p) / 60.0, 0.0, 1.0)
    k = cover(mix(q, p, m) - 60.0 * m * (1.0 - m))
    r, g, b = mix(r, 0.3, k), mix(g, 0.6, k), mix(b, 0.95, k)
    k = cover(sd_segment(u, v, -600.0, 330.0, 600.0, 330.0 + 40.0 * sin(t)) - 5.0)
    return mix(r, 0.9, k), mix(g, 0.9, k), mix(b, 0.85, k)


def march(x, y, t, w, h):
    u, v = (x - w * 0.5) / h, (y - h * 0.5) / h
    n = 1.0 / sqrt(u * u + v * v + 1.44)
    dx, dy, dz = u * n, v * n, 1.2 * n
    sway = 0.35 * sin(t * 0.8)
    depth, steps = 0.5, 0.0
    for _ in range(40):
        px, py, pz = dx * depth, dy * depth, dz * depth - 3.2
        ball = sqrt((px - sway) * (px - sway) + py * py + pz * pz) - 0.85
        rim = sqrt((px + sway) * (px + sway) + pz * pz) - 1.5
        ring = sqrt(rim * rim + (py - 0.3) * (py - 0.3)) - 0.22
        gap = min(min(ball, ring), 0.9 - py)
        if gap < 0.002:
            break
        depth += gap
        steps += 1.0
    far = clamp(1.0 - depth / 9.0, 0.0, 1.0)
    glow = steps / 40.0
    return far * 0.9 + glow * 0.2, far * far * 0.7 + glow * 0.3, 0.15 + far * 0.35 + glow * glow * 0.4


def hue(value, saturation, turns, shift):
    k = clamp(abs(fract(turns + shift) * 6.0 - 3.0) - 1.0, 0.0, 1.0)
    return value * mix(1.0, k, saturation)


def swirl(x, y, t, w, h):
    u, v = (x - w * 0.5) / h, (y - h * 0.5) / h
    r = length(u, v)
    angle = atan2(v, u) / TURN + 0.35 * log(r + 0.02) + t * 0.08
    arms = 0.5 + 0.5 * cos(fract(angle * 3.0) * TURN)
    core = exp(r * r * -14.0)
    value = clamp(power(arms, 1.7) * 0.8 + core, 0.0, 1.0)
    turns, saturation = angle + r * 0.6, 0.75 - core * 0.5
    return (
        hue(value, saturation, turns, 0.0),
        hue(value, saturation, turns, 2.0 / 3.0),
        hue(value, saturation, turns, 1.0 / 3.0),
    )
