"""Proposals from another program: it gets the context as JSON on standard input and answers with lines of JSON."""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from pathlib import Path

from aicodec_native.errors import EncodeError, OptionError
from aicodec_native.loop.png import png
from aicodec_native.loop.proposal_lines import read_lines
from aicodec_native.loop.proposals import Context, Reply

# What a program may take to answer where the run has no time limit of its own.
_LONGEST_SECONDS = 600.0


class Command:
    """Runs the command once a round. Its input holds Context.to_json(), and under `pictures` paths of PNGs: the first,
    the middle and the last frame of the source, and of the best candidate. No line means: no more ideas.

    Raises OptionError for an empty command; propose() raises EncodeError where it fails.
    """

    name = "command"
    model: str | None = None
    one_at_a_time = False

    def __init__(self, command: str) -> None:
        self._command = shlex.split(command)
        if not self._command:
            raise OptionError("the proposer's command is empty")

    def propose(self, context: Context) -> Reply:
        seconds = context.allowance.seconds
        patience = _LONGEST_SECONDS if seconds is None else seconds
        with tempfile.TemporaryDirectory(prefix="aicodec-proposer-") as folder:
            asked = {**context.to_json(), "pictures": _pictures(context, Path(folder))}
            try:
                text = json.dumps(asked)
                done = subprocess.run(self._command, input=text, stdout=subprocess.PIPE, text=True, timeout=patience)
            except subprocess.TimeoutExpired:
                return Reply()
            except OSError as error:
                raise EncodeError(f"{self._command[0]}: cannot be run: {error.strerror}") from None
        if done.returncode:
            raise EncodeError(f"{self._command[0]}: ended with exit code {done.returncode}")
        lines = read_lines(done.stdout.splitlines(), self._command[0])
        return Reply([line.proposal for line in lines if line.segment in (None, context.segment)])


def _pictures(context: Context, folder: Path) -> list[dict[str, object]]:
    numbers = context.key_frames
    best = context.draw_best(numbers)
    colour = context.header.colour
    found: list[dict[str, object]] = []
    for number in numbers:
        for kind, picture in (("source", context.frames[number]), ("best", best[number])):
            path = folder / f"{kind}{number}.png"
            path.write_bytes(png(picture.rgb(colour)))
            found.append({"frame": number, "kind": kind, "path": str(path)})
    return found
