"""Videos going out and coming back: what each kind of file keeps, and that nothing half-written is left."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from aicodec_native._native import Colour, Picture
from aicodec_native.errors import OptionError, OutputError
from aicodec_native.media import ArraySource, Sink, TrackPacket, VideoFrame, VideoInfo
from media_inputs import av_frames, load, noise, packed, seconds, subtitles, write_video

FORMATS = ["rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10"]


def pictures(canvas, count=4, height=37, width=51):
    """Frames of random samples, and what describes them, with uneven times in 1/600 s."""
    rng = np.random.default_rng(5)
    depth = 10 if canvas.endswith(("10", "30")) else 8
    pts = [0, 20, 45, 60, 61, 900][:count]
    frames = []
    for begin, end in zip(pts, [*pts[1:], pts[-1] + 33], strict=True):
        picture = Picture(canvas, width, height)
        for index in range(3):
            plane = picture.plane(index)
            plane[...] = rng.integers(0, 1 << depth, plane.shape)
        frames.append(VideoFrame(begin, end - begin, picture))
    rgb = canvas.startswith("rgb")
    info = VideoInfo(width, height, canvas, Colour(matrix=0 if rgb else 1, full_range=rgb), time_base=Fraction(1, 600))
    return info, frames


def write(target, info, events, tracks=(), **options):
    with Sink(target, info, tracks, **options) as sink:
        for event in events:
            sink.write(event)
    return sink


def tags(colour):
    return [getattr(colour, name) for name in ("primaries", "transfer", "matrix", "full_range", "chroma_centred")]


@pytest.mark.parametrize("canvas", FORMATS)
def test_mkv_keeps_every_sample(tmp_path, canvas):
    info, frames = pictures(canvas)
    sink = write(tmp_path / "a.mkv", info, frames)
    source, back, _ = load(tmp_path / "a.mkv")
    assert packed(back) == packed(frames)
    assert source.info.format == canvas
    assert tags(source.info.colour) == tags(info.colour)
    assert sink.warnings == []
    # Matroska counts in milliseconds.
    assert [frame.pts for frame in back] == [round(frame.pts * 1000 / 600) for frame in frames]


@pytest.mark.parametrize("canvas", ["yuv420p", "yuv420p10", "yuv444p", "yuv444p10"])
@pytest.mark.parametrize("full", [False, True])
def test_y4m_keeps_every_sample(tmp_path, canvas, full):
    info, frames = pictures(canvas)
    colour = Colour(full_range=full, chroma_centred=canvas == "yuv420p")
    info = replace(info, colour=colour, frame_rate=Fraction(30000, 1001), sar=Fraction(4, 3))
    sink = write(tmp_path / "a.y4m", info, frames)
    source, back, _ = load(tmp_path / "a.y4m")
    assert packed(back) == packed(frames)
    assert (source.info.format, source.info.sar) == (canvas, Fraction(4, 3))
    assert source.info.frame_rate == Fraction(30000, 1001)
    assert tags(source.info.colour) == tags(colour)
    assert sink.warnings == ["y4m has a constant frame rate: frames are written at 30000/1001/s"]


def test_y4m_of_rgb_is_444(tmp_path):
    rgb = noise(2, 20, 30)
    with ArraySource(rgb) as source:
        sink = write(tmp_path / "a.y4m", source.info, source.events())
    back, frames, _ = load(tmp_path / "a.y4m")
    assert back.info.format == "yuv444p"
    assert "y4m has no RGB" in sink.warnings[0]
    got = frames[0].picture.rgb(Colour(matrix=1)).astype(int)
    assert abs(got - rgb[0]).max() <= 2


@pytest.mark.parametrize("canvas", ["rgb24", "rgb30", "yuv420p"])
@pytest.mark.parametrize("target", ["p%03d.png", "folder/"])
def test_png(tmp_path, canvas, target):
    info, frames = pictures(canvas)
    write(str(tmp_path) + "/" + target, info, frames)
    _, back, _ = load(tmp_path / ("p%03d.png" if "%" in target else "folder/%05d.png"))
    wanted = [frame.picture.rgb(info.colour) for frame in frames]
    got = [frame.picture.rgb(Colour(matrix=0)) for frame in back]
    assert np.array_equal(got, wanted)


def test_one_png_name_holds_one_frame(tmp_path):
    info, frames = pictures("rgb24")
    write(tmp_path / "a.png", info, frames[:1])
    assert packed(load(tmp_path / "a.png")[1]) == packed(frames[:1])
    with pytest.raises(OutputError, match="need a pattern"):
        write(tmp_path / "b.png", info, frames)
    assert os.listdir(tmp_path) == ["a.png"]


def test_gif(tmp_path):
    rgb = np.zeros((5, 20, 30, 3), np.uint8)
    for number in range(5):
        rgb[number, :, : number * 6] = (250, number * 50, 10)
    with ArraySource(rgb, fps=20) as source:
        sink = write(tmp_path / "a.gif", source.info, source.events())
    back, frames, _ = load(tmp_path / "a.gif")
    assert sink.warnings == []
    assert np.array_equal([frame.picture.rgb(back.info.colour) for frame in frames], rgb)
    assert seconds(frames, back.info) == [(Fraction(i, 20), Fraction(1, 20)) for i in range(5)]


def test_gif_leaves_out_frames_that_come_too_fast(tmp_path):
    rgb = np.arange(10, dtype=np.uint8)[:, None, None, None] * 20 + np.zeros((1, 20, 30, 3), np.uint8)
    with ArraySource(rgb, fps=100) as source:
        sink = write(tmp_path / "a.gif", source.info, source.events())
    assert len(load(tmp_path / "a.gif")[1]) == 5
    assert sink.warnings == ["gif shows at most 50 frames/s: 5 frames are left out"]


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
@pytest.mark.parametrize("first", [0, 77])
def test_mp4_keeps_times_exactly(tmp_path, name, first):
    info, frames = pictures("yuv420p", 6, 36, 52)
    frames = [replace(frame, pts=frame.pts + first) for frame in frames]
    write(tmp_path / name, info, frames)
    source, back, _ = load(tmp_path / name)
    assert seconds(back, source.info) == seconds(frames, info)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_survives(tmp_path, name, rotation):
    info, frames = pictures("yuv420p", 2, 36, 52)
    write(tmp_path / name, replace(info, rotation=rotation), frames)
    assert load(tmp_path / name)[0].info.rotation == rotation


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm"])
def test_colour_and_metadata_survive(tmp_path, name):
    info, frames = pictures("yuv420p", 2, 36, 52)
    colour = Colour(primaries=9, transfer=16, matrix=9, full_range=True, chroma_centred=name != "a.webm")
    info = replace(info, colour=colour, metadata={"title": "Größe", "language": "fra"}, sar=Fraction(4, 3))
    sink = write(tmp_path / name, info, frames)
    back = load(tmp_path / name)[0].info
    assert tags(back.colour) == tags(colour)
    assert back.metadata == info.metadata
    assert back.sar == (1 if name == "a.webm" else info.sar)
    assert bool(sink.warnings) == (name == "a.webm")


def test_rgb_in_mp4_says_how_it_was_converted(tmp_path):
    rgb = noise(2, 36, 52) // 8 * 2 + 60
    with ArraySource(rgb) as source:
        write(tmp_path / "a.mp4", source.info, source.events())
    back, frames, _ = load(tmp_path / "a.mp4")
    assert back.info.format == "yuv420p"
    assert tags(back.info.colour)[2:4] == [1, False]
    assert abs(frames[0].picture.rgb(back.info.colour).astype(int) - rgb[0]).mean() < 6


def test_lossless_h264(tmp_path):
    rgb = noise(3, 37, 51)
    with ArraySource(rgb) as source:
        write(tmp_path / "a.mp4", source.info, source.events(), codec="libx264", crf=0)
    back, frames, _ = load(tmp_path / "a.mp4")
    assert np.array_equal([frame.picture.rgb(back.info.colour) for frame in frames], rgb)


@pytest.mark.parametrize(
    ("codec", "names"),
    [
        ("aac", ["a.mp4", "a.mkv", "a.mov"]),
        ("libopus", ["a.mp4", "a.mkv", "a.webm"]),
        ("flac", ["a.mkv", "a.mp4"]),
        ("libmp3lame", ["a.mkv", "a.mp4"]),
        ("pcm_s16le", ["a.mkv", "a.mov"]),
        ("ac3", ["a.mkv", "a.mp4"]),
    ],
)
def test_audio_survives_bit_by_bit(tmp_path, codec, names):
    path = write_video(tmp_path / "in.mkv", av_frames("yuv420p", 15), "libx264", audio=codec)
    source, frames, packets = load(path)
    assert len(packets) > 5
    for name in names:
        with Sink(tmp_path / name, source.info, source.tracks) as sink:
            for event in interleaved(source, frames, packets):
                sink.write(event)
        back, back_frames, back_packets = load(tmp_path / name)
        assert b"".join(p.data for p in back_packets) == b"".join(p.data for p in packets)
        # MOV cuts PCM anew.
        if codec != "pcm_s16le":
            assert near(times(back_packets, back.tracks[0]), times(packets, source.tracks[0]))
        assert near([t for t, _ in seconds(back_frames, back.info)], [t for t, _ in seconds(frames, source.info)])
        track, original = back.tracks[0], source.tracks[0]
        for field in ("codec", "sample_rate", "channels"):
            assert getattr(track, field) == getattr(original, field)
        # The times in the test's input are rounded to milliseconds, and with them where MP4 begins to play.
        assert abs(track.initial_padding - original.initial_padding) <= 24
        if name == "a.mkv":
            assert track.initial_padding == original.initial_padding
            assert samples(tmp_path / name) == samples(path)


def interleaved(source, frames, packets):
    def when(event):
        packet = isinstance(event, TrackPacket)
        return event.pts * (source.tracks[event.track].time_base if packet else source.info.time_base)

    return sorted([*frames, *packets], key=when)


def times(packets, track):
    return [packet.pts * track.time_base for packet in packets]


def near(left, right):
    return len(left) == len(right) and all(abs(a - b) <= Fraction(1, 900) for a, b in zip(left, right, strict=True))


def samples(path):
    """What a player hears."""
    with av.open(str(path)) as container:
        blocks = [frame.to_ndarray().tobytes() for frame in container.decode(audio=0)]
    return b"".join(blocks)


@pytest.mark.parametrize(
    ("codec", "name"),
    [("subrip", "a.mkv"), ("webvtt", "a.webm"), ("mov_text", "a.mp4"), ("mov_text", "a.mov")],
)
def test_subtitles_survive(tmp_path, codec, name):
    track, packets = subtitles(codec)
    if codec == "mov_text":
        packets = [replace(p, data=len(p.data).to_bytes(2, "big") + p.data) for p in packets]
    info, frames = pictures("yuv420p", 4, 36, 52)
    write(tmp_path / name, info, [*frames, *packets], [track])
    back, _, back_packets = load(tmp_path / name)
    unit = back.tracks[0].time_base
    assert back.tracks[0].codec == codec
    assert back.tracks[0].metadata["language"] == "fra"
    kept = [packet for packet in back_packets if len(packet.data) > 2]
    assert [packet.data for packet in kept] == [packet.data for packet in packets]
    assert [packet.pts * unit * 1000 for packet in kept] == [0, 100, 200]
    assert [packet.duration * unit * 1000 for packet in kept] == [90, 90, 90]


def test_a_track_that_does_not_fit(tmp_path):
    track, packets = subtitles("subrip")
    info, frames = pictures("yuv420p", 2, 36, 52)
    with pytest.raises(OutputError, match=r"a.mp4: mp4 cannot hold subrip subtitles?; write .mkv instead"):
        Sink(tmp_path / "a.mp4", info, [track])
    sink = write(tmp_path / "a.gif", info, [*frames, *packets], [track])
    assert sink.warnings == ["gif cannot hold audio or subtitles: they are left out"]
    assert os.listdir(tmp_path) == ["a.gif"]


def interrupt_after(events, sink):
    for event in events:
        sink.write(event)
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.y4m", "a.gif", "p%d.png"])
def test_nothing_is_left_after_an_error(tmp_path, name):
    info, frames = pictures("yuv420p", 2, 36, 52)
    events = iter([frames[0]])
    with pytest.raises(KeyboardInterrupt), Sink(tmp_path / name, info) as sink:
        interrupt_after(events, sink)
    with pytest.raises(OutputError, match="no frames"):
        Sink(tmp_path / name, info).close()
    assert os.listdir(tmp_path) == []


def test_an_old_file_stays_until_the_new_one_is_whole(tmp_path):
    info, frames = pictures("rgb24", 2)
    (tmp_path / "a.mkv").write_text("old")
    sink = Sink(tmp_path / "a.mkv", info)
    sink.write(frames[0])
    assert (tmp_path / "a.mkv").read_text() == "old"
    sink.close()
    assert len(load(tmp_path / "a.mkv")[1]) == 1


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("a.xyz", {}, OutputError, "unknown kind of file"),
        ("none/a.mkv", {}, OutputError, "there is no folder"),
        ("a.mkv", {"codec": "nonsense"}, OptionError, 'no video encoder "nonsense"'),
        ("a.mkv", {"crf": 3}, OptionError, "ffv1 has no crf"),
        ("a.mp4", {"options": {"prset": "slow"}}, OptionError, "libx264 has no option prset"),
        ("a.mp4", {"codec": "libvpx"}, OutputError, "a.mp4: mp4 cannot"),
        ("a.mp4", {"options": {"pix_fmt": "rgb24"}}, OptionError, "no pixel format rgb24"),
        ("a.gif", {"crf": 3}, OptionError, "gif has no codec"),
        ("a.mkv", {"container": "ogg"}, OptionError, 'container "ogg" is not one of'),
    ],
)
def test_wrong_outputs(tmp_path, name, options, error, message):
    info, _ = pictures("yuv420p", 1, 36, 52)
    with pytest.raises(error, match=message):
        Sink(tmp_path / name, info, **options)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("container", ["y4m"])
def test_full_disk(container):
    info, frames = pictures("yuv444p")
    with open("/dev/full", "wb", buffering=0) as full:
        sink = Sink(full, info, container=container)
        with pytest.raises(OutputError, match="the disk is full"):
            sink.write(frames[0])


def test_y4m_through_a_file_object():
    info, frames = pictures("yuv420p")
    file = io.BytesIO()
    write(file, info, frames)
    file.seek(0)
    assert packed(load(file)[1]) == packed(frames)


def test_standard_output_that_nobody_reads():
    program = """
import sys
from aicodec_native.media import ArraySource, Sink
from aicodec_native.errors import OutputError
import numpy as np
with ArraySource(np.zeros((50, 90, 160, 3), np.uint8)) as source:
    try:
        with Sink("-", source.info) as sink:
            for event in source.events():
                sink.write(event)
    except OutputError as error:
        print(error, file=sys.stderr)
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout.read(9) == b"YUV4MPEG2"
    child.stdout.close()
    assert child.stderr.read().decode().splitlines() == ["standard output: the reader has gone away"]
    assert child.wait() == 0


def test_importing_the_package_does_not_import_av():
    program = "import sys, aicodec_native; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
