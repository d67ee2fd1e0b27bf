"""What PyAV does not hand out about a frame: where its chroma samples lie, and the shape of its samples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

import av
import av.filter
import av.logging


@dataclass(frozen=True, slots=True)
class Probe:
    """``chroma_centred``: chroma lies between two luma columns; ``sar``: width of a sample over its height.
    Both have their usual values where the frame does not say."""

    chroma_centred: bool = False
    sar: Fraction = Fraction(1)


def probe(frame: av.VideoFrame) -> Probe:
    """Looks at ``frame`` with FFmpeg's filter showinfo, which writes into the log: the only way through
    PyAV."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000))
    graph.link_nodes(source, graph.add("showinfo"), graph.add("buffersink")).configure()
    level = av.logging.get_level()
    # Logs of all threads are captured: decoder threads may be at work on the next frames.
    with av.logging.Capture(local=False) as logs:
        av.logging.set_level(av.logging.INFO)
        try:
            graph.push(frame)
            graph.pull()
        except av.FFmpegError:
            return Probe()
        finally:
            av.logging.set_level(level)
    text = "".join(log[2] for log in logs)
    place, shape = re.search(r"\bcl:(\w+)", text), re.search(r"\bsar:(\d+)/(\d+)", text)
    sar = Fraction(int(shape[1]), int(shape[2]) or 1) if shape else Fraction(1)
    return Probe(place is not None and place[1] in ("center", "top", "bottom"), sar or Fraction(1))
