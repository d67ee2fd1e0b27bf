"""What PyAV does not hand out: where chroma samples lie."""

from __future__ import annotations

import re
from fractions import Fraction

import av
import av.filter
import av.logging


def chroma_is_centred(frame: av.VideoFrame) -> bool:
    """Whether the chroma samples of ``frame`` lie between two luma columns (False also where it is not said).

    FFmpeg's filter showinfo writes the place into the log, the only way to it through PyAV.
    """
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 1000)
    )
    graph.link_nodes(source, graph.add("showinfo"), graph.add("buffersink")).configure()
    level = av.logging.get_level()
    # Logs of all threads are captured: decoder threads may be at work on the next frames.
    with av.logging.Capture(local=False) as logs:
        av.logging.set_level(av.logging.INFO)
        try:
            graph.push(frame)
            graph.pull()
        except av.FFmpegError:
            return False
        finally:
            av.logging.set_level(level)
    found = next((match for log in logs if (match := re.search(r"\bcl:(\w+)", log[2]))), None)
    return found is not None and found[1] in ("center", "top", "bottom")
