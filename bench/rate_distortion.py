"""Measures `.aic` against other codecs at equal measured quality over the corpus; writes CSV and the README's tables.

python bench/rate_distortion.py [--peers FILE] [--only-peers | --stored-peers] [--clips NAME ...] [--presets NAME ...]
    [--seconds N]

Clips that a computer drew are compared at one SSIMULACRA2 score, in bytes: 4:2:0 and 4:4:4 peers, their screen tools on
and off. Camera clips are compared by BD-rate over several scores.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import corpus
import machine
import rate_distortion_report
import report
from aicodec_native.compare.clip import Clip as LoadedClip
from aicodec_native.compare.clip import load_clip
from aicodec_native.compare.coding import Measures, PeerRun, code_ours
from aicodec_native.compare.curve import Curve
from aicodec_native.compare.peers import Peer, aom, svtav1, vp9, vvenc, x264, x265
from aicodec_native.compare.point import Point
from aicodec_native.compare.store import PointStore
from aicodec_native.errors import AicodecError
from aicodec_native.video.settings import SVT_PRESETS
from corpus import Clip
from stored_curves import read_preset

_HERE = Path(__file__).resolve().parent
# The lines of `.aic` in the CSV of `--classes natural --presets slow`, a run of 40 minutes: where `medium` misses a
# target, both are reported.
_SLOW_RUN = _HERE / "results" / "rate_distortion_slow.csv"
_MEASURES = Measures(("ssimulacra2", "xpsnr", "psnr"))
# The scores at which files are compared; a BD-rate needs four.
DRAWN_SCORES = (90.0,)
NATURAL_SCORES = (60.0, 70.0, 80.0, 90.0)
# Points on both sides of a score may lie so far apart: bytes are interpolated at one score, BD-rates over all.
_DRAWN_GAP, _NATURAL_GAP = 2.0, 6.0


def peers(*, natural: bool) -> list[Peer]:
    """The quick ones first."""
    common = [x264(), svtav1(6, "scm=0"), x265("slow"), svtav1(4, "scm=0"), vp9()]
    if natural:
        return [*common, aom(), vvenc()]
    screen = [svtav1(preset, "scm=1", "screen") for preset in (6, 4)]
    full_chroma = [x264(chroma="444"), x265("slow", "444"), vp9("444"), aom("444", screen=True)]
    return [*common, *screen, *full_chroma, aom(screen=True), vvenc()]


def main() -> None:
    arguments = _arguments()
    chosen = _chosen(arguments.clips, arguments.classes)
    store = PointStore(arguments.peers)
    if not arguments.stored_peers:
        complete = _fill(store, chosen, arguments)
        if arguments.only_peers:
            sys.exit(0 if complete else "some peers are missing: see above")
    results = _compare(chosen, store, arguments)
    text = rate_distortion_report.tables(results)
    print(text)
    if arguments.clips is None and arguments.classes is None:
        report.put_into(_HERE / "README.md", text, "rate-distortion")


def _scores(clip: Clip) -> Sequence[float]:
    return NATURAL_SCORES if clip.kind == "natural" else DRAWN_SCORES


def _fill(
    store: PointStore, clips: list[Clip], arguments: argparse.Namespace, scores: Sequence[float] | None = None
) -> bool:
    """Measures what is missing of the peers at each clip's scores, or at these; whether everything is there then."""
    complete = True
    for clip in clips:
        loaded = _loaded(clip, arguments)
        for peer in peers(natural=clip.kind == "natural"):
            if arguments.only and peer.name not in arguments.only:
                continue

            def told(point: Point, peer: Peer = peer, clip: Clip = clip) -> None:
                said = f"{point.setting} {point.bytes} bytes, {point.scores['ssimulacra2']:.2f}"
                print(f"{clip.name} {peer.title}: {said}, {point.encode_seconds:.0f} s", file=sys.stderr, flush=True)

            try:
                with tempfile.TemporaryDirectory(prefix="aicodec-bench-") as temp:
                    run = PeerRun(peer, loaded, Path(temp), _MEASURES)
                    gap = _NATURAL_GAP if clip.kind == "natural" else _DRAWN_GAP
                    store.complete(loaded, run, _MEASURES, scores or _scores(clip), told, gap=gap)
            except (AicodecError, OSError) as error:
                print(f"{clip.name} {peer.title}: {error}", file=sys.stderr, flush=True)
                complete = False
    return complete


def _compare(clips: list[Clip], store: PointStore, arguments: argparse.Namespace) -> dict[str, Any]:
    """Codes and measures our side beside what is stored of the peers; the CSV is written after each clip."""
    about = machine.describe()
    out = arguments.out or _HERE / "results" / f"{about['date'][:10]}.csv"
    results: dict[str, Any] = {
        "machine": about,
        "presets": arguments.presets,
        "seconds": arguments.seconds,
        "rows": [],
        "stored": [found] if (found := read_preset(_SLOW_RUN, "slow")) is not None else [],
    }
    for clip in clips:
        loaded = _loaded(clip, arguments)
        row: dict[str, Any] = {
            "clip": clip,
            "ours": {preset: _ours(loaded, clip, preset) for preset in arguments.presets},
        }
        if not arguments.stored_peers and clip.kind != "natural":
            levels = [rate_distortion_report.level(row, preset) for preset in arguments.presets]
            _fill(store, [clip], arguments, levels)
        curves = [store.curve(loaded, peer, _MEASURES) for peer in peers(natural=clip.kind == "natural")]
        row["peers"] = {curve.name: curve for curve in curves if curve.points}
        results["rows"].append(row)
        _write_csv(out, results)
    return results


def _loaded(clip: Clip, arguments: argparse.Namespace) -> LoadedClip:
    return load_clip(clip.path, duration=None if clip.kind == "natural" else arguments.seconds)


def _ours(loaded: LoadedClip, clip: Clip, preset: str) -> Curve:
    curve = Curve(f".aic {preset}")
    with tempfile.TemporaryDirectory(prefix="aicodec-bench-") as temp:
        for score in _scores(clip):
            point = code_ours(loaded, score, preset, Path(temp) / "ours.aic", _MEASURES, lambda done, note: None)
            curve.points.append(point)
            said = f"{point.bytes} bytes, {point.scores['ssimulacra2']:.2f}"
            print(f"{clip.name} {curve.name} {point.setting}: {said}", file=sys.stderr, flush=True)
    return curve


def _write_csv(path: Path, results: dict[str, Any]) -> None:
    """A line for every file that was measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="") as file:
        lines = csv.DictWriter(file, _COLUMNS, lineterminator="\n")
        lines.writeheader()
        lines.writerows(_csv_lines(results))
    part.replace(path)


_SCORES = ("ssimulacra2", "ssimulacra2_p5", "xpsnr", "psnr")
_TIMES = ("encode_processor_seconds", "decode_seconds", "decode_processor_seconds")
_COLUMNS = ("commit", "clip", "class", "codec", "setting", "reached", "bytes", "stream_bytes", *_SCORES, *_TIMES)


def _csv_lines(results: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for row in results["rows"]:
        for curve in [*row["ours"].values(), *row["peers"].values()]:
            for point in curve.by_bytes():
                yield {
                    "commit": results["machine"]["commit"],
                    "clip": row["clip"].name,
                    "class": row["clip"].kind,
                    "codec": curve.name,
                    "setting": point.setting,
                    "reached": int(point.reached),
                    "bytes": point.bytes,
                    "stream_bytes": point.stream_bytes,
                    **{name: f"{point.scores[name]:.4f}" for name in _SCORES},
                    **{name: f"{getattr(point, name):.2f}" for name in _TIMES},
                }


def _chosen(names: list[str] | None, classes: list[str] | None) -> list[Clip]:
    clips = corpus.clips()
    if unknown := {*(names or [])} - {clip.name for clip in clips} | {*(classes or [])} - {clip.kind for clip in clips}:
        sys.exit(f"not in the corpus: {', '.join(sorted(unknown))}")
    return [c for c in clips if (not names or c.name in names) and (not classes or c.kind in classes)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the CSV file (default: bench/results/DATE.csv)")
    parser.add_argument(
        "--peers",
        type=Path,
        default=_HERE / "results" / "rate_distortion_peers.json",
        help="the peers' points: used as far as they go, completed with what is missing, which takes hours",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only-peers", action="store_true", help="complete the peers' file and stop")
    which.add_argument("--stored-peers", action="store_true", help="run no peer: the tables say what is missing")
    parser.add_argument("--only", nargs="+", metavar="CODEC", help="complete these peers only: x265, svtav1, ...")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="only these; the README stays as it is")
    parser.add_argument("--classes", nargs="+", metavar="CLASS", help="only these; the README stays as it is")
    parser.add_argument("--seconds", type=float, metavar="N", help="only so much of the beginning of each drawn clip")
    parser.add_argument("--presets", nargs="+", choices=list(SVT_PRESETS), default=["medium"])
    return parser.parse_args()


if __name__ == "__main__":
    main()
