"""What the peers reached, kept in a JSON file: their sizes depend neither on the machine nor on our encoder, and the
slow ones take hours, so each is measured once for each clip and settings."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lossless_peers
from corpus import Clip
from lossless_peers import Peer


class PeerStore:
    """Entries by clip and peer. Written after each one, so that a run can be stopped at any time and resumed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[str, dict[str, Any]] = json.loads(path.read_text()) if path.exists() else {}

    def get(self, clip: Clip, peer: Peer) -> dict[str, Any] | None:
        """What was measured with the peer's present settings on the clip as it is."""
        entry: dict[str, Any] | None = self._entries.get(clip.name, {}).get(peer.name)
        if entry is None or entry["settings"] != peer.settings or entry["clip_bytes"] != clip.path.stat().st_size:
            return None
        return entry

    def size(self, clip: Clip, peer: Peer) -> dict[str, Any] | None:
        """Of that, what a comparison needs: the bytes, and whether they count."""
        entry = self.get(clip, peer)
        return None if entry is None else {"bytes": entry["bytes"], "exact": entry["exact"]}

    def fill(self, clips: Iterable[Clip], peers: Iterable[Peer]) -> bool:
        """Measures what is missing, peer by peer; whether everything is there then."""
        missing = [(clip, peer) for peer in peers for clip in clips if self.get(clip, peer) is None]
        complete = True
        for number, (clip, peer) in enumerate(missing, 1):
            where = f"[{number}/{len(missing)}] {peer.name} {clip.name}"
            started = time.perf_counter()
            try:
                with tempfile.TemporaryDirectory(prefix="aicodec-bench-") as temp:
                    entry = lossless_peers.measure(peer, clip, Path(temp))
            except (ImportError, OSError, RuntimeError) as error:
                print(f"{where}: {error}", file=sys.stderr, flush=True)
                complete = False
                continue
            self._put(clip, peer, entry)
            said = f"{entry['bytes']} bytes{'' if entry['exact'] else ', NOT EXACT'}"
            print(f"{where}: {said}, {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
        return complete

    def _put(self, clip: Clip, peer: Peer, entry: dict[str, Any]) -> None:
        self._entries.setdefault(clip.name, {})[peer.name] = entry | {"clip_bytes": clip.path.stat().st_size}
        part = self._path.with_name(self._path.name + ".part")
        part.write_text(json.dumps(self._entries, indent=1) + "\n")
        part.replace(self._path)
