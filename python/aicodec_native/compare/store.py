"""Measured points of the peers in a JSON file: what they reach depends neither on the machine nor on our encoder, and
the slow ones take hours. Times in it are of whichever machine measured."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aicodec_native.compare.clip import Clip
from aicodec_native.compare.coding import Measures, PeerRun, version_of
from aicodec_native.compare.curve import GAP, Curve, grow
from aicodec_native.compare.peers import Peer
from aicodec_native.compare.point import Point


class PointStore:
    """Curves by clip and settings. Written after every point, so that a run can be stopped at any time and resumed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def curve(self, clip: Clip, peer: Peer, measures: Measures) -> Curve:
        """What is known of the peer's present settings on the clip as it is; only points with all the metrics."""
        entry = self._entry(clip, peer)
        if entry is None or entry["clip_bytes"] != clip.path.stat().st_size:
            return Curve(peer.title)
        points = [Point.from_json(point) for point in entry["points"]]
        return Curve(peer.title, [point for point in points if {*measures.metrics} <= point.scores.keys()])

    def version(self, clip: Clip, peer: Peer) -> str | None:
        """The library that coded the points, None where there are none."""
        entry = self._entry(clip, peer)
        return None if entry is None else str(entry["version"])

    def complete(
        self,
        clip: Clip,
        run: PeerRun,
        measures: Measures,
        scores: Sequence[float],
        told: Callable[[Point], None],
        *,
        gap: float = GAP,
    ) -> Curve:
        """The curve, with whatever points it takes to know its bytes at the scores: see curve.grow."""
        curve = self.curve(clip, run.peer, measures)

        def probe(quantiser: float) -> Point:
            point = run.at(quantiser)
            run.path(quantiser).unlink()
            self._add(clip, run.peer, point)
            told(point)
            return point

        grow(curve, run.peer.scale, scores, probe, gap=gap)
        return curve

    def _entry(self, clip: Clip, peer: Peer) -> dict[str, Any] | None:
        return self._entries.get(_key(clip), {}).get(peer.settings)

    def _add(self, clip: Clip, peer: Peer, point: Point) -> None:
        size = clip.path.stat().st_size
        entries = self._entries.setdefault(_key(clip), {})
        if entries.get(peer.settings, {}).get("clip_bytes") != size:
            entries[peer.settings] = {"clip_bytes": size, "version": version_of(peer), "points": []}
        points = entries[peer.settings]["points"]
        points[:] = [known for known in points if known["quantiser"] != point.quantiser]
        points.append(point.as_json(frames=False))
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(_text(self._entries))
        part.replace(self._path)


def _text(entries: dict[str, dict[str, Any]]) -> str:
    """JSON with a line for each point, so that a version control's differences are points."""
    clips = []
    for clip, curves in entries.items():
        lines = []
        for settings, entry in curves.items():
            known = "".join(f"{json.dumps(key)}: {json.dumps(entry[key])}, " for key in entry if key != "points")
            points = ",\n".join(f"  {json.dumps(point)}" for point in entry["points"])
            lines.append(f' {json.dumps(settings)}: {{{known}"points": [\n{points}\n ]}}')
        clips.append(f"{json.dumps(clip)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(clips) + "\n}\n"


def _key(clip: Clip) -> str:
    """Points of another part of the same file are others."""
    part = "" if clip.start is None else f" from {clip.start:g} s"
    return clip.path.stem + part + ("" if clip.duration is None else f" {clip.duration:g} s")
