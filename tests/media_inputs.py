"""Inputs for the media tests, made on the fly with PyAV alone, so independent of what is tested."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import av.stream
import numpy as np

from aicodec_native.media import Source, Track, TrackPacket, VideoFrame


def noise(count, height, width, seed=1):
    """Smooth moving colours with some noise, uint8 (count, height, width, 3)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    frames = np.empty((count, height, width, 3), np.uint8)
    for i in range(count):
        frames[i] = np.stack([x * 3 + i * 5, y * 4 - i * 3, x + y], -1).astype(np.uint8)
        frames[i] += rng.integers(0, 4, frames[i].shape, dtype=np.uint8)
    return frames


def av_frames(pix_fmt, count=4, height=36, width=52):
    """Frames of any format, converted by FFmpeg from noise()."""
    return [av.VideoFrame.from_ndarray(rgb).reformat(format=pix_fmt) for rgb in noise(count, height, width)]


def write_video(
    path,
    frames,
    codec="ffv1",
    *,
    pts=None,
    time_base=Fraction(1, 30),
    rate=30,
    audio=None,
    setup=None,
    **options,
):
    """Encodes ``frames`` (and half a second of ``audio``); ``setup(stream)`` runs before the first frame."""
    container_options = options.pop("container_options", {})
    with av.open(str(path), "w", format=options.pop("format", None), container_options=container_options) as out:
        stream = out.add_stream(codec, rate=rate, width=frames[0].width, height=frames[0].height)
        stream.codec_context.pix_fmt = frames[0].format.name
        stream.codec_context.time_base = time_base
        stream.codec_context.options = {key: str(value) for key, value in options.items()}
        sound = out.add_stream(audio, rate=48000) if audio else None
        if setup is not None:
            setup(stream)
        for number, frame in enumerate(frames):
            frame.pts, frame.time_base = number if pts is None else pts[number], time_base
            out.mux(stream.encode(frame))
        if sound is not None:
            _write_sound(out, sound)
        out.mux(stream.encode(None))
    return Path(path)


def write_sound(path, *, cover=False):
    """A file with nothing but AAC sound, and a picture of the album if ``cover``."""
    with av.open(str(path), "w", format="mp4") as out:
        sound = out.add_stream("aac", rate=48000)
        if cover:
            picture = out.add_stream("mjpeg", rate=1, width=16, height=16)
            picture.codec_context.pix_fmt = "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
            out.mux(picture.encode(av.VideoFrame(16, 16, "yuvj420p")))
            out.mux(picture.encode(None))
        _write_sound(out, sound)
    return Path(path)


def _write_sound(out, stream):
    wave = (np.sin(np.arange(24000) / 20) * 9000).astype(np.int16)
    for start in range(0, len(wave), 960):
        block = np.repeat(wave[start : start + 960], 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def subtitles(codec="subrip"):
    """A subtitle track and its packets."""
    track = Track("subtitle", codec, Fraction(1, 1000), metadata={"language": "fra", "title": "Dialogue"})
    texts = ["Bonjour", "ça va ?", "<i>Oui</i>"]
    packets = [TrackPacket(0, 100 * i, 100 * i, 90, True, text.encode()) for i, text in enumerate(texts)]
    return track, packets


def read(source):
    """The source (closed), its frames and its packets."""
    with source:
        events = list(source.events())
    frames = [event for event in events if isinstance(event, VideoFrame)]
    return source, frames, [event for event in events if isinstance(event, TrackPacket)]


def load(path, **options):
    return read(Source(path, **options))


def seconds(frames, info):
    """(start, duration) of every frame, exactly, in seconds."""
    return [(frame.pts * info.time_base, frame.duration * info.time_base) for frame in frames]


def packed(frames):
    return [frame.picture.packed() for frame in frames]
