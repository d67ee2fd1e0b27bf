"""Every conformance stream against its manifest, with the native decoder and with the reference decoder."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path

import pytest

import aicodec_native as aic
from aic_files import decode_av1, everything, everything_by_reference
from aicodec_native import _native, errors
from aicodec_native.stack import draw_in_order
from reference import bits, container, segment

FOLDER = Path(__file__).parent / "conformance" / "v1"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
TABLE = re.findall(
    r'AICODEC_ERROR\((\w+), "(.*)"\)', (Path(__file__).parents[1] / "cpp/base/error_table.inl").read_text()
)
# What the core would say of a frame never reaches it from a file: dav1d's side refuses it before, in its own words.
TOLD_BY_THE_VIDEO_LAYER = ("kWrongPicture", "kNoFrame")


def stream(kind: str, name: str) -> bytes:
    return (FOLDER / kind / f"{name}.aic").read_bytes()


def reference_pictures(data: bytes):
    file = container.open_file(data)
    for part in segment.read_segments(file.segments, file.header):
        for planes in segment.decode_frames(file.header, part, decode_av1):
            yield file.header, planes


def test_the_folder_holds_what_the_manifest_lists():
    for kind, streams in MANIFEST.items():
        assert {path.stem for path in (FOLDER / kind).iterdir()} == set(streams)
        assert all(len(stream(kind, name)) < 20000 for name in streams)


def test_each_error_has_a_stream():
    assert {entry["error"] for entry in MANIFEST["reject"].values()} == {name for name, _ in TABLE}


def test_each_shader_operation_has_a_stream():
    seen = set()
    for name in MANIFEST["accept"]:
        file = container.open_file(stream("accept", name))
        for part in segment.read_segments(file.segments, file.header):
            layers = [segment.read_layer(*of, file.header, part) for of in part.layers if of[0] == 1]
            seen |= {instruction.op.text for layer in layers for instruction in layer.program.code}
    assert seen == {op[0] for op in _native.shader_ops()}


@pytest.mark.parametrize("name", MANIFEST["accept"])
def test_accepted_by_the_native_decoder(name):
    data, expected = stream("accept", name), MANIFEST["accept"][name]
    with aic.open(data, threads=2) as reader:
        assert reader.recovered == expected["recovered"]
        assert reader.ticks[:-1].tolist() == expected["ticks"]
        header = reader._file.header
        numbers = range(len(reader._segments))
        hashes = [_native.picture_hash(p) for p in draw_in_order(reader._load, numbers, header, 2)]
        assert [f"{value:016x}" for value in hashes] == expected["hashes"]
        backwards = [_native.picture_hash(reader._picture(n)) for n in reversed(range(len(reader)))]
        assert backwards[::-1] == hashes
    report = aic.verify(data)
    assert report.ok or expected["recovered"]


@pytest.mark.parametrize("name", MANIFEST["accept"])
def test_accepted_by_the_reference_decoder(name):
    data, expected = stream("accept", name), MANIFEST["accept"][name]
    assert everything(data) == everything_by_reference(data)
    hashes = [segment.frame_hash(planes, header.depth) for header, planes in reference_pictures(data)]
    assert [f"{value:016x}" for value in hashes] == expected["hashes"]


def read_all(data: bytes) -> None:
    with aic.open(data, threads=1) as reader:
        list(reader.packets())
        list(reader.iter_native())
        _ = reader.ticks


@pytest.mark.parametrize("name", MANIFEST["reject"])
def test_refused_by_the_native_decoder(name):
    data, error = stream("reject", name), MANIFEST["reject"][name]["error"]
    names = [known for known, _ in TABLE]
    expected = errors.native_error(names.index(error))
    with pytest.raises(expected) as caught:
        read_all(data)
    assert type(caught.value) is expected
    if error not in TOLD_BY_THE_VIDEO_LAYER and name != "segments_overlap":
        assert dict(TABLE)[error] in str(caught.value)
    with contextlib.suppress(aic.FormatError):
        assert not aic.verify(data).ok


@pytest.mark.parametrize("name", MANIFEST["reject"])
def test_refused_by_the_reference_decoder(name):
    data, error = stream("reject", name), MANIFEST["reject"][name]["error"]
    with pytest.raises(Exception) as caught:  # noqa: PT011 - dav1d has errors of its own
        list(reference_pictures(data))
    if error not in TOLD_BY_THE_VIDEO_LAYER:
        unsupported = error in ("kUnsupportedVersion", "kUnsupportedFeature")
        assert type(caught.value) is (bits.UnsupportedError if unsupported else bits.RefusedError)
