"""`.aic` and its peers on one clip, over several qualities: what `compare` prints, its JSON and page are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from aicodec_native import __version__, _native
from aicodec_native.compare.clip import Clip
from aicodec_native.compare.coding import Measures, PeerRun, code_ours, version_of
from aicodec_native.compare.curve import Curve, bd_rate, equal_score, grow
from aicodec_native.compare.peers import Peer
from aicodec_native.compare.point import Point
from aicodec_native.ffmpeg_program import ffmpeg
from aicodec_native.reader import Reader
from aicodec_native.video.encoder import codec_version

OURS = ".aic"


class Bar(Protocol):
    """What shows progress: a name is announced, then steps of it."""

    def update(self, done: float, total: int | None = None, note: str | None = None) -> None: ...


Announce = Callable[[str, int | None], AbstractContextManager[Bar]]


class CodedFile(NamedTuple):
    """A file of the comparison, and what it measured."""

    point: Point
    path: Path


@dataclass(slots=True)
class Contestant:
    """A codec's curve, how it was run, and its file for each quality asked of `.aic`, if it reached that level.

    `colour` describes the pictures that its files decode to.
    """

    curve: Curve
    settings: str
    version: str
    colour: _native.Colour
    files: dict[float, CodedFile] = field(default_factory=dict)


@dataclass(slots=True)
class Comparison:
    """`contestants[0]` is `.aic`. `levels` are the scores at which files are compared, by the quality asked of `.aic`:
    see curve.equal_score."""

    clip: Clip
    metrics: Sequence[str]
    levels: dict[float, float]
    contestants: list[Contestant]

    def as_json(self) -> dict[str, Any]:
        """The contract of `compare --json`: docs/compare.md."""
        info = self.clip.info
        return {
            "clip": {
                "name": self.clip.path.name,
                "width": info.width,
                "height": info.height,
                "format": info.format,
                "frames": len(self.clip.frames),
                "frame_rate": self.clip.frame_rate,
                "start": self.clip.start or 0.0,
                "seconds": self.clip.seconds,
            },
            "metrics": list(self.metrics),
            "levels": [{"asked": asked, "score": score} for asked, score in self.levels.items()],
            "codecs": [self._codec(contestant) for contestant in self.contestants],
        }

    def _codec(self, contestant: Contestant) -> dict[str, Any]:
        ours, curve = self.contestants[0].curve, contestant.curve
        mine = curve is ours
        return {
            "name": curve.name,
            "settings": contestant.settings,
            "version": contestant.version,
            "bytes_at": [self.bytes_at(contestant, asked) for asked in self.levels],
            "bd_rate_of_aic": {metric: None if mine else bd_rate(curve, ours, metric) for metric in self.metrics},
            "points": [point.as_json() for point in curve.by_bytes()],
        }

    def bytes_at(self, contestant: Contestant, asked: float) -> float | None:
        """At a level: of `.aic` those of a file that was written and has its score; of a peer interpolated there."""
        level = self.levels[asked]
        if contestant is self.contestants[0]:
            point = contestant.curve.smallest(level)
            return None if point is None else float(point.bytes)
        return contestant.curve.bytes_at(level)


def compare(
    clip: Clip,
    peers: Sequence[Peer],
    measures: Measures,
    qualities: Sequence[float],
    preset: str,
    folder: Path,
    announce: Announce,
) -> Comparison:
    """Runs everything; coded files stay in `folder`. `qualities` are SSIMULACRA2 scores. OptionError where a package
    that a peer or metric needs is missing, before anything runs."""
    if "vmaf" in measures.metrics or any(peer.by_program for peer in peers):
        ffmpeg()
    ours = _ours(clip, qualities, preset, folder, measures, announce)
    levels = {q: equal_score(q, ours.files[q].point.scores["ssimulacra2"]) for q in qualities}
    _take_smallest(ours, levels)
    others = [_peer(peer, clip, levels, folder, measures, announce) for peer in peers]
    return Comparison(clip, measures.metrics, levels, [ours, *others])


def _ours(
    clip: Clip, qualities: Sequence[float], preset: str, folder: Path, measures: Measures, announce: Announce
) -> Contestant:
    version = f"aicodec-native {__version__}, {codec_version()}"
    found = Contestant(Curve(f"{OURS} {preset}"), f"--preset {preset}", version, clip.info.colour)
    for quality in qualities:
        path = folder / f"ours-{quality:g}.aic"
        with announce(f"{OURS} at {quality:g}", len(clip.frames)) as bar:
            point = code_ours(clip, quality, preset, path, measures, lambda done, note: bar.update(done, note=note))
        found.curve.points.append(point)
        found.files[quality] = CodedFile(point, path)
    return found


def _take_smallest(ours: Contestant, levels: dict[float, float]) -> None:
    """A file for a higher quality may be the smaller one: it is the one whose bytes count at a level, see bytes_at."""
    made = list(ours.files.values())
    for asked, level in levels.items():
        smallest = ours.curve.smallest(level)
        ours.files[asked] = next((file for file in made if file.point is smallest), ours.files[asked])


def _peer(
    peer: Peer, clip: Clip, levels: dict[float, float], folder: Path, measures: Measures, announce: Announce
) -> Contestant:
    run = PeerRun(peer, clip, folder, measures)
    found = Contestant(Curve(peer.title), peer.settings, version_of(peer), run.info.colour)
    with announce(peer.title, None) as bar:

        def probe(quantiser: float) -> Point:
            bar.update(len(found.curve.points), note=peer.setting(quantiser))
            return run.at(quantiser)

        grow(found.curve, peer.scale, list(levels.values()), probe)
    for asked, level in levels.items():
        point = found.curve.smallest(level)
        if point is not None and point.quantiser is not None:
            found.files[asked] = CodedFile(point, run.path(point.quantiser))
    return found


def layers_of(path: Path) -> list[list[dict[str, Any]]]:
    """For each segment of an `.aic` file its layers, the bottom first: kind and bytes."""
    with Reader(path) as reader:
        segments = [reader._load(number) for number in range(len(reader._starts) - 1)]
        return [[{"name": kind, "value": size} for kind, size in segment.layers] for segment in segments]
