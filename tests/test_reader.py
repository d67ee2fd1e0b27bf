"""Reading frames back: in order, at random, from several threads, from damaged files."""

import gc
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import _native
from clips import RATE, moving_shots, yuv_frames
from media_inputs import write_video


@pytest.fixture
def reader(coded_clip):
    with aic.open(coded_clip) as opened:
        yield opened


@pytest.fixture(scope="module")
def in_order(coded_clip):
    """Every frame, decoded in order."""
    with aic.open(coded_clip) as opened:
        return np.stack(list(opened))


def segments_of(path):
    with aic.open(path) as opened:
        return [entry for entry in opened._entries if entry.kind == "segment"]


def test_what_a_reader_says_of_itself(reader, coded_clip):
    assert len(reader) == 72
    assert reader.shape == (72, 128, 192, 3)
    assert reader.dtype == np.uint8
    assert reader.fps == RATE
    assert reader.duration == pytest.approx(3, abs=0.002)  # Matroska counts milliseconds
    assert repr(reader) == f"<Reader of {coded_clip}: 72 frames, 192x128 yuv420p, 24 fps>"
    assert not reader.recovered
    assert reader.byte_size == coded_clip.stat().st_size
    assert [track.kind for track in reader.tracks] == ["audio", "subtitle"]
    assert (reader.info.width, reader.info.height, reader.info.format) == (192, 128, "yuv420p")


def test_frames_look_like_their_source(in_order):
    error = np.mean((in_order.astype(float) - moving_shots()) ** 2)
    assert 10 * np.log10(255**2 / error) > 28


def test_timestamps(reader):
    times = reader.timestamps
    assert times.shape == (72,)
    assert times.dtype == np.float64
    np.testing.assert_allclose(times, np.arange(72) / RATE, atol=6e-4)  # Matroska counts milliseconds
    assert reader.ticks.shape == (73,)
    assert (np.diff(reader.ticks) > 0).all()


@pytest.mark.parametrize("rate", [30, 60, Fraction(30000, 1001), 24, Fraction(24000, 1001), 7])
def test_index_at_the_time_of_a_frame_is_that_frame(tmp_path, rate):
    aic.encode(np.zeros((40, 8, 8, 3), np.uint8), tmp_path / "a.aic", crf=63, preset="fast", fps=rate)
    with aic.open(tmp_path / "a.aic") as opened:
        for index, time in enumerate(opened.timestamps):
            assert opened.index_at(time) == index
            assert opened.index_at(index / float(rate)) == index
            assert opened.index_at(index * (1 / float(rate))) == index
            assert opened.index_at(float(time) + 0.4 / float(rate)) == index
            assert opened.index_at(np.float32(time) + np.float32(0.1) / np.float32(rate)) == index


def test_index_at_outside(reader):
    assert reader.index_at(-1) == 0
    assert reader.index_at(1) == 24
    assert reader.index_at(1e9) == reader.index_at(float("inf")) == 71
    with pytest.raises(ValueError, match="not a number"):
        reader.index_at(float("nan"))


def test_random_access_equals_decoding_in_order(reader, in_order):
    for index in np.random.default_rng(1).permutation(72):
        np.testing.assert_array_equal(reader[index], in_order[index])


def test_single_frames(reader, in_order):
    assert reader[0].shape == (128, 192, 3)
    assert reader[0].dtype == np.uint8
    assert reader[0].flags.c_contiguous
    assert reader[0].flags.writeable
    for index in (-1, -72, np.int64(40), np.uint8(3), np.int32(-2), True):
        np.testing.assert_array_equal(reader[index], in_order[int(index)])


@pytest.mark.parametrize("index", [72, -73, 10**30, np.int64(1000)])
def test_index_error(reader, index):
    with pytest.raises(IndexError, match=r"out of range: .*talking\.aic has 72 frames"):
        reader[index]


@pytest.mark.parametrize("index", [1.0, "1", None, (1, 2)])
def test_what_is_no_index(reader, index):
    with pytest.raises(TypeError):
        reader[index]


@pytest.mark.parametrize(
    "part",
    [
        slice(None),
        slice(20, 28),
        slice(None, None, 7),
        slice(None, None, -1),
        slice(30, 20, -3),
        slice(-5, None),
        slice(10, 10),
        slice(100, 200),
        slice(5, 2),
        slice(np.int64(3), np.int64(9), np.int64(2)),
    ],
)
def test_slices(reader, in_order, part):
    frames = reader[part]
    assert frames.dtype == np.uint8
    assert frames.shape == in_order[part].shape
    np.testing.assert_array_equal(frames, in_order[part])


def test_iteration_can_be_repeated_and_left(reader, in_order):
    frames = [frame for _, frame in zip(range(3), reader, strict=False)]
    np.testing.assert_array_equal(frames, in_order[:3])
    assert sum(1 for _ in reader) == 72


def test_decoding_left_in_the_middle_does_not_wait_for_ever(tmp_path):
    """dav1d's threads are still at work then: they must need nothing of Python's to end."""
    aic.encode(moving_shots(1, 30, 360, 640), tmp_path / "a.aic", preset="fast", crf=30)
    code = (
        "import sys, aicodec_native as aic\n"
        "for _ in range(40):\n"
        "    with aic.open(sys.argv[1]) as reader:\n"
        "        next(reader.iter_native())\n"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "a.aic"], check=True, timeout=60)


def test_frames_belong_to_the_caller(reader, in_order):
    frame = reader[5]
    frame[:] = 0
    np.testing.assert_array_equal(reader[5], in_order[5])


def test_native_planes(reader):
    planes = reader.native(30)
    assert [plane.shape for plane in planes] == [(128, 192), (64, 96), (64, 96)]
    assert all(plane.dtype == np.uint8 for plane in planes)
    ordered = list(reader.iter_native(28, 33))
    assert len(ordered) == 5
    for one, other in zip(planes, ordered[2], strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(list(reader.iter_native(-2))) == 2
    with pytest.raises(IndexError):
        reader.native(72)


@pytest.fixture(scope="module", params=[(192, 128), (101, 75), (33, 17)], ids=str)
def ten_bit_clip(request, tmp_path_factory):
    """10-bit 4:2:0, whose planes the decoder gives just as the canvas would hold them."""
    width, height = request.param
    folder = tmp_path_factory.mktemp("ten")
    clip = write_video(folder / "a.mkv", yuv_frames(moving_shots(1, 24, height, width), "yuv420p10le"))
    aic.encode(clip, folder / "a.aic", crf=30, preset="fast", segment_seconds=0.5)
    return folder / "a.aic"


def test_frames_in_order_are_those_at_random(ten_bit_clip):
    with aic.open(ten_bit_clip) as opened:
        assert opened.info.format == "yuv420p10"
        for number, (planes, frame) in enumerate(zip(opened.iter_native(), opened, strict=True)):
            for one, other in zip(planes, opened.native(number), strict=True):
                np.testing.assert_array_equal(one, other)
            np.testing.assert_array_equal(frame, opened[number])


@pytest.mark.parametrize("kind", ["drawn", "the decoder's"])
def test_planes_outlive_the_reader_and_cannot_be_written_to(coded_clip, ten_bit_clip, kind):
    """The decoder may still refer to them."""
    path = coded_clip if kind == "drawn" else ten_bit_clip
    with aic.open(path) as opened:
        expected = [tuple(plane.copy() for plane in planes) for planes in opened.iter_native()]
        kept = list(opened.iter_native())
        half = next(opened.iter_native())  # of a decoder that is left in the middle
    del opened
    gc.collect()
    with aic.open(path) as another:
        assert sum(1 for _ in another.iter_native()) == len(expected)
    for planes, known in zip([*kept, half], [*expected, expected[0]], strict=True):
        for plane, samples in zip(planes, known, strict=True):
            np.testing.assert_array_equal(plane, samples)
            with pytest.raises(ValueError, match="read-only"):
                plane[0, 0] = 0


def test_ten_bit_frames(tmp_path):
    frames = moving_shots(1, 3).astype(np.uint16) * 4
    aic.encode(frames, tmp_path / "ten.aic", crf=10, preset="fast", fps=24)
    with aic.open(tmp_path / "ten.aic") as opened:
        assert opened.dtype == np.uint16
        assert opened[0].dtype == opened[:2].dtype == next(iter(opened)).dtype == np.uint16
        assert 255 < opened[0].max() <= 1023
        assert np.abs(opened[0].astype(int) - frames[0]).mean() < 40


def test_four_threads_share_a_reader(coded_clip, in_order):
    wrong = []

    def work(reader, seed):
        for index in np.random.default_rng(seed).integers(0, 72, 40):
            if not np.array_equal(reader[index], in_order[index]):
                wrong.append(index)

    with aic.open(coded_clip, threads=1) as opened:
        threads = [threading.Thread(target=work, args=(opened, seed)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_a_closed_reader_says_so(coded_clip):
    opened = aic.open(coded_clip)
    kept = opened[3]
    opened.close()
    opened.close()
    for use in (
        lambda: opened[0],
        lambda: opened[:2],
        lambda: opened.native(0),
        lambda: next(iter(opened)),
        lambda: list(opened.packets()),
        lambda: opened.timestamps,
    ):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert len(opened) == 72
    assert opened.shape[0] == 72
    assert len(opened.tracks) == 2
    assert kept.shape == (128, 192, 3)


def test_from_bytes(coded_clip, in_order):
    content = coded_clip.read_bytes()
    for given in (content, bytearray(content), memoryview(content)):
        with aic.open(given) as opened:
            np.testing.assert_array_equal(opened[50], in_order[50])


def test_packets(reader):
    packets = list(reader.packets())
    assert {packet.track for packet in packets} == {0, 1}
    words = [packet.data.decode() for packet in packets if packet.track == 1]
    assert words == ["Bonjour", "ça va ?"]


def test_a_truncated_file_gives_its_complete_segments(coded_clip, tmp_path, in_order):
    content = coded_clip.read_bytes()
    ends = [entry.offset + entry.size for entry in segments_of(coded_clip)]
    for cut, frames in [(ends[0], 24), (ends[1] - 1, 24), (ends[1], 48), (len(content) - 1, 72)]:
        short = tmp_path / "short.aic"
        short.write_bytes(content[:cut])
        with aic.open(short) as opened:
            assert opened.recovered
            assert len(opened) == frames
            np.testing.assert_array_equal(opened[frames - 1], in_order[frames - 1])
    with pytest.raises(aic.TruncatedError, match=r"short\.aic: cut off"):
        aic.open(_written(short, content[: ends[0] - 1]))


def _written(path, content):
    path.write_bytes(content)
    return path


def test_a_damaged_segment_leaves_the_others_readable(coded_clip, tmp_path, in_order):
    content = bytearray(coded_clip.read_bytes())
    middle = segments_of(coded_clip)[1]
    content[middle.offset + middle.size // 2] ^= 1
    with aic.open(_written(tmp_path / "bad.aic", content)) as opened:
        np.testing.assert_array_equal(opened[0], in_order[0])
        with pytest.raises(aic.CorruptError, match=r"bad.aic: segment 1: "):
            opened[30]
        np.testing.assert_array_equal(opened[60], in_order[60])
        with pytest.raises(aic.CorruptError, match=r"bad.aic: segment 1: "):
            list(opened)
    report = aic.verify(tmp_path / "bad.aic")
    assert not report.ok
    assert len(report.problems) == 1
    assert report.problems[0].startswith("segment 1: ")


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, aic.InputError), (b"", aic.NotAicError), (b"RIFF1234AVI LIST", aic.NotAicError)],
)
def test_what_is_no_aic_file(tmp_path, content, error):
    path = tmp_path / "x.aic"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=r"x\.aic: "):
        aic.open(path)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(aic.InputError, match="directory"):
        aic.open(tmp_path)


def test_verify_notes_frames_that_are_not_the_encoded_ones(coded_clip, tmp_path):
    assert aic.verify(coded_clip).ok
    with aic.open(coded_clip) as opened:
        header, entry = opened._file.header, segments_of(coded_clip)[0]
        segment = _native.Segment(opened._file.payload(entry), header)
        layer = _native.build_video_layer(
            format=segment.video_format(0),
            colour=_native.Colour(),
            rgb_canvas=False,
            packets=segment.video_packets(0),
        )
    payload = _native.build_segment(
        header=header, first_frame=0, times=segment.times, digest=12345, layers=[(_native.LAYER_VIDEO, layer)]
    )
    writer = _native.Writer()
    content = writer.begin(header) + writer.segment(payload, segment.frames) + writer.finish()
    report = aic.verify(_written(tmp_path / "forged.aic", content))
    assert report.problems == ["segment 0: the decoded frames are not the ones that were encoded"]
