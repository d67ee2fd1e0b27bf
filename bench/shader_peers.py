"""The shader VM against other ways to draw the ten reference shaders: numexpr, numba and Taichi's CPU backend.

`python bench/shader_peers.py [--only NAME] [--turns 7] [--seconds 0.4] [--size 1920x1080] [--json FILE] [--readme]`

All draw in 32-bit floats into three planes of bytes, on two threads, in turns within one process. A figure is the
median of the turns' ratios of wall time; processor time stands beside it. Each peer's pictures are compared with ours
first: PSNR tells that it is the same work. Peers: `pip install .[bench]`. Prints each shader's line when it is done;
--json keeps what is finished, so that a run can be stopped and go on (one of another commit, size or number of turns
begins anew); --readme puts the table into README.md. Some five minutes on an idle machine.
"""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import math
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numexpr
import numpy as np
import taichi

import machine
import report
import shader_peers_numexpr
from aicodec_native.shader_source import compile_source
from reference_shaders import REFERENCE_SHADERS
from timing import Runs, alternate, processor_ratio, ratio

THREADS = 2
HERE = Path(__file__).parent
LEAST_PSNR = 40.0
TIMES = (0.0, 1.3, 3.7)
LEAST_OVER_NUMEXPR = 3.0
LEAST_OVER_BEST = 1.2

# Draws the picture at a time into planes (3, height, width), which stay as they are until it draws again.
Draw = Callable[[float], np.ndarray]


def ours(name: str, width: int, height: int) -> Callable[[float], Any]:
    """Like a Draw, but for the codec's own picture, which decoding leaves it at."""
    program = compile_source(REFERENCE_SHADERS[name])
    return lambda t: program.draw(format="rgb24", width=width, height=height, t=t, threads=THREADS)


def numexpr_draw(name: str, width: int, height: int) -> Draw:
    canvas = shader_peers_numexpr.Canvas(width, height)
    shader = shader_peers_numexpr.SHADERS[name]

    def draw(t: float) -> np.ndarray:
        shader(canvas, t)
        return canvas.picture

    return draw


class _Binary32(ast.NodeTransformer):
    """Float literals are binary64 to numba; a name makes them binary32."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, float):
            return node
        return ast.copy_location(ast.Call(ast.Name("real", ast.Load()), [node], []), node)


def numba_pixels() -> ModuleType:
    path = HERE / "shader_peers_pixels.py"
    pixels = ModuleType("numba_pixels")
    names = {name: getattr(math, name) for name in ("sin", "cos", "exp", "log", "sqrt", "floor", "atan2")}
    # math.floor gives an integer, NumPy's a float as C's does.
    names |= {"power": math.pow, "exp2": np.exp2, "floor": np.floor}
    names |= {"real": np.float32, "whole": np.int32, "word": np.uint32}
    pixels.__dict__.update(names)
    tree = ast.fix_missing_locations(_Binary32().visit(ast.parse(path.read_text())))
    exec(compile(tree, str(path), "exec"), pixels.__dict__)
    # Divisions as C's: without a test for zero, which would keep loops from being vectorised.
    _decorate(pixels, path, numba.njit(error_model="numpy", fastmath=False, inline="always"))
    return pixels


def taichi_pixels() -> ModuleType:
    path = HERE / "shader_peers_pixels.py"
    spec = importlib.util.spec_from_file_location("taichi_pixels", path)
    assert spec is not None
    assert spec.loader is not None
    pixels = importlib.util.module_from_spec(spec)
    names = {name: getattr(taichi, name) for name in ("sin", "cos", "exp", "log", "sqrt", "floor", "atan2")}
    names |= {"power": taichi.pow, "exp2": taichi.func(_exp2), "real": taichi.f32}
    names |= {"whole": taichi.i32, "word": taichi.u32}
    pixels.__dict__.update(names)
    spec.loader.exec_module(pixels)
    _decorate(pixels, path, taichi.func)
    return pixels


def _exp2(v):  # type: ignore[no-untyped-def]
    return taichi.pow(2.0, v)


def _decorate(module: ModuleType, path: Path, decorate: Callable[[Any], Any]) -> None:
    """The file's own functions, not those that it was given."""
    for name, value in list(vars(module).items()):
        code = getattr(value, "__code__", None)
        if code is not None and code.co_filename == str(path):
            setattr(module, name, decorate(value))


def numba_draw(pixels: ModuleType, name: str, width: int, height: int) -> Draw:
    pixel = getattr(pixels, name.replace(" ", "_"))
    real, byte = np.float32, np.uint8
    zero, one, top, half = real(0), real(1), real(255), real(0.5)

    @numba.njit(parallel=True, fastmath=False, error_model="numpy")
    def kernel(out: Any, t: Any) -> None:
        w, h = real(out.shape[2]), real(out.shape[1])
        for y in numba.prange(out.shape[1]):
            for x in range(out.shape[2]):
                r, g, b = pixel(real(x), real(y), t, w, h)
                out[0, y, x] = byte(min(max(r, zero), one) * top + half)
                out[1, y, x] = byte(min(max(g, zero), one) * top + half)
                out[2, y, x] = byte(min(max(b, zero), one) * top + half)

    return _drawn_by(kernel, width, height)


def taichi_draw(pixels: ModuleType, name: str, width: int, height: int) -> Draw:
    pixel = getattr(pixels, name.replace(" ", "_"))

    # A loop over rows with a plain loop inside is faster than ti.ndrange() over pixels.
    def kernel(out, t):  # type: ignore[no-untyped-def]
        for y in range(height):
            for x in range(width):
                r, g, b = pixel(taichi.f32(x), taichi.f32(y), t, float(width), float(height))
                out[0, y, x] = taichi.u8(min(max(r, 0.0), 1.0) * 255.0 + 0.5)
                out[1, y, x] = taichi.u8(min(max(g, 0.0), 1.0) * 255.0 + 0.5)
                out[2, y, x] = taichi.u8(min(max(b, 0.0), 1.0) * 255.0 + 0.5)

    # Taichi reads these as types, not as text.
    kernel.__annotations__ = {"out": taichi.types.ndarray(dtype=taichi.u8, ndim=3), "t": taichi.f32}
    return _drawn_by(taichi.kernel(kernel), width, height)


def _drawn_by(kernel: Callable[[np.ndarray, np.float32], None], width: int, height: int) -> Draw:
    out = np.empty((3, height, width), np.uint8)

    def draw(t: float) -> np.ndarray:
        kernel(out, np.float32(t))
        return out

    return draw


def psnr(ours: Any, theirs: np.ndarray) -> float:
    planes = np.stack([np.asarray(ours.plane(channel)) for channel in range(3)])
    error = float(np.mean((planes.astype(np.float32) - theirs) ** 2, dtype=np.float64))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def measure(name: str, width: int, height: int, seconds: float, turns: int, pixels: dict[str, ModuleType]) -> Any:
    draw_ours = ours(name, width, height)
    peers: dict[str, Draw] = {
        "numexpr": numexpr_draw(name, width, height),
        "numba": numba_draw(pixels["numba"], name, width, height),
        "taichi": taichi_draw(pixels["taichi"], name, width, height),
    }
    likeness = {peer: min(psnr(draw_ours(t), draw(t)) for t in TIMES) for peer, draw in peers.items()}
    contestants: dict[str, Callable[[], Any]] = {}
    frames: dict[str, int] = {}
    for contestant, draw in {"ours": draw_ours, **peers}.items():
        one = alternate({contestant: lambda draw=draw: draw(1.3)}, 3)[contestant].seconds
        frames[contestant] = max(1, min(1000, round(seconds / one)))

        def many(draw: Callable[[float], Any] = draw, count: int = frames[contestant]) -> None:
            for frame in range(count):
                # The same times of the first five seconds for all, however many frames a turn has.
                draw(5 * (frame + 0.5) / count)

        contestants[contestant] = many
    found = alternate(contestants, turns)
    for contestant, runs in found.items():
        count = frames[contestant]
        found[contestant] = Runs([s / count for s in runs.wall], [s / count for s in runs.processor])
    return {
        "shader": name,
        "operations": len(compile_source(REFERENCE_SHADERS[name]).code),
        "psnr": {peer: round(value, 1) for peer, value in likeness.items()},
        "same": {peer: value >= LEAST_PSNR for peer, value in likeness.items()},
        "milliseconds": {who: 1000 * runs.seconds for who, runs in found.items()},
        "processor_milliseconds": {who: 1000 * statistics.median(runs.processor) for who, runs in found.items()},
        "ratio": {peer: ratio(found, peer, "ours") for peer in peers},
        "processor_ratio": {peer: processor_ratio(found, peer, "ours") for peer in peers},
    }


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Geometric means, and the worst shader, over numexpr and over the faster one of the others."""

    def over(kind: str, *peers: str) -> dict[str, Any]:
        ratios = [min(row[kind][peer] for peer in peers) for row in rows]
        worst = min(range(len(rows)), key=lambda k: ratios[k])
        return {
            "mean": statistics.geometric_mean(ratios),
            "worst": ratios[worst],
            "worst_shader": rows[worst]["shader"],
        }

    return {
        kind: {"numexpr": over(kind, "numexpr"), "best": over(kind, "numba", "taichi")}
        for kind in ("ratio", "processor_ratio")
    }


def line(row: dict[str, Any]) -> str:
    cells = [
        f"{row['milliseconds'][peer]:.1f} ({row['ratio'][peer]:.2f}, {row['processor_ratio'][peer]:.2f})"
        + ("" if row["same"][peer] else " **other picture**")
        for peer in ("numexpr", "numba", "taichi")
    ]
    return (
        f"| {row['shader']} | {row['operations']} | {row['milliseconds']['ours']:.2f} | {' | '.join(cells)} | "
        f"{min(row['psnr'].values()):.0f} dB |"
    )


def finished(path: Path | None, wanted: dict[str, Any]) -> dict[str, Any]:
    """An earlier run's results where they are of the same kind, else those of a run that begins."""
    if path and path.exists():
        earlier: dict[str, Any] = json.loads(path.read_text())
        alike = (earlier[key] == wanted[key] for key in ("size", "turns", "versions"))
        if all(alike) and earlier["machine"]["commit"] == wanted["machine"]["commit"]:
            return earlier
    return wanted


def table(results: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    parts = [
        f"{report.machine_line(results['machine'])}; {versions}; {results['size']}, {THREADS} threads, medians of "
        f"{results['turns']} alternating turns. Milliseconds a frame; in brackets the ratio to ours, of wall time and "
        "of processor time.",
        "",
        "| shader | operations | ours | numexpr | numba | Taichi | least PSNR |",
        "|---|---|---|---|---|---|---|",
    ]
    parts += map(line, results["rows"])
    parts += ["", "| target | wall time | processor time | |", "|---|---|---|---|"]
    targets = (("numexpr", "numexpr", LEAST_OVER_NUMEXPR), ("best", "the faster of numba and Taichi", LEAST_OVER_BEST))
    for key, what, least in targets:
        wall, processor = (results["summary"][kind][key] for kind in ("ratio", "processor_ratio"))
        met = wall["mean"] >= least and wall["worst"] > 1
        parts.append(
            f"| at least {least:g} times the speed of {what} by geometric mean, ahead on each shader | "
            f"{_figure(wall)} | {_figure(processor)} | {report.verdict(met)} |"
        )
    return "\n".join(parts) + "\n"


def _figure(found: dict[str, Any]) -> str:
    return f"{found['mean']:.2f} times, worst {found['worst']:.2f} ({found['worst_shader']})"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", action="append", choices=list(REFERENCE_SHADERS))
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each contestant's turn")
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    taichi.init(arch=taichi.cpu, cpu_max_num_threads=THREADS, default_fp=taichi.f32, log_level=taichi.WARN)
    numexpr.set_num_threads(THREADS)
    numba.set_num_threads(THREADS)
    pixels = {"numba": numba_pixels(), "taichi": taichi_pixels()}
    begun: dict[str, Any] = {
        "machine": machine.describe(),
        "versions": {
            "numexpr": numexpr.__version__,
            "numba": numba.__version__,
            "Taichi": ".".join(map(str, taichi.__version__)),
        },
        "size": options.size,
        "turns": options.turns,
        "rows": [],
    }
    results = finished(options.json, begun)
    known = {row["shader"]: row for row in results["rows"]}
    for name in options.only or REFERENCE_SHADERS:
        if name not in known:
            known[name] = measure(name, width, height, options.seconds, options.turns, pixels)
            results["rows"] = [known[each] for each in REFERENCE_SHADERS if each in known]
            results["summary"] = summary(results["rows"])
            if options.json:
                options.json.write_text(json.dumps(results, indent=1) + "\n")
        print(line(known[name]), file=sys.stderr, flush=True)
    text = table(results)
    print(text)
    if options.readme:
        report.put_into(HERE / "README.md", text, "shader peers")


if __name__ == "__main__":
    main()
