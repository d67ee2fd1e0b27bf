"""Makes the conformance streams of the current format version: `python tests/conformance/make.py`.

Streams that exist already are left alone: once released, a stream and its entry in the manifest never change. The
pictures' hashes come from the reference decoder, not from the core that they are there to check.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import accepted
import accepted_screen  # noqa: F401 - enters its streams
import accepted_shaders  # noqa: F401 - enters its streams
import refused
import refused_screen  # noqa: F401 - enters its streams
import refused_shaders  # noqa: F401 - enters its streams

from aic_files import decode_av1
from reference import container, segment

FOLDER = Path(__file__).parent / "v1"


def described(data: bytes) -> dict[str, object]:
    """What a decoder must find in an accepted stream."""
    file = container.open_file(data)
    segments = segment.read_segments(file.segments, file.header)
    pictures = [p for s in segments for p in segment.decode_frames(file.header, s, decode_av1)]
    return {
        "recovered": file.recovered,
        "ticks": [start for s in segments for start, _ in s.times],
        "hashes": [f"{segment.frame_hash(planes, file.header.depth):016x}" for planes in pictures],
    }


def main() -> None:
    path = FOLDER / "manifest.json"
    manifest = json.loads(path.read_text()) if path.exists() else {"accept": {}, "reject": {}}
    sets: dict[str, dict[str, Callable[[], bytes]]] = {"accept": accepted.STREAMS, "reject": refused.STREAMS}
    for kind, streams in sets.items():
        (FOLDER / kind).mkdir(parents=True, exist_ok=True)
        for name, build in streams.items():
            target = FOLDER / kind / f"{name}.aic"
            if name in manifest[kind] and target.exists():
                continue
            data = build()
            shows = " ".join((build.__doc__ or "").split())
            expected = described(data) if kind == "accept" else {"error": refused.ERRORS[name]}
            target.write_bytes(data)
            manifest[kind][name] = {"shows": shows, **expected}
            print(f"{kind}/{name}: {len(data)} bytes")
    path.write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
