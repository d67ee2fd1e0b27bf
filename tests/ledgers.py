"""A ledger as a run leaves it, for tests of what shows it: files of a small clip, and a model that writes markup."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from aicodec_native.encoder import encode
from aicodec_native.loop.ledger import Ledger
from aicodec_native.media import Source
from aicodec_native.stills import png_of
from clips import moving_shots, yuv_frames
from media_inputs import write_video

HOSTILE = (
    "</script><script>document.title='stolen'</script><img src=x onerror=\"document.title='stolen'\">"
    ' "files/00.png" "media/experiment-99.mp4" {{ 7 * 7 }}'
)
FIRST_PROGRAM = "def color(x, y, t):\n    # a plain sky\n    return rgb(0.2, 0.4, 0.9)\n"
BETTER_PROGRAM = "def color(x, y, t):\n    w = sin(x * 12.0 + t)\n    return rgb(0.2, 0.4 + 0.1 * w, 0.9)\n"
SIZE = (192, 128)


def fill(path: Path, folder: Path) -> None:
    """One finished run of one segment that got better twice, with every class of failure that a page tells apart."""
    frames = yuv_frames(moving_shots(1, 24), "bgr0")
    clip = write_video(folder / "waves.mkv", frames, rate=24, time_base=Fraction(1, 24))
    coded = {}
    for crf in (30, 42, 50):
        encode(clip, folder / f"{crf}.aic", crf=crf, preset="fast")
        coded[crf] = (folder / f"{crf}.aic").read_bytes()
    with Source(clip) as source, Ledger(path) as ledger:
        run = begin_run(ledger, proposer="claude", model="scripted-model")
        segment = add_segment(ledger, run)
        for number, frame in enumerate(source.frames()):
            if number in (3, 12, 20):
                columns = {"run": run, "segment": segment, "kind": "source_frame", "frame": number}
                ledger.add_file(png_of(frame.picture, source.info), ".png", **columns)
        turn = ledger.add(
            "turns", run=run, segment=segment, round=1, model="scripted-model", input_tokens=1200, output_tokens=300,
            cache_read_tokens=5000, cache_write_tokens=0, usd=0.0123, seconds=3.0,
            reasoning=f"The sky is flat. {HOSTILE}",
        )  # fmt: skip
        first = add_experiment(ledger, run, segment, 0, None, "encode", "as encode made it", None)
        finish(ledger, run, segment, first, coded[30], 82.5)
        better = add_experiment(ledger, run, segment, 1, first, "claude", f"A sky {HOSTILE}", FIRST_PROGRAM, turn)
        finish(ledger, run, segment, better, coded[42], 81.2)
        best = add_experiment(ledger, run, segment, 2, better, "claude", "Waves in the sky", BETTER_PROGRAM, turn)
        finish(ledger, run, segment, best, coded[50], 80.1)
        wrong = add_experiment(ledger, run, segment, 2, better, "claude", "A wrong word", "def color(x, y:\n", turn)
        ledger.add_result(wrong, {}, status="failed", error_class="invalid_program", error=f"line 1: {HOSTILE}")
        larger = add_experiment(ledger, run, segment, 3, best, "search", "Finer constants", BETTER_PROGRAM)
        ledger.add_result(
            larger, measures(len(coded[50]) + 9, 80.3), status="failed", error_class="larger", error="9 more"
        )
        ledger.add("notes", run=run, segment=segment, turn=turn, text="The waves may be two sines.")
        for codec, size in (("hevc", 9000), ("av1", 7000)):
            ledger.add(
                "baselines", segment_digest="frames0", codec=codec, setting="CRF 30", bytes=size, metric="ssimulacra2",
                score=80.2, encode_seconds=1.0, decode_seconds=0.1,
            )  # fmt: skip
        ledger.add("events", run=run, kind="finished", detail={"reason": "patience", "bytes": len(coded[50])})


def begin_run(ledger: Ledger, **changes: object) -> int:
    columns = {
        "source": "waves.mkv", "source_digest": "d0", "output": "waves.aic", "metric": "ssimulacra2", "target": 80,
        "preset": "fast", "proposer": "search", "model": None, "seed": 1, "options": {}, "version": "0.1.0",
    }  # fmt: skip
    run = ledger.add("runs", **columns | changes)
    ledger.add("events", run=run, kind="started", detail={})
    return run


def add_segment(ledger: Ledger, run: int) -> int:
    width, height = SIZE
    return ledger.add(
        "segments", run=run, number=0, first_frame=0, frames=24, seconds=1.0, width=width, height=height,
        format="rgb24", digest="frames0",
    )  # fmt: skip


def add_experiment(
    ledger: Ledger, run: int, segment: int, number: int, parent: int | None, proposer: str, hypothesis: str,
    program: str | None, turn: int | None = None,
) -> int:  # fmt: skip
    strategy = {"stack": "shader+screen" if program else "video"}
    return ledger.add(
        "experiments", run=run, segment=segment, round=number, parent=parent, turn=turn, proposer=proposer,
        hypothesis=hypothesis, strategy=strategy, program=program,
    )  # fmt: skip


def finish(ledger: Ledger, run: int, segment: int, experiment: int, coded: bytes, score: float) -> None:
    ledger.add("phases", experiment=experiment, phase="encoding")
    ledger.add_file(coded, ".aic", run=run, segment=segment, experiment=experiment, kind="aic")
    ledger.add_result(experiment, measures(len(coded), score), status="kept", candidate_hash="c" * 64)


def measures(size: int, score: float) -> dict[str, float]:
    return {
        "bytes": size, "bitrate": 8 * size, "score": score, "ssimulacra2": score, "ssimulacra2_p5": score - 2,
        "psnr": 40.5, "ssim": 0.98765, "encode_seconds": 1.5, "decode_seconds": 0.02, "against_hevc": size / 9000,
        "against_av1": size / 7000,
    }  # fmt: skip
