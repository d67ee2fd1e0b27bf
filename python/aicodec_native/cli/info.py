"""aicodec-native info"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from aicodec_native.cli.output import frames_text, json_option, print_json, quality_text, score_text, size_text
from aicodec_native.errors import FormatError
from aicodec_native.quality import STORED_METRICS
from aicodec_native.reader import Reader
from aicodec_native.tried_note import KEY, read_tried


@click.command("info")
@click.argument("path", metavar="FILE.aic")
@click.option("--layers", is_flag=True, help="List every segment with its layers.")
@json_option
def command(path: str, layers: bool, as_json: bool) -> None:
    """Say what a file holds: picture, time, tracks, and where its bytes go."""
    with Reader(path) as reader:
        content = describe(reader)
    if as_json:
        print_json(content)
        return
    _print_summary(content)
    if layers:
        _print_layers(content["segments"])


def describe(reader: Reader) -> dict[str, Any]:
    """Everything `info --json` prints."""
    info = reader.info
    segments: list[dict[str, Any]] = []
    for number in range(len(reader._starts) - 1):
        segment = reader._load(number)
        segments.append(
            {
                "first_frame": segment.first_frame,
                "frames": segment.frames,
                "start": segment.times[0] * float(info.time_base),
                "digest": f"{segment.digest:016x}" if segment.digest is not None else None,
                "layers": [{"kind": kind, "bytes": size} for kind, size in segment.layers],
                "dictionary": segment.dictionary,
            }
        )
    rows = _measured(reader)
    for number, entry in enumerate(segments):
        entry["quality"] = rows[number + 1] if len(rows) > 1 else rows[0] if rows else None
    noted = _noted(reader)
    tried = read_tried(noted, len(segments)) if noted is not None else [[]] * len(segments)
    for entry, mine in zip(segments, tried, strict=True):
        entry["tried"] = [asdict(one) for one in mine]
    layer_bytes: dict[str, int] = {}
    for entry in segments:
        for layer in entry["layers"]:
            layer_bytes[layer["kind"]] = layer_bytes.get(layer["kind"], 0) + layer["bytes"]
    sizes = {kind: [e.size for e in reader._entries if e.kind == kind] for kind in ("packets", "dictionary")}
    other_bytes = {"dictionary": sum(sizes["dictionary"]), "tracks": sum(sizes["packets"])}
    return {
        "path": reader.name,
        "bytes": reader.byte_size,
        "recovered": reader.recovered,
        "width": info.width,
        "height": info.height,
        "format": info.format,
        "colour": {
            "primaries": info.colour.primaries,
            "transfer": info.colour.transfer,
            "matrix": info.colour.matrix,
            "full_range": info.colour.full_range,
            "chroma_centred": info.colour.chroma_centred,
        },
        "sample_aspect": str(info.sar),
        "rotation": info.rotation,
        "frames": len(reader),
        "fps": reader.fps,
        "duration": reader.duration,
        "tracks": [{"kind": t.kind, "codec": t.codec, "language": t.metadata.get("language")} for t in reader.tracks],
        "quality": rows[0] if rows else None,
        "metadata": info.metadata,
        "dictionary": sizes["dictionary"],
        "bytes_by_part": layer_bytes
        | other_bytes
        | {"container": reader.byte_size - sum(layer_bytes.values()) - sum(other_bytes.values())},
        "segments": segments,
    }


def _measured(reader: Reader) -> list[dict[str, Any]]:
    """What the encoder measured, where the file says it: of all, then of each segment where there are several.
    Nothing depends on it: one that cannot be read is none."""
    try:
        found = reader._file.quality()
    except FormatError:
        return []
    if found is None:
        return []
    metric = STORED_METRICS[found[0]]
    return [
        {"metric": metric, "score": mean, "score_p5": fifth, "frames_measured": frames}
        for frames, mean, fifth in found[1]
    ]


def _noted(reader: Reader) -> str | None:
    """What was tried, as the file keeps it. Nothing depends on notes: those that cannot be read are none."""
    try:
        notes = reader._file.notes()
    except FormatError:
        return None
    return next((text for key, text in notes if key == KEY), None)


def _print_summary(content: dict[str, Any]) -> None:
    seconds = content["duration"]
    rate = content["bytes"] * 8 / 1000 / seconds if seconds else 0
    click.echo(f"{content['path']}: {size_text(content['bytes'])}, {rate:,.0f} kbit/s")
    if content["recovered"]:
        click.echo("  the file was cut off: these are its complete segments")
    turned = f", turned by {content['rotation']} degrees" if content["rotation"] else ""
    click.echo(f"  picture    {content['width']}x{content['height']} {content['format']}{turned}")
    click.echo(f"  time       {frames_text(content['frames'])}, {seconds:.3f} s, {content['fps']:.6g} fps")
    click.echo(f"  segments   {len(content['segments'])}")
    if content["dictionary"]:
        click.echo(f"  dictionary {len(content['dictionary'])} pictures")
    for track in content["tracks"]:
        language = f" ({track['language']})" if track["language"] else ""
        click.echo(f"  {track['kind']:<10} {track['codec']}{language}")
    if quality := content["quality"]:
        measured = f"{frames_text(quality['frames_measured'])} measured when it was encoded"
        click.echo(f"  quality    {quality_text(quality['metric'], quality)}, {measured}")
    parts = ", ".join(f"{name} {size:,}" for name, size in content["bytes_by_part"].items() if size)
    click.echo(f"  bytes      {parts}")
    for key, value in content["metadata"].items():
        click.echo(f"  {key:<10} {value}")


def _print_layers(segments: list[dict[str, Any]]) -> None:
    table = Table(box=None)
    for heading in ("segment", "first\nframe", "frames", "start\n(s)", "bytes"):
        table.add_column(heading, justify="right", no_wrap=True)
    metric = next((segment["quality"]["metric"] for segment in segments if segment["quality"]), None)
    if metric:
        click.echo(f"each segment; its {metric} as mean and 5th percentile (p5):")
        for heading in ("mean", "p5"):
            table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("layers,\nthe bottom first")
    for number, segment in enumerate(segments):
        layers = ", ".join(f"{layer['kind']} {layer['bytes']:,}" for layer in segment["layers"])
        if segment["dictionary"]:
            layers += f" with dictionary {', '.join(map(str, segment['dictionary']))}"
        size = sum(layer["bytes"] for layer in segment["layers"])
        cells = (number, segment["first_frame"], segment["frames"], f"{segment['start']:.3f}", f"{size:,}")
        quality = segment["quality"]
        scores = [score_text(metric, quality[name]) for name in ("score", "score_p5")] if metric else []
        table.add_row(*map(str, cells), *scores, layers)
    Console().print(table)
    if any(segment["tried"] for segment in segments):
        click.echo("of each kind of stack the best that was tried:")
    for number, segment in enumerate(segments):
        for tried in segment["tried"]:
            click.echo(f"{number:>7}  {_outcome(tried)}")


def _outcome(tried: dict[str, Any]) -> str:
    """In words."""
    parts = f" ({' + '.join(f'{size:,}' for size in tried['layer_bytes'])})" if len(tried["layer_bytes"]) > 1 else ""
    size = f"{sum(tried['layer_bytes']):,} bytes{parts}" if tried["layer_bytes"] else ""
    score = "" if tried["score"] is None else f"at {tried['score']:g}"
    rate = f"too slow, {tried['decode_rate']} frames/s at 1920x1080"
    fates = {"missed": "misses the target", "too slow": rate, "not coded": "not coded: that or more"}
    measured = " ".join(part for part in (size, score) if part)
    told = ", ".join(part for part in (measured, fates.get(tried["fate"], tried["fate"])) if part)
    return f"{tried['stack']}: {told}"
