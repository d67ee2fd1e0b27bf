"""Measures lossless files against the peers', all decoded and compared, and writes JSON and the README's tables.

python bench/lossless.py [--peers FILE] [--only-peers | --stored-peers] [--clips NAME ...] [--presets NAME ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import corpus
import lossless_ours
import lossless_peers
import lossless_report
import machine
import report
from corpus import Clip
from lossless_peers import Peer
from peer_store import PeerStore

_HERE = Path(__file__).resolve().parent
_NATURAL = "natural"


def main() -> None:
    arguments = _arguments()
    drawn, natural = _chosen_clips(arguments.clips)
    store = PeerStore(arguments.peers)
    if not arguments.stored_peers:
        complete = store.fill(natural, lossless_peers.natural_peers())
        if arguments.prototype is not None:
            complete &= store.fill(drawn, [lossless_peers.prototype(arguments.prototype)])
        complete &= store.fill(drawn, lossless_peers.peers())
        if arguments.only_peers:
            sys.exit(0 if complete else "some peers are missing: see above")

    results = _compare(drawn, natural, store, arguments)
    text = lossless_report.tables(results)
    print(text)
    if arguments.clips is None and results["presets"] == list(lossless_ours.PRESETS):
        report.put_into(_HERE / "README.md", text, "lossless")
    rows = results["clips"]
    wrong = [f"{row['name']} {preset}" for row in rows for preset, ours in row["ours"].items() if not ours["exact"]]
    if wrong:
        sys.exit(f"ours is not exact: {', '.join(wrong)}")


def _compare(drawn: list[Clip], natural: list[Clip], store: PeerStore, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measures our side of every clip beside what is stored of the peers; written after each clip."""
    about = machine.describe()
    rows = [_row(clip, store) for clip in drawn + natural]
    results: dict[str, Any] = {
        "machine": about,
        "repetitions": arguments.repetitions,
        "peers": {
            "drawn": _descriptions(lossless_peers.peers(), drawn, store),
            "natural": _descriptions(lossless_peers.natural_peers(), natural, store),
        },
        "clips": rows,
    }
    out = arguments.out or _HERE / "results" / f"lossless_{about['date'][:10]}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aicodec-bench-") as temp:
        asked = [preset for preset in lossless_ours.PRESETS if preset in arguments.presets]
        results["presets"] = presets = lossless_ours.available(asked, Path(temp))
        if not presets:
            sys.exit("this build codes nothing losslessly: there is nothing to compare (see --only-peers)")
        for clip, row in zip(drawn + natural, rows, strict=True):
            for preset in presets:
                row["ours"][preset] = ours = lossless_ours.measure(clip, preset, Path(temp), arguments.repetitions)
                print(f"{clip.name} {preset}: {ours['bytes']} bytes", file=sys.stderr, flush=True)
            out.write_text(json.dumps(results, indent=1) + "\n")  # what is done so far outlives a stop
    return results


def _chosen_clips(names: list[str] | None) -> tuple[list[Clip], list[Clip]]:
    """Those that a computer drew, and the camera's."""
    clips = corpus.clips()
    if names is not None:
        if unknown := set(names) - {clip.name for clip in clips}:
            sys.exit(f"not in the corpus: {', '.join(sorted(unknown))}")
        clips = [clip for clip in clips if clip.name in names]
    return [clip for clip in clips if clip.kind != _NATURAL], [clip for clip in clips if clip.kind == _NATURAL]


def _row(clip: Clip, store: PeerStore) -> dict[str, Any]:
    natural = clip.kind == _NATURAL
    peers = lossless_peers.natural_peers() if natural else lossless_peers.peers()
    return {
        "name": clip.name,
        "class": clip.kind,
        "width": clip.width,
        "height": clip.height,
        "frames": clip.frames,
        "format": clip.format,
        "peers": {peer.name: entry for peer in peers if (entry := store.size(clip, peer))},
        "prototype": None if natural else store.size(clip, lossless_peers.prototype(None)),
        "ours": {},
    }


def _descriptions(peers: list[Peer], clips: list[Clip], store: PeerStore) -> list[dict[str, str]]:
    """The peers with the versions that coded: sizes of several runs may come from more than one."""
    described = []
    for peer in peers:
        versions = {entry["version"] for clip in clips if (entry := store.get(clip, peer))}
        version = ", ".join(sorted(versions)) or "not measured"
        described.append({"name": peer.name, "title": peer.title, "settings": peer.settings, "version": version})
    return described


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the JSON file (default: bench/results/lossless_DATE.json)")
    parser.add_argument(
        "--peers",
        type=Path,
        default=_HERE / "results" / "lossless_peers.json",
        help="what the peers reached: used as far as it goes, completed with what is missing, which takes hours",
    )
    parser.add_argument(
        "--prototype", type=Path, help="the prototype's program; without it only stored sizes are shown"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only-peers", action="store_true", help="complete the peers' file and stop")
    which.add_argument("--stored-peers", action="store_true", help="run no peer: the tables say what is missing")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="only these; the README stays as it is")
    parser.add_argument("--presets", nargs="+", choices=lossless_ours.PRESETS, default=list(lossless_ours.PRESETS))
    parser.add_argument("--repetitions", type=int, default=3, help="timed decodes of every file (default: 3)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
