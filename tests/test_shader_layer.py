"""The shader layer in files: drawn in order, at random, over other layers, under every canvas, with a track."""

from __future__ import annotations

import numpy as np
import pytest

import aicodec_native as aic
from aic_files import assemble, coded, head_of, header, layer, nominal, varint
from aicodec_native import (
    CorruptError,
    FormatError,
    OptionError,
    OutputError,
    TruncatedError,
    UnsupportedError,
    _native,
    tracks,
)
from aicodec_native.shader_source import compile_source
from five_scenes import FIVE_SCENES, RECORDS
from shader_examples import EXAMPLES

LIFE = EXAMPLES["8. Life"]
GRADIENT = EXAMPLES["1. A moving gradient"]
RINGS = EXAMPLES["3. Rings, with the speed from a track"]
FORMATS = ("rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10")


def shader_layer(text, track=b""):
    return _native.build_shader_layer(program=compile_source(text).write(), track=track)


def file_of(stream_header, layers, frames=3):
    """A file of one segment; layers are (kind, payload)."""
    times = nominal(stream_header, 0, frames)
    payload = _native.build_segment(header=stream_header, first_frame=0, times=times, digest=None, layers=layers)
    return assemble(head_of(stream_header), [("S", payload)])


def hashes(data, threads=2):
    with aic.open(data, threads=threads) as reader:
        in_order = [_native.picture_hash(p) for p in reader._pictures(0, len(reader))]
        order = [2, 0, 1, 2, 1, 0]
        assert [_native.picture_hash(reader._picture(n)) for n in order] == [in_order[n] for n in order]
    return in_order


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_program_draws_every_canvas(format_name):
    h = header(format=format_name, width=70, height=41)
    found = hashes(file_of(h, [(1, shader_layer(GRADIENT))]))
    program = compile_source(GRADIENT)
    depth = "rgb30" if format_name.endswith(("10", "30")) else "rgb24"
    for frame, value in enumerate(found):
        # 30 frames a second, by the header that the tests share.
        drawn = program.draw(format=depth, width=70, height=41, t=float(np.float32(frame / 30)))
        assert _native.picture_hash(drawn.convert(format_name, h.colour)) == value
    assert len(set(found)) == 3


@pytest.mark.parametrize("format_name", FORMATS)
def test_the_previous_frame_is_the_finished_one(format_name):
    h = header(format=format_name, width=40, height=24)
    found = hashes(file_of(h, [(1, shader_layer(LIFE))]))
    program, previous = compile_source(LIFE), None
    depth = "rgb30" if format_name.endswith(("10", "30")) else "rgb24"
    for frame, value in enumerate(found):
        drawn = program.draw(format=depth, width=40, height=24, t=0, frame=frame, step=frame, prev=previous)
        canvas = drawn.convert(format_name, h.colour)
        assert _native.picture_hash(canvas) == value
        previous = canvas.convert(depth, h.colour)


def test_layers_see_what_is_below():
    h = header(format="rgb24")
    half = "def color(x, y, t):\n    r, g, b = below_int(0, 0)\n    return rgb_int(r // 2, g, 255 - b)"
    with aic.open(file_of(h, [(0, layer(h, coded())), (1, shader_layer(half))])) as reader:
        both = reader[0:3].astype(int)
    with aic.open(file_of(h, [(0, layer(h, coded()))])) as reader:
        video = reader[0:3].astype(int)
    assert np.array_equal(both, np.stack([video[..., 0] // 2, video[..., 1], 255 - video[..., 2]], axis=-1))


def test_a_track_drives_parameters():
    h = header(format="rgb24")
    program = "def color(x, y, t):\n    return rgb_int(int(param(0)), int(param(1) * 100), frame)"
    track = tracks.pack([{"a": 10 * i, "b": 0.5 + i} for i in range(3)])
    with aic.open(file_of(h, [(1, shader_layer(program, track))])) as reader:
        assert [reader[i][5, 5].tolist() for i in range(3)] == [[0, 50, 0], [10, 150, 1], [20, 250, 2]]


@pytest.mark.parametrize(
    ("error", "layers"),
    [
        (CorruptError, [(1, shader_layer(EXAMPLES["10. Film: what is below, softened, with grain and dark corners"]))]),
        (CorruptError, [(1, shader_layer(RINGS))]),
        (CorruptError, [(1, shader_layer(RINGS, tracks.pack({"a": [1.0, 2.0]})))]),
        (CorruptError, [(1, shader_layer(RINGS, tracks.pack({})))]),
        (UnsupportedError, [(1, b"\2" + shader_layer(GRADIENT)[1:])]),
        (TruncatedError, [(1, b"")]),
        (TruncatedError, [(1, b"\1\5ab")]),
        (FormatError, [(1, shader_layer(GRADIENT)[:5])]),
        (CorruptError, [(1, shader_layer(GRADIENT) + b"\1\2\3\4\5")]),
    ],
)
def test_layers_without_sense_are_refused(error, layers):
    with pytest.raises(error):
        hashes(file_of(header(format="rgb24"), layers))


def test_a_frame_of_too_much_work_is_refused():
    text = (
        "def color(x, y, t):\n    k = 0.0\n    for i in range(5000):\n        k = sin(k + x)\n    return rgb(k, k, k)"
    )
    small, large = header(format="rgb24"), header(format="rgb24", width=8000, height=4000)
    file_of(small, [(1, shader_layer(text))])
    with (
        pytest.raises(CorruptError, match="over the format's limit"),
        aic.open(file_of(large, [(1, shader_layer(text))])) as reader,
    ):
        reader.native(0)


def test_every_truncation_of_a_file_is_refused():
    h = header(format="rgb24")
    payload = shader_layer(RINGS, tracks.pack({"a": [1.0, 2.0, 4.0]}))
    head = varint(0) + varint(3) + b"\0"
    whole = hashes(assemble(head_of(h), [("S", head + b"\x81" + payload)]))
    for length in range(len(payload)):
        try:
            found = hashes(assemble(head_of(h), [("S", head + b"\x81" + payload[:length])]))
        except FormatError:
            continue
        # The range coder's last bytes: another program, which is one all the same.
        assert length >= len(payload) - 4
        assert len(found) == len(whole)


# shade().


def test_shade_writes_a_small_file_that_verifies(tmp_path):
    path = tmp_path / "a.aic"
    result = aic.shade(GRADIENT, path, size=(64, 36), fps=25, duration=2)
    assert result.frames == 50
    assert result.bytes == path.stat().st_size < 120
    assert aic.verify(path).ok
    with aic.open(path) as reader:
        assert (len(reader), reader.fps, reader.duration) == (50, 25, 2)
        assert reader[10].std() > 5
    with pytest.raises(OutputError, match="exists already"):
        aic.shade(GRADIENT, path, size=(64, 36))
    aic.shade(GRADIENT, path, size=(64, 36), duration=0.1, overwrite=True)
    for options in ({"fps": 0}, {"duration": 0}, {"duration": 1e9}):
        with pytest.raises(OptionError):
            aic.shade(GRADIENT, tmp_path / "b.aic", size=(64, 36), **options)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.aic"]


def test_ten_seconds_of_five_scenes_fit_1000_bytes(tmp_path):
    """Issue 4's file: a table of 300 records drives five kinds of scene."""
    path = tmp_path / "five.aic"
    result = aic.shade(FIVE_SCENES, path, size=(96, 54), fps=30, duration=10, track=RECORDS)
    assert result.bytes <= 1000
    with aic.open(path) as reader:
        assert len({frame.tobytes() for frame in reader}) > 250


def test_show_prints_what_shade_compiled(tmp_path):
    from aicodec_native.authoring import layers_of

    path = tmp_path / "a.aic"
    aic.shade(RINGS, path, size=(64, 36), duration=0.1, track={"speed": [0.0, 0.5, 1.0]})
    with aic.open(path) as reader:
        (shown,) = layers_of(reader)
    assert (shown.kind, shown.parameters) == ("shader", ["speed"])
    assert compile_source(shown.text).write() == compile_source(RINGS).write()


def test_a_choice_for_the_whole_frame_changes_no_sample():
    """Such choices leave out what is not chosen; the reference VM computes both ways."""
    text = """
def color(x, y, t):
    kind, n, k = int(param(0)), 0, 0.0
    for i in range(12):
        k = k + (sin(x * 0.1 + i) if kind == 0 else y * 0.01 if kind < 3 else gnoise(x * 0.1, y * 0.1, i))
        if k > 2 and kind != 1:
            break
        n = n + (1 if kind > 1 else 2)
    c = (k, k * 0.5, 1 - k) if kind % 2 == 0 else hsv(k, 0.5, n / 24)
    return rgb(mix(c, (0, 1, 0), 0.25 if kind == 3 else x / width))
"""
    program = compile_source(text)
    seen = set()
    for kind in (0, 1, 2, 3, 4, 1, 0):
        arguments = {"format": "rgb24", "width": 150, "height": 20, "parameters": [kind]}
        drawn = program.draw(**arguments).packed()
        assert drawn == program.draw(**arguments, reference=True).packed()
        seen.add(drawn)
    assert len(seen) == 5
