"""Videos coming in: formats, times, colours, tracks, and one clear line for whatever is no video."""

from __future__ import annotations

import io
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from aicodec_native.errors import InputError
from aicodec_native.media import ArraySource, Source
from aicodec_native.media.frames import picture_of
from media_inputs import av_frames, load, noise, packed, read, seconds, write_sound, write_video

CORPUS = Path(os.environ.get("AICODEC_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))


def corpus_clips():
    names = ["manim_graph_720p60", "screen_terminal_720p30", "natural_aspen", "natural_walk"]
    return [pytest.param(CORPUS / f"{name}.mkv", id=name) for name in names]


@pytest.mark.parametrize("path", corpus_clips())
def test_corpus_frames_equal_pyav(path):
    if not path.exists():
        pytest.skip(f"no corpus at {CORPUS} (set AICODEC_CORPUS)")
    source, frames, _ = load(path, duration=0.1)
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray() for _, frame in zip(frames, container.decode(video=0), strict=False)]
    assert frames
    for frame, array in zip(frames, expected, strict=True):
        if source.info.format == "rgb24":
            assert np.array_equal(frame.picture.rgb(source.info.colour), array)
        else:
            assert frame.picture.packed() == array.tobytes()


@pytest.mark.parametrize(
    ("pix_fmt", "canvas"),
    [
        ("yuv420p", "yuv420p"),
        ("yuv444p", "yuv444p"),
        ("yuv420p10le", "yuv420p10"),
        ("yuv444p10le", "yuv444p10"),
    ],
)
@pytest.mark.parametrize("size", [(36, 52), (37, 51), (1, 1)])
def test_planar_yuv_is_exact(tmp_path, pix_fmt, canvas, size):
    made = av_frames(pix_fmt, height=size[0], width=size[1])
    source, frames, _ = load(write_video(tmp_path / "a.mkv", made))
    assert source.info.format == canvas
    assert not source.info.colour.full_range
    for frame, original in zip(frames, made, strict=True):
        for index, plane in enumerate(original.planes):
            wanted = np.frombuffer(memoryview(plane), frame.picture.plane(0).dtype).reshape(plane.height, -1)
            assert np.array_equal(frame.picture.plane(index), wanted[:, : plane.width])


@pytest.mark.parametrize(("pix_fmt", "swapped"), [("nv12", False), ("nv21", True)])
def test_paired_chroma_is_exact(tmp_path, pix_fmt, swapped):
    frame = av.VideoFrame(52, 36, pix_fmt)
    rng = np.random.default_rng(1)
    values = [rng.integers(0, 256, plane.buffer_size, dtype=np.uint8) for plane in frame.planes]
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update(value.tobytes())
    _, frames, _ = load(write_video(tmp_path / "a.nut", [frame], "rawvideo"))
    chroma = values[1].reshape(18, -1)
    assert np.array_equal(frames[0].picture.plane(0), values[0].reshape(36, -1)[:, :52])
    assert np.array_equal(frames[0].picture.plane(1), chroma[:, int(swapped) : 52 : 2])
    assert np.array_equal(frames[0].picture.plane(2), chroma[:, int(not swapped) : 52 : 2])


def test_p010_is_exact():
    # No file of FFmpeg's own holds p010; hardware decoders make it.
    frame = av.VideoFrame(52, 36, "p010le")
    rng = np.random.default_rng(1)
    values = [rng.integers(0, 1024, p.buffer_size // 2, dtype=np.uint16) for p in frame.planes]
    for plane, value in zip(frame.planes, values, strict=True):
        plane.update((value << 6).tobytes())
    picture = picture_of(frame, "yuv420p10")
    assert np.array_equal(picture.plane(0), values[0].reshape(36, -1)[:, :52])
    assert np.array_equal(picture.plane(2), values[1].reshape(18, -1)[:, 1:52:2])


@pytest.mark.parametrize("pix_fmt", ["rgb24", "bgr24", "gbrp", "rgba", "bgr0", "argb"])
def test_8_bit_rgb_is_exact(tmp_path, pix_fmt):
    rgb = noise(3, 37, 51)
    made = [av.VideoFrame.from_ndarray(frame).reformat(format=pix_fmt) for frame in rgb]
    codec = "ffv1" if pix_fmt == "bgr0" else "rawvideo"
    container = "nut" if codec == "rawvideo" else "mkv"
    source, frames, _ = load(write_video(tmp_path / f"a.{container}", made, codec))
    assert source.info.format == "rgb24"
    assert source.info.colour.matrix == 0
    assert source.info.colour.full_range
    assert source.warnings == []
    assert all(np.array_equal(f.picture.rgb(source.info.colour), a) for f, a in zip(frames, rgb, strict=True))


def test_deep_rgb_becomes_10_bits(tmp_path):
    values = np.random.default_rng(3).integers(0, 1024, (36, 52, 3), dtype=np.uint16)
    wide = av.VideoFrame.from_ndarray(values << 6 | values >> 4, format="rgb48le")
    source, frames, _ = load(write_video(tmp_path / "a.nut", [wide], "rawvideo"))
    assert source.info.format == "rgb30"
    assert np.array_equal(frames[0].picture.rgb(source.info.colour), values)


@pytest.mark.parametrize(("pix_fmt", "bits"), [("yuv420p12le", 12), ("yuv444p16le", 16), ("yuv420p9le", 9)])
def test_other_depths_become_10_bits(tmp_path, pix_fmt, bits):
    made = av_frames(pix_fmt, count=1)
    source, frames, _ = load(write_video(tmp_path / "a.mkv", made))
    original = np.frombuffer(memoryview(made[0].planes[0]), np.uint16).reshape(36, -1)[:, :52].astype(int)
    expected = np.minimum((original * 2.0 ** (10 - bits) + 0.5).astype(int), 1023)
    assert source.info.format.endswith("p10")
    assert np.array_equal(frames[0].picture.plane(0), expected)


@pytest.mark.parametrize("pix_fmt", ["yuv422p", "yuv411p", "yuv440p", "yuv410p"])
def test_other_subsamplings_become_444_with_the_same_luma(tmp_path, pix_fmt):
    made = av_frames("rgb24", count=1)
    made = [frame.reformat(format=pix_fmt) for frame in made]
    source, frames, _ = load(write_video(tmp_path / "a.mkv", made))
    luma = np.frombuffer(memoryview(made[0].planes[0]), np.uint8).reshape(36, -1)[:, :52]
    assert source.info.format == "yuv444p"
    assert np.array_equal(frames[0].picture.plane(0), luma)


def test_full_range_chroma_keeps_its_range(tmp_path):
    frame = av.VideoFrame(64, 32, "yuv422p")
    for plane, value in zip(frame.planes, (200, 250, 3), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)

    def full(stream):
        stream.codec_context.color_range = 2

    source, frames, _ = load(write_video(tmp_path / "a.mkv", [frame], setup=full))
    assert source.info.colour.full_range
    assert [set(np.unique(frames[0].picture.plane(i))) for i in range(3)] == [{200}, {250}, {3}]


@pytest.mark.parametrize(("pix_fmt", "canvas", "middle"), [("gray", "yuv420p", 128), ("gray10le", "yuv420p10", 512)])
def test_gray_gets_neutral_chroma(tmp_path, pix_fmt, canvas, middle):
    made = av_frames(pix_fmt, count=1)
    source, frames, _ = load(write_video(tmp_path / "a.mkv", made))
    dtype = np.uint8 if middle == 128 else np.uint16
    luma = np.frombuffer(memoryview(made[0].planes[0]), dtype).reshape(36, -1)[:, :52]
    picture = frames[0].picture
    assert picture.format == source.info.format == canvas
    assert np.array_equal(picture.plane(0), luma)
    assert (picture.plane(1) == middle).all()
    assert (picture.plane(2) == middle).all()


def test_transparency_is_dropped_with_a_warning(tmp_path):
    rgba = np.dstack([noise(1, 36, 52)[0], np.full((36, 52), 77, np.uint8)])
    frame = av.VideoFrame.from_ndarray(rgba, format="rgba")
    path = write_video(tmp_path / "a.apng", [frame, frame], "apng", format="apng")
    source, frames, _ = load(path)
    assert np.array_equal(frames[0].picture.rgb(source.info.colour), rgba[:, :, :3])
    assert source.warnings == ["transparency is dropped"]


def test_gif_palette(tmp_path):
    frames = [av.VideoFrame.from_ndarray(f).reformat(format="rgb8") for f in noise(3, 20, 30)]
    source, read_back, _ = load(write_video(tmp_path / "a.gif", frames, "gif", time_base=Fraction(1, 100), rate=10))
    assert source.info.format == "rgb24"
    with av.open(str(tmp_path / "a.gif")) as container:
        wanted = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    got = [frame.picture.rgb(source.info.colour) for frame in read_back]
    assert np.array_equal(got, wanted)


def test_colour_tags_sar_and_metadata(tmp_path):
    def tag(stream):
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 2
        context.options = {"chroma_sample_location": "center"}
        stream.metadata["language"] = "ger"

    info = load(write_video(tmp_path / "a.mkv", av_frames("yuv420p10le"), setup=tag))[0].info
    colour = info.colour
    assert (colour.primaries, colour.transfer, colour.matrix) == (9, 16, 9)
    assert colour.full_range
    assert colour.chroma_centred
    assert info.metadata == {"language": "ger"}


def test_unspecified_colour_stays_unspecified(tmp_path):
    colour = load(write_video(tmp_path / "a.mkv", av_frames("yuv420p")))[0].info.colour
    assert (colour.primaries, colour.transfer, colour.matrix) == (2, 2, 2)
    assert not colour.chroma_centred


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_rotation_is_clockwise(tmp_path, degrees):
    path = write_video(
        tmp_path / "a.mp4", av_frames("yuv420p"), "libx264", setup=lambda s: s.set_display_rotation(-degrees)
    )
    assert load(path)[0].info.rotation == degrees


def test_variable_frame_rate(tmp_path):
    pts = [5, 6, 50, 51, 400]
    path = write_video(
        tmp_path / "a.mp4",
        av_frames("yuv420p", 5),
        "libx264",
        pts=pts,
        time_base=Fraction(1, 600),
        container_options={"movie_timescale": "600"},
    )
    source, frames, _ = load(path)
    times = seconds(frames, source.info)
    assert [start * 600 for start, _ in times] == pts
    assert [length * 600 for _, length in times][:-1] == [1, 44, 1, 349]
    assert times[-1][1] > 0


def test_missing_timestamps_are_repaired(tmp_path):
    raw = write_video(tmp_path / "a.h264", av_frames("yuv420p", 6), "libx264", format="h264")
    _, frames, _ = load(raw)
    pts = [frame.pts for frame in frames]
    assert len(pts) == 6
    assert pts == sorted(set(pts))
    assert all(frame.duration > 0 for frame in frames)


@pytest.mark.parametrize("audio", [None, "aac"])
def test_start_and_duration(tmp_path, audio):
    made = av_frames("yuv420p", 60)
    path = write_video(tmp_path / "a.mp4", made, "libx264", time_base=Fraction(1, 60), rate=60, g=10, audio=audio)
    whole, all_frames, _ = load(path)
    assert whole.frame_count_hint == 60
    source, frames, packets = load(path, start=0.25, duration=0.2)
    assert packed(frames) == packed(all_frames)[15:27]
    assert [start for start, _ in seconds(frames, source.info)] == [Fraction(i, 60) for i in range(12)]
    assert source.frame_count_hint == 12
    assert all(0 <= packet.pts * source.tracks[0].time_base < 0.2 for packet in packets)
    assert bool(packets) == bool(source.tracks)
    with pytest.raises(InputError, match="has no video frames in that range"):
        Source(path, start=99)


def test_start_on_a_pipe(tmp_path):
    path = write_video(tmp_path / "a.y4m", av_frames("yuv420p", 10), "wrapped_avframe")
    _, whole, _ = load(path)
    _, frames, _ = read(Source(Pipe(path.read_bytes()), start=0.1))
    assert packed(frames) == packed(whole)[3:]
    assert frames[0].pts == 0


class Pipe(io.RawIOBase):
    """Bytes that can be read once and not sought, as standard input."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readable(self):
        return True

    def read(self, size=-1):
        return self._data.read(size)

    def seekable(self):
        return False


def test_standard_input(tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.y4m", av_frames("yuv444p"), "wrapped_avframe")
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": Pipe(path.read_bytes())}))
    _, frames, _ = load("-")
    assert packed(frames) == packed(load(path)[1])


@pytest.mark.parametrize("pattern", ["f%03d.png", "f*.png", "f%d.png"])
def test_numbered_images(tmp_path, pattern):
    rgb = noise(3, 20, 30)
    digits = "03d" if "3" in pattern else "d"
    for number, array in enumerate(rgb, 7):
        av.VideoFrame.from_ndarray(array).save(tmp_path / f"f{number:{digits}}.png")
    source, frames, _ = load(tmp_path / pattern, fps=12)
    assert np.array_equal([frame.picture.rgb(source.info.colour) for frame in frames], rgb)
    assert seconds(frames, source.info) == [(Fraction(i, 12), Fraction(1, 12)) for i in range(3)]
    assert source.byte_size == sum(file.stat().st_size for file in tmp_path.iterdir())


def test_one_image(tmp_path):
    av.VideoFrame.from_ndarray(noise(1, 20, 30)[0]).save(tmp_path / "a.png")
    _, frames, _ = load(tmp_path / "a.png")
    assert len(frames) == 1


def test_sound_with_cover_art_is_no_video(tmp_path):
    with pytest.raises(InputError, match="has no video stream"):
        Source(write_sound(tmp_path / "cover.mp4", cover=True))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.mp4", None, "missing.mp4: no such file"),
        ("empty.mp4", b"", "empty.mp4: is empty"),
        ("notes.txt", b"Dear diary,\n" * 50, "notes.txt: not a video that FFmpeg can read"),
        ("junk.mkv", bytes(range(256)) * 40, "junk.mkv: not a video that FFmpeg can read"),
    ],
)
def test_what_is_no_video_gets_one_line(tmp_path, capfd, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        Source(tmp_path / name)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_folder_and_sound_only(tmp_path):
    with pytest.raises(InputError, match="is a folder"):
        Source(tmp_path)
    with pytest.raises(InputError, match="has no video stream"):
        Source(write_sound(tmp_path / "a.m4a"))


def test_size_change_names_frame_and_sizes(tmp_path):
    paths = [
        write_video(tmp_path / f"{w}.h264", av_frames("yuv420p", 5, width=w), "libx264", format="h264", bf=0)
        for w in (52, 64)
    ]
    joined = tmp_path / "joined.h264"
    joined.write_bytes(b"".join(path.read_bytes() for path in paths))
    with pytest.raises(InputError, match=r"joined.h264: the picture size changes from 52x36 to 64x36 at frame 5"):
        load(joined)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_truncated_file_gives_what_is_there(tmp_path, name):
    options = {"container_options": {"movflags": "+faststart"}} if name == "a.mp4" else {}
    path = write_video(tmp_path / name, av_frames("yuv420p", 40, 120, 160), "libx264", g=10, **options)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    source, frames, _ = load(path)
    assert 5 < len(frames) < 40
    assert source.info.width == 160
    if name == "a.mp4":
        assert any("breaks off" in line for line in source.warnings)


def test_mp4_without_index(tmp_path):
    path = write_video(tmp_path / "a.mp4", av_frames("yuv420p", 10), "libx264")
    path.write_bytes(path.read_bytes()[:600])
    with pytest.raises(InputError, match="not a video that FFmpeg can read"):
        Source(path)


def test_arrays():
    rgb = noise(4, 9, 7)
    source, frames, _ = read(ArraySource(rgb, fps=29.97))
    assert source.info.frame_rate == Fraction(30000, 1001)
    assert (source.frame_count_hint, source.byte_size) == (4, rgb.nbytes)
    assert np.array_equal([frame.picture.rgb(source.info.colour) for frame in frames], rgb)
    wide = rgb.astype(np.uint16) * 4
    source, frames, _ = read(ArraySource(iter(wide)))
    assert source.info.format == "rgb30"
    assert np.array_equal([frame.picture.rgb(source.info.colour) for frame in frames], wide)


@pytest.mark.parametrize(
    "frames",
    [
        [],
        np.zeros((2, 4, 4), np.uint8),
        np.zeros((2, 4, 4, 3), np.float32),
        np.full((2, 4, 4, 3), 1024, np.uint16),
        [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)],
    ],
)
def test_wrong_arrays(frames):
    with pytest.raises(InputError, match="frames: "):
        read(ArraySource(frames))
