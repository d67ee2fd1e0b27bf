"""Clips that several test files share: small, made on the fly, with cuts that nobody can miss."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import settings

from aicodec_native.media import Sink, Source, Track, TrackPacket
from media_inputs import write_video

# No test is timed: the machine may be busy.
settings.register_profile("brief", deadline=None, max_examples=40)
settings.load_profile("brief")

RATE = 24


def moving_shots(shots=3, frames=RATE, height=128, width=192, seed=0):
    """uint8 (shots * frames, height, width, 3): smooth waves that drift, other colours in every shot."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    out = np.empty((shots * frames, height, width, 3), np.uint8)
    for shot in range(shots):
        rng = np.random.default_rng(seed + shot)
        base, tilt = rng.integers(40, 216, 3), rng.normal(0, 0.5, (3, 2))
        for i in range(frames):
            for c in range(3):
                wave = 30 * np.sin((x + 3 * i) / (5 + shot) + c) * np.cos((y - 2 * i) / 9)
                plane = base[c] + tilt[c, 0] * (x - width / 2) + tilt[c, 1] * (y - height / 2) + wave
                out[shot * frames + i, ..., c] = np.clip(plane, 0, 255)
    return out


def yuv_frames(rgb, pix_fmt="yuv420p"):
    """av.VideoFrames of any pixel format."""
    return [av.VideoFrame.from_ndarray(frame).reformat(format=pix_fmt) for frame in rgb]


@pytest.fixture(scope="session")
def talking_clip(tmp_path_factory):
    """Three shots of a second (72 frames, 192x128, yuv420p) with AAC sound and two subtitles, in Matroska."""
    folder = tmp_path_factory.mktemp("clips")
    plain = write_video(
        folder / "plain.mkv", yuv_frames(moving_shots()), rate=RATE, time_base=Fraction(1, RATE), audio="aac"
    )
    clip = folder / "talking.mkv"
    with Source(plain) as source:
        words = Track("subtitle", "subrip", Fraction(1, 1000), metadata={"language": "fra"})
        tracks = [*source.tracks, words]
        with Sink(clip, source.info, tracks) as sink:
            for number, text in enumerate(["Bonjour", "ça va ?"]):
                at = 100 + 1500 * number
                sink.write(TrackPacket(len(tracks) - 1, at, at, 900, True, text.encode()))
            for event in source.events():
                sink.write(event)
    plain.unlink()
    return clip


@pytest.fixture(scope="session")
def coded_clip(talking_clip, tmp_path_factory):
    """`talking_clip` as an .aic file of three segments."""
    from aicodec_native import encode

    path = tmp_path_factory.mktemp("coded") / "talking.aic"
    encode(talking_clip, path, preset="fast", crf=35)
    return path
