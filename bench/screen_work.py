"""How fast screen layers decode, against what their encoder foretells.

python bench/screen_work.py [--frames N] [--clips NAME ...] [--edges N ...] [--presets NAME ...] [--threads N]

Codes the first frames of drawn clips as screen layers, exact (0) and with errors at edges, decodes them and prints for
each the work that the encoder counted and the time that it took. The last line has what a unit of work takes by the
clock, the mean over dense ones: the constant of python/aicodec_native/decode_rate.py. With one thread processor time
counts, which bears a busy machine; then choose a preset without slices (slow).
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import corpus
from aicodec_native import _native
from aicodec_native.decode_rate import FULL_HD, SECONDS_PER_PIXEL, decode_rate
from aicodec_native.headers import header_of
from aicodec_native.media import Source
from aicodec_native.stack import no_video


def main() -> None:
    arguments = _arguments()
    clips = [clip for clip in corpus.clips() if clip.name in (arguments.clips or _DRAWN)]
    rows = []
    print("clip, edges, preset: bytes; work and nanoseconds a pixel; frames/s at 1920x1080 measured, foretold")
    for clip in clips:
        with Source(clip.path) as source:
            frames = [frame.picture for frame in itertools.islice(source.frames(), arguments.frames)]
            header = header_of(source.info, 0, 1)
        for edge, preset in itertools.product(arguments.edges, arguments.presets):
            payload, work = _coded(frames, edge, preset)
            seconds = min(
                _decoded(payload, len(frames), header, arguments.threads) for _ in range(arguments.repetitions)
            )
            samples = (len(frames) - 1) * clip.width * clip.height
            rows.append((work / samples, seconds / samples))
            measured = samples / seconds / FULL_HD
            foretold = decode_rate(work, len(frames), clip.width * clip.height)
            name = f"{clip.name}, {edge}, {preset}: {len(payload):,}"
            print(
                f"{name}; {work / samples:.3f}, {1e9 * seconds / samples:.1f}; {measured:.1f}, {foretold:.1f}",
                flush=True,
            )
    dense = [(time - SECONDS_PER_PIXEL) / work for work, time in rows if work >= _DENSE]
    if dense:
        print(f"nanoseconds for a unit of work: {1e9 * statistics.geometric_mean(dense):.0f}")


def _coded(frames: list[_native.Picture], edge: int, preset: str) -> tuple[bytes, int]:
    first = frames[0]
    shape = (first.format, first.width, first.height)
    encoder = _native.ScreenEncoder(*shape, preset=preset, edge=edge, threads=2)
    for frame in frames:
        encoder.add(frame)
    work = encoder.work
    return _native.build_screen_layer(pictures=[], coded=encoder.finish()), work


def _decoded(payload: bytes, count: int, header: _native.StreamHeader, threads: int) -> float:
    layers = [(_native.LAYER_SCREEN, payload)]
    times = list(range(count + 1))
    built = _native.build_segment(header=header, first_frame=0, times=times, digest=None, layers=layers)
    segment = _native.Segment(built, header)
    clock: Callable[[], float] = time.process_time if threads == 1 else time.perf_counter
    segment.draw(0, no_video, threads)
    started = clock()
    for number in range(1, count):
        segment.draw(number, no_video, threads)
    return clock() - started


# Units of work a pixel.
_DENSE = 2.0
_DRAWN = (
    "mpl_wave3d_720p30",
    "lavfi_testsrc2_720p30",
    "three_marching_720p30",
    "mgl_raymarching_720p30",
    "lottie_monster_720p30",
    "lottie_bodymovin_720p60",
    "gym_carracing_720p30",
    "pygame_aliens_720p60",
    "screen_pydocscroll_720p30",
    "mpl_doublependulum_720p60",
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=12)
    parser.add_argument("--clips", nargs="+", metavar="NAME")
    parser.add_argument("--edges", nargs="+", type=int, default=[0, 14])
    parser.add_argument("--presets", nargs="+", default=["medium"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
