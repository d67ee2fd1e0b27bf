"""Lossless and near-lossless encodes from end to end: exact pictures, the file's dictionary, resume, random access."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

import aicodec_native as aic
from aic_files import coded as av1
from aic_files import header, layer, nominal, scene
from aicodec_native import _native, segmenter
from aicodec_native.change_store import ChangeReader, ChangeStore
from aicodec_native.media import ArraySource
from aicodec_native.stack import draw_in_order
from clips import moving_shots, yuv_frames
from media_inputs import load, write_video
from test_cli import complaint, run

RATE = 10
LOSSLESS = {"quality": "lossless", "preset": "fast"}


class StopError(Exception):
    pass


def page(seed: int) -> np.ndarray:
    """What looks like text on white, (64, 96, 3), and costs bytes."""
    rng = np.random.default_rng(seed)
    out = np.full((64, 96, 3), 255, np.uint8)
    out[4:60, 4:92][rng.random((56, 88)) < 0.4] = rng.integers(0, 128, 3)
    return out


def paging(order: str, frames: int = RATE) -> np.ndarray:
    """Pages by name, each for a second, with a cursor that moves."""
    out = np.stack([page(ord(name)) for name in order for _ in range(frames)])
    for number, frame in enumerate(out):
        frame[60:63, number % 90 : number % 90 + 3] = (200, 0, 0)
    return out


def segment_bytes(result):
    return [segment["bytes"] for segment in result.segments]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """Four pages of a second, the first comes back as the last: a file, since only those can be resumed."""
    path = tmp_path_factory.mktemp("pages") / "pages.mkv"
    frames = yuv_frames(paging("ABCA"), "bgr0")
    return write_video(path, frames, rate=RATE, time_base=Fraction(1, RATE))


@pytest.fixture(scope="module")
def coded(clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("lossless") / "a.aic"
    aic.encode(clip, path, **LOSSLESS, segment_seconds=1, workers=2)
    return path


# What comes back.


def test_frames_come_back_in_any_order(coded):
    wanted = paging("ABCA")
    with aic.open(coded) as reader:
        np.testing.assert_array_equal(np.stack(list(reader)), wanted)
        for index in [39, 0, 17, 16, 15, 38, 5, 22, 21]:
            np.testing.assert_array_equal(reader[index], wanted[index])
        np.testing.assert_array_equal(reader[::-3], wanted[::-3])
    assert aic.verify(coded).ok


def test_a_picture_that_somebody_painted_over_stays_as_it_was(coded):
    with aic.open(coded) as reader:
        before = reader.native(12)[0].copy()
        reader.native(12)[0][...] = 0
        np.testing.assert_array_equal(reader.native(12)[0], before)


def test_going_back_draws_no_frame_twice(coded, monkeypatch):
    with aic.open(coded) as reader:
        reader[9]
        cursor = reader._cursors[0]
        monkeypatch.setattr(cursor, "_rewind", lambda: pytest.fail("drawn again from the segment's start"))
        for index in range(8, -1, -1):
            reader[index]


@pytest.mark.parametrize("near", [1, 5])
def test_near_lossless_keeps_its_bound(tmp_path, near):
    frames = moving_shots(1, 12, 40, 56)
    exact = aic.encode(frames, tmp_path / "a.aic", **LOSSLESS, fps=10)
    result = aic.encode(
        frames, tmp_path / "b.aic", quality=f"lossless~{near}", preset="fast", segment_seconds=0.5, fps=10
    )
    assert result.bytes < exact.bytes
    with aic.open(tmp_path / "b.aic") as reader:
        errors = np.abs(reader[:].astype(int) - frames).max(axis=(1, 2, 3))
    assert 0 < errors.max() <= near
    assert result.score == errors.max()
    assert [score for segment in result.segments for score in segment["scores"]] == errors.tolist()
    assert (result.target, result.frames_measured, len(result.segments)) == (near, 12, 3)


def test_uneven_times_and_sound_come_along(tmp_path):
    frames = yuv_frames(paging("AB", 6), "yuv420p")
    talking = write_video(tmp_path / "a.mkv", frames, audio="aac", rate=RATE, time_base=Fraction(1, RATE))
    aic.encode(talking, tmp_path / "a.aic", **LOSSLESS, segment_seconds=0.7)
    aic.decode(tmp_path / "a.aic", tmp_path / "b.mkv")
    (_, before, packets), (_, after, kept) = load(talking), load(tmp_path / "b.mkv")
    assert packets
    assert [frame.picture.packed() for frame in after] == [frame.picture.packed() for frame in before]
    assert sorted(packet.data for packet in kept) == sorted(packet.data for packet in packets)
    times = [0, 40, 50, 500, 510, 1700, 1733, 1790]
    uneven = write_video(tmp_path / "c.mkv", yuv_frames(paging("A", 8)), pts=times, time_base=Fraction(1, 1000))
    aic.encode(uneven, tmp_path / "c.aic", **LOSSLESS, segment_seconds=0.1)
    with aic.open(tmp_path / "c.aic") as reader:
        np.testing.assert_allclose(reader.timestamps * 1000, times, atol=1e-6)


# Segments, and the dictionary that they share.


def test_segments_have_one_length_whatever_they_show(tmp_path):
    result = aic.encode(moving_shots(3, 7, 32, 32), tmp_path / "a.aic", **LOSSLESS, fps=10)
    assert [segment["frames"] for segment in result.segments] == [21]
    result = aic.encode(moving_shots(3, 7, 32, 32), tmp_path / "b.aic", **LOSSLESS, fps=10, segment_seconds=1)
    assert [segment["frames"] for segment in result.segments] == [7, 7, 7], "not 10, 10, 1"


@pytest.mark.parametrize("hint", [None, 1, 10**9])
def test_a_wrong_guess_of_the_length_costs_little(hint):
    source = ArraySource(paging("AB"), fps=RATE)
    source.frame_count_hint = hint
    segments = list(segmenter.LongSegmenter(source, Fraction(RATE), 1.2))
    assert [len(segment.times) - 1 for segment in segments] == [12, 8]
    for segment in segments:
        segment.close()


def test_what_comes_back_is_stored_once(tmp_path):
    returning = aic.encode(paging("ABCAB"), tmp_path / "a.aic", **LOSSLESS, fps=RATE, segment_seconds=1)
    assert [segment["dictionary"] for segment in returning.segments] == [[0], [1], [2], [0], [1]]
    new = aic.encode(paging("ABCDE"), tmp_path / "b.aic", **LOSSLESS, fps=RATE, segment_seconds=1)
    assert returning.bytes < 0.7 * new.bytes
    alone = aic.encode(paging("A"), tmp_path / "c.aic", **LOSSLESS, fps=RATE)
    assert max(segment_bytes(returning)) < 0.3 * alone.bytes
    with aic.open(tmp_path / "a.aic") as reader:
        np.testing.assert_array_equal(reader[35], paging("ABCAB")[35])


def test_a_single_segment_has_no_dictionary(tmp_path):
    aic.encode(paging("AB"), tmp_path / "a.aic", **LOSSLESS, fps=RATE)
    with aic.open(tmp_path / "a.aic") as reader:
        assert [entry.kind for entry in reader._entries] == ["segment"]


def test_content_that_moved_counts_as_known():
    blocks = _native.RecurringBlocks()
    blocks.add(_native.Picture.from_rgb(page(1)))
    assert set(blocks.find(_native.Picture.from_rgb(page(2)))) == {0}
    moved = np.full((64, 96, 3), 255, np.uint8)
    moved[5:, 3:] = page(1)[:-5, :-3]
    found = blocks.find(_native.Picture.from_rgb(moved))
    assert found[1] > found[0], "all but the blocks at the edges"
    assert blocks.find(_native.Picture.from_rgb(np.full((64, 96, 3), 9, np.uint8))) == {}, "one colour is no content"


@pytest.mark.parametrize("workers", [1, 3])
def test_bytes_do_not_depend_on_workers(clip, coded, tmp_path, workers):
    aic.encode(clip, tmp_path / "a.aic", **LOSSLESS, segment_seconds=1, workers=workers)
    assert (tmp_path / "a.aic").read_bytes() == coded.read_bytes()


@pytest.mark.parametrize("segments", [1, 3])
def test_resume_gives_the_same_bytes(clip, coded, tmp_path, segments):
    target = tmp_path / "a.aic"
    notes = tmp_path / "a.aic.part.jsonl"

    def told(_):
        if notes.exists() and len(notes.read_text().splitlines()) > segments:
            raise StopError

    with pytest.raises(StopError):
        aic.encode(clip, target, **LOSSLESS, segment_seconds=1, workers=1, progress=told)
    aic.encode(clip, target, **LOSSLESS, segment_seconds=1, workers=2, resume=True)
    assert target.read_bytes() == coded.read_bytes()


def test_a_cut_off_file_gives_its_whole_segments(coded):
    data = coded.read_bytes()
    with aic.open(data) as whole:
        third = [entry for entry in whole._entries if entry.kind == "segment"][2]
    with aic.open(data[: third.offset + third.size + 10]) as reader:
        assert reader.recovered
        np.testing.assert_array_equal(reader[:], paging("ABCA")[:30])


def test_progress_counts_up_to_the_end(clip, tmp_path):
    seen = []
    aic.encode(clip, tmp_path / "a.aic", **LOSSLESS, segment_seconds=1, progress=seen.append)
    assert seen[-1].frames_read == seen[-1].frames_coded == 40


# Damage.


def with_broken_payload(path, kind, at):
    """The file with a byte of its first chunk of that kind changed, and the checksum set right again."""
    data = bytearray(path.read_bytes())
    with aic.open(bytes(data)) as reader:
        entry = next(entry for entry in reader._entries if entry.kind == kind)
    end = entry.offset + entry.size - 4
    data[end - at] ^= 0x55
    data[end : end + 4] = _native.crc32c(bytes(data[entry.offset : end])).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize("kind", ["segment", "dictionary"])
def test_broken_layers_are_told(coded, tmp_path, kind):
    broken = with_broken_payload(coded, kind, 30)
    assert not aic.verify(broken).ok
    (tmp_path / "a.aic").write_bytes(broken)
    assert run("verify", tmp_path / "a.aic").returncode == 1


def test_a_layer_that_ends_early_gives_exit_code_2(tmp_path):
    frames = [_native.Picture.from_rgb(frame) for frame in paging("AB")[::4]]
    encoder = _native.ScreenEncoder(frames[0].format, frames[0].width, frames[0].height)
    for frame in frames:
        encoder.add(frame)
    head = header(format="rgb24", width=96, height=64)
    screen = _native.build_screen_layer(pictures=[], coded=encoder.finish()[:-200])
    segment = _native.build_segment(
        header=head,
        first_frame=0,
        times=nominal(head, 0, len(frames)),
        digest=None,
        layers=[(_native.LAYER_SCREEN, screen)],
    )
    writer = _native.Writer()
    path = tmp_path / "a.aic"
    path.write_bytes(writer.begin(head) + writer.segment(segment, len(frames)) + writer.finish())
    said = complaint(run("decode", path, tmp_path / "b.y4m"))
    assert said.startswith(f"{path}: ")


def test_frames_of_a_sequential_stack_come_in_order(coded):
    with aic.open(coded) as reader:
        segment = reader._load(0)

    def no_video(*_):
        raise AssertionError

    assert segment.sequential
    with pytest.raises(aic.CorruptError):
        segment.draw(1, no_video)
    first = _native.picture_hash(segment.draw(0, no_video))
    segment.draw(1, no_video)
    assert _native.picture_hash(segment.draw(0, no_video)) == first, "frame 0 starts afresh"
    with pytest.raises(aic.CorruptError):
        segment.draw(2, no_video)


# Under a screen layer.


def test_a_screen_layer_corrects_what_is_below():
    head = header(format="rgb24")
    video = layer(head, av1())
    source = [_native.Picture.from_rgb(scene(64, 64, t)) for t in range(3)]

    def stack(*layers):
        build = _native.build_segment(header=head, first_frame=0, times=[0, 33, 67, 100], digest=None, layers=layers)
        segment = _native.Segment(build, head)
        return list(draw_in_order(lambda _: segment, range(1), head, 1))

    below = stack((_native.LAYER_VIDEO, video))
    encoder = _native.ScreenEncoder("rgb24", 64, 64, has_below=True)
    for frame, under in zip(source, below, strict=True):
        encoder.add(frame, under)
    screen = _native.build_screen_layer(pictures=[], coded=encoder.finish())
    drawn = stack((_native.LAYER_VIDEO, video), (_native.LAYER_SCREEN, screen))
    assert [_native.greatest_error(*pair) for pair in zip(source, drawn, strict=True)] == [0, 0, 0]


# The command line.


def test_the_command_line_says_lossless(clip, tmp_path):
    done = run("encode", clip, tmp_path / "a.aic", "-q", "lossless", "-p", "fast", "--segment-seconds", 1)
    assert done.returncode == 0, done.stderr
    assert ", lossless, 40 frames in " in done.stdout
    done = run("encode", clip, tmp_path / "b.aic", "-q", "lossless~4", "-p", "fast", "--json")
    result = json.loads(done.stdout)
    assert (result["metric"], result["target"]) == ("max_error", 4)
    assert result["score"] <= 4
    content = json.loads(run("info", tmp_path / "a.aic", "--json").stdout)
    assert len(content["dictionary"]) == 3
    assert content["bytes_by_part"]["dictionary"] == sum(content["dictionary"])
    assert sum(content["bytes_by_part"].values()) == content["bytes"]
    assert [segment["dictionary"] for segment in content["segments"]] == [[0], [1], [2], [0]]
    assert {layer["kind"] for segment in content["segments"] for layer in segment["layers"]} == {"screen"}
    shown = run("info", tmp_path / "a.aic", "--layers").stdout
    assert "dictionary 3 pictures" in shown


@pytest.mark.parametrize(
    "quality", ["lossless~0", "lossless~65", "lossless~", "lossless~x", "lossless2", "lossless~1.5"]
)
def test_bounds_that_make_no_sense(clip, tmp_path, quality):
    said = complaint(run("encode", clip, tmp_path / "a.aic", "-q", quality))
    assert "a whole number of 1 to 64" in said


def test_help_names_lossless():
    assert "lossless~N" in run("encode", "--help").stdout


# The store of frames.


def test_a_store_keeps_what_changed_alone():
    frames = np.full((6, 300, 200, 3), 50, np.uint8)
    frames[3:, 10:20, 10:20] = 99
    frames[5, -1, -1] = 1
    store = ChangeStore("rgb24", 200, 300)
    for frame in frames:
        store.append(_native.Picture.from_rgb(frame))
    assert store.stored < 3 * store.frame_size
    with ChangeReader(store.path, store.shape, store.table) as reader:
        for index in [0, 5, 2, 3, 4, 1]:
            np.testing.assert_array_equal(reader[index].rgb(_native.Colour()), frames[index])
        assert len(list(reader)) == 6
        with pytest.raises(IndexError):
            reader[6]
    store.close()


def test_frames_of_a_busy_video_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(segmenter, "MAX_BYTES", 100_000)
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 255, (12, 64, 96, 3), dtype=np.uint8)
    result = aic.encode(frames, tmp_path / "a.aic", **LOSSLESS, fps=10)
    assert [segment["frames"] for segment in result.segments] == [6, 6]
