"""Recognisers: clips drawn by programs are recognised, others refused; and what the lossless encoder makes of it."""

from __future__ import annotations

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import _native
from aicodec_native.recognise import FAMILIES, Arrays, Clip, escape, grain, psnr, recognise, restore
from aicodec_native.shader_source import compile_source

WIDTH, HEIGHT, FRAMES, FPS = 192, 108, 10, 30
HEAD = "def color(x, y, t):\n"

# A family, a program whose constants no recogniser knows, and the PSNR to reach.
DRAWN = {
    "solid": ("solid", "return rgb(0.21 + t, 0.5 - t * 0.5, 0.3)", 90),
    "linear": (
        "gradient",
        """a = 0.3 + t * 0.7
    k = clamp(((x - 90) * cos(a) + (y - 50) * sin(a)) / 130 + 0.5, 0, 1)
    c = mix((0.1, 0.2, 0.9), (1, 0.4, 0.1), clamp(k * 2, 0, 1))
    return rgb(mix(c, (0.1, 0.9, 0.5), clamp(k * 2 - 1, 0, 1)))""",
        50,
    ),
    "radial": (
        "gradient",
        "k = clamp(length(x - 61 - t * 60, y - 47) / 88, 0, 1)\n    return rgb(mix((0.9, 0.9, 0.2), (0.1, 0, 0.5), k))",
        50,
    ),
    "conic": (
        "gradient",
        """k = fract(atan2(y - 50.5, x - 103.2) / tau + 0.3 + t * 0.2)
    c = mix((1, 0, 0), (0, 1, 0), clamp(k * 2, 0, 1))
    return rgb(mix(c, (1, 0, 0), clamp(k * 2 - 1, 0, 1)))""",
        45,
    ),
    "bilinear": (
        "bilinear",
        """u, v = x / width, y / height
    c = mix(mix((1, 0, 0), (0, 1, 0), u), mix((0, 0, 1), (1, 1, 0.2), u), v)
    return rgb(c * (0.6 + 0.4 * cos(t * 2)))""",
        50,
    ),
    "stripes": (
        "periodic",
        "k = 0.5 + 0.5 * sin(x * 0.23 + y * 0.11 - t * 5)\n    return rgb(mix((0.05, 0.1, 0.3), (1.0, 0.6, 0.2), k))",
        50,
    ),
    "rings": (
        "periodic",
        "k = 0.5 + 0.4 * cos(length(x - 80.4, y - 41) * 0.43 - t * 4)\n    return rgb(k, k * 0.7, 1 - k)",
        50,
    ),
    "zone plate": (
        "periodic",
        "u, v = x - 97, y - 53\n    k = 0.5 + 0.5 * cos_turns((u * u + v * v) * 0.0019 - t)\n    return rgb(k, k, k)",
        50,
    ),
    "checkerboard": (
        "tiles",
        "k = (floor((x - t * 31) / 19) + floor((y + t * 9) / 13)) % 2\n    return rgb(0.9 * k, 0.1, 0.2 * k)",
        90,
    ),
    "plasma": (
        "waves",
        """k = 0.5 + 0.2 * sin(x * 0.07 + y * 0.03 + t * 3) + 0.2 * sin(y * 0.11 - x * 0.025 - t * 5)
    return rgb(k, k * 0.8, 1 - k)""",
        50,
    ),
}


def drawn(text: str, frames: int = FRAMES, below: np.ndarray | None = None) -> np.ndarray:
    """What the VM draws of a program, uint8 (frames, HEIGHT, WIDTH, 3)."""
    program = compile_source(text)
    under = None if below is None else _native.Picture.from_rgb(below)
    out, prev = [], None
    for i in range(frames):
        prev = program.draw(
            format="rgb24", width=WIDTH, height=HEIGHT, t=i / FPS, frame=i, step=i, below=under, prev=prev
        )
        out.append(prev.rgb(_native.Colour()))
    return np.stack(out)


def clip_of(frames: np.ndarray) -> Clip:
    return Clip(Arrays(frames), fps=FPS)


def still(seed: int = 0) -> np.ndarray:
    """A picture of soft shapes, uint8 (HEIGHT, WIDTH, 3)."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH, 0:3][:2].astype(np.float64)
    c = np.arange(3)
    shapes = 60 * np.sin(x / 9 + c + seed) * np.cos(y / 7 - c) + 40 * np.sin(x * x / 2000 + y / 11 + seed)
    return np.clip(128 + shapes, 0, 255).astype(np.uint8)


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (FRAMES, HEIGHT, WIDTH, 3)).astype(np.uint8)


def life(frames: int, *, wrap: bool, born: int, stays: int, fades: bool = False, cell: int = 3) -> np.ndarray:
    """Boards by numpy: bit n of `born` and `stays` says what n neighbours do."""
    rng = np.random.default_rng(5)
    board = rng.random((HEIGHT // cell, WIDTH // cell)) < 0.3
    age = np.full(board.shape, 20)
    out = []
    for _ in range(frames):
        level = np.where(board, 255, np.maximum(180 - 9 * age, 0) if fades else 0)
        picture = np.stack([level, np.where(board, 250, level // 2), np.where(board, 10, 40)], axis=-1)
        out.append(picture.repeat(cell, axis=0).repeat(cell, axis=1).astype(np.uint8))
        padded = np.pad(board, 1, mode="wrap" if wrap else "constant").astype(int)
        count = sum(
            padded[1 + j : padded.shape[0] - 1 + j, 1 + i : padded.shape[1] - 1 + i]
            for j in (-1, 0, 1)
            for i in (-1, 0, 1)
            if i or j
        )
        after = np.where(board, stays >> count & 1, born >> count & 1).astype(bool)
        age = np.where(after | board, 0, np.minimum(age + 1, 20))
        board = after
    return np.stack(out)


# What is recognised.


@pytest.mark.parametrize("name", DRAWN)
def test_what_a_program_drew_is_recognised(name):
    family, body, wanted = DRAWN[name]
    clip = clip_of(drawn(HEAD + "    " + body + "\n"))
    found = list(FAMILIES[family](clip))
    assert found, "nothing was proposed"
    best = max(found, key=lambda proposal: psnr(proposal, clip, range(FRAMES)))
    assert psnr(best, clip, range(FRAMES)) >= wanted
    assert best.bytes < 250


def noise_text(kind: str, seed: int) -> str:
    """A noise of the language's own whose every constant is drawn."""
    rng = np.random.default_rng(seed)
    cell, speed, place = rng.uniform(8, 22, 2), rng.uniform(-3, 3, 2), rng.uniform(-9, 9, 2)
    places = zip("xy", cell, speed, place, strict=True)
    u, v = (f"{name} / {c:.2f} + t * {s:.3f} + {p:.2f}" for name, c, s, p in places)
    number = rng.integers(1000)
    octaves = rng.integers(2, 6)
    k = {
        "value": f"noise({u}, {v}, {number})",
        "gradient": f"0.5 + 0.7 * gnoise({u}, {v}, {number})",
        "fbm": f"smoothstep(-0.4, 0.5, fbm({u}, {v}, {octaves}, {number}))",
    }[kind]
    dark, light = rng.uniform(0, 0.4, 3), rng.uniform(0.5, 1, 3)
    return f"{HEAD}    return rgb(mix({tuple(dark.round(2).tolist())}, {tuple(light.round(2).tolist())}, {k}))\n"


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["value", "gradient", "fbm"])
def test_noise_is_recognised_with_its_seed_and_its_place(kind, seed):
    clip = clip_of(drawn(noise_text(kind, seed)))
    found = list(FAMILIES["noise"](clip))
    assert found, "nothing was proposed"
    best = max(found, key=lambda proposal: psnr(proposal, clip, range(FRAMES)))
    assert psnr(best, clip, range(FRAMES)) >= (50 if kind == "fbm" else 55)
    assert best.bytes < 220


def set_text(seed: int, c: tuple[float, float] | None = None) -> str:
    """A Mandelbrot set, or with c (or an odd seed) a Julia set, zoomed into; place, speed and limit are drawn."""
    rng = np.random.default_rng(seed)
    julia = seed % 2 == 1 or c is not None
    p, q = c or (((-0.8, 0.156), (-0.4, 0.6), (0.0, 0.8))[rng.integers(3)] if julia else ("u", "v"))
    re, im = (0, 0) if julia else (round(rng.uniform(-0.8, -0.4), 3), round(rng.uniform(-0.2, 0.2), 3))
    limit, size, zoom = rng.integers(40, 100), round(rng.uniform(2.0, 2.8), 2), round(rng.uniform(0.2, 0.8), 2)
    return f"""{HEAD}    s = {size} * exp2(-{zoom} * t) / height
    u, v = (x - width / 2) * s + {re}, (y - height / 2) * s + {im}
    a, b, n = u, v, 0
    for i in range({limit}):
        if a * a + b * b > 4:
            break
        a, b = a * a - b * b + {p}, 2 * a * b + {q}
        n = i + 1
    k = 0.0 if n == {limit} else sqrt(n / {limit})
    return rgb(k, 0.2 + 0.7 * k, 0.5 * k + 0.3)
"""


# The last c lies between points of the coarse search, and its set falls apart into dust.
@pytest.mark.parametrize(("seed", "c"), [(0, None), (2, None), (3, None), (1, (0.133, 0.674))])
def test_fractals_are_recognised_with_their_zoom(seed, c):
    clip = clip_of(drawn(set_text(seed, c)))
    found = list(FAMILIES["fractal"](clip))
    assert found, "nothing was proposed"
    assert psnr(found[0], clip, range(FRAMES)) >= 32
    assert found[0].bytes < 600


@pytest.mark.parametrize("julia", [False, True])
def test_what_is_counted_of_a_fractal_is_what_its_program_draws(julia):
    kind, c = escape.Kind(julia=julia, bailout=16), np.array([-0.8, 0.156])
    drawn_counts, _ = escape.drawn(kind, -1.9, -0.7, 0.011, (77, 101), c)
    assert len(np.unique(drawn_counts)) > 20
    assert np.array_equal(escape.turns(kind, -1.9, -0.7, 0.011, (77, 101), c), drawn_counts)


def test_noise_that_is_not_the_languages_is_refused():
    small = np.random.default_rng(3).integers(0, 256, (14, 22))
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    i, j, fx, fy = x // 10, y // 10, x % 10 / 10, y % 10 / 10
    u, v = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    top, bottom = (small[j + q, i] * (1 - u) + small[j + q, i + 1] * u for q in (0, 1))
    grey = (top * (1 - v) + bottom * v).round().astype(np.uint8)
    assert list(FAMILIES["noise"](clip_of(np.repeat(grey[None, ..., None], 3, axis=3)))) == []


@pytest.mark.parametrize(
    "rule",
    [
        {"wrap": True, "born": 0b1000, "stays": 0b1100},
        {"wrap": False, "born": 0b1001000, "stays": 0b1100},
        {"wrap": True, "born": 0b1000, "stays": 0b1100, "fades": True},
    ],
    ids=["Life", "HighLife with dead edges", "Life that fades"],
)
def test_cellular_rules_are_exact(rule):
    clip = clip_of(life(30, **rule))
    (found,) = FAMILIES["cellular"](clip)
    assert psnr(found, clip, range(30)) == np.inf
    assert set(found.stills) == {0}


def test_a_board_that_waits_between_steps():
    clip = clip_of(life(12, wrap=True, born=0b1000, stays=0b1100).repeat(3, axis=0))
    (found,) = FAMILIES["cellular"](clip)
    assert psnr(found, clip, range(36)) == np.inf


def test_fades_of_a_still():
    picture = still()
    levels = np.array([1, 0.93, 0.8, 0.77, 0.5, 0.42, 0.3, 0.2, 0.1, 0.0])
    clip = clip_of(np.stack([np.floor(picture * level + 0.5) for level in levels]).astype(np.uint8))
    (found,) = FAMILIES["fades"](clip)
    assert found.name == "fade"
    assert psnr(found, clip, range(FRAMES)) > 60


def test_cross_fades():
    one, other = still(0), still(4)
    shares = np.linspace(0, 1, FRAMES)
    clip = clip_of(np.stack([np.floor(one * (1 - k) + other * k + 0.5) for k in shares]).astype(np.uint8))
    (found,) = FAMILIES["fades"](clip)
    assert found.name == "cross-fade"
    assert psnr(found, clip, range(FRAMES)) > 48


def slides(*, fades: bool = True) -> np.ndarray:
    """Three pictures that stand for five frames each, and fade into the next over eight; or a cut every eight frames.

    On the second one somebody types.
    """
    first, second, third = (still(seed) for seed in (0, 4, 9))
    typed = np.stack([second] * 5)
    for number in range(1, 5):
        typed[number:, 20:26, 20 + 4 * number : 23 + 4 * number] = 255

    def between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        shares = np.linspace(0, 1, 10)[1:-1, None, None, None] if fades else np.zeros((8, 1, 1, 1))
        return np.floor(one * (1 - shares) + other * shares + 0.5).astype(np.uint8)

    parts = [[first] * 5, between(first, second), typed, between(typed[-1], third), [third] * 5]
    return np.concatenate([np.stack(list(part)) for part in parts])


def test_slides_that_fade_into_each_other():
    clip = clip_of(slides())
    (found,) = FAMILIES["fades"](clip)
    assert found.name == "slides"
    assert psnr(found, clip, [*range(1, 14), *range(18, len(clip))]) > 48


def test_cuts_and_scrolling_are_no_fades():
    assert list(FAMILIES["fades"](clip_of(slides(fades=False)))) == []
    scrolled = np.stack([np.roll(still(), -3 * max(0, number - 5), axis=0) for number in range(20)])
    assert list(FAMILIES["fades"](clip_of(scrolled))) == []


def test_zoom_and_rotation_of_a_still():
    body = """    s = 1 - t * 0.5
    u, v = x - 95.5, y - 53.5
    a, b = s * cos(t * 0.3) - 1, s * sin(t * 0.3)
    return rgb(below(u * a - v * b + t * 10, v * a + u * b - t * 7))
"""
    clip = clip_of(drawn(HEAD + body, below=still()))
    found = [p for p in FAMILIES["camera"](clip) if p.name == "camera over a still"]
    assert psnr(found[0], clip, range(FRAMES)) > 42


def test_filters_on_what_is_below():
    grainy = np.stack([still(seed) for seed in range(4)]) // 2 + noise()[:4] // 4
    source = grainy.astype(np.uint8)
    wide = np.pad(source, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float64)
    soft = source * 0.6 + 0.1 * (wide[:, 1:-1, 2:] + wide[:, 1:-1, :-2] + wide[:, 2:, 1:-1] + wide[:, :-2, 1:-1])
    below = np.round(soft).astype(np.uint8)
    error = float(np.mean((below.astype(float) - source) ** 2))
    found = list(restore.propose_over(clip_of(source), clip_of(below)))
    assert found
    results = []
    for proposal in found:
        out = [
            proposal.program.draw(
                format="rgb24",
                width=WIDTH,
                height=HEIGHT,
                frame=i,
                step=i,
                below=_native.Picture.from_rgb(below[i]),
                prev=_native.Picture.from_rgb(source[i - 1]) if i else None,
            ).rgb(_native.Colour())
            for i in range(4)
        ]
        results.append(float(np.mean((np.stack(out).astype(float) - source) ** 2)))
    assert min(results) < error / 4
    assert list(restore.propose_over(clip_of(source), clip_of(source))) == []


def test_grain_has_the_strength_of_the_source():
    below = np.stack([still(seed) for seed in range(3)])
    rng = np.random.default_rng(1)
    strength = 4 + below.mean(axis=3, keepdims=True) / 32
    source = np.clip(below + strength * rng.normal(size=below.shape[:3])[..., None], 0, 255).round().astype(np.uint8)
    (found,) = grain.propose_over(clip_of(source), clip_of(below))
    picture = _native.Picture.from_rgb(below[0])
    out = found.program.draw(format="rgb24", width=WIDTH, height=HEIGHT, below=picture).rgb(_native.Colour())
    wanted = (source[0].astype(float) - below[0]).std()
    assert (out.astype(float) - below[0]).std() == pytest.approx(wanted, rel=0.15)
    assert list(grain.propose_over(clip_of(below), clip_of(np.roll(below, 3, axis=2)))) == []


# What is refused.


def test_noise_and_pictures_are_no_programs():
    assert recognise(clip_of(noise())) == []
    walk = np.stack([np.roll(still(), (3 * i, 7 * i), axis=(0, 1)) for i in range(FRAMES)])
    assert recognise(clip_of(np.clip(walk + noise(1) // 8, 0, 255).astype(np.uint8))) == []


def test_families_keep_apart():
    """Each clip is refused by the families that cannot draw it."""
    apart = {
        "checkerboard": ("gradient", "bilinear", "waves", "noise", "fractal"),
        "plasma": ("noise", "tiles", "fractal"),
        "radial": ("tiles", "cellular", "bilinear", "fades", "noise"),
    }
    for name, families in apart.items():
        clip = clip_of(drawn(HEAD + "    " + DRAWN[name][1] + "\n"))
        for family in families:
            assert list(FAMILIES[family](clip)) == [], (name, family)


# Lossless files.


def encode(frames: np.ndarray, path, preset="fast", **options):
    return aic.encode(frames, path, quality="lossless", preset=preset, fps=FPS, **options)


def test_life_costs_its_first_frame_and_a_program(tmp_path):
    frames = life(30, wrap=True, born=0b1000, stays=0b1100, fades=True)
    alone = encode(frames[:1], tmp_path / "one.aic")
    result = encode(frames, tmp_path / "all.aic")
    assert result.bytes <= alone.bytes + 200
    with aic.open(tmp_path / "all.aic") as reader:
        for index in (29, 0, 11, 10, 20):
            np.testing.assert_array_equal(reader[index], frames[index])
    assert aic.verify(tmp_path / "all.aic").ok


def check_program_saves(tmp_path, monkeypatch, frames, seen, share):
    """A lossless file draws all frames, and frame `seen` alone, and takes less than `share` of one without programs."""
    found = encode(frames, tmp_path / "a.aic", preset="medium")
    with aic.open(tmp_path / "a.aic") as reader:
        np.testing.assert_array_equal(reader[:], frames)
        np.testing.assert_array_equal(reader[seen], frames[seen])
    monkeypatch.setattr("aicodec_native.lossless_encoder.recognise", lambda clip: [])
    assert found.bytes < share * encode(frames, tmp_path / "b.aic", preset="medium").bytes


def test_a_gradient_is_a_program_that_a_screen_layer_corrects(tmp_path, monkeypatch):
    frames = drawn(HEAD + "    " + DRAWN["radial"][1] + "\n")
    frames[4, 20:30, 20:60] = 255  # what no program knows
    check_program_saves(tmp_path, monkeypatch, frames, seen=4, share=0.75)


def test_slides_are_stored_once_and_faded(tmp_path, monkeypatch):
    check_program_saves(tmp_path, monkeypatch, slides(), seen=9, share=0.8)


def test_ycbcr_and_later_segments(tmp_path):
    frames = drawn(HEAD + "    return rgb(0.2 + t, 0.5, 0.9 - t)\n", 24)
    pictures = [_native.Picture.from_rgb(f).convert("yuv444p", _native.Colour(matrix=1)) for f in frames]
    result = encode(frames, tmp_path / "a.aic", segment_seconds=0.3)
    assert len(result.segments) == 3
    with aic.open(tmp_path / "a.aic") as reader:
        np.testing.assert_array_equal(reader[:], frames)
        np.testing.assert_array_equal(reader[17], frames[17])
    clip = Clip(pictures, fps=FPS, colour=_native.Colour(matrix=1))
    assert psnr(recognise(clip)[0].proposal, clip, clip.keys) > 45


def test_near_lossless_needs_no_correction(tmp_path):
    frames = drawn(HEAD + "    " + DRAWN["zone plate"][1] + "\n")
    result = aic.encode(frames, tmp_path / "a.aic", quality="lossless~2", preset="fast", fps=FPS)
    assert result.bytes < 400
    assert result.score <= 2
