"""Settings for all tests, and the clips that several of them share."""

from __future__ import annotations

import signal
from fractions import Fraction

import pytest
from hypothesis import settings

from aicodec_native.media import Sink, Source, Track, TrackPacket
from clips import RATE, moving_shots, yuv_frames
from media_inputs import write_video

# No test is timed: the machine may be busy.
settings.register_profile("brief", deadline=None, max_examples=40)
settings.load_profile("brief")

# A shell starts what runs in the background with Ctrl-C ignored, and the commands that are tested would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
