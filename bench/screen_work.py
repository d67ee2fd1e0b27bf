"""How fast screen layers decode, against what their encoder foretells.

python bench/screen_work.py [--frames N] [--clips NAME ...] [--edges N ...] [--presets NAME ...] [--threads N]
                            [--below CRF]

Codes the first frames of drawn clips as screen layers, exact (0) and with errors at edges, decodes them and prints for
each the work that the encoder counted and the time that it took. The last line has what a unit of work takes by the
clock, the mean over dense ones: the constant of python/aicodec_native/decode_rate.py. With one thread processor time
counts, which bears a busy machine; then choose a preset without slices (slow).
With --below photographs are libaom's, with that quantiser, and what is left is exact over them.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable
from fractions import Fraction

import corpus
from aicodec_native import _native
from aicodec_native.candidate import Layers
from aicodec_native.decode_rate import FULL_HD, SECONDS_PER_PIXEL, decode_rate
from aicodec_native.headers import header_of
from aicodec_native.media import Source
from aicodec_native.photo_blocks import PhotoBlocks, VideoInput
from aicodec_native.stack import draw_in_order
from aicodec_native.video.decoder import VideoDecoder, canvas_picture
from aicodec_native.video.encoder import encode_pictures
from aicodec_native.video.frame import RGB_COLOUR
from aicodec_native.video.settings import AOM_PRESETS, VideoSettings


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
            if arguments.below is None:
                layers, work = _coded(frames, edge, preset)
            else:
                layers, work = _over_video(frames, header, preset, arguments.below)
            video_bytes = sum(len(payload) for kind, payload in layers if kind == _native.LAYER_VIDEO)
            seconds = min(
                _decoded(layers, len(frames), header, arguments.threads) for _ in range(arguments.repetitions)
            )
            samples = (len(frames) - 1) * clip.width * clip.height
            rows.append((work / samples, seconds / samples))
            measured = samples / seconds / FULL_HD
            foretold = decode_rate(work, len(frames), clip.width * clip.height, video_bytes=video_bytes)
            name = f"{clip.name}, {edge}, {preset}: {' + '.join(f'{len(payload):,}' for _, payload in layers)}"
            print(
                f"{name}; {work / samples:.3f}, {1e9 * seconds / samples:.1f}; {measured:.1f}, {foretold:.1f}",
                flush=True,
            )
    dense = [(time - SECONDS_PER_PIXEL) / work for work, time in rows if work >= _DENSE]
    if dense and arguments.below is None:
        print(f"nanoseconds for a unit of work: {1e9 * statistics.geometric_mean(dense):.2f}")


def _coded(frames: list[_native.Picture], edge: int, preset: str) -> tuple[Layers, int]:
    first = frames[0]
    shape = (first.format, first.width, first.height)
    encoder = _native.ScreenEncoder(*shape, preset=preset, edge=edge, threads=2)
    for frame in frames:
        encoder.add(frame)
    work = encoder.work
    return [(_native.LAYER_SCREEN, _native.build_screen_layer(pictures=[], coded=encoder.finish()))], work


class _Frames(list[_native.Picture]):
    """With what PhotoBlocks and VideoInput ask of a FrameReader."""

    @property
    def shape(self) -> tuple[str, int, int]:
        return self[0].format, self[0].width, self[0].height


def _over_video(
    frames: list[_native.Picture], header: _native.StreamHeader, preset: str, crf: float
) -> tuple[Layers, int]:
    """As HybridSearch codes them."""
    settings = VideoSettings(crf, AOM_PRESETS[preset], 10, 2, drawn=True, encoder="libaom", chroma="444")
    held = _Frames(frames)
    maps = PhotoBlocks(held).maps
    video = encode_pictures(VideoInput(held, maps), header.colour, Fraction(30), settings)
    layer = _native.build_video_layer(
        format=video.format, colour=RGB_COLOUR, rgb_canvas=header.format.startswith("rgb"), packets=video.packets
    )
    shape = held.shape
    encoder = _native.ScreenEncoder(*shape, preset=preset, has_below=True, threads=2)
    decoder = VideoDecoder(video.format, *shape[1:], threads=2)
    for frame, planes, kept in zip(frames, decoder.stream(data for data, _ in video.packets), maps, strict=True):
        encoder.add(frame, canvas_picture(planes, video.format, header.colour, shape), kept)
    work = encoder.work
    screen = _native.build_screen_layer(pictures=[], coded=encoder.finish())
    return [(_native.LAYER_VIDEO, layer), (_native.LAYER_SCREEN, screen)], work


def _decoded(layers: Layers, count: int, header: _native.StreamHeader, threads: int) -> float:
    times = list(range(count + 1))
    built = _native.build_segment(header=header, first_frame=0, times=times, digest=None, layers=layers)
    segment = _native.Segment(built, header)
    clock: Callable[[], float] = time.process_time if threads == 1 else time.perf_counter
    pictures = draw_in_order(lambda _: segment, range(1), header, threads)
    next(pictures)
    started = clock()
    for _ in pictures:
        pass
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
    parser.add_argument("--below", type=float, metavar="CRF")
    return parser.parse_args()


if __name__ == "__main__":
    main()
