"""Streams for packets that nobody decodes. FFmpeg adds a stream to an output from a template only, and a file
of ours has none; so a Matroska header of a few dozen bytes, written here and read by FFmpeg, is the
template."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import av
import av.container
import av.packet
import av.stream

from aicodec_native.media.types import Track, TrackPacket

# FFmpeg's names -> Matroska's; PCM carries its bits per sample beside it.
_MATROSKA = {
    "aac": "A_AAC",
    "ac3": "A_AC3",
    "alac": "A_ALAC",
    "dts": "A_DTS",
    "eac3": "A_EAC3",
    "flac": "A_FLAC",
    "mp1": "A_MPEG/L1",
    "mp2": "A_MPEG/L2",
    "mp3": "A_MPEG/L3",
    "opus": "A_OPUS",
    "truehd": "A_TRUEHD",
    "tta": "A_TTA1",
    "vorbis": "A_VORBIS",
    "wavpack": "A_WAVPACK4",
    "pcm_u8": "A_PCM/INT/LIT:8",
    "pcm_s16le": "A_PCM/INT/LIT:16",
    "pcm_s24le": "A_PCM/INT/LIT:24",
    "pcm_s32le": "A_PCM/INT/LIT:32",
    "pcm_s16be": "A_PCM/INT/BIG:16",
    "pcm_s24be": "A_PCM/INT/BIG:24",
    "pcm_s32be": "A_PCM/INT/BIG:32",
    "pcm_f32le": "A_PCM/FLOAT/IEEE:32",
    "pcm_f64le": "A_PCM/FLOAT/IEEE:64",
    "subrip": "S_TEXT/UTF8",
    "text": "S_TEXT/ASCII",
    "ass": "S_TEXT/ASS",
    "webvtt": "D_WEBVTT/SUBTITLES",
    "dvd_subtitle": "S_VOBSUB",
    "dvb_subtitle": "S_DVBSUB",
    "hdmv_pgs_subtitle": "S_HDMV/PGS",
}
# WAVEFORMATEX tags of codings that Matroska knows only through them.
_WAVE = {"pcm_mulaw": 7, "pcm_alaw": 6, "adpcm_ms": 2, "adpcm_ima_wav": 17, "wmav1": 352, "wmav2": 353}
_VOLATILE = {"encoder", "duration", "handler_name", "vendor_id", "major_brand", "minor_version"}
_VOLATILE |= {"software", "compatible_brands", "number_of_frames", "number_of_bytes", "bps"}


def useful_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """``metadata`` without what describes the old file rather than its content."""
    kept = {key: value for key, value in metadata.items() if key.lower() not in _VOLATILE}
    kept = {key: value for key, value in kept.items() if not key.startswith("_STATISTICS") and "-eng" not in key}
    if kept.get("language") == "und":
        del kept["language"]
    return kept


def track_of(stream: av.stream.Stream) -> Track | None:
    """The track that ``stream`` is; None if FFmpeg does not know its coding."""
    context = stream.codec_context
    if context is None or stream.type not in ("audio", "subtitle"):
        return None
    audio = context if isinstance(context, av.AudioCodecContext) else None
    return Track(
        kind="audio" if audio else "subtitle",
        codec=context.codec.canonical_name,
        time_base=stream.time_base or Fraction(1, 1000),
        extradata=context.extradata or b"",
        sample_rate=audio.sample_rate if audio else 0,
        channels=audio.layout.nb_channels if audio else 0,
        layout=audio.layout.name if audio else "",
        bit_rate=(audio.bit_rate or 0) if audio else 0,
        frame_size=audio.frame_size if audio else 0,
        metadata=useful_metadata(dict(stream.metadata)),
        disposition=int(stream.disposition),
    )


def packet_of(packet: av.Packet[av.stream.Stream], track: int, shift: int = 0) -> TrackPacket:
    """``packet`` as a TrackPacket of that track, ``shift`` ticks earlier."""
    return TrackPacket(
        track=track,
        pts=None if packet.pts is None else packet.pts - shift,
        dts=None if packet.dts is None else packet.dts - shift,
        duration=packet.duration or 0,
        is_keyframe=packet.is_keyframe,
        data=bytes(packet),
        side_data=tuple((data.data_type, bytes(data)) for data in packet.iter_sidedata()),
    )


def initial_padding(track: Track, first: TrackPacket) -> int:
    """How many samples at the start of ``track`` are not to be heard, from what its first packet says."""
    for kind, data in first.side_data:
        if kind == "skip_samples" and len(data) >= 4:
            return int(struct.unpack("<I", data[:4])[0])
    if track.kind == "audio" and first.pts is not None and first.pts < 0:
        return round(-first.pts * track.time_base * track.sample_rate)
    return 0


def av_packet(packet: TrackPacket, track: Track, stream: av.stream.Stream) -> av.Packet[av.stream.Stream]:
    """The reverse of packet_of(), addressed to ``stream`` of an output."""
    out: av.Packet[av.stream.Stream] = av.Packet(packet.data)
    out.stream = stream
    out.time_base = track.time_base
    out.pts = packet.pts
    out.dts = packet.pts if packet.dts is None else packet.dts
    out.duration = packet.duration
    out.is_keyframe = packet.is_keyframe
    for kind, data in packet.side_data:
        if data:
            number = av.packet.packet_sidedata_type_from_literal(kind)  # type: ignore[arg-type]
            block = av.packet.PacketSideData(number, len(data))  # type: ignore[call-arg]
            block.update(data)
            out.set_sidedata(block)
    return out


def add_track(output: av.container.OutputContainer, track: Track) -> av.stream.Stream:
    """Adds a stream for the packets of ``track`` to ``output``; ValueError if it cannot hold them."""
    if track.codec == "mov_text":
        return _add_mov_text(output, track)
    if track.codec not in _MATROSKA and track.codec not in _WAVE:
        raise ValueError(f"no way to describe {track.codec}")
    with av.open(io.BytesIO(_header(track)), format="matroska") as template:
        stream: av.stream.Stream = output.add_stream_from_template(template.streams[0])
    stream.time_base = track.time_base
    return stream


def _add_mov_text(output: av.container.OutputContainer, track: Track) -> av.stream.Stream:
    # Matroska has no name for mov_text: its encoder makes the stream, and then gets the true header.
    stream: av.stream.Stream = output.add_stream("mov_text")
    context = stream.codec_context
    assert isinstance(context, av.subtitles.codeccontext.SubtitleCodecContext)
    context.subtitle_header = b"[Script Info]\n[V4+ Styles]\n[Events]\n"
    context.time_base = track.time_base
    context.open()
    if track.extradata:
        context.extradata = track.extradata
    stream.time_base = track.time_base
    return stream


def _header(track: Track) -> bytes:
    """A Matroska file with one track and an empty cluster."""
    name, _, bits = _MATROSKA.get(track.codec, "A_MS/ACM").partition(":")
    private = track.extradata
    if track.codec == "flac":
        private = b"fLaC\x80\x00\x00" + bytes([len(private)]) + private
    elif track.codec == "alac":
        # Matroska leaves out the head of MP4's atom.
        private = private[12:]
    elif track.codec in _WAVE:
        fields = (
            _WAVE[track.codec],
            track.channels,
            track.sample_rate,
            track.bit_rate // 8,
            1,
            8,
            len(private),
        )
        private = struct.pack("<HHIIHHH", *fields) + private
    entry = _number(0xD7, 1) + _number(0x73C5, 1) + _number(0x83, 2 if track.kind == "audio" else 17)
    entry += _element(0x86, name.encode()) + (_element(0x63A2, private) if private else b"")
    if track.kind == "audio":
        if track.initial_padding and track.sample_rate:
            entry += _number(0x56AA, round(Fraction(track.initial_padding * 10**9, track.sample_rate)))
        audio = _element(0xB5, struct.pack(">d", track.sample_rate)) + _number(0x9F, track.channels)
        entry += _element(0xE1, audio + (_number(0x6264, int(bits)) if bits else b""))
    segment = _element(0x1549A966, _number(0x2AD7B1, 1_000_000)) + _element(0x1654AE6B, _element(0xAE, entry))
    segment += _element(0x1F43B675, _number(0xE7, 0))
    return _element(0x1A45DFA3, _element(0x4282, b"matroska")) + _element(0x18538067, segment)


def _element(tag: int, payload: bytes) -> bytes:
    size = (1 << 56 | len(payload)).to_bytes(8, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + size + payload


def _number(tag: int, value: int) -> bytes:
    return _element(tag, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
