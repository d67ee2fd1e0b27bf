"""What the ffmpeg program does for a comparison: encoders that PyAV does not have, and VMAF."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

from aicodec_native.errors import OutputError
from aicodec_native.ffmpeg_program import ffmpeg
from aicodec_native.media import Sink, VideoFrame, VideoInfo


def encode(frames: Iterable[VideoFrame], info: VideoInfo, arguments: Sequence[str], path: Path) -> None:
    """Feeds frames of `info.format` to the program; OutputError if it fails."""
    command = [ffmpeg(), "-v", "error", "-y", "-f", "yuv4mpegpipe", "-i", "pipe:0", *arguments, str(path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as program,
        ThreadPoolExecutor(1) as writers,
    ):
        assert program.stdin is not None
        _finish(program, [writers.submit(_write_y4m, program.stdin, frames, info)])


def vmaf(
    reference: Iterable[VideoFrame], distorted: Iterable[VideoFrame], info: VideoInfo, folder: Path, threads: int
) -> float:
    """The mean over frames, of the program's default model (0 to 100); both clips as `info.format`, 4:2:0 of 8 bits."""
    log = folder / "vmaf.json"
    pipes = [os.pipe() for _ in range(2)]
    inputs = [part for read, _ in pipes for part in ("-f", "yuv4mpegpipe", "-i", f"pipe:{read}")]
    # A plain file name: in the filter's syntax a path could hold what separates options.
    graph = f"[1:v][0:v]libvmaf=log_path={log.name}:log_fmt=json:n_threads={threads}"
    command = [ffmpeg(), "-v", "error", *inputs, "-lavfi", graph, "-f", "null", "-"]
    with (
        subprocess.Popen(
            command,
            pass_fds=[read for read, _ in pipes],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
        ) as program,
        ThreadPoolExecutor(2) as writers,
    ):
        for read, _ in pipes:
            os.close(read)
        clips = zip(pipes, (reference, distorted), strict=True)
        _finish(
            program,
            [writers.submit(_write_y4m, os.fdopen(write, "wb"), frames, info) for (_, write), frames in clips],
        )
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def _write_y4m(pipe: IO[bytes], frames: Iterable[VideoFrame], info: VideoInfo) -> None:
    with pipe, Sink(pipe, info) as sink:
        for frame in frames:
            sink.write(frame)


def _finish(program: subprocess.Popen[bytes], writers: list[Future[None]]) -> None:
    """Waits for both. A program that failed no longer read, so its reason comes before the writers'."""
    assert program.stderr is not None
    said = program.stderr.read().decode(errors="replace")
    if program.wait():
        raise OutputError(f"ffmpeg failed: {' '.join(said.split())[-300:]}")
    for writer in writers:
        writer.result()
