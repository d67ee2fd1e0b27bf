"""The AV1 layer: what goes in comes out, whatever the size, and packets called droppable can be dropped."""

import os
from fractions import Fraction

import numpy as np
import pytest

from aicodec_native import CorruptError, OptionError, _native
from aicodec_native.headers import header_of
from aicodec_native.media import Sink, VideoFrame, VideoInfo
from aicodec_native.stack import SegmentCursor, draw_in_order
from aicodec_native.video.decoder import LayerCursor, VideoDecoder
from aicodec_native.video.encoder import CodedVideo, encode_pictures, encode_stream
from aicodec_native.video.frame import RGB_COLOUR, encoder_frame
from aicodec_native.video.settings import VideoSettings
from clips import moving_shots

RATE = Fraction(24)
YUV = _native.Colour(matrix=1)


def pictures_of(rgb, format_name="rgb24"):
    pictures = [_native.Picture.from_rgb(frame) for frame in rgb]
    return [p if p.format == format_name else p.convert(format_name, YUV) for p in pictures]


def code(pictures, **settings):
    colour = _native.Colour(matrix=0, full_range=True) if pictures[0].format.startswith("rgb") else YUV
    return encode_pictures(pictures, colour, RATE, VideoSettings(**{"crf": 30, "preset": 10} | settings))


def planes_of(drawn, width, height):
    """The samples of a decoded frame, cut to the canvas, as bytes."""
    out = []
    for number, (plane, line_size) in enumerate(drawn):
        kind = np.uint16 if plane.width * 2 <= line_size else np.uint8
        half = number > 0
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, line_size)
        samples = np.ascontiguousarray(rows).view(kind)
        out.append(samples[: -(-height // 2) if half else height, : -(-width // 2) if half else width].tobytes())
    return out


def decode(video, width, height, **options):
    decoder = VideoDecoder(video.format, width, height, **options)
    return [planes_of(frame, width, height) for frame in decoder.stream(data for data, _ in video.packets)]


def segment_of(video, pictures):
    """A parsed segment with this layer alone, and its header."""
    first = pictures[0]
    info = VideoInfo(first.width, first.height, first.format, YUV, time_base=1 / RATE, frame_rate=RATE)
    header = header_of(info, 0, 1)
    layer = _native.build_video_layer(
        format=video.format, colour=RGB_COLOUR, rgb_canvas=first.format.startswith("rgb"), packets=video.packets
    )
    payload = _native.build_segment(
        header=header,
        first_frame=0,
        times=list(range(len(pictures) + 1)),
        digest=None,
        layers=[(_native.LAYER_VIDEO, layer)],
    )
    return _native.Segment(payload, header), header


@pytest.fixture(scope="module")
def pyramid():
    """40 moving frames, coded at a preset whose pyramid has levels that nothing refers to."""
    pictures = pictures_of(moving_shots(1, 40, 96, 160), "yuv420p")
    return pictures, code(pictures, preset=8)


def psnr(one, other):
    return 10 * np.log10(255**2 / max(1e-9, np.mean((one.astype(float) - other) ** 2)))


@pytest.mark.parametrize("preset", [8, 10])
def test_bytes_depend_neither_on_threads_nor_on_the_run(preset):
    pictures = pictures_of(moving_shots(1, 34, 96, 160), "yuv420p")
    videos = [code(pictures, preset=preset, threads=threads) for threads in (1, 2, 3, 1)]
    assert all(video == videos[0] for video in videos)


def test_one_packet_for_each_frame(pyramid):
    pictures, video = pyramid
    assert len(video.packets) == len(pictures)
    assert video.size == sum(len(data) for data, _ in video.packets)
    assert len(decode(video, 160, 96)) == len(pictures)


def test_every_frame_decodes_alike_without_the_droppable_packets(pyramid):
    pictures, video = pyramid
    assert sum(droppable for _, droppable in video.packets) >= len(pictures) // 8
    assert not video.packets[0][1]
    whole = decode(video, 160, 96)
    for target in range(len(pictures)):
        cursor = LayerCursor(VideoDecoder(video.format, 160, 96, threads=1), video.packets)
        assert planes_of(cursor.frame(target), 160, 96) == whole[target], target


def test_a_frame_decodes_alike_from_what_the_other_packets_are_referred_for(pyramid):
    pictures, video = pyramid
    settings = VideoSettings(30, 8)
    frames = [encoder_frame(picture, YUV, settings) for picture in pictures]
    packets = list(encode_stream(frames, RATE, settings))
    assert list(encode_stream(frames, RATE, settings)) == packets
    assert [(packet.data, packet.droppable) for packet in packets] == video.packets
    assert any(0 < len(packet.referred) < len(packet.data) for packet in packets)  # a hidden frame with a shown one
    whole = decode(video, 160, 96)
    for target in range(len(pictures)):
        decoder = VideoDecoder(video.format, 160, 96, threads=1)
        shown, drawn = [], []
        for number, packet in enumerate(packets):
            data = packet.data if number == target else packet.referred
            if data:
                shown += [number] * (data == packet.data)
                drawn += decoder.push(data, shows=data == packet.data)
        drawn += decoder.push(None)
        assert len(drawn) == len(shown) < len(pictures)
        assert planes_of(drawn[shown.index(target)], 160, 96) == whole[target], target


def test_a_packet_that_shows_a_frame_where_none_should_be_is_refused(pyramid):
    _, video = pyramid
    decoder = VideoDecoder(video.format, 160, 96, threads=1)
    with pytest.raises(CorruptError, match="one frame in each packet"):
        [*decoder.push(video.packets[0][0], shows=False), *decoder.push(None)]


def test_drawing_in_any_order_gives_the_same_frames(pyramid):
    pictures, video = pyramid
    segment, header = segment_of(video, pictures)
    hashes = [_native.picture_hash(p) for p in draw_in_order(lambda _: segment, range(1), header, 2)]
    assert len(set(hashes)) == len(pictures)
    cursor = SegmentCursor(header, 1)
    for frame in np.random.default_rng(3).permutation(len(pictures)):
        drawn = cursor.draw(0, int(frame), lambda _: segment)
        assert _native.picture_hash(drawn) == hashes[frame]


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (2, 2), (17, 33), (63, 64), (65, 63), (64, 64), (101, 75)])
@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("format_name", ["rgb24", "yuv420p"])
def test_any_size(size, depth, format_name):
    width, height = size
    rgb = moving_shots(1, 3, height, width)
    pictures = pictures_of(rgb, format_name)
    video = code(pictures, crf=10, bit_depth=depth)
    assert video.format == ("yuv420p10" if depth == 10 else "yuv420p")
    segment, header = segment_of(video, pictures)
    drawn = [p.rgb(YUV, 1) for p in draw_in_order(lambda _: segment, range(1), header, 1)]
    assert [frame.shape for frame in drawn] == [(height, width, 3)] * 3
    if min(size) >= 17:  # below, halved chroma alone is far off
        assert psnr(np.stack(drawn), rgb) > 28


@pytest.mark.parametrize("format_name", ["rgb30", "yuv420p10", "yuv444p", "yuv444p10"])
def test_any_canvas(format_name):
    rgb = moving_shots(1, 3)
    source = [_native.Picture.from_rgb(frame).convert(format_name, YUV) for frame in rgb]
    segment, header = segment_of(code(source, crf=10), source)
    scale = 4 if format_name.endswith(("10", "30")) else 1
    for drawn, picture in zip(draw_in_order(lambda _: segment, range(1), header, 1), source, strict=True):
        assert drawn.format == format_name
        assert psnr(drawn.rgb(YUV, 1) / scale, picture.rgb(YUV, 1) / scale) > 28


def test_padding_does_not_reach_the_picture():
    grey = [_native.Picture.from_rgb(np.full((5, 5, 3), 77, np.uint8))] * 2
    segment, header = segment_of(code(grey, crf=1), grey)
    for drawn in draw_in_order(lambda _: segment, range(1), header, 1):
        assert np.abs(drawn.rgb(YUV, 1).astype(int) - 77).max() <= 1


def test_a_finer_quantiser_costs_more_and_shows_more(pyramid):
    pictures, _ = pyramid
    fine, coarse, quarter = (code(pictures[:8], crf=crf) for crf in (15, 45, 45.25))
    assert fine.size > coarse.size
    assert coarse.packets != quarter.packets, "quarter steps of CRF do not reach the encoder"


def test_no_pictures():
    with pytest.raises(OptionError, match="no pictures"):
        encode_pictures([], YUV, RATE, VideoSettings(30, 10))


@pytest.mark.parametrize("other", [("yuv420p10", 320, 96), ("yuv420p", 160, 96)])
def test_frames_of_another_size_or_format_are_refused(pyramid, other):
    _, video = pyramid
    decoder = VideoDecoder(*other)
    with pytest.raises(CorruptError, match="another size or format"):
        list(decoder.stream(data for data, _ in video.packets))


@pytest.mark.parametrize("garbage", [b"", b"\x0a\x0b\x00\x00\x00" * 30, bytes(100), b"\x32\x7f" + b"x" * 200])
def test_a_packet_without_a_picture_is_noticed(pyramid, garbage):
    pictures, video = pyramid
    packets = [(garbage if n == 20 else data, droppable) for n, (data, droppable) in enumerate(video.packets)]
    broken = CodedVideo(video.format, packets)
    if not garbage:  # noticed before anything is decoded
        with pytest.raises(CorruptError):
            segment_of(broken, pictures)
        return
    segment, header = segment_of(broken, pictures)
    with pytest.raises(CorruptError):
        list(draw_in_order(lambda _: segment, range(1), header, 1))
    with pytest.raises(CorruptError):
        SegmentCursor(header, 1).draw(0, 20, lambda _: segment)


def test_a_decoder_can_start_again(pyramid):
    _, video = pyramid
    decoder = VideoDecoder(video.format, 160, 96)
    data = [data for data, _ in video.packets[:5]]
    first = [planes_of(planes, 160, 96) for planes in decoder.stream(data)]
    decoder.reset()
    assert [planes_of(planes, 160, 96) for planes in decoder.stream(data)] == first


def scheduled():
    """How every thread of this process is scheduled: policy and priority."""
    tasks = [int(task) for task in os.listdir("/proc/self/task")]
    return {(os.sched_getscheduler(task), os.sched_getparam(task).sched_priority) for task in tasks}


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are listed on Linux only")
@pytest.mark.parametrize("as_layer", [True, False])
def test_encoding_leaves_threads_at_their_usual_priority(as_layer, tmp_path):
    """SVT-AV1 makes itself and its caller real-time, as root: whatever is started later would be, too."""
    before, during = scheduled(), set()
    pictures = [_native.Picture("yuv420p", 64, 64) for _ in range(3)]
    if as_layer:
        frames = (encoder_frame(picture, _native.Colour(), VideoSettings(40.0, 10, 8)) for picture in pictures)
        for _ in encode_stream(frames, Fraction(8), VideoSettings(40.0, 10, 8)):
            during |= scheduled()
    else:
        info = VideoInfo(64, 64, "yuv420p", frame_rate=Fraction(8), time_base=Fraction(1, 8))
        with Sink(tmp_path / "a.mkv", info, codec="libsvtav1") as sink:
            for number, picture in enumerate(pictures):
                sink.write(VideoFrame(number, 1, picture))
                during |= scheduled()
    assert during == before
    assert scheduled() == before
