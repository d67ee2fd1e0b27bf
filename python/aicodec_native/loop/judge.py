"""Decodes a candidate and measures it: the job of its second process, which knows nothing but its bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aicodec_native import _native
from aicodec_native.change_store import ChangeReader
from aicodec_native.errors import AicodecError
from aicodec_native.loop.sandbox import TaskError
from aicodec_native.loop.stacks import KINDS, SegmentTask
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.quality import measure
from aicodec_native.stack import draw_in_order


@dataclass(frozen=True, slots=True)
class JudgeTask:
    segment: SegmentTask
    payload: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the decoder made of a candidate. `payload` is the candidate with the digest of its frames; `score` is in
    the goal's metric, `scores` those of the judged frames; `measurements` as in docs/ledger.md; `decoded_hash` is of
    all frames.
    """

    payload: bytes
    score: float
    scores: list[float]
    measurements: dict[str, float]
    decoded_hash: str


def judge(task: JudgeTask) -> Verdict:
    """Raises TaskError for what the decoder refuses."""
    try:
        with task.segment.frames() as frames:
            return _Judge(task, frames).run()
    except AicodecError as error:
        raise TaskError("refused", str(error)) from None


class _Judge:
    def __init__(self, task: JudgeTask, frames: ChangeReader) -> None:
        self._task = task
        self._frames = frames
        self._segment = task.segment
        self._goal = task.segment.goal
        self._exact = self._goal.metric == GREATEST_ERROR
        self._scorer = None if self._exact else self._segment.scorer(frames)
        self._digest = _native.SegmentDigest()
        self._errors: list[float] = []
        self._seconds = 0.0

    def run(self) -> Verdict:
        found = self._segment.segment(self._task.payload, self._segment.dictionary())
        rate = self._segment.frame_rate
        quality = measure(
            self._pairs(found),
            colour=self._segment.header.colour,
            frame_rate=rate,
            metrics=("psnr", "ssim", "ssimulacra2"),
            threads=1,
        )
        layers = [(kind, found.layer_payload(number)) for number, (kind, _) in enumerate(found.layers)]
        payload = self._segment.serialised([(KINDS[kind], data) for kind, data in layers], self._digest.value)
        if self._scorer is None:
            score, scores = max(self._errors), self._errors
        else:
            score, scores = self._scorer.result()
        values = {
            "score": score,
            "psnr": quality.psnr_rgb,
            "ssim": quality.ssim_all,
            "ssimulacra2": quality.ssimulacra2,
            "ssimulacra2_p5": quality.ssimulacra2_p5,
            "max_error": max(self._errors) if self._exact else None,
            "decode_seconds": self._seconds,
            "frames_judged": float(quality.frames),
            "bytes": float(len(payload)),
            "bytes.container": float(len(payload) - sum(len(data) for _, data in layers)),
        }
        for kind, data in layers:
            values[f"bytes.{kind}"] = (values.get(f"bytes.{kind}") or 0.0) + len(data)
        measured = {name: value for name, value in values.items() if value is not None and np.isfinite(value)}
        return Verdict(payload, score, scores, measured, f"{self._digest.value:016x}")

    def _pairs(self, found: _native.Segment) -> Iterator[tuple[_native.Picture, _native.Picture]]:
        """(source, decoded) of the judged frames; sees to all the others on the way."""
        wanted = set(self._segment.judged)
        pictures = draw_in_order(lambda _: found, range(1), self._segment.header, 1)
        if found.frames != len(self._frames):
            raise TaskError("refused", f"it has {found.frames} frames in place of {len(self._frames)}")
        for number in range(found.frames):
            started = time.process_time()
            picture = next(pictures)
            self._seconds += time.process_time() - started
            hashed = _native.picture_hash(picture)
            self._digest.add(hashed)
            source = self._frames[number] if self._exact or number in wanted else None
            if source is None:
                continue
            if self._exact:
                self._errors.append(float(_native.greatest_error(source, picture)))
            if number in wanted:
                if self._scorer is not None:
                    self._scorer.add(number, picture, hashed)
                yield source, picture
